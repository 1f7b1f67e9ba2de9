"""From a key in the editor to its picture, beside Textual's plain TextArea on the same file; bytes of a key.

    python -m tests.bench.typing [KEYS]

Both run in a pseudo-terminal of 120x40, on files of 100, 10,000 and 100,000 lines, and take turns. A key is
answered when the last byte of what it changes has come. The CPU time of the process for it is told as well,
which says the same on a machine that others use too. The time to open is that until the first line is shown.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.first_paint import cpu_seconds_exact, environment
from tests.bench.terminal import Terminal

SIZES = (100, 10_000, 100_000)
LINE = 20
"""The line, from 1, in which letters are typed."""
PLAIN = """
import sys
from pathlib import Path
from textual.app import App
from textual.widgets import TextArea
class Plain(App):
    def compose(self):
        area = TextArea(Path(sys.argv[1]).read_text(), soft_wrap=False, show_line_numbers=True)
        area.cursor_blink = False
        yield area
    def on_mount(self):
        self.query_one(TextArea).move_cursor((int(sys.argv[2]) - 1, 0))
Plain().run()
"""


@dataclass(frozen=True, slots=True)
class Typing:
    """Seconds until the file is shown; of a key: median and longest seconds, CPU seconds, bytes."""

    opening: float
    median: float
    longest: float
    cpu: float
    size: float


def program(lines: int) -> str:
    """A valid OpenQASM 3 program of that many lines."""
    head = ["OPENQASM 3.0;", 'include "stdgates.inc";', "qubit[20] q;"]
    gates = [
        f"rz({number}*pi/7) q[{number % 20}]; // turn {number}"
        if number % 3
        else f"cx q[{number % 20}], q[{(number + 1) % 20}];"
        for number in range(lines - len(head))
    ]
    return "\n".join([*head, *gates]) + "\n"


def measure(command: Sequence[str], home: Path, shown: str, keys: int) -> Typing:
    """Open the file, and type letters."""
    with Terminal(command, environment(home)) as terminal:
        opening = terminal.wait_for(shown, timeout=120)
        terminal.burst(first=10, quiet=2.0)  # checked, drawn: what is left is the typing
        times, sizes = [], []
        before = cpu_seconds_exact(terminal.pid)
        for number in range(keys):
            terminal.press(b"abcdefgh"[number % 8 :][:1])
            seconds, size = terminal.burst(quiet=0.12)
            times.append(seconds)
            sizes.append(size)
        cpu = (cpu_seconds_exact(terminal.pid) - before) / keys
    return Typing(opening, statistics.median(times), max(times), cpu, statistics.median(sizes))


def main() -> None:
    """Print a line for each size and program."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for lines in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            home, file = Path(folder), Path(folder) / "program.qasm"
            file.write_text(program(lines))
            shown = "turn 19"
            plain = measure((sys.executable, "-c", PLAIN, str(file), str(LINE)), home, shown, keys)
            qdeck = measure((sys.executable, "-m", "tui", "edit", f"{file}:{LINE}"), home, shown, keys)
        for name, found in (("plain TextArea", plain), ("qdeck", qdeck)):
            print(
                f"{lines:>7} lines, {name}: open {found.opening:.2f} s, key {found.median * 1e3:.1f} ms"
                f" (longest {found.longest * 1e3:.1f}), CPU {found.cpu * 1e3:.1f} ms, {found.size:.0f} bytes",
                flush=True,
            )
        print(
            f"{'':>14} ratio: open {qdeck.opening / plain.opening:.2f},"
            f" key {qdeck.median / plain.median:.2f}, CPU {qdeck.cpu / plain.cpu:.2f}"
        )


if __name__ == "__main__":
    main()
