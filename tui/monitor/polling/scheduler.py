"""Background workers: steps repeated with jitter, back-off and wake-up, each behind a typed handle."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Backoff, Clock
from tui.common.values import Value

Step = Callable[[], Awaitable[float]]
"""One round of a worker; returns the seconds until the next one, `math.inf`: until it is woken."""
BACKOFF = Backoff(first=2.0, longest=120.0, jitter=(-0.1, 0.1))
"""After failed rounds; its jitter is that of all waits."""
YIELD_SECONDS = 0.5
"""Between two looks of a worker that yields, whether nobody else is in flight."""


class OutageRole(Enum):
    """Behaviour of a worker while the service that it asks is down."""

    STANDS_ALONE = "stands alone"
    """It goes on, with a back-off of its own."""
    FOLLOWS = "follows"
    """It waits until the service is back."""
    PROBES = "probes"
    """It asks whether the service is back."""


class WorkerPolicy(Value, frozen=True):
    """Fixed properties of a worker: its role in an outage, and the meaning of its errors.

    Attributes:
        role: behaviour while the service is down.
        offline: errors after which the service counts as not reached.
        signs_out: errors after which the account is no longer accepted.
        silent: errors that are shown elsewhere already, or that nobody needs to see.
        yields: it begins a round only when no other worker is in flight or waits for that.
    """

    role: OutageRole = OutageRole.STANDS_ALONE
    offline: frozenset[ErrorKind] = frozenset()
    signs_out: frozenset[ErrorKind] = frozenset()
    silent: frozenset[ErrorKind] = frozenset()
    yields: bool = False


def _nothing() -> None:
    pass


class CircuitBreaker:
    """One back-off for all: while the service is down, one worker, the probe, asks it whether it is back.

    What the service asks for itself (`Retry-After`) holds for every worker, whoever was told.

    Args:
        answers: returns how many answers of the service there were so far; a round without one that failed
            shows that the service is down.
        wake_probe: begins the probe's next round as soon as that may be.

    Attributes:
        changed: set when a wait became shorter; another one takes its place then.
    """

    def __init__(
        self,
        clock: Clock,
        chance: random.Random,
        answers: Callable[[], int] = lambda: 0,
        wake_probe: Callable[[], None] = lambda: None,
    ) -> None:
        self.answers = answers
        self._clock = clock
        self._chance = chance
        self._wake_probe = wake_probe
        self._failures = 0
        self._last = -math.inf
        self._due = -math.inf
        self._asked = -math.inf
        self.changed = asyncio.Event()

    @property
    def asked(self) -> float:
        """Seconds that the service still wants to be left alone; 0: it does not."""
        return max(0.0, self._asked - self._clock.monotonic())

    def hold(self, *, probe: bool) -> float:
        """Return the seconds until a round in the background may begin.

        Args:
            probe: whether it is the probe's.

        Returns:
            0: now; `math.inf`: when the service is back.
        """
        if not self._failures:
            return self.asked
        return max(self.asked, self._due - self._clock.monotonic()) if probe else math.inf

    def failed(self, error: QdeckError, *, down: bool, user_requested: bool = False) -> None:
        """Note that a round failed.

        Args:
            down: whether it shows that the service is down.
            user_requested: whether the user asked for it: that makes no later wait longer.
        """
        now = self._clock.monotonic()
        if error.retry_after:
            self._asked = max(self._asked, now + error.retry_after)
        if down:
            first = not self._failures
            if first or not user_requested:
                self._failures += 1
            pause = max(BACKOFF.wait(self._failures), BACKOFF.never_before(self.asked))
            self._last, self._due = now, now + BACKOFF.spread(pause, self._chance.random)
            if first:
                self._wake_probe()

    def recovered(self) -> None:
        """Note that the service answered."""
        if self._failures:
            self._failures = 0
            self._wait_changed()

    def hurry(self, seconds: float) -> None:
        """Let the probe ask, for a user who is here, when the last one is that long ago."""
        if self._last + seconds < self._due:
            self._due = self._last + seconds
            self._wait_changed()

    def _wait_changed(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Scheduler:
    """Makes workers and ends them. `report` gets the worker, its error and its failures in a row."""

    def __init__(
        self, clock: Clock, chance: random.Random, report: Callable[[Worker, Exception, int], None]
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.report = report
        self._workers: list[Worker] = []

    def add(self, name: str, policy: WorkerPolicy | None = None) -> Worker:
        """Make a worker that does not run yet.

        Args:
            name: shown to the user when the worker fails.
        """
        worker = Worker(name, policy or WorkerPolicy(), self)
        self._workers.append(worker)
        return worker

    @property
    def in_line(self) -> bool:
        """True when a worker waits to be in flight."""
        return any(worker.in_line for worker in self._workers)

    async def stop(self) -> None:
        """End all workers; returns when they have ended."""
        await stop_workers(*self._workers)


class Worker:
    """Handle of one background worker, running or not. Its rounds never overlap.

    A failed round is reported and does not end the worker. Waking it does nothing while it does not run.

    Attributes:
        ended: monotonic seconds at which the last round ended; before the first one, at which it started.
        in_line: whether it waits for the end of another one's round.
    """

    def __init__(self, name: str, policy: WorkerPolicy, scheduler: Scheduler) -> None:
        self.name = name
        self.policy = policy
        self.ended = -math.inf
        self.in_line = False
        self._scheduler = scheduler
        self._clock = scheduler.clock
        self._chance = scheduler.chance
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._hurried = False
        self._breaker = CircuitBreaker(self._clock, self._chance)

    def start(
        self,
        step: Step,
        flight: asyncio.Lock | None = None,
        breaker: CircuitBreaker | None = None,
        on_request: Callable[[], None] = _nothing,
        on_answer: Callable[[], None] = _nothing,
    ) -> None:
        """Begin the first round at once.

        Args:
            flight: held during a round: of all workers with the same one, one at a time is under way.
            breaker: shared with the workers that ask the same service; without one, it has its own.
            on_request: called before a round that was begun by `request`.
            on_answer: called after a round without an error in which the service answered.

        Raises:
            ValueError: the worker is running.
        """
        if self._task is not None:
            raise ValueError(f"the worker {self.name!r} is running")
        self.ended = self._clock.monotonic()
        self._step = step
        self._flight = flight or asyncio.Lock()
        self._breaker = breaker or CircuitBreaker(self._clock, self._chance)
        self._on_request, self._on_answer, self._hurried = on_request, on_answer, False
        self._woken, self._requested = asyncio.Event(), asyncio.Event()
        self._failures = 0
        self._task = asyncio.create_task(self._run(), name=f"qdeck {self.name}")

    async def stop(self) -> None:
        """End the worker; whoever waits for a round gets an `EXPIRED` error."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._answer(self._waiting, QdeckError(ErrorKind.EXPIRED, "Signed out before the service answered."))

    def wake(self, *, user_requested: bool = False) -> None:
        """Begin the next round as soon as the service may be asked.

        Args:
            user_requested: for the user, or after the service answered: a service that is down is asked, too.
        """
        if self._task is not None:
            if user_requested:
                self._requested.set()
            self._woken.set()

    def request(self) -> None:
        """Begin a round for the user, and the next ones soon after it."""
        self._hurried = self._task is not None
        self.wake(user_requested=True)

    def wake_if_older(self, seconds: float) -> None:
        """Begin a round when the last one ended at least that long ago."""
        if self._clock.monotonic() - self.ended >= seconds:
            self.wake()

    def hurry(self, seconds: float) -> None:
        """Let the probe of a service that is down ask when it did so at least that long ago."""
        if self._task is not None:
            self._breaker.hurry(seconds)

    async def _round_from_now(self, *, user_requested: bool) -> None:
        if self._task is None:
            return
        left = self._breaker.asked
        if left > 0:
            raise QdeckError(
                ErrorKind.RATE_LIMITED,
                f"The service asked not to be asked again for {math.ceil(left)} s.",
                "qdeck asks again by itself.",
                retry_after=left,
            )
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self.wake(user_requested=user_requested)
        await future

    async def _run(self) -> None:
        while True:
            while (held := self._held()) > 0:
                await self._rest(
                    held, self._breaker.changed, *(() if self._requested.is_set() else [self._requested])
                )
            if self.policy.yields and (self._flight.locked() or self._scheduler.in_line):
                await self._rest(YIELD_SECONDS)
                continue
            self.in_line = True
            try:
                await self._flight.acquire()
            finally:
                self.in_line = False
            try:
                # Who was in flight before may have found the service down.
                if self._held() > 0:
                    continue
                pause = await self._round()
            finally:
                self._flight.release()
            await self._rest(BACKOFF.spread(pause, self._chance.random), self._woken)

    async def _round(self) -> float:
        """One round; returns the seconds until the next one."""
        user_requested = self._requested.is_set()
        if self._hurried:
            self._hurried = False
            self._on_request()
        self._woken.clear()
        self._requested.clear()
        asked, self._waiting = self._waiting, []
        answers = self._breaker.answers()
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
            pause = BACKOFF.wait(self._failures)
        answered = self._breaker.answers() > answers
        if answered:
            self._breaker.recovered()
        if answered and error is None:
            self._on_answer()
        if isinstance(error, QdeckError):
            down = error.worth_retrying and not answered and self.policy.role is not OutageRole.STANDS_ALONE
            self._breaker.failed(error, down=down, user_requested=user_requested)
            if down and self.policy.role is OutageRole.PROBES:
                # The circuit breaker says when it is due.
                pause = 0.0
            elif error.retry_after:
                pause = max(pause, BACKOFF.never_before(error.retry_after))
        if error is not None:
            self._scheduler.report(self, error, self._failures)
        self.ended = self._clock.monotonic()
        self._answer(asked, error)
        return pause

    def _held(self) -> float:
        """Seconds that the service must be left alone by this worker, as far as is known."""
        if self._requested.is_set() or self.policy.role is OutageRole.STANDS_ALONE:
            return self._breaker.asked
        return self._breaker.hold(probe=self.policy.role is OutageRole.PROBES)

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


async def run_now(*workers: Worker, user_requested: bool = True) -> None:
    """Let each of the workers that run take a whole round from now on, and wait for its end.

    Args:
        user_requested: as for `Worker.wake`; otherwise it may be long until a service that is down is back.

    Raises:
        QdeckError: the first of their errors; `RATE_LIMITED` when the service asked to be left alone.
    """
    rounds = [worker._round_from_now(user_requested=user_requested) for worker in workers]
    for outcome in await asyncio.gather(*rounds, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def stop_workers(*workers: Worker) -> None:
    """End these workers; returns when they have ended."""
    await asyncio.gather(*(worker.stop() for worker in workers))
