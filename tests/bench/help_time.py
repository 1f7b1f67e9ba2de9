"""Processor time of `--help` for every command, beside that of an interpreter that imports click alone.

    python -m tests.bench.help_time

Each is started anew, several times; the least is what it costs. The budget is 0.3 s.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import click

from tui.cli import qdeck

BUDGET = 0.3
ROUNDS = 3


def main() -> int:
    """Measure, print a line a command, and fail where one is over the budget."""
    bare = _least([sys.executable, "-c", "import click"])
    print(f"{'import click':28} {bare:.3f} s")
    measured = {
        " ".join(path): _least([sys.executable, "-m", "tui", *path, "--help"]) for path in commands(qdeck)
    }
    for name, seconds in sorted(measured.items(), key=lambda item: -item[1]):
        over = "  over the budget" if seconds > BUDGET else ""
        print(f"{'qdeck ' + name:28} {seconds:.3f} s  {seconds / bare:.1f} x{over}")
    worst = max(measured.values())
    print(f"{len(measured)} commands, the slowest {worst:.3f} s of {BUDGET} s")
    return int(worst > BUDGET)


def commands(group: click.Group, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command, groups included."""
    found: list[tuple[str, ...]] = [above]
    for name, command in sorted(group.commands.items()):
        found += commands(command, (*above, name)) if isinstance(command, click.Group) else [(*above, name)]
    return found


def _least(command: list[str]) -> float:
    return min(_processor_seconds(command) for _ in range(ROUNDS))


def _processor_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
