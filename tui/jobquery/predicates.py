"""What the conditions of a filter mean: whether a job fits."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from tui.domain.jobs import Job

Matcher = Callable[[Job], bool]

TEXTS: dict[str, Callable[[Job], tuple[str, ...]]] = {
    "id": lambda job: (job.id,),
    "name": lambda job: (job.name,),
    "status": lambda job: (job.status, job.status_text),
    "backend": lambda job: (job.backend,),
    "primitive": lambda job: (job.program,),
    "tag": lambda job: job.tags,
    "session": lambda job: (job.session_id,),
    "instance": lambda job: (job.instance,),
    "service": lambda job: (job.service,),
    "reason": lambda job: (job.reason, job.reason_code),
}
NUMBERS: dict[str, Callable[[Job], float | None]] = {
    "shots": lambda job: job.shots,
    "qpu": lambda job: job.qpu_seconds,
    "estimate": lambda job: job.estimated_seconds,
}
TIMES: dict[str, Callable[[Job], datetime | None]] = {
    "created": lambda job: job.created,
    "finished": lambda job: job.finished,
}
STATES = ("unseen", "over")
"""What a job `is`: finished and not looked at since, or over."""
FIELDS = (*TEXTS, *NUMBERS, "age", *TIMES, "is")

TIME_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhdw])", re.ASCII)
TIME_SPAN = re.compile(rf"(?:{TIME_PART.pattern})+", re.ASCII)
"""A length of time: `2d`, `1h30m`."""
_DATE = re.compile(r"((?:19|20|21)\d\d)(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d))?)?)?)?", re.ASCII)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Younger is created later."""
_V = TypeVar("_V", float, datetime)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


class Condition(Protocol):
    """A term of a filter, read and found right (`tui.jobquery.parser.Term`)."""

    @property
    def field(self) -> str:
        """One of `FIELDS`; empty: any text field."""
        ...

    @property
    def sign(self) -> str:
        """How it compares."""
        ...

    @property
    def values(self) -> tuple[str, ...]:
        """One of them has to fit."""
        ...

    @property
    def negated(self) -> bool:
        """The job must not fit."""
        ...


def matcher(
    conditions: Sequence[Condition], now: datetime, unseen: AbstractSet[str] = frozenset()
) -> Matcher:
    """Says of a job whether all conditions hold at `now`, when the ids `unseen` are not seen yet."""
    # What compares one field goes before what looks through all the text of a job.
    tests = [_test(term, now, unseen) for term in sorted(conditions, key=lambda term: not term.field)]
    if len(tests) == 1:
        return tests[0]
    return lambda job: all(test(job) for test in tests)


def _test(term: Condition, now: datetime, unseen: AbstractSet[str]) -> Matcher:
    positive = _state_test(term.values, unseen) if term.field == "is" else _positive(term, now)
    return (lambda job: not positive(job)) if term.negated else positive


def _positive(term: Condition, now: datetime) -> Matcher:
    field, sign = term.field, term.sign
    if not field:
        return _anywhere(term.values[0])
    if field in TEXTS:
        return _text_test(TEXTS[field], sign == "=", tuple(value.casefold() for value in term.values))
    if field in NUMBERS:
        return _compared(NUMBERS[field], _COMPARE[sign], tuple(float(value) for value in term.values))
    if field == "age":
        return _compared(
            TIMES["created"], _COMPARE[_TURNED[sign]], tuple(ago(value, now) for value in term.values)
        )
    return _dated(TIMES[field], sign, tuple(date_span(value) for value in term.values))


def _state_test(wanted: tuple[str, ...], unseen: AbstractSet[str]) -> Matcher:
    states = {value.casefold() for value in wanted}
    new, over = "unseen" in states, "over" in states
    return lambda job: (new and job.id in unseen) or (over and job.over)


def _anywhere(word: str) -> Matcher:
    wanted = word.casefold()

    def test(job: Job) -> bool:
        # A character that no word holds keeps words from being found across two fields.
        text = (
            f"{job.name}\0{job.backend}\0{job.program}\0{job.status}\0{job.id}\0{job.session_id}\0"
            f"{job.status_text}\0{job.service}\0{job.instance}\0{job.reason}\0{job.reason_code}"
        )
        if job.tags:
            text = "\0".join((text, *job.tags))
        return wanted in text.casefold()

    return test


def _text_test(get: Callable[[Job], tuple[str, ...]], exact: bool, wanted: tuple[str, ...]) -> Matcher:
    def equal(job: Job) -> bool:
        texts = [text.casefold() for text in get(job) if text] or [""]
        return any(value in texts for value in wanted)

    def contains(job: Job) -> bool:
        for text in get(job):
            folded = text.casefold()
            for value in wanted:
                if value in folded:
                    return True
        return False

    return equal if exact else contains


def _compared(
    get: Callable[[Job], _V | None], holds: Callable[[_V, _V], bool], wanted: tuple[_V, ...]
) -> Matcher:
    def test(job: Job) -> bool:
        value = get(job)
        return value is not None and any(holds(value, other) for other in wanted)

    return test


def _dated(
    get: Callable[[Job], datetime | None], sign: str, spans: tuple[tuple[datetime, datetime], ...]
) -> Matcher:
    if sign in {":", "="}:
        return lambda job: (at := get(job)) is not None and any(start <= at < end for start, end in spans)
    # Before a month is before its first moment, after it is from the first moment of the next on.
    edges = tuple(start if sign in {"<", ">="} else end for start, end in spans)
    return _compared(get, operator.lt if sign in {"<", "<="} else operator.ge, edges)


def ago(text: str, now: datetime) -> datetime:
    """Subtract a time span such as `2d` or `1h30m` from `now`.

    Returns:
        The time; the earliest that there is where the span reaches beyond it.
    """
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in TIME_PART.findall(text))
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def date_span(text: str) -> tuple[datetime, datetime]:
    """From when until before when a local date is, as far as it is written: 2026-03 is all of March.

    Raises:
        ValueError: there is no such date.
    """
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
