"""Which conditions of a filter the service can answer itself, so that finding few jobs takes few requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from tui.domain.jobs import JobQuery, Primitive
from tui.jobquery.dates import date_bounds, time_before
from tui.jobquery.filters import JobFilter, Term


def pushdown_query(wanted: JobFilter, now: datetime, backends: Collection[str] = ()) -> JobQuery | None:
    """Find the part of a filter that the service can evaluate itself.

    The service compares whole names (contract 5.7), a filter parts of them: the query may find fewer jobs
    than fit, never a reason to end the search.

    Args:
        wanted: the filter.
        now: the time (UTC) from which ages are counted.
        backends: names that a part of a name may stand for, when it fits one of them alone.

    Returns:
        The query; `None` when the service can evaluate nothing of the filter.
    """
    query = JobQuery()
    for term in wanted.terms:
        if term.negated or len(term.values) != 1 or not term.values[0]:
            continue
        value = term.values[0]
        if term.field == "backend":
            query = replace(query, backend=query.backend or _whole_name(term, backends))
        elif term.field == "primitive":
            # The service knows a primitive that IBM's client runs on its own side as `executor`.
            query = query if value in tuple(Primitive) else replace(query, program=value)
        elif term.field == "session":
            query = replace(query, session_id=value)
        elif term.field == "tag":
            query = replace(query, tags=(*query.tags, value))
        elif term.field in {"age", "created"}:
            query = _bounded(query, *_span(term, now))
    return None if query == JobQuery() else query


def _whole_name(term: Term, backends: Collection[str]) -> str:
    value = term.values[0]
    like = [name for name in backends if value.casefold() in name.casefold()]
    if term.sign == "=" or value in like or not like:
        return value
    return like[0] if len(like) == 1 else ""


def _span(term: Term, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when until when a job of the term was created."""
    value = term.values[0]
    if term.field == "age":
        at = time_before(value, now)
        return (at, None) if term.sign.startswith("<") else (None, at)
    return date_bounds(term.sign, value, now)


def _bounded(query: JobQuery, after: datetime | None, before: datetime | None) -> JobQuery:
    afters = [at for at in (query.created_after, after) if at is not None]
    befores = [at for at in (query.created_before, before) if at is not None]
    return replace(query, created_after=max(afters, default=None), created_before=min(befores, default=None))
