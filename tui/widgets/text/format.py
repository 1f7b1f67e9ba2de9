"""Numbers and states in words: ages, durations, QPU seconds, and the symbol beside each status."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.common.sanitize import plain, shorten
from tui.domain.accounts import Usage
from tui.domain.jobs import Job, JobStatus
from tui.widgets.text.styled_text import Span, TextStyle

NOTHING = "–"
"""Shown where a value is not known."""

_SYMBOLS: dict[JobStatus, tuple[str, TextStyle]] = {
    JobStatus.DONE: ("✔", TextStyle.GOOD),
    JobStatus.RUNNING: ("▶", TextStyle.BUSY),
    JobStatus.QUEUED: ("◔", TextStyle.WAITING),
    JobStatus.FAILED: ("✘", TextStyle.BAD),
    JobStatus.CANCELLED: ("⊘", TextStyle.MUTED),
    JobStatus.UNKNOWN: ("?", TextStyle.WARNING),
}


def status_span(job: Job) -> Span:
    """Symbol and word of a job's status; the service's own word when qdeck does not know it."""
    symbol, ink = _SYMBOLS[job.status]
    word: str = job.status
    if job.status is JobStatus.UNKNOWN and job.status_text:
        word = plain(job.status_text, limit=40)
    return Span(f"{symbol} {word}", ink)


def step_span(status: JobStatus) -> Span:
    """Symbol and word of a status."""
    symbol, ink = _SYMBOLS[status]
    return Span(f"{symbol} {status}", ink)


def age(then: datetime | None, now: datetime) -> str:
    """How long ago, coarsely, so that it changes seldom: `now`, `20s`, `5m`, `3h`, `2d`."""
    if then is None:
        return NOTHING
    seconds = (now - then).total_seconds()
    if seconds < 10:
        return "now"
    if seconds < 60:
        return f"{int(seconds // 10) * 10}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)}h"
    return f"{int(seconds // 86400)}d"


def freshness_age(confirmed: datetime, now: datetime) -> str:
    """How old the picture is, in steps that change seldom: `live`, `30s ago`, `1m ago`, `5m ago`, ..."""
    seconds = (now - confirmed).total_seconds()
    for limit, step, unit in ((20, 0, ""), (60, 10, "s"), (600, 60, "m"), (3600, 300, "m")):
        if seconds < limit:
            if not step:
                return "live"
            rounded = int(seconds // step) * step
            return f"{rounded}s ago" if unit == "s" else f"{rounded // 60}m ago"
    return f"{int(seconds // 3600)}h ago"


def duration(seconds: float | None) -> str:
    """A length of time: `0.4 s`, `12 s`, `9m 12s`, `3h 05m`, `2d 4h`."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s" if whole % 60 else f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def number(value: float | None, digits: int = 1) -> str:
    """A number with fixed digits, or the sign for not known."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def count_words(count: int, thing: str) -> str:
    """How many: `1 job`, `12 jobs`, `100,000 jobs`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def finished_words(jobs: Sequence[Job]) -> str:
    """That these jobs, at least one, became final."""
    name = shorten(jobs[0].name or jobs[0].id, 40)
    if len(jobs) == 1:
        return f"{name} is {jobs[0].status} ({shorten(jobs[0].backend, 40)})."
    return f"{len(jobs)} jobs finished, among them {name}."


def percent(share: float) -> str:
    """A share of the shots: `49.6 %`; one that is seen but rounds to nothing is `<0.1 %`."""
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def percent_error(value: float | None) -> str:
    """An error probability in percent with two significant digits: `0.83 %`."""
    if value is None:
        return NOTHING
    percent = value * 100
    return f"{percent:.3f}" if percent < 0.1 else f"{percent:.2f}"


def usage_words(usage: Usage | None) -> str:
    """What the instance has left: `9m 12s of 10m QPU left`; empty when nothing is known."""
    if usage is None:
        return ""
    if usage.limit_reached:
        return "QPU limit reached"
    remaining = usage.remaining_seconds
    if remaining is not None and usage.limit_seconds is not None:
        left = "0 s" if remaining == 0 else duration(remaining)
        return f"{left} of {duration(usage.limit_seconds)} QPU left"
    if usage.consumed_seconds is not None:
        return f"{duration(usage.consumed_seconds)} QPU used"
    return ""


def token_words(expires: datetime | None, now: datetime) -> str:
    """How long the access token lives: `token 52m`, `token over`; empty when the service does not say."""
    if expires is None:
        return ""
    left = expires - now
    if left <= timedelta(0):
        return "token over"
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return "token <1m"
    if minutes < 120:
        return f"token {minutes}m"
    hours = minutes // 60
    return f"token {hours}h" if hours < 48 else f"token {hours // 24}d"


def clock_time(moment: datetime | None) -> str:
    """A moment as local date and time, for facts; UTC stays UTC where the machine says so."""
    return NOTHING if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock_minute(moment: datetime) -> str:
    """A moment of today as local hours and minutes."""
    return moment.astimezone().strftime("%H:%M")


def short_id(identifier: str, width: int = 10) -> str:
    """An id cut for a column; the whole id is in the detail and copied by its key."""
    shown = plain(identifier, limit=200)
    return shown if len(shown) <= width else shown[: width - 1] + "…"
