"""Transpilations that were asked for: submitted, worked on in the background, polled by id."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

from tui.sandbox.base.ids import new_uuid
from tui.sandbox.core.simulator_port import EnginePort
from tui.sandbox.simulator.base.values import EngineError, TranspiledCircuit, TranspileRequest

log = logging.getLogger(__name__)

# The real service keeps finished tasks for a while only; this bounds memory.
KEPT = 500

Task = asyncio.Task[Sequence[TranspiledCircuit]]


class TranspileTasks:
    """The last tasks by id."""

    def __init__(self, engine: EnginePort) -> None:
        self._engine = engine
        self._tasks: OrderedDict[str, Task] = OrderedDict()

    def submit(self, request: TranspileRequest) -> str:
        """Start the work and return the id to ask for it by."""
        task_id = new_uuid()
        self._tasks[task_id] = asyncio.create_task(self._transpile(request))
        while len(self._tasks) > KEPT:
            _, oldest = self._tasks.popitem(last=False)
            oldest.cancel()
        return task_id

    def get(self, task_id: str) -> Task | None:
        return self._tasks.get(task_id)

    async def stop(self) -> None:
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
