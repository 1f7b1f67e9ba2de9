"""From the last key to the mark of the error it made, by the fast analysis, and to Qiskit's word after it.

    python -m tests.bench.diagnostics [ROUNDS]

The app runs in a pseudo-terminal of 120x40 on valid files of 100, 10,000 and 100,000 lines. A letter is typed
before a gate, which makes a name that there is not; it is taken away before the next round. Qiskit's word
is waited for up to 10,000 lines: it takes minutes on more. The processor time of both is told by asking their
worker processes alone: of the analysis for the whole text, and for a text with a letter more, as a ratio.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.first_paint import cpu_seconds_exact, environment
from tests.bench.terminal import Terminal
from tests.bench.typing import LINE, SIZES, program
from tui.compiler.client import Compiler
from tui.openqasm.analysis.client import Analyzer

MOST_FOR_QISKIT = 10_000
MARK, LAST_WORD, FINE = "✘", "nothing can be run", "errors found"


def measure(file: Path, home: Path, rounds: int, *, qiskit: bool) -> tuple[list[float], list[float]]:
    """Return the seconds from a key to its mark, and to Qiskit's word where that is waited for."""
    command = (sys.executable, "-m", "tui", "edit", f"{file}:{LINE}")
    marked, answered = [], []
    with Terminal(command, environment(home)) as terminal:
        terminal.wait_for("checked by Qiskit" if qiskit else FINE, timeout=600)
        terminal.burst(first=2, quiet=1.0)
        for _ in range(rounds):
            terminal.output.clear()
            pressed = time.perf_counter()
            terminal.press(b"w")
            marked.append(terminal.started + terminal.wait_for(MARK, timeout=1e6) - pressed)
            if qiskit:
                terminal.output.clear()
                answered.append(terminal.started + terminal.wait_for(LAST_WORD, timeout=1e6) - pressed)
            terminal.press(b"\x7f")
            terminal.burst(first=3, quiet=2.0)
    return marked, answered


async def processor_seconds(text: str, *, qiskit: bool) -> tuple[float, float, float, float]:
    """Return processor seconds: of an analysis, after an edit our own part and all, of Qiskit's check."""
    analyzer, compiler = Analyzer(), Compiler()
    place = text.index("turn 16")

    async def taken(edited: str, *, own: bool) -> float:
        assert analyzer.pid is not None
        before = cpu_seconds_exact(analyzer.pid)
        await analyzer.analyse(edited, own=own)
        return cpu_seconds_exact(analyzer.pid) - before

    try:
        await analyzer.analyse("")
        fast = await taken(text, own=False)
        edits = [f"{text[:place]}w{text[place:]}", text] * 5
        own = statistics.mean([await taken(one, own=True) for one in edits])
        whole = statistics.mean([await taken(one, own=False) for one in edits])
        if not qiskit:
            return fast, own, whole, 0.0
        await compiler.version()
        before = cpu_seconds_exact(compiler.pids[0])
        await compiler.check(text)
        return fast, own, whole, cpu_seconds_exact(compiler.pids[0]) - before
    finally:
        await analyzer.aclose()
        await compiler.aclose()


def main() -> None:
    """Print two lines for each size."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for lines in SIZES:
        qiskit = lines <= MOST_FOR_QISKIT
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "program.qasm"
            file.write_text(program(lines))
            marked, answered = measure(file, Path(folder), rounds, qiskit=qiskit)
        fast, own, whole, slow = asyncio.run(processor_seconds(program(lines), qiskit=qiskit))
        said = f", Qiskit's word {statistics.median(answered):.2f} s" if answered else ""
        print(
            f"{lines:>7} lines: key to mark {statistics.median(marked) * 1e3:.0f} ms"
            f" (longest {max(marked) * 1e3:.0f}){said}"
        )
        ratio = f"; Qiskit {slow:.2f} s, ratio {slow / fast:.0f}" if slow else ""
        print(
            f"{'':>14} processor time: analysis of the whole {fast * 1e3:.0f} ms; after an edit our own part"
            f" {own * 1e3:.1f} ms, ratio {own / fast:.2f},"
            f" with QDK {whole * 1e3:.0f} ms, ratio {whole / fast:.2f}{ratio}",
            flush=True,
        )


if __name__ == "__main__":
    main()
