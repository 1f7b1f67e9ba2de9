"""Named background workers: each a step that is taken again and again, with jitter, back-off and wake-up."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError

Step = Callable[[], Awaitable[float]]
"""One round of a worker; returns the seconds until the next one, `math.inf`: until it is woken."""

Report = Callable[[str, Exception, int], None]
"""Told of every failed round: the worker's name, the error, and how many failed in a row."""

FIRST_BACK_OFF = 2.0
LONGEST_BACK_OFF = 120.0
JITTER = 0.1


class Scheduler:
    """Runs workers. A worker never overlaps itself; a failure never ends it, and never passes silently."""

    def __init__(self, clock: Clock, chance: random.Random, report: Report) -> None:
        self._clock = clock
        self._chance = chance
        self._report = report
        self._workers: dict[str, _Worker] = {}

    def start(self, name: str, step: Step, flight: asyncio.Lock | None = None) -> None:
        """Start a worker; its first round begins at once. The name must be free.

        Args:
            flight: held during a round: of all workers with the same one, one at a time is under way.
        """
        if name in self._workers:
            raise ValueError(f"a worker {name!r} is running")
        self._workers[name] = _Worker(
            name, step, self._clock, self._chance, self._report, flight or asyncio.Lock()
        )

    def wake(self, name: str) -> None:
        """Begin the worker's next round now, unless the service asked to wait."""
        if name in self._workers:
            self._workers[name].wake()

    def freshen(self, seconds: float, *names: str) -> None:
        """Wake those workers whose last round ended at least that long ago."""
        for name in names:
            worker = self._workers.get(name)
            if worker is not None and self._clock.monotonic() - worker.ended >= seconds:
                worker.wake()

    async def run_now(self, *names: str) -> None:
        """Let the workers take a whole round from now on, and wait for its end.

        Raises:
            QdeckError: the first of their errors.
        """
        rounds = [self._workers[name].round() for name in names if name in self._workers]
        for outcome in await asyncio.gather(*rounds, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def stop(self, *names: str) -> None:
        """End these workers, or all; returns when they have ended."""
        ended = [self._workers.pop(name) for name in names or tuple(self._workers) if name in self._workers]
        await asyncio.gather(*(worker.stop() for worker in ended))


class _Worker:
    """One background task."""

    def __init__(
        self,
        name: str,
        step: Step,
        clock: Clock,
        chance: random.Random,
        report: Report,
        flight: asyncio.Lock,
    ) -> None:
        self.ended = clock.monotonic()
        """When its last round ended; at first: when it began."""
        self._flight = flight
        self._name = name
        self._step = step
        self._clock = clock
        self._chance = chance
        self._report = report
        self._woken = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._not_before = -math.inf
        self._failures = 0
        self._task = asyncio.create_task(self._run(), name=f"qdeck {name}")

    def wake(self) -> None:
        if self._clock.monotonic() >= self._not_before:
            self._woken.set()

    async def round(self) -> None:
        left = self._not_before - self._clock.monotonic()
        if left > 0:
            raise QdeckError(
                ErrorKind.RATE_LIMITED,
                f"The service asked not to be asked again for {math.ceil(left)} s.",
                "qdeck asks again by itself.",
                retry_after=left,
            )
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._woken.set()
        await future

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._answer(self._waiting, QdeckError(ErrorKind.EXPIRED, "Signed out before the service answered."))

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            asked, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                async with self._flight:
                    pause = await self._step()
                self._failures = 0
            except asyncio.CancelledError:
                self._waiting = asked + self._waiting
                raise
            except Exception as failure:
                error = failure
                self._failures += 1
                pause = self._back_off(failure)
                self._report(self._name, failure, self._failures)
            self.ended = self._clock.monotonic()
            self._answer(asked, error)
            await self._rest(pause * (1 + self._chance.uniform(-JITTER, JITTER)))

    def _back_off(self, error: Exception) -> float:
        pause = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2.0 ** min(self._failures - 1, 10))
        asked = error.retry_after if isinstance(error, QdeckError) else None
        if asked:
            self._not_before = self._clock.monotonic() + asked
            # Jitter must not bring it before the time the service asked for.
            pause = max(pause, asked / (1 - JITTER))
        return pause

    async def _rest(self, seconds: float) -> None:
        woken = asyncio.ensure_future(self._woken.wait())
        waits: set[asyncio.Future[Any]] = {woken}
        if seconds < math.inf:
            waits.add(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()

    @staticmethod
    def _answer(asked: list[asyncio.Future[None]], error: Exception | None) -> None:
        for future in asked:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
        asked.clear()
