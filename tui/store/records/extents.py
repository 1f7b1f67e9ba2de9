"""From when to when all jobs of an instance are known, so that none is asked for twice and none missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Where a span starts that nothing is older than."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """All jobs created from `since` to `until`, both included, are known."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known without a gap of one instance of a service.

    A span is written with the jobs that are in it, so it is true wherever the history is read, and those of
    two processes may be joined.

    Attributes:
        spans: newest first; they do not touch.
    """

    service: str
    instance: str
    spans: tuple[Interval, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Service and instance."""
        return self.service, self.instance


def merge_coverage(old: Coverage, new: Coverage) -> Coverage:
    """What is known by either."""
    return replace(old, spans=joined((*old.spans, *new.spans)))


def joined(spans: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time in as few spans as can be, newest first."""
    whole: list[Interval] = []
    for span in sorted(spans):
        if whole and span.since <= whole[-1].until:
            whole[-1] = Interval(whole[-1].since, max(whole[-1].until, span.until))
        else:
            whole.append(span)
    return tuple(reversed(whole))
