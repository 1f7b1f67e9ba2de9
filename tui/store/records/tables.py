"""The history's tables: one descriptor each, how values become rows and back, and changes of several tables.

A row is an object of plain JSON values, with defaults left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

import msgspec

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job
from tui.domain.sessions import Session
from tui.store.records.calibrations import KeptCalibration, merge_calibrations
from tui.store.records.json_v1 import Row
from tui.store.records.models import (
    EARLIEST,
    Coverage,
    JobRecord,
    Key,
    PendingSubmission,
    Transpiled,
    merge_coverage,
    merge_records,
    merge_sessions,
    merge_submissions,
    merge_transpiled,
    session_with_plausible_time,
    with_plausible_time,
)

V = TypeVar("V")
Pool = dict[object, object]
_FILE_NAMES = {"finalized": "settled", "intervals": "spans"}
"""Attributes that have another name in the file."""
_EXTRAS = tuple(field for field in msgspec.structs.fields(JobRecord) if field.name != "job")
"""Members of a `JobRecord` that are in the same row as those of its job."""
_hints = get_type_hints(JobRecord)
_Extras = msgspec.defstruct(
    "_Extras", [(field.name, _hints[field.name], field.default) for field in _EXTRAS], rename=_FILE_NAMES
)
_extra_values = attrgetter(*(field.name for field in _EXTRAS))
_job_decoder = msgspec.json.Decoder(Job)
_extras_decoder = msgspec.json.Decoder(_Extras)
_SHARED = ("service", "backend", "program", "status_text", "instance", "session_id", "tags", "options")
_shared_values = attrgetter(*_SHARED)
_set = msgspec.structs.force_setattr


def row_fields(*types: type[msgspec.Struct]) -> frozenset[str]:
    """Return the names in the file of all fields of these types."""
    return frozenset(_FILE_NAMES.get(name, name) for kind in types for name in kind.__struct_fields__)


def dump(value: object) -> Row:
    """Return the row of a dataclass's object, without the members that are empty."""
    return _storable(_without_empty(value))


def load(kind: type[V]) -> Callable[[Row], V]:
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
        known = pool.setdefault(value, value)
        if known is not value:
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
        text = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.convert(json.loads(text), Row)
    return row


@dataclass(frozen=True, eq=False)
class TableSpec(Generic[V]):
    """A table: how its values become rows and back, and how two of the same key become one.

    Attributes:
        name: of the table in the file.
        key_fields: fields of a row that are its key.
        fields: all fields a row may have; others, of a newer qdeck, are left in the file as they are.
        mark: a field of each row that no other table's rows have.
        key: the key of a value.
        load: the value of a row; raises `msgspec.ValidationError`.
        with_plausible_time: the value without times that lie in the future.
        fast_decode: the value of a row's JSON, where there is a quicker way than by its row.
        sort_key: what documents are sorted by when the file is written anew, from their JSON; `None`: they
            keep their order.
        deferred: when the file is read, its rows are read after all of the others, a part at a time.
    """

    name: str
    key_fields: tuple[str, ...]
    fields: frozenset[str]
    mark: str
    key: Callable[[V], Key]
    load: Callable[[Row], V]
    dump: Callable[[V], Row]
    merge: Callable[[V, V], V]
    with_plausible_time: Callable[[V, datetime], V] = lambda value, _now: value
    fast_decode: Callable[[bytes, Pool], V] | None = None
    sort_key: Callable[[bytes], Any] | None = None
    deferred: bool = False

    def key_of_row(self, row: Mapping[str, object]) -> Key:
        """Return a row's key."""
        return tuple(str(row.get(name)) for name in self.key_fields)

    def decode(self, document: bytes, pool: Pool) -> V:
        """Return the value of a row's JSON.

        Args:
            pool: values that many rows have in common, each kept once; it grows.

        Raises:
            msgspec.MsgspecError: the row is of an unknown form.
        """
        if self.fast_decode is not None:
            return self.fast_decode(document, pool)
        return self.load(msgspec.json.decode(document, type=Row))


JOBS = TableSpec[JobRecord](
    name="jobs",
    key_fields=("service", "id"),
    fields=row_fields(Job, JobRecord) - {"job"},
    mark="program",
    key=attrgetter("job.service", "job.id"),
    load=load_job,
    dump=dump_job,
    merge=merge_records,
    with_plausible_time=with_plausible_time,
    fast_decode=decode_job,
    sort_key=creation_time,
    deferred=True,
)
SESSIONS = TableSpec[Session](
    name="sessions",
    key_fields=("service", "id"),
    fields=row_fields(Session),
    mark="mode",
    key=attrgetter("service", "id"),
    load=load(Session),
    dump=dump_session,
    merge=merge_sessions,
    with_plausible_time=session_with_plausible_time,
)
SUBMISSIONS = TableSpec[PendingSubmission](
    name="submissions",
    key_fields=("tag",),
    fields=row_fields(PendingSubmission),
    mark="tag",
    key=lambda pending: (pending.tag,),
    load=load(PendingSubmission),
    dump=dump,
    merge=merge_submissions,
)
COVERAGE = TableSpec[Coverage](
    name="extents",
    key_fields=("service", "instance"),
    fields=row_fields(Coverage),
    mark="spans",
    key=attrgetter("service", "instance"),
    load=load_coverage,
    dump=dump,
    merge=merge_coverage,
)
TRANSPILATIONS = TableSpec[Transpiled](
    name="transpilations",
    key_fields=("circuit_hash",),
    fields=row_fields(Transpilation, Transpiled) - {"transpilation"},
    mark="after",
    key=lambda transpiled: (transpiled.circuit_hash,),
    load=load_transpiled,
    dump=dump_transpiled,
    merge=merge_transpiled,
    deferred=True,
)
CALIBRATIONS = TableSpec[KeptCalibration](
    name="calibrations",
    key_fields=("service", "backend", "calibrated"),
    fields=row_fields(KeptCalibration),
    mark="readout",
    key=attrgetter("service", "backend", "calibrated"),
    load=load(KeptCalibration),
    dump=dump,
    merge=merge_calibrations,
    deferred=True,
)
TABLES: Mapping[str, TableSpec[Any]] = {
    table.name: table for table in (JOBS, SESSIONS, SUBMISSIONS, COVERAGE, TRANSPILATIONS, CALIBRATIONS)
}
"""By name, in the order in which they are written."""
META = "meta"
MARKS = {table.name: table.mark for table in TABLES.values()} | {META: "schema"}
SORT_KEYS = {table.name: table.sort_key for table in TABLES.values() if table.sort_key is not None}


class TableValues(dict[TableSpec[Any], dict[Key, Any]]):
    """Values of all tables by key, in the order in which they are written; false when there are none."""

    def __init__(self) -> None:
        super().__init__((table, {}) for table in TABLES.values())

    if TYPE_CHECKING:

        def __getitem__(self, table: TableSpec[V]) -> dict[Key, V]: ...

    def __bool__(self) -> bool:
        return any(self.values())


class TableKeys(dict[TableSpec[Any], set[Key]]):
    """Keys of all tables; false when there are none."""

    def __init__(self) -> None:
        super().__init__((table, set()) for table in TABLES.values())

    def __bool__(self) -> bool:
        return any(self.values())


@dataclass(slots=True)
class ChangeSet:
    """Changes that are written in one go, or were found in the file and are not from this process.

    Attributes:
        values: values that are new or different.
        removed: keys of values that were removed.
        lost: keys of what a damaged file does not hold any more; a process that still has it writes it again.
    """

    values: TableValues = field(default_factory=TableValues)
    removed: TableKeys = field(default_factory=TableKeys)
    lost: TableKeys = field(default_factory=TableKeys)

    def __bool__(self) -> bool:
        return bool(self.values or self.removed or self.lost)

    def add(self, later: ChangeSet) -> None:
        """Add changes that were made after these."""
        for table, values in later.values.items():
            self.values[table].update(values)
            self.removed[table].difference_update(values)
        for table, keys in later.removed.items():
            self.removed[table].update(keys)
            for key in keys:
                self.values[table].pop(key, None)
        for table, keys in later.lost.items():
            self.lost[table].update(keys)
