"""The history's tables, one descriptor each; values of several tables that are read or written in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job
from tui.domain.sessions import Session
from tui.store.records.json_v1 import Row
from tui.store.records.merge import (
    merge_coverage,
    merge_records,
    merge_sessions,
    merge_submissions,
    merge_transpiled,
    session_with_plausible_time,
    with_plausible_time,
)
from tui.store.records.models import Coverage, JobRecord, Key, PendingSubmission, Transpiled
from tui.store.records.serialization import (
    creation_time,
    decode_job,
    dump,
    dump_job,
    dump_session,
    dump_transpiled,
    load,
    load_coverage,
    load_job,
    load_transpiled,
    row_fields,
)

V = TypeVar("V")
Pool = dict[object, object]


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
    key=lambda record: record.key,
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
    key=lambda session: (session.service, session.id),
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
    key=lambda coverage: (coverage.service, coverage.instance),
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
TABLES: Mapping[str, TableSpec[Any]] = {
    table.name: table for table in (JOBS, SESSIONS, SUBMISSIONS, COVERAGE, TRANSPILATIONS)
}
"""By name, in the order in which they are written."""
META = "meta"
MARKS = {table.name: table.mark for table in TABLES.values()} | {META: "schema"}
SORT_KEYS = {table.name: table.sort_key for table in TABLES.values() if table.sort_key is not None}


class TableValues(dict[TableSpec[Any], dict[Key, Any]]):
    """Values of all tables by key, in the order in which they are written; false when there are none."""

    def __init__(self) -> None:
        super().__init__((table, {}) for table in TABLES.values())

    def __getitem__(self, table: TableSpec[V]) -> dict[Key, V]:
        return super().__getitem__(table)

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
        lost: keys of what a damaged file does not hold any more; who still knows it writes it again.
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
