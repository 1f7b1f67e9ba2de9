"""Workers that answer requests at the same time: what a pool can do, and the pool of local processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

from tui.common.processors import usable_processors
from tui.common.worker_queue import WorkerQueue
from tui.compiler import messages
from tui.compiler.requests import (
    WORKER,
    LostWorker,
    MakeRequest,
    qiskit_environment,
    request,
    request_with_target,
)
from tui.domain.devices.backends import BackendData

MOST_WORKERS: Final = 4
"""Workers there are unless the user sets another number: each takes some 190 MB."""

TRIES: Final = 3
"""Workers that a request may lose before it is given up: something kills them for its sake."""

T = TypeVar("T")


class WorkerPool(Protocol):
    """Workers that answer requests about targets, several at a time. Replies are plain JSON text."""

    @property
    def size(self) -> int:
        """Requests that are answered at a time."""

    async def ready(self) -> None:
        """Start the workers, and wait until one of them can answer.

        Raises:
            QdeckError: `UNAVAILABLE` when there is none.
        """

    async def request(
        self,
        make: MakeRequest,
        target: BackendData,
        kind: type[T],
        *,
        timeout: float | None = None,
        grace: float = 0.0,
        fractional: bool = False,
    ) -> T:
        """Have a request answered by a worker that is free; one gets the data of a target once.

        Args:
            make: makes the request about the target.
            target: the backend's data.
            kind: of the result.
            timeout: seconds after which the work is stopped.
            grace: seconds that the work may go on after a cancel, if that is cheaper than stopping it.
            fractional: with the fractional gates of the target.

        Raises:
            QdeckError: `CIRCUIT` when it cannot be done, `UNAVAILABLE` when workers end on it repeatedly.
        """

    async def aclose(self) -> None:
        """Let go of the workers."""


class LocalPool:
    """A `WorkerPool` of processes on this machine, started when they are needed, ended when idle.

    Args:
        size: how many; `None`: as many as this process has processors, at most `MOST_WORKERS`.
        idle_seconds: time without a request after which a process is ended.
        environment: variables for the workers beside those that every worker gets.
    """

    def __init__(
        self, size: int | None, *, idle_seconds: float, environment: Mapping[str, str] | None = None
    ) -> None:
        count = size or min(MOST_WORKERS, usable_processors(os.environ))
        variables = qiskit_environment(threads=1) | dict(environment or {})
        self._queues = [
            WorkerQueue(WORKER, environment=variables, idle_seconds=idle_seconds) for _ in range(count)
        ]
        self._room = asyncio.Semaphore(count)
        self._starting: set[asyncio.Task[str]] = set()

    @property
    def size(self) -> int:
        """The number of workers."""
        return len(self._queues)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return tuple(queue.pid for queue in self._queues if queue.pid is not None)

    async def ready(self) -> None:
        """Start the workers, and wait until one of them is warm; the others follow."""
        for left in reversed(range(TRIES)):
            try:
                await self._first_ready()
                break
            except LostWorker:
                if not left:
                    raise

    async def _first_ready(self) -> None:
        first = [asyncio.create_task(request(queue, messages.Version(), str)) for queue in self._queues]
        for task in first:
            self._starting.add(task)
            task.add_done_callback(self._started)
        done, _ = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def request(
        self,
        make: MakeRequest,
        target: BackendData,
        kind: type[T],
        *,
        timeout: float | None = None,
        grace: float = 0.0,
        fractional: bool = False,
    ) -> T:
        """Have a request answered by the first worker that is free; one that is lost gets another one."""
        for left in reversed(range(TRIES)):
            try:
                async with self._room:
                    queue = min(self._queues, key=lambda one: one.busy)
                    return await request_with_target(
                        queue, make, target, kind, timeout=timeout, grace=grace, fractional=fractional
                    )
            except LostWorker:
                if not left:
                    raise
        raise AssertionError("not reached")

    async def aclose(self) -> None:
        """End the workers."""
        await asyncio.gather(*(queue.aclose() for queue in self._queues))

    def _started(self, task: asyncio.Task[str]) -> None:
        self._starting.discard(task)
        if not task.cancelled():
            # What was wrong is told by the first request that needs the worker.
            task.exception()
