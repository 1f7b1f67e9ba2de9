"""Time from launching `qdeck` to its first screen, beside that of the smallest Textual app; peak memory.

    python -m tests.bench.first_paint [ROUNDS]

Each round is a fresh process in a pseudo-terminal of 120x40, with an empty home; the time is taken when the
text of the first screen has arrived, and so is the CPU time of all its threads by then, which tells the same
on a machine that others use too. The programs take turns. The first round is not counted: it writes the byte
code.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.terminal import Terminal

FIRST_TEXT = "qdeck"
SMALLEST = """
from textual.app import App
from textual.widgets import Label
class Smallest(App):
    def compose(self):
        yield Label("qdeck")
Smallest().run()
"""
CASES = {
    "the smallest app": (sys.executable, "-c", SMALLEST),
    "qdeck": (sys.executable, "-m", "tui"),
    "qdeck --sandbox": (sys.executable, "-m", "tui", "--sandbox"),
}


@dataclass(frozen=True, slots=True)
class FirstPaint:
    """Seconds and CPU seconds to the first screen, and MB by then."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def environment(home: Path) -> dict[str, str]:
    """A terminal's environment with an empty home and nobody's account."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "QDECK_HOME": str(home / "qdeck"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process in MB (10^6 bytes), from the kernel's own figure in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"process {pid} tells no VmHWM")


def cpu_seconds_exact(pid: int) -> float:
    """Return the CPU seconds of all threads of a process, finer than the usual ticks of 10 ms."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def measure(command: tuple[str, ...]) -> FirstPaint:
    """Launch it, and wait for the first screen."""
    with (
        tempfile.TemporaryDirectory() as home,
        Terminal(command, environment(Path(home))) as terminal,
    ):
        seconds = terminal.wait_for(FIRST_TEXT)
        return FirstPaint(seconds, cpu_seconds_exact(terminal.pid), peak_mb(terminal.pid))


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for command in CASES.values():
        measure(command)
    found: dict[str, list[FirstPaint]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, command in CASES.items():
            found[name].append(measure(command))
    least = {name: min(one.cpu_seconds for one in figures) for name, figures in found.items()}
    smallest = next(iter(CASES))
    for name, figures in found.items():
        times = sorted(one.seconds for one in figures)
        print(
            f"{name}: first screen after {statistics.median(times):.2f} s "
            f"({times[0]:.2f}-{times[-1]:.2f}, {rounds} rounds), CPU {least[name]:.3f} s, "
            f"{least[name] / least[smallest]:.2f} of the smallest app's, "
            f"{max(one.peak_mb for one in figures):.0f} MB"
        )


if __name__ == "__main__":
    main()
