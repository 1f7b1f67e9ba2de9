"""The filter language of the job table: `status:failed backend:cusco tag:vqe age<2d shots>1000 free text`.

A filter is terms with spaces between them, and a job has to fit all:

- `word` or `"some words"`: occurs in any text field, whatever the case;
- `field:value` contains, `field=value` is exactly (`tag=""`: has none); `a,b` is either of them;
- `shots>1000`, `qpu<=2.5`: numbers; a job whose number is not known does not fit;
- `age<2d`, `age>1h30m`: time since the job was created, in s, m, h, d, w;
- `created>2026-03-14`, `finished:2026-03`: local dates, as far as they are written; `today`, `yesterday`; or
  a length of time: `created>7d`, in the last seven days;
- `is:unseen`: finished and not looked at since; `is:over`: nothing more happens to it;
- `-` before a term turns it round.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, TypeVar

from tui.common.values import Value
from tui.domain.jobs import Job
from tui.jobquery.dates import TIME_SPAN, changes_with_time, date_bounds, time_before

Matcher = Callable[[Job], bool]

TEXTS: dict[str, Callable[[Job], tuple[str, ...]]] = {
    "id": lambda job: (job.id,),
    "name": lambda job: (job.name,),
    "status": lambda job: (job.status, job.status_text),
    "backend": lambda job: (job.backend,),
    "primitive": lambda job: (job.primitive,),
    "tag": lambda job: job.tags,
    "session": lambda job: (job.session_id,),
    "slurm": lambda job: (job.slurm_job,),
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

ALIASES = {"program": "primitive", "tags": "tag"}
"""Other names of fields."""

SPACE = re.compile(r"\s+")
NAMED = re.compile(r"([^\W\d]\w*)(<=|>=|[:=<>])")
"""Field and sign at the beginning of a term."""
BARE = re.compile(r"""[^\s",]+""")
"""A value without quotation marks."""
WORD = re.compile(r"""[^\s"]+""")
"""A term without a field and without quotation marks."""
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?(?:[eE]\d{1,2})?", re.ASCII)
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a date can be read does not depend on the time."""
_SAFE_WORD = re.compile(r"""[^\s"\-:=<>,][^\s":=<>]*""")
_SAFE_VALUE = re.compile(r"""[^\s",]+""")


class FilterError(ValueError):
    """A filter that cannot be read.

    Attributes:
        message: what is wrong and what could be written instead; it may quote what was typed.
        at: where in the text, in characters.
        length: how many characters are meant.
    """

    def __init__(self, message: str, at: int, length: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.length = length


class Term(Value, frozen=True):
    """One condition.

    Attributes:
        field: one of `FIELDS`; empty: any text field.
        sign: `:`, `=`, `<`, `<=`, `>` or `>=`.
        values: one of them has to fit.
        negated: the job must not fit.
    """

    field: str
    sign: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        minus = "-" if self.negated else ""
        if not self.field:
            return minus + _quoted(self.values[0], _SAFE_WORD)
        return f"{minus}{self.field}{self.sign}{','.join(map(quoted_value, self.values))}"


class JobFilter(Value, frozen=True):
    """Conditions, all of which have to hold; none: every job fits. `str` writes it so that it reads back."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @property
    def time_dependent(self) -> bool:
        """True when the jobs that fit change as time passes."""
        return any(
            term.field == "age" or (term.field in TIMES and any(map(changes_with_time, term.values)))
            for term in self.terms
        )

    @property
    def unseen_dependent(self) -> bool:
        """True when the jobs that fit change as jobs are looked at."""
        return any(term.field == "is" and "unseen" in map(str.casefold, term.values) for term in self.terms)


def parse_filter(text: str) -> JobFilter:
    """Parse a filter.

    Returns:
        Its terms; none for an empty text.

    Raises:
        FilterError: a field that is not there, or a value that its field does not take.
    """
    terms: list[Term] = []
    at = 0
    while True:
        space = SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            return JobFilter(tuple(terms))
        term, at = _term(text, at)
        terms.append(term)


def _term(text: str, at: int) -> tuple[Term, int]:
    negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    start = at + 1 if negated else at
    named = NAMED.match(text, start)
    if named is None:
        word, end = read_value(text, start, WORD)
        return Term("", ":", (word,), negated), end
    field = ALIASES.get(named[1].lower(), named[1].lower())
    if field not in FIELDS:
        raise FilterError(
            f"“{named[1]}” is no field: {', '.join(FIELDS)}. In quotation marks it is text.",
            start,
            len(named[1]),
        )
    values: list[str] = []
    end = named.end()
    while True:
        first = end
        value, end = read_value(text, end, BARE)
        wrong = _wrong(field, named[2], value, quoted=text[first : first + 1] == '"')
        if wrong:
            raise FilterError(wrong, start, end - start)
        values.append(value)
        if text[end : end + 1] != ",":
            return Term(field, named[2], tuple(values), negated), end
        end += 1


def read_value(text: str, at: int, bare: re.Pattern[str]) -> tuple[str, int]:
    """Read a word, or what is between quotation marks; without the second one it goes on to the end.

    Returns:
        The value, and where it ends in the text.
    """
    if text[at : at + 1] != '"':
        match = bare.match(text, at)
        return (match[0], match.end()) if match else ("", at)
    letters: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        letters.append(text[at])
        at += 1
    return "".join(letters), min(at + 1, len(text))


def _wrong(field: str, sign: str, value: str, *, quoted: bool) -> str:
    """Describe what is wrong with a value; empty: nothing."""
    if field in TEXTS:
        if sign not in {":", "="}:
            return f"{field} is text: {field}:… contains it, {field}=… is exactly it."
        return "" if value or quoted else f'{field}{sign} of what? {field}="" finds jobs without one.'
    if field in NUMBERS:
        return "" if _NUMBER.fullmatch(value) else f"{field} is a number: {field}>1000, {field}:4096."
    if field == "is":
        states = " or ".join(f"is:{state}" for state in STATES)
        return "" if sign in {":", "="} and value.casefold() in STATES else f"Write {states}."
    if field == "age":
        if sign in {":", "="} or not TIME_SPAN.fullmatch(value):
            return "age is a time with s, m, h, d or w: age<2d, age>1h30m."
        return ""
    try:
        date_bounds(sign, value, _SOME_TIME)
    except ValueError:
        return f"{field} is a date: {field}>2026-03-14, {field}:2026-03, {field}:today, {field}:7d."
    return ""


def quoted_value(value: str) -> str:
    """Write a value of a field so that it reads back."""
    return _quoted(value, _SAFE_VALUE)


def _quoted(value: str, safe: re.Pattern[str]) -> str:
    if safe.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def matcher(conditions: Sequence[Term], now: datetime, unseen: AbstractSet[str] = frozenset()) -> Matcher:
    """Compile conditions into a predicate on jobs.

    Args:
        conditions: all of them have to hold.
        now: the time (UTC) from which ages are counted.
        unseen: ids of the jobs that finished and were not looked at since.

    Returns:
        A function that is true for the jobs that fit.
    """
    # What compares one field goes before what looks through all the text of a job.
    tests = [_test(term, now, unseen) for term in sorted(conditions, key=lambda term: not term.field)]
    if len(tests) == 1:
        return tests[0]
    return lambda job: all(test(job) for test in tests)


def _test(term: Term, now: datetime, unseen: AbstractSet[str]) -> Matcher:
    positive = _state_test(term.values, unseen) if term.field == "is" else _positive(term, now)
    return (lambda job: not positive(job)) if term.negated else positive


def _positive(term: Term, now: datetime) -> Matcher:
    field, sign = term.field, term.sign
    if not field:
        return _anywhere(term.values[0])
    if field in TEXTS:
        return _text_test(TEXTS[field], sign == "=", tuple(value.casefold() for value in term.values))
    if field in NUMBERS:
        return _compared(NUMBERS[field], _COMPARE[sign], tuple(float(value) for value in term.values))
    if field == "age":
        return _compared(
            TIMES["created"], _COMPARE[_TURNED[sign]], tuple(time_before(value, now) for value in term.values)
        )
    return _dated(TIMES[field], tuple(date_bounds(sign, value, now) for value in term.values))


def _state_test(wanted: tuple[str, ...], unseen: AbstractSet[str]) -> Matcher:
    states = {value.casefold() for value in wanted}
    new, over = "unseen" in states, "over" in states
    return lambda job: (new and job.id in unseen) or (over and job.over)


def _anywhere(word: str) -> Matcher:
    wanted = word.casefold()

    def test(job: Job) -> bool:
        # A character that no word holds keeps words from being found across two fields.
        text = (
            f"{job.name}\0{job.backend}\0{job.primitive}\0{job.status}\0{job.id}\0{job.session_id}\0"
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
    get: Callable[[Job], datetime | None], spans: tuple[tuple[datetime | None, datetime | None], ...]
) -> Matcher:
    def test(job: Job) -> bool:
        at = get(job)
        return at is not None and any(
            (start is None or start <= at) and (end is None or at < end) for start, end in spans
        )

    return test
