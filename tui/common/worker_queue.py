"""Requests to a worker process, in order; the worker is replaced when it dies, and ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

from tui.common.worker_process import WorkerDied, WorkerProcess

T = TypeVar("T")


class WorkerClosed(Exception):
    """The queue has been closed: no more requests are answered."""


class WorkerQueue:
    """Requests to one worker, answered one after the other in the order they came.

    The worker is started by `start` or the first request, and again after an end.

    Args:
        module: name of the module whose `main` calls `serve`.
        arguments: its `sys.argv[1:]`.
        environment: all variables it gets; `None`: as `worker_environment` gives them.
        idle_seconds: the worker is ended after so long without a request; `None`: it is kept.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        idle_seconds: float | None = None,
    ) -> None:
        self._open = partial(WorkerProcess.open, module, *arguments, environment=environment)
        self._worker: WorkerProcess | None = None
        self._starting = asyncio.Lock()
        self._exchanging = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pending = 0
        self._closed = False
        self._idle_seconds = idle_seconds
        self._idle: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """True while a request is being answered or waits."""
        return self._pending > 0

    @property
    def pid(self) -> int | None:
        """The worker's process id; `None` while there is no worker."""
        return self._worker.pid if self._worker is not None and self._worker.running else None

    def start(self) -> asyncio.Task[WorkerProcess]:
        """Start the worker in the background unless it runs.

        Returns:
            The task of starting it, which need not be awaited; it does not wait for the worker's imports.

        Raises:
            WorkerClosed: after `aclose`.
        """
        if self._closed:
            raise WorkerClosed
        self._restart_idle_time()
        starting = self._background(self._running_worker())
        starting.add_done_callback(lambda _: self._restart_idle_time())
        return starting

    async def request(self, body: bytes, *, timeout: float | None = None, grace: float = 0.0) -> bytes:
        """Return the worker's reply, of one frame.

        Cancelling this drops a request that still waits. When the worker has begun it is killed, so that the
        work really stops, and another one started.

        Args:
            body: the request.
            timeout: seconds after which the worker is killed and replaced.
            grace: seconds that a cancelled request may still run before that: less than what starting
                another worker takes is well spent.

        Raises:
            WorkerClosed: after `aclose`.
            WorkerDied: the worker ended before it answered; the next request starts another one.
            TimeoutError: it took too long.
            OSError: the worker cannot be started.
        """
        if self._closed:
            raise WorkerClosed
        begun = asyncio.Event()
        self._pending += 1
        self._restart_idle_time()
        task = self._background(self._exchange(body, timeout, begun))
        task.add_done_callback(self._answered)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if begun.is_set() and grace and not task.done():
                asyncio.get_running_loop().call_later(grace, task.cancel)
            else:
                task.cancel()
            raise

    async def aclose(self) -> None:
        """Kill the worker, and cancel everything that waits for it."""
        self._closed = True
        self._restart_idle_time()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    def _background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name="worker request")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Errors of a request that nobody waits for any more are fetched, so that asyncio does not log them.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    def _answered(self, _: asyncio.Task[bytes]) -> None:
        self._pending -= 1
        self._restart_idle_time()

    def _restart_idle_time(self) -> None:
        """Let the time in which nobody needs the worker begin now, or not run while somebody does."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._idle_seconds is not None and not self._pending and not self._closed:
            self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        self._idle = None
        # Taken at once, so that no request that comes now is given to it.
        worker, self._worker = self._worker, None
        if worker is not None:
            self._background(_finish(worker.close()))

    async def _exchange(self, body: bytes, timeout: float | None, begun: asyncio.Event) -> bytes:
        async with self._exchanging:
            worker = await self._running_worker()
            begun.set()
            try:
                async with asyncio.timeout(timeout):
                    await worker.send(body)
                    return await worker.receive()
            except (asyncio.CancelledError, TimeoutError):
                await self._replace()
                raise
            except WorkerDied:
                await self._end()
                raise

    async def _running_worker(self) -> WorkerProcess:
        async with self._starting:
            if self._worker is None or not self._worker.running:
                await self._end()
                self._worker = await self._open()
            return self._worker

    async def _replace(self) -> None:
        """Kill the worker in the middle of its work; another one starts for the next request."""
        await _finish(self._end())
        if not self._closed:
            self.start()

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.close()


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Await work that is done to its end, also when this is cancelled."""
    ending = asyncio.ensure_future(work)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.shield(ending)
    await ending
