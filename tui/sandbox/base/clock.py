"""Clock of the sandbox: real timestamps, and simulated durations that a pace makes shorter."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Timestamps are real UTC; durations (queue waits, times to live) are in simulated seconds."""

    def now(self) -> datetime:
        """Return the present time, in UTC and with its time zone."""

    def elapsed(self, since: datetime) -> float:
        """Return the simulated seconds that have passed since a timestamp."""

    def ago(self, seconds: float) -> datetime:
        """Return the time that was a number of simulated seconds ago."""

    async def wait(self, seconds: float) -> None:
        """Sleep for a number of simulated seconds."""


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
        """Return the system's time, see `Clock`."""
        return datetime.now(UTC)

    def elapsed(self, since: datetime) -> float:
        """Return the real seconds since a timestamp, times the pace."""
        return (self.now() - since).total_seconds() * self._pace

    def ago(self, seconds: float) -> datetime:
        """Return the time that was the real seconds ago which simulated ones take."""
        return self.now() - timedelta(seconds=seconds / self._pace)

    async def wait(self, seconds: float) -> None:
        """Sleep for the real seconds that simulated ones take; not at all for negative ones."""
        await asyncio.sleep(max(0.0, seconds) / self._pace)


def iso(moment: datetime, digits: int = 6) -> str:
    """Format a time as every body of the service does: `2026-08-17T01:39:15.123456Z`.

    Args:
        moment: a time with its time zone.
        digits: digits of the fraction of a second, at most 6.
    """
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text[: len(text) - (6 - digits)] + "Z"


def iso_or_none(moment: datetime | None, digits: int = 6) -> str | None:
    """Format a time as `iso` does; None stays None."""
    return None if moment is None else iso(moment, digits)


def from_iso(text: str) -> datetime:
    """Parse a time of a body or a query; one without a zone is UTC.

    Raises:
        ValueError: when the text is not an ISO 8601 time.
    """
    # A `+` that was not percent-encoded in a query arrives as a space.
    repaired = re.sub(r"(?<=\d) (\d\d:?\d\d)$", r"+\1", text.strip()) if "T" in text else text.strip()
    moment = datetime.fromisoformat(repaired)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
