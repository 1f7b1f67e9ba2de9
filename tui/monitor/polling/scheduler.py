"""Named background workers: each a step that is taken again and again, with jitter, back-off and wake-up."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.polling.circuit_breaker import JITTER, CircuitBreaker, back_off

Step = Callable[[], Awaitable[float]]
"""One round of a worker; returns the seconds until the next one, `math.inf`: until it is woken."""

Report = Callable[[str, Exception, int], None]
"""Told of every failed round: the worker's name, the error, and how many failed in a row."""


class Part(Enum):
    """What a worker does while the service that it asks is down."""

    STANDS_ALONE = "stands alone"
    """It goes on, with a back-off of its own."""
    FOLLOWS = "follows"
    """It waits until the service is back."""
    PROBES = "probes"
    """It asks whether the service is back."""


class Scheduler:
    """Runs workers. A worker never overlaps itself; a failure never ends it, and never passes silently."""

    def __init__(self, clock: Clock, chance: random.Random, report: Report) -> None:
        self._clock = clock
        self._chance = chance
        self._report = report
        self._workers: dict[str, _Worker] = {}

    def outage(self, answers: Callable[[], int], probe: str) -> CircuitBreaker:
        """What workers of one service share while it is down; `probe` asks whether it is back."""
        return CircuitBreaker(self._clock, self._chance, answers, lambda: self.wake(probe))

    def start(
        self,
        name: str,
        step: Step,
        flight: asyncio.Lock | None = None,
        outage: CircuitBreaker | None = None,
        part: Part = Part.FOLLOWS,
    ) -> None:
        """Start a worker; its first round begins at once. The name must be free.

        Args:
            flight: held during a round: of all workers with the same one, one at a time is under way.
            outage: shared with the workers that ask the same service; without one, it has its own.
            part: what the worker does while the service is down.
        """
        if name in self._workers:
            raise ValueError(f"a worker {name!r} is running")
        if outage is None:
            outage, part = CircuitBreaker(self._clock, self._chance), Part.STANDS_ALONE
        self._workers[name] = _Worker(
            name, step, self._clock, self._chance, self._report, flight or asyncio.Lock(), outage, part
        )

    def wake(self, name: str, *, wished: bool = False) -> None:
        """Begin the worker's next round as soon as the service may be asked.

        Args:
            wished: for the user, or after the service answered: a service that is down is asked all the same.
        """
        if name in self._workers:
            self._workers[name].wake(wished=wished)

    def freshen(self, seconds: float, *names: str) -> None:
        """Wake those workers whose last round ended at least that long ago."""
        for name in names:
            worker = self._workers.get(name)
            if worker is not None and self._clock.monotonic() - worker.ended >= seconds:
                worker.wake()

    def hurry(self, seconds: float, probe: str) -> None:
        """Let the probe of a service that is down ask when it did so at least that long ago."""
        if probe in self._workers:
            self._workers[probe].hurry(seconds)

    async def run_now(self, *names: str, wished: bool = True) -> None:
        """Let the workers take a whole round from now on, and wait for its end.

        Args:
            wished: as for `wake`; otherwise it may be long until a service that is down is back.

        Raises:
            QdeckError: the first of their errors; `RATE_LIMITED` when the service asked to be left alone.
        """
        rounds = [self._workers[name].round(wished=wished) for name in names if name in self._workers]
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
        outage: CircuitBreaker,
        part: Part,
    ) -> None:
        self.ended = clock.monotonic()
        """When its last round ended; at first: when it began."""
        self._flight = flight
        self._outage = outage
        self._part = part
        self._name = name
        self._step = step
        self._clock = clock
        self._chance = chance
        self._report = report
        self._woken = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._wished = asyncio.Event()
        self._failures = 0
        self._task = asyncio.create_task(self._run(), name=f"qdeck {name}")

    def wake(self, *, wished: bool = False) -> None:
        if wished:
            self._wished.set()
        self._woken.set()

    def hurry(self, seconds: float) -> None:
        self._outage.hurry(seconds)

    async def round(self, *, wished: bool) -> None:
        left = self._outage.asked
        if left > 0:
            raise QdeckError(
                ErrorKind.RATE_LIMITED,
                f"The service asked not to be asked again for {math.ceil(left)} s.",
                "qdeck asks again by itself.",
                retry_after=left,
            )
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self.wake(wished=wished)
        await future

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._answer(self._waiting, QdeckError(ErrorKind.EXPIRED, "Signed out before the service answered."))

    async def _run(self) -> None:
        while True:
            while (held := self._held()) > 0:
                await self._rest(
                    held, self._outage.changed, *(() if self._wished.is_set() else [self._wished])
                )
            async with self._flight:
                # Who was in flight before may have found the service down.
                if self._held() > 0:
                    continue
                pause = await self._round()
            await self._rest(pause * (1 + self._chance.uniform(-JITTER, JITTER)), self._woken)

    async def _round(self) -> float:
        """One round; returns the seconds until the next one."""
        wished = self._wished.is_set()
        self._woken.clear()
        self._wished.clear()
        asked, self._waiting = self._waiting, []
        answers = self._outage.answers()
        error: Exception | None = None
        try:
            pause = await self._step()
            self._failures = 0
        except asyncio.CancelledError:
            self._waiting = asked + self._waiting
            raise
        except Exception as failure:
            error = failure
            self._failures += 1
            pause = back_off(self._failures)
        answered = self._outage.answers() > answers
        if answered:
            self._outage.over()
        if isinstance(error, QdeckError):
            down = error.worth_retrying and not answered and self._part is not Part.STANDS_ALONE
            self._outage.met(error, down=down, wished=wished)
            if down and self._part is Part.PROBES:
                # The outage says when it is due.
                pause = 0.0
            elif error.retry_after:
                # Jitter must not bring it before the time the service asked for.
                pause = max(pause, error.retry_after / (1 - JITTER))
        if error is not None:
            self._report(self._name, error, self._failures)
        self.ended = self._clock.monotonic()
        self._answer(asked, error)
        return pause

    def _held(self) -> float:
        """Seconds that the service must be left alone by this worker, as far as is known."""
        if self._wished.is_set() or self._part is Part.STANDS_ALONE:
            return self._outage.asked
        return self._outage.hold(probe=self._part is Part.PROBES)

    async def _rest(self, seconds: float, *events: asyncio.Event) -> None:
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(event.wait()) for event in events}
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
