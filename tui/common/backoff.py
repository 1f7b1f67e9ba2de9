"""Exponential back-off: how long to wait after failures in a row, and the jitter of a wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Chance = Callable[[], float]
"""A number in [0, 1), e.g. `random.random`."""

_MOST_DOUBLINGS = 30
"""More failures in a row than these make no wait longer: the power must not overflow."""


@dataclass(frozen=True, slots=True)
class Backoff:
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
