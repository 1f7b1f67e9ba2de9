"""The blocking side of the history: TinyDB tables, found by key, merged with what other processes wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from tinydb.table import Document

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import Session
from tui.store.journal.file import JournalFile
from tui.store.journal.index import Slot
from tui.store.journal.tail import newest_documents
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.migration import upgrade
from tui.store.records.changes import (
    EXTENT_KIND,
    INTENT_KIND,
    RECORDS,
    SESSION_KIND,
    TRANSPILED_KIND,
    ChangeSet,
    Kind,
    WriteBatch,
)
from tui.store.records.extents import Coverage
from tui.store.records.json_v1 import Row
from tui.store.records.merge import with_plausible_time
from tui.store.records.models import JobRecord, PendingSubmission, Transpiled
from tui.store.records.serialization import (
    EXTENTS,
    JOBS,
    KNOWN,
    SESSIONS,
    SUBMISSIONS,
    TABLES,
    TRANSPILATIONS,
    job_place,
    record_from_json,
)

__all__ = ["PLACES", "ChangeSet", "Database"]

PLACES = {JOBS: job_place}
_V = TypeVar("_V")
_K = TypeVar("_K", bound="tuple[str, ...]")
_KeyOf = dict[tuple[str, ...], int]


class Database:
    """The history file. Every method blocks and may be called from any one thread at a time.

    `open` makes it ready; then all is read with `begin` and `proceed`, the newest first, or with `read_all`.
    """

    def __init__(self, path: Path, old: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._old = old
        self._now = now
        self._storage = JournalStorage(path, now=now, places=PLACES, claims=(EXTENTS,))
        self._database = JournalDB(storage=lambda: self._storage)
        self._numbers: dict[str, _KeyOf] = {table: {} for table in TABLES}
        self._keys: dict[str, dict[int, tuple[str, ...]]] = {table: {} for table in TABLES}
        self._following = dict.fromkeys(TABLES, 1)
        self._waiting: list[tuple[int, Slot]] = []
        self._last: list[tuple[int, Slot]] = []
        self._file: JournalFile | None = None
        self._pool: dict[object, object] = {}
        self._unreadable = 0
        self._displaced: set[tuple[str, tuple[str, ...]]] = set()
        self._untold = ChangeSet()
        self.loaded = False
        """Whether all of the file was read."""

    @property
    def warnings(self) -> list[str]:
        """What the user should be told."""
        return self._storage.warnings

    @property
    def storage(self) -> JournalStorage:
        """TinyDB's storage, for tools."""
        return self._storage

    def open(self) -> None:
        """Take over the history of an earlier version, when that is all there is.

        Raises:
            QdeckError: `STORAGE`.
        """
        try:
            self.warnings.extend(upgrade(self._old, self._path, self._now, PLACES))
        except OSError as error:
            raise _unreadable(self._old, error) from error

    def newest(self, count: int) -> ChangeSet:
        """The newest jobs, before anything else is read; not all of them and none of the rest.

        Raises:
            QdeckError: `STORAGE`.
        """
        try:
            documents = newest_documents(self._path, JOBS, count, job_place)
        except FileNotFoundError:
            return ChangeSet()
        except OSError as error:
            raise _unreadable(self._path, error) from error
        records = []
        now = self._now()
        for document in documents:
            try:
                records.append(with_plausible_time(record_from_json(document, self._pool), now))
            except msgspec.MsgspecError:
                continue
        return ChangeSet(tuple(records))

    def begin(self) -> ChangeSet:
        """Find out where everything is; all but jobs and transpilations, which `proceed` gives.

        Raises:
            QdeckError: `STORAGE`.
        """
        with self._storage.batch():
            state = self._storage.state
            state.take_news()
            tables = {name: dict(state.index.tables.get(name, {})) for name in TABLES}
            self._file = state.file
        for name, rows in tables.items():
            self._numbers[name].clear()
            self._keys[name].clear()
            self._following[name] = max(rows, default=0) + 1
        # Sorted by where they are in the file: the last written is what `proceed` takes first.
        self._waiting = sorted(tables[JOBS].items(), key=lambda item: item[1])
        self._last = sorted(tables[TRANSPILATIONS].items(), key=lambda item: item[1])
        sessions = [self._taken(SESSION_KIND, n, self._document(s)) for n, s in tables[SESSIONS].items()]
        intents = [self._taken(INTENT_KIND, n, self._document(s)) for n, s in tables[SUBMISSIONS].items()]
        extents = [self._taken(EXTENT_KIND, n, self._document(s)) for n, s in tables[EXTENTS].items()]
        if self._file is None:
            self._waiting, self._last = [], []
        return ChangeSet(
            sessions=tuple(_known(sessions)), intents=tuple(_known(intents)), extents=tuple(_known(extents))
        )

    def proceed(self, count: int) -> ChangeSet:
        """The next `count` jobs, the last written first; after the last of them the transpilations.

        Raises:
            QdeckError: `STORAGE`.
        """
        if self._waiting:
            now = self._now()
            jobs = self._next(self._waiting, count, partial(self._taken_job, now))
            found = ChangeSet(tuple(_known(reversed(jobs))))
        else:
            last = self._next(self._last, count, partial(self._taken, TRANSPILED_KIND))
            found = ChangeSet(transpiled=tuple(_known(last)))
        if not self._waiting and not self._last:
            self.loaded, self._file, self._pool = True, None, {}
            self._tell_unreadable()
        return found

    def _next(
        self, waiting: list[tuple[int, Slot]], count: int, taken: Callable[[int, bytes], _V | None]
    ) -> list[_V | None]:
        part = waiting[-count:]
        del waiting[-count:]
        try:
            documents = self._file.documents([slot for _, slot in part]) if self._file is not None else ()
            return [taken(number, document) for (number, _), document in zip(part, documents, strict=True)]
        except (OSError, IndexError) as error:
            raise _unreadable(self._path, error) from error

    def read_all(self) -> ChangeSet:
        """Everything in the file.

        Raises:
            QdeckError: `STORAGE`.
        """
        self.open()
        found, self.loaded = self.begin(), False
        while not self.loaded:
            found += self.proceed(max(len(self._waiting), len(self._last), 1))
        return found

    def look(self) -> ChangeSet:
        """What other processes wrote since the last look.

        Raises:
            QdeckError: `STORAGE`.
        """
        if not self._storage.changed_elsewhere():
            return self._told()
        with self._storage.batch():
            self._hear()
        return self._told()

    def write(self, batch: WriteBatch) -> ChangeSet:
        """Write the batch, merged with what is in the file, in one write.

        Returns:
            What other processes wrote since the last look.

        Raises:
            QdeckError: `STORAGE`; nothing of the batch was written.
        """
        fresh: list[tuple[str, tuple[str, ...]]] = []
        gone: list[tuple[str, tuple[str, ...], int]] = []
        try:
            with self._storage.batch():
                self._hear()
                gone += self._remove(JOBS, batch.removed)
                gone += self._remove(SUBMISSIONS, [(tag,) for tag in batch.dropped_intents])
                gone += self._remove(TRANSPILATIONS, [(digest,) for digest in batch.dropped_transpiled])
                not_again = self._untold.removed | batch.removed
                kept = {key: record for key, record in batch.records.items() if key not in not_again}
                self._put(RECORDS, kept, fresh)
                self._put(SESSION_KIND, batch.sessions, fresh)
                self._put(INTENT_KIND, {(tag,): intent for tag, intent in batch.intents.items()}, fresh)
                self._put(EXTENT_KIND, batch.extents, fresh)
                self._put(TRANSPILED_KIND, {(one,): row for one, row in batch.transpiled.items()}, fresh)
        except BaseException:
            # Not in the file after all.
            for table, key in fresh:
                self._keys[table].pop(self._numbers[table].pop(key), None)
            for table, key, number in gone:
                self._index(table, key, number)
            raise
        return self._told()

    def close(self) -> None:
        """Close the database."""
        self._file = None
        self._database.close()

    def _told(self) -> ChangeSet:
        told, self._untold = self._untold, ChangeSet()
        return told

    def _hear(self) -> None:
        """Index what other processes did; what is new is kept until it can be told, whatever fails next."""
        news = self._storage.state.take_news()
        if not news.changed and not news.lost:
            return
        lost = set()
        for table, number in news.lost:
            key = self._forgotten(table, number)
            if key is not None:
                lost.add((table, key))
        records: list[JobRecord | None] = []
        sessions: list[Session | None] = []
        intents: list[PendingSubmission | None] = []
        extents: list[Coverage | None] = []
        transpiled: list[Transpiled | None] = []
        removed, dropped = set(), set()
        now = self._now()
        for table, number in news.changed:
            if table not in KNOWN:
                continue
            document = self._storage.document(table, number)
            if document is None:
                key = self._forgotten(table, number)
                if key is not None and table == JOBS:
                    removed.add((key[0], key[1]))
                elif key is not None and table == TRANSPILATIONS:
                    dropped.add(key[0])
            elif table == JOBS:
                records.append(self._taken_job(now, number, document))
            elif table == SESSIONS:
                sessions.append(self._taken(SESSION_KIND, number, document))
            elif table == SUBMISSIONS:
                intents.append(self._taken(INTENT_KIND, number, document))
            elif table == TRANSPILATIONS:
                transpiled.append(self._taken(TRANSPILED_KIND, number, document))
            else:
                extents.append(self._taken(EXTENT_KIND, number, document))
        lost |= self._displaced
        self._displaced = set()
        self._untold += ChangeSet(
            tuple(_known(records)),
            frozenset(removed),
            tuple(_known(sessions)),
            tuple(_known(intents)),
            tuple(_known(extents)),
            tuple(_known(transpiled)),
            frozenset(dropped),
            frozenset(lost),
        )
        self._tell_unreadable()

    def _document(self, slot: Slot) -> bytes:
        assert self._file is not None
        return self._file.document(slot)

    def _taken_job(self, now: datetime, number: int, document: bytes) -> JobRecord | None:
        try:
            record = record_from_json(document, self._pool)
        except msgspec.MsgspecError:
            return self._taken(RECORDS, number, document)
        self._index(JOBS, record.key, number)
        return with_plausible_time(record, now)

    def _taken(self, kind: Kind[_V], number: int, document: bytes) -> _V | None:
        """The value of a row, found by its key from now on; `None` when its form is not known."""
        try:
            row = msgspec.json.decode(document, type=Row)
            self._index(kind.table, kind.key_of(row), number)
            return kind.with_plausible_time(kind.load(row), self._now())
        except msgspec.MsgspecError:
            self._unreadable += 1
            return None

    def _index(self, table: str, key: tuple[str, ...], number: int) -> None:
        before = self._keys[table].get(number)
        if before is not None and before != key and self._forgotten(table, number) is not None:
            # After a repair another document may have the number of one that was lost.
            self._displaced.add((table, before))
        self._numbers[table][key] = number
        self._keys[table][number] = key
        if number >= self._following[table]:
            self._following[table] = number + 1

    def _forgotten(self, table: str, number: int) -> tuple[str, ...] | None:
        key = self._keys.get(table, {}).pop(number, None)
        if key is not None and self._numbers[table].get(key) == number:
            del self._numbers[table][key]
            return key
        return None

    def _tell_unreadable(self) -> None:
        if self._unreadable:
            self.warnings.append(
                f"{self._unreadable} entries of the history have a form this qdeck does not know; "
                "they are left in the file as they are."
            )
            self._unreadable = 0

    def _put(self, kind: Kind[_V], values: Mapping[_K, _V], fresh: list[tuple[str, tuple[str, ...]]]) -> None:
        """Insert or update values in one operation each; what is inserted is added to `fresh`."""
        numbers = self._numbers[kind.table]
        now = self._now()
        table = self._database.table(kind.table)
        inserted: list[Document] = []
        updated: dict[tuple[str, ...], _V] = {}
        for key, value in values.items():
            if key in numbers:
                updated[key] = value
            else:
                number = self._following[kind.table]
                self._index(kind.table, key, number)
                inserted.append(Document(kind.dump(value), number))
                fresh.append((kind.table, key))

        def renew(document: object) -> None:
            assert isinstance(document, dict)
            value = updated[kind.key_of(document)]
            unknown = {name: member for name, member in document.items() if name not in KNOWN[kind.table]}
            row = unknown | kind.dump(_merged(kind, document, value, now))
            document.clear()
            document.update(row)

        if updated:
            table.update(renew, doc_ids=[numbers[key] for key in updated])
        if inserted:
            table.insert_multiple(inserted)

    def _remove(self, table: str, keys: Iterable[tuple[str, ...]]) -> list[tuple[str, tuple[str, ...], int]]:
        numbers = self._numbers[table]
        known = [(table, key, numbers[key]) for key in keys if key in numbers]
        if known:
            self._database.table(table).remove(doc_ids=[number for _, _, number in known])
            for _, _, number in known:
                self._forgotten(table, number)
        return known


def _known(values: Iterable[_V | None]) -> Iterator[_V]:
    return (value for value in values if value is not None)


def _merged(kind: Kind[_V], stored: Row, value: _V, now: datetime) -> _V:
    try:
        return kind.merge(
            kind.with_plausible_time(kind.load(stored), now), kind.with_plausible_time(value, now)
        )
    except msgspec.ValidationError:
        return value


def _unreadable(path: Path, error: Exception) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"The history {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
        "Check the permissions; until then it is kept in memory.",
    )
