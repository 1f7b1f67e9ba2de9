"""Decides when a request is sent again, and how long to wait before."""

from __future__ import annotations

from dataclasses import dataclass

from tui.common.backoff import Backoff, Chance
from tui.common.clock import Clock
from tui.common.errors import QdeckError

FULL_JITTER = (-0.5, 0.0)
"""Shares of a wait: many clients must not come back in step."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Patience of a client. Times in seconds.

    Attributes:
        attempts: the most times one request is sent.
        first_wait: the longest first wait; doubled for each next one.
        longest_wait: no wait is longer; a service that asks for more is reported, not waited for.
        patience: no new attempt starts that long after the first.
        burst: failed requests after which nothing is repeated, over all requests to the service.
        refill: seconds after which one more repetition is allowed: a dead service costs no more than that,
            or than it is asked anew, whichever is more.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 20.0
    patience: float = 90.0
    burst: float = 12.0
    refill: float = 60.0


class Retries:
    """Decides over the repetitions of all requests of one client, within one budget."""

    def __init__(self, policy: RetryPolicy, clock: Clock, chance: Chance) -> None:
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._backoff = Backoff(policy.first_wait, policy.longest_wait, jitter=FULL_JITTER)
        self._budget = policy.burst
        self._counted = clock.monotonic()

    def wait_before(self, attempt: int, error: QdeckError, started: float) -> float | None:
        """Return the seconds to wait before attempt `attempt` + 1; `None`: give up with `error`.

        Args:
            attempt: how many times the request was sent so far.
            error: how the last attempt ended.
            started: `Clock.monotonic()` of the first attempt.
        """
        policy = self._policy
        if error.worth_retrying and attempt == 1:
            # A first attempt is not held back, but its failure counts like that of any other.
            self._spend(self._clock.monotonic())
        if not error.worth_retrying or attempt >= policy.attempts:
            return None
        if error.retry_after is not None:
            wait = error.retry_after
            if wait > policy.longest_wait:
                return None
        else:
            wait = self._backoff.spread(self._backoff.wait(attempt), self._chance)
        now = self._clock.monotonic()
        if now + wait - started > policy.patience or not self._spend(now):
            return None
        return wait

    def succeeded(self) -> None:
        """Restore the whole budget: a request was answered, so the service lives."""
        self._budget = self._policy.burst

    def _spend(self, now: float) -> bool:
        self._budget = min(self._policy.burst, self._budget + (now - self._counted) / self._policy.refill)
        self._counted = now
        if self._budget < 1.0:
            return False
        self._budget -= 1.0
        return True
