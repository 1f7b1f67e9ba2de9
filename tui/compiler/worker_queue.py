"""A line of requests before one worker, which is replaced when it must be ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.messages import Ping, Reply, Request, encode
from tui.compiler.worker_process import Link, LinkBroken

_PING = encode(Ping())


class WorkerQueue:
    """Requests are answered one after the other, in the order they came.

    Args:
        environment: variables for the worker beside the app's own.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._turn = asyncio.Lock()
        self._link: Link | None = None
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._closed = False
        self._asked = 0

    @property
    def busy(self) -> bool:
        """Whether a request is being answered or waits."""
        return self._asked > 0

    @property
    def pid(self) -> int | None:
        """The worker's process id, when there is a worker."""
        return self._link.pid if self._link is not None and self._link.alive else None

    def start(self) -> None:
        """Start the worker and let it warm up; returns at once."""
        self._spawn(_PING, None)

    async def ask(self, request: Request, *, limit: float | None = None, patience: float = 0.0) -> Reply:
        """The worker's reply.

        Cancelling this drops a request that still waits. The worker is ended when it has begun, so that
        the work really stops, and another one warms up.

        Args:
            request: what to do.
            limit: seconds after which it is given up.
            patience: seconds that a cancelled request may still run before its worker is ended: less
                than what warming up another one takes is well spent.

        Raises:
            QdeckError: `UNAVAILABLE`: the worker cannot be started, or died, or took too long.
        """
        if self._closed:
            raise QdeckError(ErrorKind.UNAVAILABLE, "The compiler has been shut down.")
        begun = asyncio.Event()
        self._asked += 1
        task = self._spawn(encode(request), limit, begun)
        task.add_done_callback(self._answered)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if begun.is_set() and patience and not task.done():
                asyncio.get_running_loop().call_later(patience, task.cancel)
            else:
                task.cancel()
            raise

    async def aclose(self) -> None:
        """End the worker and everything that waits for it."""
        self._closed = True
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    def _spawn(
        self, frame: bytes, limit: float | None, begun: asyncio.Event | None = None
    ) -> asyncio.Task[Reply]:
        task = asyncio.create_task(self._exchange(frame, limit, begun), name="qdeck compiler request")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # What went wrong with a request that nobody waits for any more is nobody's business.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    def _answered(self, task: asyncio.Task[Reply]) -> None:
        self._asked -= 1

    async def _exchange(self, frame: bytes, limit: float | None, begun: asyncio.Event | None) -> Reply:
        async with self._turn:
            link = await self._ready()
            if begun is not None:
                begun.set()
            try:
                async with asyncio.timeout(limit):
                    return await link.ask(frame)
            except asyncio.CancelledError:
                await self._replace()
                raise
            except TimeoutError as error:
                await self._replace()
                raise QdeckError(
                    ErrorKind.UNAVAILABLE, f"Qiskit took longer than {limit:g} s for this and was stopped."
                ) from error
            except LinkBroken as error:
                await self._end()
                raise QdeckError(
                    ErrorKind.UNAVAILABLE,
                    f"Qiskit's process ended: {error}.",
                    "Trying again starts another one.",
                ) from error

    async def _ready(self) -> Link:
        if self._link is None or not self._link.alive:
            await self._end()
            # asyncio may wait for ever when the start of a process is cancelled, so it is not.
            opening = asyncio.ensure_future(Link.open(self._environment))
            try:
                self._link = await asyncio.shield(opening)
            except asyncio.CancelledError:
                self._link = await opening
                await self._end()
                raise
            except OSError as error:
                raise QdeckError(
                    ErrorKind.UNAVAILABLE, f"Qiskit's process cannot be started: {error.strerror}."
                ) from error
        return self._link

    async def _replace(self) -> None:
        """End the worker in the middle of its work; another one warms up for the next request."""
        ending = asyncio.ensure_future(self._end())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(ending)
        await ending
        if not self._closed:
            self.start()

    async def _end(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
