"""Time, injected: everything that waits or stamps asks a `Clock`; waits after failures, between requests."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tui.common.values import Value

Chance = Callable[[], float]
"""A number in [0, 1), e.g. `random.random`."""
_MOST_DOUBLINGS = 30
"""More failures in a row than these make no wait longer: the power must not overflow."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many real seconds."""
        await asyncio.sleep(seconds)


class Backoff(Value, frozen=True):
    """Waits that grow by the same factor with each failure in a row, up to the longest. Times in seconds.

    Attributes:
        first: the wait after the first failure.
        longest: no wait is longer, jitter aside.
        factor: by which each wait is longer than the one before.
        jitter: the shares by which a wait is made longer at random, from the first to the second: clients
            that failed together must not come back in step. Negative: shorter.
    """

    first: float
    longest: float
    factor: float = 2.0
    jitter: tuple[float, float] = (0.0, 0.0)

    def wait(self, failures: int) -> float:
        """Return the seconds to wait, before jitter, after that many failures in a row (at least one)."""
        return min(self.longest, self.first * self.factor ** min(failures - 1, _MOST_DOUBLINGS))

    def spread(self, seconds: float, chance: Chance) -> float:
        """Return the seconds with jitter."""
        low, high = self.jitter
        return seconds * (1 + low + (high - low) * chance())

    def never_before(self, seconds: float) -> float:
        """Return the least wait that jitter does not make shorter than `seconds`."""
        return seconds / (1 + self.jitter[0])


class RetryQueue:
    """What could not be fetched, by key: how often each failed, and when it is due again.

    Args:
        each: the waits of one key.
        all_keys: the waits of all keys after any of them failed, while they go on failing; `None`: none.
    """

    def __init__(self, clock: Clock, each: Backoff, all_keys: Backoff | None = None) -> None:
        self._clock = clock
        self._each = each
        self._all_keys = all_keys
        self._failed: dict[str, tuple[int, float]] = {}
        self.clear()

    def clear(self) -> None:
        """Let all keys be due now."""
        self._failed.clear()
        self._in_a_row = 0
        self._not_before = -math.inf

    def failed(self, key: str) -> None:
        """Note that the key failed once more."""
        now = self._clock.monotonic()
        failures = self.failures(key) + 1
        self._failed[key] = failures, now + self._each.wait(failures)
        self._in_a_row += 1
        if self._all_keys is not None:
            self._not_before = now + self._all_keys.wait(self._in_a_row)

    def succeeded(self) -> None:
        """Note that some key was fetched."""
        self._in_a_row = 0

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget all other keys: they are not to be fetched any more."""
        self._failed = {key: self._failed[key] for key in keys if key in self._failed}

    def failures(self, key: str) -> int:
        """Return how often the key failed."""
        return self._failed[key][0] if key in self._failed else 0

    def is_due(self, key: str) -> bool:
        """Return whether the key may be fetched now, the wait of all keys aside."""
        return key not in self._failed or self._failed[key][1] <= self._clock.monotonic()

    @property
    def pause(self) -> float:
        """Seconds left of the wait of all keys; not above 0: it is over."""
        return self._not_before - self._clock.monotonic()

    def next_due(self, attempts: int) -> float:
        """Return the seconds until the first key is due that failed less than `attempts` times.

        Returns:
            `math.inf` when there is none.
        """
        due = (due for failures, due in self._failed.values() if failures < attempts)
        return min(due, default=math.inf) - self._clock.monotonic()


class RateLimiter(Value, frozen=True):
    """A limit of requests in any window of time.

    Attributes:
        most: requests in one window.
        window: length of the window.
    """

    most: int
    window: timedelta

    def slots(self, sent: Iterable[datetime], now: datetime, count: int) -> list[datetime]:
        """Return the earliest times of the next requests, in order.

        Args:
            sent: times of earlier requests, in any order. Those in the future, which a clock that was set
                back leaves behind, do not count.
            count: number of requests that wait.
        """
        used = sorted(at for at in sent if timedelta(0) <= now - at < self.window)
        for _ in range(count):
            used.append(now if len(used) < self.most else max(now, used[-self.most] + self.window))
        return used[len(used) - count :]
