"""What the instance may do: none to speak of, or those of IBM's Open plan."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.errors import ApiError

PENDING_LIMIT_TEXT = (
    "You have reached the limit of {limit} pending jobs. "
    "Please wait for a job to complete or cancel one before submitting anything new."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an instance; None is unlimited.

    Attributes:
        creations_per_minute: accepted `POST /jobs` in any 60 s.
        pending: jobs that may be queued or running at once.
        allocation_seconds: QPU seconds for 28 days.
        enforced: whether the allocation refuses jobs, or only counts them.
        dedicated: whether dedicated sessions may be opened.
        default_cost: QPU seconds after which a job that names no limit is stopped.
    """

    creations_per_minute: int | None = None
    pending: int | None = None
    allocation_seconds: int = 36_000
    enforced: bool = False
    dedicated: bool = True
    default_cost: int = 10_800


NO_LIMITS = Limits()
OPEN_PLAN = Limits(5, 3, 600, True, False, 600)


def limits_named(name: Literal["none", "ibm"]) -> Limits:
    return OPEN_PLAN if name == "ibm" else NO_LIMITS


class RateLimit:
    """Counts accepted creations in the last simulated minute."""

    def __init__(self, per_minute: int | None, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._accepted: deque[datetime] = deque()

    def check(self) -> None:
        """Raises ApiError 429 (code 1202, with `Retry-After`) when the minute is full."""
        if self._per_minute is None:
            return
        while self._accepted and self._clock.elapsed(self._accepted[0]) >= 60:
            self._accepted.popleft()
        if len(self._accepted) >= self._per_minute:
            wait = max(1, ceil(60 - self._clock.elapsed(self._accepted[0])))
            raise ApiError(
                429, 1202, "Too many requests.", "Wait and try again.", headers={"Retry-After": str(wait)}
            )

    def count(self) -> None:
        if self._per_minute is not None:
            self._accepted.append(self._clock.now())


def check_pending(limits: Limits, pending: int) -> None:
    """Raises ApiError 403 (code 3458) when too many jobs wait already."""
    if limits.pending is not None and pending >= limits.pending:
        raise ApiError(403, 3458, PENDING_LIMIT_TEXT.format(limit=limits.pending))
