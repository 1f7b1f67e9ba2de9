"""The blocking side of the history: TinyDB tables, found by key, merged with what other processes wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from tinydb.table import Document

from tui.common.errors import ErrorKind, QdeckError
from tui.store.journal.file import JournalFile, newest_documents
from tui.store.journal.format import Slot
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.migration import upgrade
from tui.store.records.json_v1 import Row
from tui.store.records.models import Key
from tui.store.records.tables import (
    COVERAGE,
    JOBS,
    SORT_KEYS,
    TABLES,
    ChangeSet,
    Pool,
    TableSpec,
    V,
    creation_time,
)

_DEFERRED = tuple(table for table in TABLES.values() if table.deferred)


class _KeyIndex:
    """The numbers of one table's documents by key, and back."""

    def __init__(self) -> None:
        self.numbers: dict[Key, int] = {}
        self.keys: dict[int, Key] = {}
        self.next_number = 1

    def add(self, key: Key, number: int) -> None:
        self.numbers[key] = number
        self.keys[number] = key
        if number >= self.next_number:
            self.next_number = number + 1

    def pop(self, number: int) -> Key | None:
        """Remove a document; returns its key unless another document has it."""
        key = self.keys.pop(number, None)
        if key is not None and self.numbers.get(key) == number:
            del self.numbers[key]
            return key
        return None


class Database:
    """The history file. Every method blocks and may be called from any one thread at a time.

    `open` makes it ready; then all is read with `begin` and `proceed`, the newest first, or with `read_all`.

    Args:
        path: the journal.
        old: the JSON file of earlier versions, taken over when there is no journal.

    Attributes:
        loaded: all of the file was read.
    """

    def __init__(self, path: Path, old: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._old = old
        self._now = now
        self._storage = JournalStorage(path, now=now, sort_keys=SORT_KEYS, claims=(COVERAGE.name,))
        self._database = JournalDB(storage=lambda: self._storage)
        self._indexes = {table: _KeyIndex() for table in TABLES.values()}
        self._unread: dict[TableSpec[Any], list[tuple[int, Slot]]] = {table: [] for table in _DEFERRED}
        self._file: JournalFile | None = None
        self._pool: Pool = {}
        self._unreadable = 0
        self._changes = ChangeSet()
        self.loaded = False

    @property
    def warnings(self) -> list[str]:
        """Sentences for the user; the reader takes them out."""
        return self._storage.warnings

    def open(self) -> None:
        """Take over the history of an earlier version, when that is all there is.

        Raises:
            QdeckError: `STORAGE`.
        """
        try:
            self.warnings.extend(upgrade(self._old, self._path, self._now))
        except OSError as error:
            raise _unreadable(self._old, error) from error

    def newest(self, count: int) -> ChangeSet:
        """Return the newest jobs, before anything else is read; not all of them and none of the rest.

        Raises:
            QdeckError: `STORAGE`.
        """
        found = ChangeSet()
        try:
            documents = newest_documents(self._path, JOBS.name, count, creation_time)
        except FileNotFoundError:
            return found
        except OSError as error:
            raise _unreadable(self._path, error) from error
        now = self._now()
        for document in documents:
            try:
                record = JOBS.with_plausible_time(JOBS.decode(document, self._pool), now)
            except msgspec.MsgspecError:
                continue
            found.values[JOBS][record.key] = record
        return found

    def begin(self) -> ChangeSet:
        """Find all documents, and read all tables but the deferred ones, which `proceed` reads.

        Raises:
            QdeckError: `STORAGE`.
        """
        with self._storage.batch():
            state = self._storage.state
            state.pop_changes()
            slots = {table: dict(state.index.tables.get(name, {})) for name, table in TABLES.items()}
            self._file = state.file
        found = ChangeSet()
        for table, rows in slots.items():
            index = self._indexes[table] = _KeyIndex()
            index.next_number = max(rows, default=0) + 1
            if table.deferred:
                # Sorted by where they are in the file: the last written is what `proceed` takes first.
                self._unread[table] = sorted(rows.items(), key=lambda item: item[1])
            elif (file := self._file) is not None:
                self._add(found, table, [(number, file.document(slot)) for number, slot in rows.items()])
        return found

    def proceed(self, count: int) -> ChangeSet:
        """Read the next `count` rows of the deferred tables, the last written jobs first.

        Raises:
            QdeckError: `STORAGE`.
        """
        found = ChangeSet()
        table = next((table for table in _DEFERRED if self._unread[table]), None)
        if table is not None and self._file is not None:
            part = self._unread[table][-count:]
            del self._unread[table][-count:]
            try:
                documents = self._file.documents([slot for _, slot in part])
                numbered = [(number, document) for (number, _), document in zip(part, documents, strict=True)]
                self._add(found, table, reversed(numbered))
            except (OSError, IndexError) as error:
                raise _unreadable(self._path, error) from error
        if not any(self._unread.values()):
            self.loaded, self._file, self._pool = True, None, {}
            self._warn_of_unreadable()
        return found

    def read_all(self) -> ChangeSet:
        """Return everything in the file.

        Raises:
            QdeckError: `STORAGE`.
        """
        self.open()
        found, self.loaded = self.begin(), False
        while not self.loaded:
            found.add(self.proceed(max(1, *map(len, self._unread.values()))))
        return found

    def poll(self) -> ChangeSet:
        """Return what other processes wrote since the last call of this or of `write`.

        Raises:
            QdeckError: `STORAGE`.
        """
        if self._storage.changed_elsewhere():
            with self._storage.batch():
                self._read_changes()
        return self._pop_changes()

    def write(self, batch: ChangeSet) -> ChangeSet:
        """Write a batch, merged with what is in the file, in one write.

        Returns:
            What other processes wrote since the last call of this or of `poll`.

        Raises:
            QdeckError: `STORAGE`; nothing of the batch was written.
        """
        inserted: list[tuple[TableSpec[Any], Key]] = []
        removed: list[tuple[TableSpec[Any], Key, int]] = []
        try:
            with self._storage.batch():
                self._read_changes()
                for table, keys in batch.removed.items():
                    removed += self._remove(table, keys)
                for table, values in batch.values.items():
                    # A job that another process removed is not written again.
                    gone = self._changes.removed[table] if table is JOBS else ()
                    kept = {key: value for key, value in values.items() if key not in gone}
                    self._upsert(table, kept, inserted)
        except BaseException:
            # Not in the file after all.
            for table, key in inserted:
                index = self._indexes[table]
                index.keys.pop(index.numbers.pop(key), None)
            for table, key, number in removed:
                self._indexes[table].add(key, number)
            raise
        return self._pop_changes()

    def compact(self) -> None:
        """Write the file anew with only what is needed.

        Raises:
            QdeckError: `STORAGE`.
        """
        self._storage.compact()

    def close(self) -> None:
        """Close the database."""
        self._file = None
        self._database.close()

    def _pop_changes(self) -> ChangeSet:
        changes, self._changes = self._changes, ChangeSet()
        return changes

    def _read_changes(self) -> None:
        """Index what other processes did; it is kept until it can be returned, whatever fails next."""
        changes = self._storage.state.pop_changes()
        found = ChangeSet()
        for name, number in changes.lost:
            if name in TABLES and (key := self._indexes[TABLES[name]].pop(number)) is not None:
                found.lost[TABLES[name]].add(key)
        for name, number in changes.changed:
            table = TABLES.get(name)
            if table is None:
                continue
            document = self._storage.document(name, number)
            if document is not None:
                self._add(found, table, [(number, document)])
            elif (key := self._indexes[table].pop(number)) is not None:
                found.removed[table].add(key)
        self._changes.add(found)
        self._warn_of_unreadable()

    def _add(self, found: ChangeSet, table: TableSpec[V], documents: Iterable[tuple[int, bytes]]) -> None:
        """Index rows and add their values to `found`; a row of an unknown form is found by its key, too."""
        values, index, now = found.values[table], self._indexes[table], self._now()
        decode, plausible, key_of, pool = table.decode, table.with_plausible_time, table.key, self._pool
        for number, document in documents:
            try:
                value = plausible(decode(document, pool), now)
                key = key_of(value)
                known = values.get(key)
                values[key] = value if known is None else table.merge(known, value)
            except msgspec.MsgspecError:
                self._unreadable += 1
                try:
                    key = table.key_of_row(msgspec.json.decode(document, type=Row))
                except msgspec.MsgspecError:
                    continue
            before = index.keys.get(number)
            if before is not None and before != key and index.pop(number) is not None:
                # After a repair another document may have the number of one that was lost.
                found.lost[table].add(before)
            index.add(key, number)

    def _warn_of_unreadable(self) -> None:
        if self._unreadable:
            self.warnings.append(
                f"{self._unreadable} entries of the history have a form this qdeck does not know; "
                "they are left in the file as they are."
            )
            self._unreadable = 0

    def _upsert(
        self, table: TableSpec[V], values: dict[Key, V], inserted: list[tuple[TableSpec[Any], Key]]
    ) -> None:
        """Insert or update values in one operation each; what is inserted is added to `inserted` first."""
        index = self._indexes[table]
        now = self._now()
        rows = self._database.table(table.name)
        updated = {key: value for key, value in values.items() if key in index.numbers}
        documents: list[Document] = []
        for key, value in values.items():
            if key not in updated:
                documents.append(Document(table.dump(value), index.next_number))
                index.add(key, index.next_number)
                inserted.append((table, key))

        def merge(document: object) -> None:
            assert isinstance(document, dict)
            value = updated[table.key_of_row(document)]
            unknown = {name: member for name, member in document.items() if name not in table.fields}
            row = unknown | table.dump(_merged(table, document, value, now))
            document.clear()
            document.update(row)

        if updated:
            rows.update(merge, doc_ids=[index.numbers[key] for key in updated])
        if documents:
            rows.insert_multiple(documents)

    def _remove(self, table: TableSpec[V], keys: Iterable[Key]) -> list[tuple[TableSpec[V], Key, int]]:
        index = self._indexes[table]
        known = [(table, key, index.numbers[key]) for key in keys if key in index.numbers]
        if known:
            self._database.table(table.name).remove(doc_ids=[number for _, _, number in known])
            for _, _, number in known:
                index.pop(number)
        return known


def _merged(table: TableSpec[V], stored: Row, value: V, now: datetime) -> V:
    try:
        known = table.with_plausible_time(table.load(stored), now)
        return table.merge(known, table.with_plausible_time(value, now))
    except msgspec.ValidationError:
        return value


def _unreadable(path: Path, error: Exception) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"The history {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
        "Check the permissions; until then it is kept in memory.",
    )
