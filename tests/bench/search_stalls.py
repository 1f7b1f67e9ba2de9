"""How long the app's event loop is held while F8 searches for the best candidate in the review.

    python -m tests.bench.search_stalls [QUBITS]

The real app on the real sandbox, without a terminal: candidates of a quantum Fourier transform on ibm_cusco
come into the table, the best one is shown, and keys are pressed meanwhile. Of every callback of the loop the
processor time of its thread is taken: what other programs on the machine take is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.responsiveness import fourier, ready
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.tables.candidate_table import CandidateTable

BACKEND = "ibm_cusco"


def named(handle: events.Handle) -> str:
    """Name the coroutine that a callback goes on with, or the callback."""
    callback: Any = getattr(handle, "_callback", None)
    task = getattr(callback, "__self__", None)
    return (
        task.get_name() + " " + repr(task.get_coro())[:120]
        if isinstance(task, asyncio.Task)
        else repr(handle)[:200]
    )


@contextmanager
def measured_callbacks(taken: list[tuple[float, str]]) -> Iterator[None]:
    """Write down, in seconds, how much processor time each callback of the event loop takes."""
    handles: Any = events.Handle
    run: Callable[[events.Handle], None] = handles._run

    def timed(handle: events.Handle) -> None:
        before = time.thread_time()
        run(handle)
        taken.append((time.thread_time() - before, named(handle)))

    handles._run = timed
    try:
        yield
    finally:
        handles._run = run


async def measure(qubits: int, home: Path) -> None:
    """Search twice beside the running app, and print; the first time the workers start."""
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), sandbox=Channel.PLATFORM, state_folder=home / "state")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, services)
        app.workspace.qasm = app.workspace.saved = fourier(qubits)
        app.workspace.backend, app.workspace.backend_picked = BACKEND, True
        await pilot.press("f4")
        screen = app.screen
        assert isinstance(screen, TranspileScreen)
        for turn in ("with workers that start", "with warm workers"):
            taken: list[tuple[float, str]] = []
            began = time.perf_counter()
            await pilot.press("f8")
            with measured_callbacks(taken):
                while screen._transpiling.under_way:
                    await pilot.press("down")
                    await asyncio.sleep(0.05)
                await pilot.pause(0.5)
            seconds = time.perf_counter() - began
            taken.sort(reverse=True)
            rows = len(screen.query_one(CandidateTable).candidates)
            over = sum(one > 0.05 for one, _ in taken)
            print(
                f"{qubits} qubits {turn}: {rows} candidates in the table after {seconds:.1f} s, "
                f"{len(taken)} callbacks, {over} over 50 ms; the longest: "
                + ", ".join(f"{1000 * one:.0f} ms" for one, _ in taken[:3])
                + "".join(f"\n  {words}" for _, words in taken[:3])
            )


def main() -> None:
    """Measure."""
    gc.disable()  # as the command does: the app enables it when it has begun
    qubits = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measure(qubits, Path(home)))


if __name__ == "__main__":
    main()
