"""Time as the sandbox knows it: real timestamps, and simulated durations that a pace makes shorter."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Timestamps are real UTC; durations (queue waits, times to live) are in simulated seconds."""

    def now(self) -> datetime:
        """The present moment, UTC, with its time zone."""

    def elapsed(self, since: datetime) -> float:
        """Simulated seconds that passed since a timestamp."""

    async def wait(self, seconds: float) -> None:
        """Return after that many simulated seconds."""


class PacedClock:
    """The clock of a running sandbox.

    Args:
        pace: simulated seconds in one real second; above 0.

    Raises:
        ValueError: when the pace is not a positive number.
    """

    def __init__(self, pace: float = 1.0) -> None:
        if not 0 < pace < float("inf"):
            raise ValueError(f"the pace must be a positive number, not {pace}")
        self._pace = pace

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self, since: datetime) -> float:
        return (self.now() - since).total_seconds() * self._pace

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._pace)


def iso(moment: datetime, digits: int = 6) -> str:
    """`2026-08-17T01:39:15.123456Z`: how every body of the service writes a time."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text[: len(text) - (6 - digits)] + "Z"


def from_iso(text: str) -> datetime:
    """A time from a body or a query; one without a zone is UTC.

    Raises:
        ValueError: when the text is not an ISO 8601 time.
    """
    # A `+` that was not percent-encoded in a query arrives as a space.
    repaired = re.sub(r"(T.*\d) (\d\d:?\d\d)$", r"\1+\2", text.strip())
    moment = datetime.fromisoformat(repaired)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
