"""What could not be fetched of one thing while the service answers: asked for again, ever more seldom."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tui.common.backoff import Backoff
from tui.common.clock import Clock

BACKOFF = Backoff(first=5.0, longest=3600.0, factor=4.0)
"""Of one thing that cannot be fetched."""


class RetryQueue:
    """By id, how often it failed and when it is due. Its time is the one that never goes back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: dict[str, tuple[int, float]] = {}

    def put_off(self, key: str) -> None:
        """It failed once more."""
        times = self.times(key) + 1
        self._failed[key] = times, self._clock.monotonic() + BACKOFF.wait(times)

    def times(self, key: str) -> int:
        """How often it failed."""
        return self._failed[key][0] if key in self._failed else 0

    def due(self, key: str) -> bool:
        """Whether it may be asked for now."""
        return key not in self._failed or self._failed[key][1] <= self._clock.monotonic()

    def only(self, keys: Iterable[str]) -> None:
        """Nothing else is to be fetched any more."""
        self._failed = {key: self._failed[key] for key in keys if key in self._failed}

    def clear(self) -> None:
        """All of it may be asked for now."""
        self._failed.clear()

    def next_in(self, attempts: int) -> float:
        """Seconds until the first is due that failed less than `attempts` times; `math.inf`: none is."""
        due = (due for times, due in self._failed.values() if times < attempts)
        return min(due, default=math.inf) - self._clock.monotonic()
