"""An app, and a user who works in it by keys."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.soak.program import Program
from tests.soak.service import SoakSandbox

PROGRAM = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
PASTED = f"\x1b[200~{PROGRAM}\x1b[201~"


class User:
    """An app and who works in it: submits, looks around, starts it again when it is gone."""

    def __init__(
        self,
        name: str,
        sandbox: SoakSandbox,
        home: Path,
        chance: random.Random,
        more_environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.submitted = self.starts = 0
        self.program: Program
        self._words = ["--channel", sandbox.face.value]
        self._environ = sandbox.environ(home) | dict(more_environ)
        self._chance = chance
        self.start()

    def start(self) -> None:
        """Start the app."""
        self.program = Program(self._words, self._environ)
        self.starts += 1
        self._ready = False

    async def work(self) -> None:
        """Submit and look around until cancelled."""
        while True:
            program = self.program
            if not self._ready:
                self._ready = await self.prepare() and program is self.program
                await asyncio.sleep(0.5)
                continue
            await self.submit()
            await self.look_around()

    async def submit(self) -> None:
        """Submit the transpiled circuit once more."""
        await self.program.press("f4", "f9", pause=0.2)
        self.submitted += 1
        await asyncio.sleep(self._chance.uniform(1, 6))

    async def look_around(self) -> None:
        """Open a job, and look at the sessions."""
        program = self.program
        await program.press("f2", "home", *["down"] * self._chance.randrange(5), "enter", pause=0.2)
        await asyncio.sleep(self._chance.uniform(1, 6))
        await program.press("esc", "f5", "r", "f2", pause=0.2)

    async def prepare(self) -> bool:
        """Write the circuit and transpile it for a backend, as far as the service lets it; whether it did."""
        program = self.program
        if not await program.see("QPU left", 30):
            await program.press("esc", "f7", "enter", pause=0.5)
            return False
        await program.press("f3", "ctrl+n", "esc", "f3", "ctrl+n", PASTED, pause=0.3)
        await program.see("checked by Qiskit", 15)
        await program.press("f8")
        return await program.see("F9 runs it", 15)

    async def end(self, number: signal.Signals) -> float:
        """End the app, which is started again by `start`."""
        return await self.program.end(number)
