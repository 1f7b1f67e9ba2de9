"""Rows of the history's tables: plain JSON values, with defaults left out, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TypeVar, get_type_hints

import msgspec

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job
from tui.domain.sessions import Session
from tui.store.records.json_v1 import Row
from tui.store.records.models import EARLIEST, Coverage, JobRecord, Transpiled

_V = TypeVar("_V")
_FILE_NAMES = {"finalized": "settled", "intervals": "spans"}
"""Attributes that have another name in the file."""
_EXTRAS = tuple(field for field in fields(JobRecord) if field.name != "job")
"""Members of a `JobRecord` that are in the same row as those of its job."""
_hints = get_type_hints(JobRecord)
_Extras = msgspec.defstruct(
    "_Extras", [(field.name, _hints[field.name], field.default) for field in _EXTRAS], rename=_FILE_NAMES
)
_extra_values = attrgetter(*(field.name for field in _EXTRAS))
_job_decoder = msgspec.json.Decoder(Job)
_extras_decoder = msgspec.json.Decoder(_Extras)
_SHARED = ("service", "backend", "program", "status_text", "instance", "session_id", "tags")
_shared_values = attrgetter(*_SHARED)
_set = object.__setattr__


def row_fields(*types: type) -> frozenset[str]:
    """Return the names in the file of all fields of these dataclasses."""
    return frozenset(_FILE_NAMES.get(field.name, field.name) for kind in types for field in fields(kind))


def dump(value: object) -> Row:
    """Return the row of a dataclass's object, without the members that are empty."""
    return _storable(_without_empty(value))


def load(kind: type[_V]) -> Callable[[Row], _V]:
    """Return the function that makes an object of a dataclass of its row.

    It raises `msgspec.ValidationError` when the row is not one.
    """
    return partial(msgspec.convert, type=kind)


def dump_job(record: JobRecord) -> Row:
    """Return a job's row: the job's own members and those of its record side by side."""
    extras = {field.name: getattr(record, field.name) for field in _EXTRAS}
    return _storable(_without_empty(record.job) | _without_empty(extras))


def load_job(row: Row) -> JobRecord:
    """Return a job from its row.

    Raises:
        msgspec.ValidationError: the row is not one.
    """
    return JobRecord(msgspec.convert(row, Job), *_extra_values(msgspec.convert(row, _Extras)))


def decode_job(document: bytes, pool: dict[object, object]) -> JobRecord:
    """Return a job straight from its row's JSON.

    Args:
        pool: values that many jobs have in common, each kept once; it grows.

    Raises:
        msgspec.MsgspecError: the row is not one.
    """
    job = _job_decoder.decode(document)
    extras = _extras_decoder.decode(document)
    for name, value in zip(_SHARED, _shared_values(job), strict=True):
        known = pool.get(value)
        if known is None:
            pool[value] = value
        else:
            # Nobody has seen this job yet, so it is still being made.
            _set(job, name, known)
    return JobRecord(job, *_extra_values(extras))


class _Created(msgspec.Struct):
    created: datetime


_created_decoder = msgspec.json.Decoder(_Created)


def creation_time(document: bytes) -> datetime:
    """Return when the job with this row's JSON was created; `EARLIEST` for a row of an unknown form."""
    try:
        return _created_decoder.decode(document).created
    except msgspec.MsgspecError:
        return EARLIEST


def dump_session(session: Session) -> Row:
    """Return a session's row; `accepting_jobs` stands there even when it is false."""
    return dump(session) | {"accepting_jobs": session.accepting_jobs}


def load_coverage(row: Row) -> Coverage:
    """Return the coverage of an instance from its row.

    Raises:
        msgspec.ValidationError: the row is not one.
    """
    return msgspec.convert(row | {"intervals": row.get("spans", ())}, Coverage)


def dump_transpiled(transpiled: Transpiled) -> Row:
    """Return a transpilation's row, with the hashes beside its own members."""
    hashes = {"circuit_hash": transpiled.circuit_hash, "source_hash": transpiled.source_hash}
    return _storable(_without_empty(transpiled.transpilation) | _without_empty(hashes))


def load_transpiled(row: Row) -> Transpiled:
    """Return a transpilation from its row.

    Raises:
        msgspec.ValidationError: the row is not one.
    """
    hashes = msgspec.convert(row, _Hashes)
    return Transpiled(hashes.circuit_hash, msgspec.convert(row, Transpilation), hashes.source_hash)


class _Hashes(msgspec.Struct):
    circuit_hash: str
    source_hash: str = ""


def _without_empty(value: object) -> Row:
    whole = msgspec.convert(msgspec.to_builtins(value), Row)
    # Zero is a value ("used 0 s"), so this is not `if member`.
    return {
        _FILE_NAMES.get(name, name): member
        for name, member in whole.items()
        if member is not None and member is not False and member not in ("", (), [], {})
    }


def _storable(row: Row) -> Row:
    """Return the row, or one without lone surrogates, which no UTF-8 file can hold."""
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
