"""Qiskit for the app: the `Compiler` whose work is done by worker processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.messages import (
    Check,
    Checked,
    Draw,
    Drawn,
    Failed,
    Made,
    Ping,
    Pong,
    Reply,
    Request,
    Review,
    TargetData,
    TargetWanted,
    Transpile,
    Unpack,
    Unpacked,
)
from tui.compiler.usage_estimate import rep_delay_us
from tui.compiler.worker_queue import WorkerQueue
from tui.domain.backends import BackendData
from tui.domain.circuits import Candidate, CheckReport, TranspileOptions

CHECK_LIMIT: Final = 60.0
"""Seconds for a check or a drawing; 10,000 lines of OpenQASM 3 take about 3."""
PATIENCE: Final = 1.5
"""Seconds a check that nobody waits for any more may still run: about what a new worker takes to warm."""

R = TypeVar("R", Checked, Drawn, Unpacked, Made, Pong)


class ProcessCompiler:
    """A `Compiler` with one worker process for everything, and one more while that one transpiles.

    The first worker is started by `start` or the first request, and kept warm. A check or a drawing that
    finds it busy goes to a second one, which is started then: an editor is not to wait for a transpiler.
    The app's process never imports Qiskit.

    Args:
        environment: variables for the workers beside the app's own.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._main = WorkerQueue(environment)
        self._side = WorkerQueue(environment)
        self._keys: dict[str, tuple[BackendData, str]] = {}

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return tuple(pid for pid in (self._main.pid, self._side.pid) if pid is not None)

    async def start(self) -> None:
        """Start the worker and let it warm up in the background; returns at once."""
        self._main.start()

    async def version(self) -> str:
        """The version of Qiskit, once the worker is warm.

        Raises:
            QdeckError: `UNAVAILABLE`: Qiskit is not installed.
        """
        return _expect(await self._main.ask(Ping()), Pong).qiskit

    async def check(self, qasm: str) -> CheckReport:
        """What Qiskit says of an OpenQASM 2 or 3 program. Errors are in the report, not raised."""
        return _expect(await self._quickly(Check(qasm)), Checked).report

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        """The circuit as text, folded at `width` columns, idle qubits left out."""
        return _expect(await self._quickly(Draw(qasm, width)), Drawn).text

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        """The OpenQASM 3 of the circuits in Qiskit's binary form, as other programs submit them.

        At least the first one is there; it ends where a circuit cannot be written, or with all that is taken.

        Args:
            payload: base64 of QPY, zlib-packed or not.
        """
        return _expect(await self._quickly(Unpack(payload)), Unpacked).programs

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        """Transpile for the backend's real target, built from its configuration and properties.

        A cancelled run is ended at once.
        """
        return await self._with_target(target, lambda data: Transpile(qasm, data, options))

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        """Measure a circuit that was transpiled elsewhere (the cloud) and make it a `Candidate`.

        Args:
            source: the original program.
            isa: what was made of it.
            target: the backend it was made for.
            options: how it was asked for.
            layouts: initial and final layout, one physical qubit per device qubit, the circuit's own first.
            seconds: how long it took.
        """
        return await self._with_target(
            target,
            lambda data: Review(source, isa, data, options, layouts, seconds),
            fractional=options.asked.fractional_gates,
        )

    async def aclose(self) -> None:
        """End the workers."""
        await self._main.aclose()
        await self._side.aclose()

    async def _quickly(self, request: Request) -> Reply:
        lane = self._side if self._main.busy else self._main
        return await lane.ask(request, limit=CHECK_LIMIT, patience=PATIENCE)

    async def _with_target(
        self, target: BackendData, request: Callable[[TargetData], Request], *, fractional: bool = False
    ) -> Candidate:
        """Ask about a target, sending its data only to a worker that has not got it."""
        data = TargetData(target.name, self._key(target), fractional)
        reply = await self._main.ask(request(data))
        if isinstance(reply, TargetWanted):
            whole = msgspec.structs.replace(
                data, configuration=target.configuration, properties=target.properties
            )
            reply = await self._main.ask(request(whole))
        candidate = _expect(reply, Made).candidate
        return replace(candidate, rep_delay_us=rep_delay_us(target.configuration))

    def _key(self, target: BackendData) -> str:
        known = self._keys.get(target.name)
        if known is not None and known[0] is target:
            return known[1]
        digest = hashlib.blake2b(digest_size=16)
        for part in (target.name.encode(), target.configuration, target.properties):
            digest.update(len(part).to_bytes(8, "big") + part)
        self._keys[target.name] = (target, digest.hexdigest())
        return self._keys[target.name][1]


def _expect(reply: Reply, kind: type[R]) -> R:
    if isinstance(reply, kind):
        return reply
    if isinstance(reply, Failed):
        raise QdeckError(ErrorKind(reply.kind), reply.message, reply.advice)
    raise QdeckError(ErrorKind.UNAVAILABLE, f"Qiskit's process answered with {type(reply).__name__}.")
