"""Rows of the history's tables: plain JSON values, with defaults left out, and back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter

import msgspec

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job, JobMetrics
from tui.domain.sessions import Session
from tui.store.records.extents import Coverage
from tui.store.records.json_v1 import Row
from tui.store.records.models import JobRecord, PendingSubmission, Transpiled

JOBS, SESSIONS, SUBMISSIONS, EXTENTS, META = "jobs", "sessions", "submissions", "extents", "meta"
TRANSPILATIONS = "transpilations"
TABLES = (JOBS, SESSIONS, SUBMISSIONS, EXTENTS, TRANSPILATIONS)
MARKS = {
    JOBS: "program",
    SESSIONS: "mode",
    SUBMISSIONS: "tag",
    EXTENTS: "spans",
    TRANSPILATIONS: "after",
    META: "schema",
}
"""A field of each table's rows that no other table's rows have."""


@dataclass(frozen=True, slots=True)
class _Extras:
    """The members of a `JobRecord` beside its job, in the same row."""

    own_tag: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    metrics: JobMetrics | None = None
    settled: bool = False
    result_kept: bool = False
    announced: bool = False
    seen: bool = False


_EXTRAS = tuple(field.name for field in fields(_Extras))
KNOWN = {
    JOBS: frozenset({field.name for field in fields(Job)} | set(_EXTRAS)),
    SESSIONS: frozenset(field.name for field in fields(Session)),
    SUBMISSIONS: frozenset(field.name for field in fields(PendingSubmission)),
    EXTENTS: frozenset(field.name for field in fields(Coverage)),
    TRANSPILATIONS: frozenset({"circuit_hash", "source_hash", *(f.name for f in fields(Transpilation))}),
}
"""The fields a row may have; others, of a newer qdeck, are left in the file as they are."""


def record_row(record: JobRecord) -> Row:
    """A job's row."""
    extras = _Extras(**{name: getattr(record, name) for name in _EXTRAS})
    return _storable(_plain(record.job) | _plain(extras))


def record_of(row: Row) -> JobRecord:
    """A job from its row.

    Raises:
        msgspec.ValidationError: the row is not one.
    """
    extras = msgspec.convert(row, _Extras)
    return JobRecord(msgspec.convert(row, Job), **{name: getattr(extras, name) for name in _EXTRAS})


_jobs = msgspec.json.Decoder(Job)
_extras = msgspec.json.Decoder(_Extras)
_members = attrgetter(*_EXTRAS)
_set = object.__setattr__
_SHARED = ("service", "backend", "program", "status_text", "instance", "session_id", "tags")

_shared = attrgetter(*_SHARED)


def record_from_json(document: bytes, pool: dict[object, object]) -> JobRecord:
    """A job straight from its row's JSON; values that many jobs have in common are kept once, in `pool`.

    Raises:
        msgspec.MsgspecError: the row is not one.
    """
    job = _jobs.decode(document)
    extras = _extras.decode(document)
    for name, value in zip(_SHARED, _shared(job), strict=True):
        known = pool.get(value)
        if known is None:
            pool[value] = value
        else:
            # Nobody has seen this job yet, so it is still being made.
            _set(job, name, known)
    return JobRecord(job, *_members(extras))


class _Created(msgspec.Struct):
    created: datetime


_created = msgspec.json.Decoder(_Created)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def job_place(document: bytes) -> datetime:
    """What jobs are sorted by in the file: when they were created; those of an unknown form come first."""
    try:
        return _created.decode(document).created
    except msgspec.MsgspecError:
        return _BEGINNING


def session_row(session: Session) -> Row:
    """A session's row."""
    row = _plain(session)
    row["accepting_jobs"] = session.accepting_jobs
    return _storable(row)


def session_of(row: Row) -> Session:
    """A session from its row; raises `msgspec.ValidationError`."""
    return msgspec.convert(row, Session)


def intent_row(intent: PendingSubmission) -> Row:
    """A submission's row."""
    return _storable(_plain(intent))


def intent_of(row: Row) -> PendingSubmission:
    """A submission from its row; raises `msgspec.ValidationError`."""
    return msgspec.convert(row, PendingSubmission)


def extent_row(extent: Coverage) -> Row:
    """An extent's row."""
    return _storable(_plain(extent))


def extent_of(row: Row) -> Coverage:
    """An extent from its row; raises `msgspec.ValidationError`."""
    return msgspec.convert(row, Coverage)


def transpiled_row(transpiled: Transpiled) -> Row:
    """A transpilation's row."""
    row = _plain(transpiled.transpilation)
    row["circuit_hash"] = transpiled.circuit_hash
    if transpiled.source_hash:
        row["source_hash"] = transpiled.source_hash
    return _storable(row)


def transpiled_of(row: Row) -> Transpiled:
    """A transpilation from its row; raises `msgspec.ValidationError`."""
    hashes = msgspec.convert(row, _Hashes)
    return Transpiled(hashes.circuit_hash, msgspec.convert(row, Transpilation), hashes.source_hash)


class _Hashes(msgspec.Struct):
    circuit_hash: str
    source_hash: str = ""


def _plain(value: object) -> Row:
    whole = msgspec.convert(msgspec.to_builtins(value), Row)
    # Zero is a value ("used 0 s"), so this is not `if member`.
    return {
        name: member
        for name, member in whole.items()
        if member is not None and member is not False and member not in ("", (), [], {})
    }


def _storable(row: Row) -> Row:
    """The row, or one without lone surrogates, which no UTF-8 file can hold."""
    try:
        msgspec.json.encode(row)
    except UnicodeEncodeError:
        return msgspec.convert(_scrubbed(row), Row)
    return row


def _scrubbed(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (list, tuple)):
        return [_scrubbed(member) for member in value]
    if isinstance(value, dict):
        return {_scrubbed(name): _scrubbed(member) for name, member in value.items()}
    return value
