"""What the service needs of an engine, so that its rules can be tested without running circuits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tui.sandbox.core.devices import Device
from tui.sandbox.simulator.base.values import RunOutcome, TranspiledCircuit, TranspileRequest


class EnginePort(Protocol):
    """Runs jobs and transpiles. Cancelling an awaiting task stops the work behind it."""

    async def start(self) -> None: ...

    async def warm_transpiler(self) -> None: ...

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: Device, *, seed: int | None = None
    ) -> RunOutcome: ...

    async def transpile(self, request: TranspileRequest) -> list[TranspiledCircuit]: ...

    async def aclose(self) -> None: ...
