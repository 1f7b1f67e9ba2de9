"""A clock that tests move by hand: nothing waits in real time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

REAL_SECONDS = 20.0
_T = TypeVar("_T")


class _Threads:
    """Knows what an event loop does in threads, until the loop has heard the end of it."""

    def __init__(self) -> None:
        self._given: set[asyncio.Future[Any]] = set()
        self.begun = 0

    @property
    def busy(self) -> bool:
        """Whether any work is under way."""
        self._given = {future for future in self._given if not future.done()}
        return bool(self._given)

    async def some_end(self) -> None:
        """Wait for the end of some of the work, a millisecond at most."""
        if self.busy:
            await asyncio.wait(self._given, timeout=0.001, return_when=asyncio.FIRST_COMPLETED)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take note of what `loop` gives to threads (`to_thread`) from now on."""
        run = loop.run_in_executor

        def run_in_executor(
            executor: Executor | None, work: Callable[..., Any], *args: Any
        ) -> asyncio.Future[Any]:
            future = run(executor, work, *args)
            # The thread is done a little before the loop knows: what awaits it has not gone on by then.
            self._given.add(future)
            self.begun += 1
            return future

        loop.run_in_executor = run_in_executor  # type: ignore[assignment, method-assign]  # only for one test


async def _run_what_is_ready() -> None:
    """Let the loop turn until nothing is ready to run three times in a row, or many times."""
    ready = getattr(asyncio.get_running_loop(), "_ready", (None,))
    rested = 0
    for _ in range(200):
        await asyncio.sleep(0)
        rested = 0 if ready else rested + 1
        if rested == 3:
            return


class FakeClock:
    """A `tui.common.timing.Clock` whose time passes only in `advance` and `run_until`."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0
        self._set_by = timedelta()
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._threads = _Threads()
        with contextlib.suppress(RuntimeError):
            self._threads.watch(asyncio.get_running_loop())

    def now(self) -> datetime:
        """The wall-clock time."""
        return self.true_time() + self._set_by

    def true_time(self) -> datetime:
        """What a clock would show that nobody set: that of the service."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking each sleeper at its time and letting it run."""
        end = self._passed + seconds
        await self.settle()
        while (due := self._next()) is not None and due <= end:
            await self._wake(due)
        self._passed = end
        await self.settle()

    async def jump(self, seconds: float) -> None:
        """Let that much time pass at once, as when a laptop sleeps; then wake who should have been woken."""
        self._passed += seconds
        await self.advance(0)

    async def set_wall(self, by: timedelta) -> None:
        """Set the wall clock alone, forward or back, as a user or NTP does; no time passes."""
        self._set_by += by
        await self.advance(0)

    async def run_until(self, condition: Callable[[], bool], *, seconds: float = 3600.0) -> None:
        """Let time pass from sleeper to sleeper until the condition holds.

        Raises:
            AssertionError: it does not within that many seconds of this clock, or `REAL_SECONDS` real ones.
        """
        end = self._passed + seconds
        deadline = time.monotonic() + REAL_SECONDS
        await self.settle()
        while not condition():
            assert time.monotonic() < deadline, "the condition does not hold in real time"
            due = self._next()
            assert due is None or due <= end, f"the condition does not hold after {seconds} s"
            if due is not None:
                await self._wake(due)
            await self.settle()

    async def settle(self) -> None:
        """Let everything run that does not wait for this clock, work in threads (`to_thread`) too."""
        deadline = time.monotonic() + REAL_SECONDS
        while True:
            # Work that ends during the turns may not have had enough of them for what follows it.
            began, busy = self._threads.begun, self._threads.busy
            await _run_what_is_ready()
            if not busy and not self._threads.busy and self._threads.begun == began:
                return
            assert time.monotonic() < deadline, "the threads do not come to rest"
            await self._threads.some_end()

    def _next(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def _wake(self, due: float) -> None:
        self._passed = max(self._passed, due)
        while (first := self._next()) is not None and first <= due:
            heapq.heappop(self._sleepers)[2].set_result(None)
        await self.settle()
