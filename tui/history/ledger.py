"""The blocking side of the history: TinyDB tables, found by key, merged with what other processes wrote."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from tinydb import TinyDB
from tinydb.table import Document

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.sessions import Session
from tui.history.layout import Row
from tui.history.merge import merge_intents, merge_records, merge_sessions
from tui.history.records import Intent, Key, Record
from tui.history.rows import (
    JOBS,
    KNOWN,
    MARKS,
    META,
    SESSIONS,
    SUBMISSIONS,
    intent_of,
    intent_row,
    record_of,
    record_row,
    session_of,
    session_row,
)
from tui.history.storage import AtomicStorage

SCHEMA = 1
"""Version of the rows' form, kept in the table `meta`."""

_V = TypeVar("_V")
_K = TypeVar("_K", bound="tuple[str, ...]")


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written in one go: values by key, and keys to be removed."""

    records: Mapping[Key, Record]
    sessions: Mapping[Key, Session]
    intents: Mapping[str, Intent]
    removed: frozenset[Key] = frozenset()
    dropped_intents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found in the file that this process did not write."""

    records: tuple[Record, ...] = ()
    removed: frozenset[Key] = frozenset()
    sessions: tuple[Session, ...] = ()
    intents: tuple[Intent, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.records or self.removed or self.sessions or self.intents)


@dataclass(frozen=True, slots=True)
class _Kind(Generic[_V]):
    """How one table's values become rows and back, and how two of the same key become one."""

    table: str
    key: tuple[str, ...]
    load: Callable[[Row], _V]
    dump: Callable[[_V], Row]
    merge: Callable[[_V, _V], _V]


_RECORDS = _Kind(JOBS, ("service", "id"), record_of, record_row, merge_records)
_SESSIONS = _Kind(SESSIONS, ("service", "id"), session_of, session_row, merge_sessions)
_INTENTS = _Kind(SUBMISSIONS, ("tag",), intent_of, intent_row, merge_intents)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cycle collector from running while many rows are made, none of which is in a cycle.

    With 10,000 rows one full collection stops the whole process, the event loop too, for over 100 ms.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Ledger:
    """The history file. Every method blocks and may be called from any one thread at a time."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._storage = AtomicStorage(path, now=now, marks=MARKS)
        self._database = TinyDB(storage=lambda: self._storage)
        self._reads = -1
        self._rows: dict[str, dict[tuple[str, ...], Row]] = {}
        self._numbers: dict[str, dict[tuple[str, ...], int]] = {}
        self._fresh: list[tuple[str, tuple[str, ...]]] = []
        self._unreadable = 0
        self._schema = SCHEMA

    @property
    def warnings(self) -> list[str]:
        """What the user should be told."""
        return self._storage.warnings

    def open(self) -> Changes:
        """Everything in the file.

        Raises:
            QdeckError: `STORAGE`.
        """
        with _collector_paused():
            with self._storage.batch():
                found = self._catch_up()
            # What was just read lives as long as the app: no full collection needs to go through it.
            gc.freeze()
        return found

    def look(self) -> Changes:
        """What other processes wrote since the last look.

        Raises:
            QdeckError: `STORAGE`.
        """
        if not self._storage.changed_elsewhere():
            return Changes()
        with _collector_paused(), self._storage.batch():
            return self._catch_up()

    def write(self, batch: Batch) -> Changes:
        """Write the batch, merged with what is in the file, in one write of the file.

        Returns:
            What other processes wrote since the last look.

        Raises:
            QdeckError: `STORAGE`; nothing of the batch was written.
        """
        self._fresh.clear()
        try:
            with _collector_paused(), self._storage.batch():
                return self._write(batch)
        except BaseException:
            # Not in the file after all: or the next look would take them for removed by another process.
            for table, key in self._fresh:
                self._rows[table].pop(key, None)
            raise

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _write(self, batch: Batch) -> Changes:
        changes = self._catch_up()
        if self._schema > SCHEMA:
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history was written by a newer qdeck (version {self._schema} of its form, this one "
                f"knows {SCHEMA}): it is read, not written.",
                "Use the newer qdeck, or another QDECK_HOME.",
            )
        if not self._database.table(META).all():
            self._database.table(META).insert(Document({"schema": SCHEMA}, 1))
        self._remove(JOBS, batch.removed)
        self._remove(SUBMISSIONS, [(tag,) for tag in batch.dropped_intents])
        gone = changes.removed | batch.removed
        kept = {key: value for key, value in batch.records.items() if key not in gone}
        self._put(_RECORDS, kept)
        self._put(_SESSIONS, batch.sessions)
        self._put(_INTENTS, {(tag,): intent for tag, intent in batch.intents.items()})
        return changes

    def _catch_up(self) -> Changes:
        """Index the file's rows when it was read again, and say what is new in them."""
        if self._storage.reads == self._reads:
            return Changes()
        self._reads = self._storage.reads
        self._unreadable = 0
        records, removed = self._differences(_RECORDS)
        sessions, _ = self._differences(_SESSIONS)
        intents, _ = self._differences(_INTENTS)
        meta = self._database.table(META).get(doc_id=1)
        found = meta.get("schema") if isinstance(meta, Document) else None
        self._schema = found if isinstance(found, int) else SCHEMA
        if self._unreadable:
            self.warnings.append(
                f"{self._unreadable} entries of the history have a form this qdeck does not know; "
                "they are left in the file as they are."
            )
        return Changes(
            tuple(records),
            frozenset((key[0], key[1]) for key in removed),
            tuple(sessions),
            tuple(intents),
        )

    def _differences(self, kind: _Kind[_V]) -> tuple[list[_V], set[tuple[str, ...]]]:
        before = self._rows.get(kind.table, {})
        rows: dict[tuple[str, ...], Row] = {}
        numbers: dict[tuple[str, ...], int] = {}
        changed: list[_V] = []
        for document in self._database.table(kind.table):
            key = tuple(str(document.get(name)) for name in kind.key)
            rows[key] = dict(document)
            numbers[key] = document.doc_id
            if before.get(key) == document:
                continue
            try:
                changed.append(kind.load(rows[key]))
            except msgspec.ValidationError:
                self._unreadable += 1
        self._rows[kind.table], self._numbers[kind.table] = rows, numbers
        return changed, before.keys() - rows.keys()

    def _put(self, kind: _Kind[_V], values: Mapping[_K, _V]) -> None:
        """Insert or update values in one operation each."""
        if not values:
            return
        rows = self._rows.setdefault(kind.table, {})
        numbers = self._numbers.setdefault(kind.table, {})
        table = self._database.table(kind.table)
        inserted: list[Document] = []
        updated: dict[tuple[str, ...], Row] = {}
        following = max(numbers.values(), default=0) + 1
        for key, value in values.items():
            stored = rows.get(key)
            if stored is None:
                row = kind.dump(value)
                numbers[key] = following
                inserted.append(Document(row, following))
                self._fresh.append((kind.table, key))
                following += 1
            else:
                unknown = {name: member for name, member in stored.items() if name not in KNOWN[kind.table]}
                row = unknown | kind.dump(self._merged(kind, stored, value))
                updated[key] = row
            rows[key] = row

        def renew(document: object) -> None:
            assert isinstance(document, dict)
            row = updated[tuple(str(document.get(name)) for name in kind.key)]
            document.clear()
            document.update(row)

        if updated:
            table.update(renew, doc_ids=[numbers[key] for key in updated])
        if inserted:
            table.insert_multiple(inserted)

    def _merged(self, kind: _Kind[_V], stored: Row, value: _V) -> _V:
        try:
            return kind.merge(kind.load(stored), value)
        except msgspec.ValidationError:
            return value

    def _remove(self, table: str, keys: Iterable[tuple[str, ...]]) -> None:
        numbers = self._numbers.setdefault(table, {})
        known = [key for key in keys if key in numbers]
        if known:
            self._database.table(table).remove(doc_ids=[numbers.pop(key) for key in known])
            for key in known:
                self._rows[table].pop(key, None)
