"""Stalls and memory of the app's process while a large circuit is transpiled and keys are pressed.

    python -m tests.bench.responsiveness [QUBITS]

The real app on the real sandbox, without a terminal, in a fresh process: a quantum Fourier transform is
transpiled at level 3 for the 127 qubits of ibm_cusco (in the worker process), while a key is pressed every
50 ms. A task sleeps 5 ms at a time and writes down how late it wakes: that long any key would have waited.
Memory is the kernel's own peak of this process (VmHWM), in MB (10^6 bytes).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from textual.pilot import Pilot

from tests.bench.first_paint import peak_mb
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.monitor.services import AppServices

BACKEND = "ibm_cusco"
NAP = 0.005


def fourier(qubits: int) -> str:
    """A quantum Fourier transform in OpenQASM 3."""
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for target in range(qubits):
        lines.append(f"h q[{target}];")
        lines += [
            f"cp(pi/{2 ** (control - target)}) q[{control}], q[{target}];"
            for control in range(target + 1, min(qubits, target + 40))
        ]
    return "\n".join([*lines, "c = measure q;", ""])


async def heartbeat(lateness: list[float]) -> None:
    """Write down, in seconds, how late each nap ends."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(NAP)
        lateness.append(time.perf_counter() - before - NAP)


async def ready(pilot: Pilot[None], services: AppServices) -> None:
    """Wait for the sign-in and a warm compiler."""
    async with asyncio.timeout(120):
        while services.connection.identity is None or not services.backends.all():
            await pilot.pause(0.05)
    await services.compiler.check("OPENQASM 3.0; qubit q;")


async def measure(qubits: int, home: Path) -> None:
    """Transpile beside the running app, and print."""
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), sandbox=Channel.PLATFORM, state_folder=home / "state")
    program = fourier(qubits)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, services)
        lateness: list[float] = []
        beat = asyncio.create_task(heartbeat(lateness))
        began = time.perf_counter()
        work = asyncio.create_task(services.transpiler.transpile(program, BACKEND, TranspileOptions(3)))
        keys = 0
        while not work.done():
            await pilot.press("down" if keys % 2 else "f2")
            keys += 1
            await asyncio.sleep(0.05)
        candidate = await work
        seconds = time.perf_counter() - began
        beat.cancel()
    late = sorted(1000 * value for value in lateness)
    print(
        f"{qubits} qubits, {candidate.before.two_qubit_gates} two-qubit gates, became "
        f"{candidate.after.two_qubit_gates} in {seconds:.1f} s, {keys} keys pressed meanwhile.\n"
        f"Lateness: median {late[len(late) // 2]:.1f} ms, 99 % {late[len(late) * 99 // 100]:.1f} ms, "
        f"worst {late[-1]:.1f} ms. Peak of the app's process: {peak_mb(os.getpid()):.0f} MB."
    )


def main() -> None:
    """Measure."""
    qubits = int(sys.argv[1]) if len(sys.argv) > 1 else 127
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measure(qubits, Path(home)))


if __name__ == "__main__":
    main()
