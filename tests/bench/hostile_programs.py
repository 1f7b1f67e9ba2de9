"""Stalls of the app while Qiskit checks programs that are made to never end.

    python -m tests.bench.hostile_programs [NAME ...]

The real app and its real compiler, without a terminal. Each program is put into the editor; a task naps 5 ms
at a time and writes down how late it wakes, and how much processor time the thread of the app took meanwhile:
on a busy machine only the second is its own doing. A check longer than `SECONDS` is stopped by esc.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from textual.pilot import Pilot

from tests.bench.responsiveness import NAP
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.screens.editor.screen import EditorScreen
from tui.widgets.circuit.qasm_editor import QasmEditor

SECONDS = 8.0
DEEP = 50_000
_HEAD3 = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; '
_HEAD2 = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; '


def doubling(head: str, gates: int) -> str:
    """A program whose gates each call the one before twice."""
    calls = "\n".join(f"gate g{one} a {{ g{one - 1} a; g{one - 1} a; }}" for one in range(1, gates))
    return f"{head}\ngate g0 a {{ x a; x a; }}\n{calls}\ng{gates - 1} q[0];\n"


PROGRAMS = {
    "doubling gates, OpenQASM 3": doubling(_HEAD3, 40),
    "doubling gates, OpenQASM 2": doubling(_HEAD2, 40),
    "50,000 parentheses, OpenQASM 3": f"{_HEAD3}rx({'(' * DEEP}1{')' * DEEP}) q[0];",
    "50,000 parentheses, OpenQASM 2": f"{_HEAD2}rx({'(' * DEEP}1{')' * DEEP}) q[0];",
    "100,000 signs": f"{_HEAD3}rx({'-' * 2 * DEEP}1) q[0];",
    "50,000 braces": _HEAD3 + "{" * DEEP,
    "100,000 quotes": _HEAD3 + '"' * 2 * DEEP,
    "100,000 comments": _HEAD3 + "/*" * 2 * DEEP,
    "2,000,000,000 qubits": "OPENQASM 3.0; qubit[2000000000] q;",
}


async def heartbeat(late: list[tuple[float, float]]) -> None:
    """Write down, in seconds, how late each nap ends, and the thread's processor time during it."""
    while True:
        wall, own = time.perf_counter(), time.thread_time()
        await asyncio.sleep(NAP)
        late.append((time.perf_counter() - wall - NAP, time.thread_time() - own))


async def measure(pilot: Pilot[None], name: str) -> str:
    """Have one program checked."""
    screen = pilot.app.screen
    assert isinstance(screen, EditorScreen)
    editor = screen.query_one(QasmEditor)
    editor.text = ""
    await pilot.pause(0.5)
    late: list[tuple[float, float]] = []
    beat = asyncio.create_task(heartbeat(late))
    began = time.perf_counter()
    editor.text = PROGRAMS[name]
    how = "checked"
    await pilot.pause(0.6)
    while screen.checks.busy:
        await asyncio.sleep(0.05)
        if time.perf_counter() - began > SECONDS and how == "checked":
            how = "stopped by esc"
            await pilot.press("escape")
    seconds = time.perf_counter() - began
    beat.cancel()
    wall, own = (1000 * max(column) for column in zip(*late, strict=True))
    return f"{name:32} {how:15} {seconds:5.1f} s  longest stall {own:3.0f} ms own, {wall:4.0f} ms wall"


async def main(names: list[str]) -> None:
    """Measure each of the programs named, and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
        app = QDeckApp(services, clock=SystemClock(), state_folder=home / "state")
        async with app.run_test(size=(120, 40)) as pilot:
            await services.compiler.version()
            await pilot.press("f3")
            screen = pilot.app.screen
            assert isinstance(screen, EditorScreen)
            # The first check waits for Qiskit, and is not stopped as soon.
            screen.query_one(QasmEditor).text = _HEAD3
            while not screen.checks.ever_checked:
                await pilot.pause(0.1)
            for name in names or PROGRAMS:
                print(await measure(pilot, name), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
