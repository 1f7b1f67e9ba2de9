"""A clock and an engine that a test controls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.sandbox.core.devices import Device
from tui.sandbox.simulator.base.values import (
    EngineError,
    RunOutcome,
    SimulationEstimate,
    TranspiledCircuit,
    TranspileRequest,
)

RESULT = '{"results":[{"data":{"c":{"samples":["0x3","0x0"],"num_bits":2}},"metadata":{}}],"metadata":{}}'
DONE = RunOutcome(
    "Completed", RESULT, qpu_seconds=2.5, execution_ns=500_000_000, circuits=1, shots=2, logs="ok\n"
)


class ManualClock:
    """Clock whose time passes only by `advance`; pace 1."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 1, 12, tzinfo=UTC)
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    def elapsed(self, since: datetime) -> float:
        return (self._now - since).total_seconds()

    def ago(self, seconds: float) -> datetime:
        return self._now - timedelta(seconds=seconds)

    async def wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        event = asyncio.Event()
        sleeper = (self._now + timedelta(seconds=seconds), event)
        self._sleepers.append(sleeper)
        try:
            await event.wait()
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        for due, event in self._sleepers:
            if due <= self._now:
                event.set()


@dataclass
class GateEngine:
    """Engine whose jobs run until the test ends them when `gated`, otherwise complete at once."""

    gated: bool = False
    started: list[str] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    transpiled: list[TranspileRequest] = field(default_factory=list)
    transpiler_warmed: int = 0
    _waiting: list[asyncio.Future[RunOutcome]] = field(default_factory=list)

    async def start(self) -> None:
        return

    async def warm_transpiler(self) -> None:
        self.transpiler_warmed += 1

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: Device, *, seed: int | None = None
    ) -> RunOutcome:
        name = str(params["pubs"][0][0] if "pubs" in params else params.get("circuits", program_id))
        self.started.append(name)
        self.devices.append(device)
        if not self.gated:
            return DONE
        future: asyncio.Future[RunOutcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            self.stopped.append(name)
            if future in self._waiting:
                self._waiting.remove(future)
            raise

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def finish_job(self, outcome: RunOutcome = DONE) -> None:
        """End the job that has run longest."""
        self._waiting.pop(0).set_result(outcome)

    async def transpile(self, request: TranspileRequest) -> list[TranspiledCircuit]:
        self.transpiled.append(request)
        if request.ai == "true":
            raise EngineError("The AI transpiler is not installed.")
        return [TranspiledCircuit(f"OPENQASM 3.0; // {text}", None, [0, 1], [1, 0]) for text in request.qasm]

    async def estimate(
        self, program_id: str, params: Mapping[str, Any], device: Device
    ) -> SimulationEstimate:
        return SimulationEstimate(0.5)

    async def aclose(self) -> None:
        return
