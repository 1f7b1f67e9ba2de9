"""Local dates and lengths of time as they are typed: `2026-03`, `today`, `1h30m`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DAYS = ("today", "yesterday")
"""Dates that go on with the time."""
TIME_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhdw])", re.ASCII)
TIME_SPAN = re.compile(rf"(?:{TIME_PART.pattern})+", re.ASCII)
"""A length of time: `2d`, `1h30m`."""
_DATE = re.compile(r"((?:19|20|21)\d\d)(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d))?)?)?)?", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def changes_with_time(date: str) -> bool:
    """Return whether a date means another one later on."""
    return date in DAYS or TIME_SPAN.fullmatch(date) is not None


def time_before(text: str, now: datetime) -> datetime:
    """Subtract a time span such as `2d` or `1h30m` from `now`.

    Returns:
        The time; the earliest that there is where the span reaches beyond it.
    """
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in TIME_PART.findall(text))
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def date_range(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Convert a local date, as far as it is written, to a span of time: `2026-03` is all of March.

    Args:
        text: a date, or one of `DAYS`.
        now: the time (UTC) by which it is today.

    Returns:
        The first moment, and the first moment after it (UTC).

    Raises:
        ValueError: there is no such date.
    """
    if text in DAYS:
        text = f"{now.astimezone() - timedelta(days=DAYS.index(text)):%Y-%m-%d}"
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute = (None if part is None else int(part) for part in match.groups())
    start = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0)
    if month is None:
        end = start.replace(year=start.year + 1)
    elif day is None:
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    elif hour is None:
        end = start + timedelta(days=1)
    else:
        end = start + (timedelta(hours=1) if minute is None else timedelta(minutes=1))
    return start.astimezone(UTC), end.astimezone(UTC)


def date_bounds(sign: str, text: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Find the span of time that a condition on a date means.

    Args:
        sign: `:`, `=`, `<`, `<=`, `>` or `>=`.
        text: as `date_range` takes it, or a length of time: `7d` is the moment seven days ago, with `:`
            or `=` all the time since then.
        now: the time (UTC).

    Returns:
        The first moment, and the first moment after it (UTC); `None`: no bound on that side.

    Raises:
        ValueError: there is no such date.
    """
    if TIME_SPAN.fullmatch(text):
        at = time_before(text, now)
        return (None, at) if sign.startswith("<") else (at, None)
    start, end = date_range(text, now)
    if sign in {":", "="}:
        return start, end
    # Before a month is before its first moment, after it is from the first moment of the next on.
    if sign.startswith("<"):
        return None, start if sign == "<" else end
    return (end if sign == ">" else start), None
