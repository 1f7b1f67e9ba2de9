"""Time from launching `qdeck` to its first screen, and the peak memory by then.

    python -m tests.bench.first_paint [ROUNDS]

Each round is a fresh process in a pseudo-terminal of 120x40, with an empty home; the time is taken when the
text of the first screen has arrived. The first round is not counted: it writes the byte code.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench.terminal import Terminal

FIRST_TEXT = "qdeck"
CASES = {"qdeck": (), "qdeck --sandbox": ("--sandbox",)}


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


def measure(words: tuple[str, ...]) -> tuple[float, float]:
    """Seconds to the first screen, and MB by then."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tui", *words]
        with Terminal(command, environment(Path(home))) as terminal:
            seconds = terminal.wait_for(FIRST_TEXT)
            return seconds, peak_mb(terminal.pid)


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, words in CASES.items():
        measure(words)
        figures = [measure(words) for _ in range(rounds)]
        times = sorted(seconds for seconds, _ in figures)
        print(
            f"{name}: first screen after {statistics.median(times):.2f} s "
            f"({times[0]:.2f}-{times[-1]:.2f}, {rounds} rounds), "
            f"{max(memory for _, memory in figures):.0f} MB"
        )


if __name__ == "__main__":
    main()
