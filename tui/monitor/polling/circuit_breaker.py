"""What the background workers of one account share when their service is down, or asks to be left alone."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable

from tui.common.backoff import Backoff
from tui.common.clock import Clock
from tui.common.errors import QdeckError

BACKOFF = Backoff(first=2.0, longest=120.0, jitter=(-0.1, 0.1))
"""Of background workers; its jitter is that of all their waits."""


class CircuitBreaker:
    """One back-off for all: while the service is down, one worker, the probe, asks it whether it is back.

    What the service asks for itself (`Retry-After`) holds for every worker, whoever was told.

    Args:
        answers: how many answers of the service there were so far; a round without one that failed shows
            that the service is down.
        wake_probe: begins the probe's next round as soon as that may be.
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
        """Set when a wait became shorter; another one takes its place then."""

    @property
    def asked(self) -> float:
        """Seconds that the service still wants to be left alone; 0: it does not."""
        return max(0.0, self._asked - self._clock.monotonic())

    def hold(self, *, probe: bool) -> float:
        """Seconds until a round in the background may begin, 0: now, `math.inf`: when the service is back."""
        if not self._failures:
            return self.asked
        return max(self.asked, self._due - self._clock.monotonic()) if probe else math.inf

    def met(self, error: QdeckError, *, down: bool, user_requested: bool = False) -> None:
        """A round failed.

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

    def over(self) -> None:
        """The service answered."""
        if self._failures:
            self._failures = 0
            self._tell()

    def hurry(self, seconds: float) -> None:
        """Somebody looks: the probe may go when the last one is that long ago."""
        if self._last + seconds < self._due:
            self._due = self._last + seconds
            self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
