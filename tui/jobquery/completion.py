"""What may follow in a filter that is being typed: names of fields, and values from the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from tui.common.values import Value
from tui.domain.jobs import Job, JobStatus
from tui.jobquery.dates import DAYS
from tui.jobquery.filters import (
    ALIASES,
    BARE,
    FIELDS,
    NAMED,
    NUMBERS,
    SPACE,
    STATES,
    TEXTS,
    TIMES,
    WORD,
    quoted_value,
    read_value,
)

Values = Mapping[str, Sequence[str]]
"""Values of each field, the likeliest first."""
QUICKLY_READ = 5000
"""Jobs that are read without a thread, within a few milliseconds."""
MOST = 100
"""Candidates that are offered."""
_LONGEST = 60
"""Characters of the longest value that is offered."""
_KEPT = 2000
"""Values of a field that are kept."""
_LENGTHS = ("1h", "1d", "7d", "30d")
_FIRST = ("status", "backend", "tag", "session", "primitive", "age", "created", "is")
_OFFERED = (*_FIRST, *(field for field in FIELDS if field not in _FIRST))
_ORDERED = {**dict.fromkeys(NUMBERS, ">"), "age": "<"}
"""The sign with which a field is offered where it is not `:`."""


class Completion(Value, frozen=True):
    """What the last word of a text may become.

    Attributes:
        start: where that word begins, in characters.
        candidates: what may stand there, the likeliest first; without the word as it is.
    """

    start: int
    candidates: tuple[str, ...] = ()


def candidates_for(typed: str, words: Iterable[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Find the words that a beginning may become.

    Args:
        typed: what is there, in any case.
        words: the likeliest first.
        taken: words that are left out.

    Returns:
        The words that begin so, then those that contain it; at most `MOST`.
    """
    sought = typed.casefold()
    begin: list[str] = []
    contain: list[str] = []
    for word in words:
        folded = word.casefold()
        if word == typed or word in taken:
            continue
        if folded.startswith(sought):
            begin.append(word)
            if len(begin) >= MOST:
                break
        elif sought in folded:
            contain.append(word)
    return (*begin, *contain)[:MOST]


def job_values(jobs: Iterable[Job]) -> Values:
    """Collect the values of the fields of jobs, as far as they can be offered.

    Args:
        jobs: newest first.

    Returns:
        Each value once, that of the newest job first; of `status` and `is` all there are.
    """
    seen: dict[str, dict[str, None]] = {field: {} for field in (*TEXTS, "shots")}
    statuses = seen["status"] = dict.fromkeys(
        status for status in JobStatus if status is not JobStatus.UNKNOWN
    )
    getters = [(seen[field], get) for field, get in TEXTS.items() if field != "status"]
    shots = seen["shots"]
    for job in jobs:
        for values, get in getters:
            if len(values) < _KEPT:
                for value in get(job):
                    if value:
                        values[value] = None
        if job.status is JobStatus.UNKNOWN and len(statuses) < _KEPT:
            statuses[job.status_text or job.status] = None
        if job.shots is not None and len(shots) < _KEPT:
            shots[str(job.shots)] = None
    found = {
        field: tuple(value for value in values if len(value) <= _LONGEST and value.isprintable())
        for field, values in seen.items()
    }
    dates = (*DAYS, *_LENGTHS[1:])
    return {**found, "is": STATES, "age": _LENGTHS, **dict.fromkeys(TIMES, dates)}


def complete_filter(text: str, known: Values) -> Completion:
    """Find what the end of a filter may become.

    Args:
        text: the filter up to the cursor.
        known: values of the fields, as `job_values` collects them.

    Returns:
        The candidates: fields where a term begins, values behind a field and its sign.
    """
    at = 0
    while True:
        space = SPACE.match(text, at)
        at = space.end() if space else at
        start = at + (text[at : at + 1] == "-")
        if start >= len(text):
            return _fields(text, start)
        named = NAMED.match(text, start)
        if named is not None:
            found, at = _values(text, named.end(), named[1].lower(), known)
            if found is not None:
                return found
        elif text[start] == '"':
            _, at = read_value(text, start, WORD)
            if at >= len(text):
                return Completion(len(text))
        else:
            _, at = read_value(text, start, WORD)
            if at >= len(text):
                return _fields(text, start)


def _fields(text: str, start: int) -> Completion:
    typed = text[start:]
    names = (*_OFFERED, *ALIASES) if typed else _OFFERED
    fields = [name + _ORDERED.get(name, ":") for name in names]
    # Where a name is contained only, it is rather a word that is looked for.
    return Completion(start, tuple(name for name in fields if name.startswith(typed.lower())))


def _values(text: str, at: int, field: str, known: Values) -> tuple[Completion | None, int]:
    """The candidates for the value that the text ends with; `None` when it ends before, and where."""
    taken: set[str] = set()
    while True:
        first = at
        value, at = read_value(text, at, BARE)
        if at >= len(text):
            closed = at - first > 1 and text[first] == '"' == text[-1]
            words = () if closed else known.get(ALIASES.get(field, field), ())
            found = candidates_for(value, words, taken)
            return Completion(first, tuple(map(quoted_value, found))), at
        if text[at] != ",":
            return None, at
        taken.add(value)
        at += 1
