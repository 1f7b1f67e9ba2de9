"""What the service needs of a simulator (a port, so that tests run no circuits), and transpilations on it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import uuid4

from tui.sandbox.core.devices import Device
from tui.sandbox.simulator.base.values import (
    EngineError,
    RunOutcome,
    SimulationEstimate,
    TranspiledCircuit,
    TranspileRequest,
)

log = logging.getLogger(__name__)

# The real service keeps finished tasks for a while only; this bounds memory.
_MAX_TASKS = 500

TranspileTask = asyncio.Task[Sequence[TranspiledCircuit]]


class EnginePort(Protocol):
    """Runs jobs and transpiles. Cancelling an awaiting task stops the work behind it."""

    async def start(self) -> None:
        """Start the worker processes."""

    async def warm_transpiler(self) -> None:
        """Import what the first transpilation needs."""

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: Device, *, seed: int | None = None
    ) -> RunOutcome:
        """Run one job.

        Args:
            program_id: "sampler" or "estimator".
            params: as in `POST /jobs`.
            device: the device to simulate.
            seed: makes the outcome reproducible.

        Returns:
            The outcome, also of a job that fails.
        """

    async def transpile(self, request: TranspileRequest) -> list[TranspiledCircuit]:
        """Transpile circuits, one result each.

        Raises:
            EngineError: they cannot be transpiled.
        """

    async def estimate(
        self, program_id: str, params: Mapping[str, Any], device: Device
    ) -> SimulationEstimate:
        """Estimate how long a job takes to simulate.

        Raises:
            EngineError: there is no estimate.
        """

    async def aclose(self) -> None:
        """End the worker processes."""


class TranspileTasks:
    """Transpilations in the background; the last 500 can be asked for by id."""

    def __init__(self, engine: EnginePort) -> None:
        self._engine = engine
        self._tasks: OrderedDict[str, TranspileTask] = OrderedDict()

    def submit(self, request: TranspileRequest) -> str:
        """Start a transpilation and return the id of its task."""
        task_id = str(uuid4())
        self._tasks[task_id] = asyncio.create_task(self._transpile(request))
        while len(self._tasks) > _MAX_TASKS:
            _, oldest = self._tasks.popitem(last=False)
            oldest.cancel()
        return task_id

    def get(self, task_id: str) -> TranspileTask | None:
        """Return a task, None when the id is unknown or out of date."""
        return self._tasks.get(task_id)

    async def stop(self) -> None:
        """Cancel all tasks and wait for their end."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _transpile(self, request: TranspileRequest) -> Sequence[TranspiledCircuit]:
        try:
            return await self._engine.transpile(request)
        except EngineError:
            raise
        except Exception as error:
            log.exception("the transpiler failed")
            raise EngineError("The transpiler stopped unexpectedly.") from error
