"""What goes into the history file in one write, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Generic, TypeVar

from tui.domain.sessions import Session
from tui.store.records.extents import Coverage, merge_coverage
from tui.store.records.json_v1 import Row
from tui.store.records.merge import (
    merge_records,
    merge_sessions,
    merge_submissions,
    merge_transpiled,
    session_with_plausible_time,
    with_plausible_time,
)
from tui.store.records.models import JobRecord, Key, PendingSubmission, Transpiled
from tui.store.records.serialization import (
    EXTENTS,
    JOBS,
    SESSIONS,
    SUBMISSIONS,
    TRANSPILATIONS,
    extent_of,
    extent_row,
    intent_of,
    intent_row,
    record_of,
    record_row,
    session_of,
    session_row,
    transpiled_of,
    transpiled_row,
)

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """What is to be written in one go: values by key, and keys to be removed."""

    records: Mapping[Key, JobRecord] = field(default_factory=dict)
    sessions: Mapping[Key, Session] = field(default_factory=dict)
    intents: Mapping[str, PendingSubmission] = field(default_factory=dict)
    extents: Mapping[Key, Coverage] = field(default_factory=dict)
    transpiled: Mapping[str, Transpiled] = field(default_factory=dict)
    removed: frozenset[Key] = frozenset()
    dropped_intents: frozenset[str] = frozenset()
    dropped_transpiled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What was found in the file that this process did not write.

    Attributes:
        dropped: circuit hashes of transpilations that were let go.
        lost: table and key of what a damaged file does not hold any more; who still knows it writes it again.
    """

    records: tuple[JobRecord, ...] = ()
    removed: frozenset[Key] = frozenset()
    sessions: tuple[Session, ...] = ()
    intents: tuple[PendingSubmission, ...] = ()
    extents: tuple[Coverage, ...] = ()
    transpiled: tuple[Transpiled, ...] = ()
    dropped: frozenset[str] = frozenset()
    lost: frozenset[tuple[str, tuple[str, ...]]] = frozenset()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def __add__(self, later: ChangeSet) -> ChangeSet:
        return ChangeSet(
            self.records + later.records,
            self.removed | later.removed,
            self.sessions + later.sessions,
            self.intents + later.intents,
            self.extents + later.extents,
            self.transpiled + later.transpiled,
            self.dropped | later.dropped,
            self.lost | later.lost,
        )


@dataclass(frozen=True, slots=True)
class Kind(Generic[_V]):
    """How one table's values become rows and back, and how two of the same key become one.

    Attributes:
        believed: the value without what it cannot know at this time.
    """

    table: str
    key: tuple[str, ...]
    load: Callable[[Row], _V]
    dump: Callable[[_V], Row]
    merge: Callable[[_V, _V], _V]
    with_plausible_time: Callable[[_V, datetime], _V] = lambda value, _now: value

    def key_of(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """A row's key."""
        return tuple(str(row.get(name)) for name in self.key)


RECORDS = Kind(JOBS, ("service", "id"), record_of, record_row, merge_records, with_plausible_time)
SESSION_KIND = Kind(
    SESSIONS, ("service", "id"), session_of, session_row, merge_sessions, session_with_plausible_time
)
INTENT_KIND = Kind(SUBMISSIONS, ("tag",), intent_of, intent_row, merge_submissions)
EXTENT_KIND = Kind(EXTENTS, ("service", "instance"), extent_of, extent_row, merge_coverage)
TRANSPILED_KIND = Kind(TRANSPILATIONS, ("circuit_hash",), transpiled_of, transpiled_row, merge_transpiled)
