"""TinyDB's storage for the history: an append-only journal shared by processes.

A change is appended as a line with a checksum (`tui.store.journal.format`) and is on the disk when the
operation returns: one write and one `fdatasync` a batch. Documents are not kept in memory, only where they
are. When more than half of the file is not needed any more it is written anew beside and renamed into place.

Several processes may use one file. Each read and write takes a lock for that moment (`filelock`: the
kernel's `flock`, which ends with the process that held it) and first reads what the others appended; a
file that was written anew is another generation and is read from its beginning.

On a network file system: nothing relies on mmap, leases or atomic appending. The file is opened anew under
the lock each time, which makes an NFS client ask the server (close-to-open consistency), so no write is
lost where `flock` is passed on to the server (Linux: NFS 3 with lockd, NFS 4). Not promised there: to see
another machine's jobs within a second (attributes are cached for up to a minute), and anything on mounts
whose locks are local (`nolock`, `local_lock=flock`): let one machine write there.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tinydb.storages import Storage

from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import file_lock
from tui.store.journal.file import ChangedUnderneath, JournalFile, SortKeys, missing_or_changed, rewrite
from tui.store.journal.format import EMPTIED, GONE, SCHEMA, Change, Slot, document_json, make_batch
from tui.store.journal.recovery import JournalRecovery

if TYPE_CHECKING:
    from tui.common.file_lock import FileLock

LOCK_SECONDS = 15.0
COMPACT_BYTES = 4 << 20
"""A smaller file is never compacted by itself."""


def lock_of(path: Path) -> FileLock:
    """Return the lock of the journal at `path`, which every process takes to read or write it."""
    return file_lock(path.with_name(f"{path.name}.lock"), LOCK_SECONDS, poll_seconds=0.003)


class Rows(Mapping[str, dict[str, Any]]):
    """A table's documents by number as text, as TinyDB wants them; each is read when it is asked for."""

    def __init__(self, file: JournalFile | None, slots: dict[int, Slot]) -> None:
        self._file = file
        self.slots = slots

    def __getitem__(self, number: str) -> dict[str, Any]:
        return self._load(self.slots[int(number)])

    def __iter__(self) -> Iterator[str]:
        return map(str, list(self.slots))

    def __len__(self) -> int:
        return len(self.slots)

    def documents(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield all documents by number, as they are now."""
        for number, slot in list(self.slots.items()):
            yield number, self._load(slot)

    def _load(self, slot: Slot) -> dict[str, Any]:
        if isinstance(slot, bytes):
            document = slot
        else:
            assert self._file is not None
            document = self._file.document(slot)
        return cast("dict[str, Any]", json.loads(document))


class JournalStorage(Storage):
    """TinyDB's storage. With `tui.store.journal.tinydb_table.JournalDB` an operation costs what it changes;
    with TinyDB's own tables everything works too, but each write compares whole tables.

    Args:
        path: the journal; made with the first write.
        now: for the names of files set aside.
        sort_keys: what documents are sorted by when the file is written anew; other tables keep their order.
        claims: tables that say something of the rest of the file: dropped when a damaged one is written anew.

    Attributes:
        warnings: sentences for the user; the reader takes them out.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        sort_keys: SortKeys | None = None,
        claims: Collection[str] = (),
        compact_bytes: int = COMPACT_BYTES,
    ) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.compact_bytes = compact_bytes
        self._sort_keys = sort_keys or {}
        self._state = JournalRecovery(path, self.warnings, now, self._sort_keys, claims)
        self._thread = threading.RLock()
        self._in_batch = False
        self._staged: list[Change] = []
        self._undo: list[tuple[str, int | None, object]] = []
        self._copied: set[str] = set()

    @property
    def state(self) -> JournalRecovery:
        """Return the file and the index, as of the last batch."""
        return self._state

    @property
    def version(self) -> int:
        """Return how often other processes' changes were read."""
        return self._state.version

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Return all tables.

        Returns:
            `Rows` by name, whose documents are read when they are asked for; `None` when there is no table.

        Raises:
            QdeckError: `STORAGE`.
        """
        with self.batch():
            index, file = self._state.index, self._state.file
            tables = {name: Rows(file, rows) for name, rows in index.tables.items()} or None
            # TinyDB asks for dictionaries and uses mappings.
            return cast("dict[str, dict[str, Any]] | None", tables)

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all tables: what differs from what is there is written.

        Raises:
            QdeckError: `STORAGE`; the file holds nothing of it.
        """
        with self.batch():
            tables = self._state.index.tables
            for name in [name for name in tables if name not in data]:
                self.stage(name, None, GONE)
            for name, rows in data.items():
                known = tables.get(name)
                if isinstance(rows, Rows) and rows.slots is known:
                    continue
                if known is None:
                    self.stage(name, None, EMPTIED)
                self._write_table(name, rows)

    def document(self, table: str, number: int) -> bytes | None:
        """Return a document's JSON; `None` when there is none. Call it in a batch."""
        slot = self._state.index.tables.get(table, {}).get(number)
        if slot is None:
            return None
        return slot if isinstance(slot, bytes) else self._file().document(slot)

    def stage(self, table: str, number: int | None, document: bytes) -> None:
        """Make a change, which is written at the end of the batch.

        Args:
            number, document: as in `tui.store.journal.format.make_line`.
        """
        index = self._state.index
        rows = index.tables.get(table)
        if number is None or document == GONE or rows is None:
            if table not in self._copied:
                # A removal changes the order, so it is undone by a copy.
                self._copied.add(table)
                self._undo.append((table, None, None if rows is None else dict(rows)))
        elif table not in self._copied:
            self._undo.append((table, number, rows.get(number)))
        index.apply(table, number, document, document)
        self._staged.append((table, number, document))

    def changed_elsewhere(self) -> bool:
        """Return whether the file is another one than was last read or written here. Takes no lock."""
        return missing_or_changed(self.path, self._state.file, self._state.position)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the lock, read what others wrote, write what is staged meanwhile at the end, all or nothing.

        Raises:
            QdeckError: `STORAGE`: it cannot be locked, read or written; the file holds nothing of the batch.
        """
        with self._thread:
            if self._in_batch:
                yield
                return
            with self._failures(), self._locked():
                self._state.catch_up()
                live = self._state.index.live
                self._in_batch = True
                try:
                    yield
                    self._commit()
                except BaseException:
                    self._roll_back(live)
                    raise
                finally:
                    self._in_batch = False
                    self._staged, self._undo, self._copied = [], [], set()
                self._compact_if_worth_it()

    @functools.cached_property
    def _lock(self) -> FileLock:
        return lock_of(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock. On a read-only file system there is none to be had: then it is read without."""
        try:
            self._lock.acquire()
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            yield
            return
        try:
            yield
        finally:
            self._lock.release()

    def compact(self) -> None:
        """Write the file anew with only what is needed.

        Raises:
            QdeckError: `STORAGE`.
        """
        with self.batch():
            self._refuse_newer()
            if self._state.file is not None:
                self._rewrite()

    def close(self) -> None:
        """Release the lock."""
        self._lock.release(force=True)

    def _file(self) -> JournalFile:
        file = self._state.file
        if file is None:
            raise ChangedUnderneath(f"{self.path} is not there any more")
        return file

    def _write_table(self, name: str, rows: Mapping[str, Any]) -> None:
        known = self._state.index.tables.get(name, {})
        new = {int(number): document_json(dict(row)) for number, row in rows.items()}
        for number in [number for number in known if number not in new]:
            self.stage(name, number, GONE)
        for number, document in new.items():
            if self.document(name, number) != document:
                self.stage(name, number, document)

    def _commit(self) -> None:
        if not self._staged:
            return
        self._refuse_newer()
        state = self._state
        if state.unrepaired is not None:
            raise state.unrepaired
        if state.file is None:
            state.create()
        elif not state.file.writable:
            raise PermissionError(errno.EACCES, "it may be read, but not written")
        lines = make_batch(state.index.seq, self._staged)
        at = state.position
        self._file().append(b"".join(lines), at)
        index = state.index
        for (table, number, document), line in zip(self._staged, lines, strict=True):
            rows = index.tables.get(table)
            if number is not None and rows is not None and rows.get(number) is document:
                slot: Slot = at << 32 | len(line) - 1
                index.apply(table, number, b"", slot)
            at += len(line)
        index.seq += len(lines)
        state.position = at

    def _roll_back(self, live: int) -> None:
        tables = self._state.index.tables
        for table, number, before in reversed(self._undo):
            if number is None:
                if isinstance(before, dict):
                    tables[table] = before
                else:
                    tables.pop(table, None)
            elif isinstance(before, int | bytes):
                tables[table][number] = before
            else:
                tables[table].pop(number, None)
        self._state.index.live = live

    def _compact_if_worth_it(self) -> None:
        state = self._state
        if state.position > self.compact_bytes and state.position > 2 * state.index.live and not state.newer:
            # The batch is on the disk already: failing here costs nothing but room.
            try:
                self._rewrite()
            except ChangedUnderneath:
                # Damage that nobody has met yet: the next batch reads the whole file and repairs it.
                state.distrust()
            except OSError:
                self.compact_bytes = 2 * state.position

    def _rewrite(self) -> None:
        rewrite(self.path, self._state.index, self._state.file, self._sort_keys)
        self._state.adopt()

    def _refuse_newer(self) -> None:
        if self._state.newer:
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history was written by a newer qdeck (version {self._state.newer} of its form, this "
                f"one knows {SCHEMA}): it is read, not written.",
                "Use the newer qdeck, or another QDECK_HOME.",
            )

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        from tui.common.file_lock import LockTimeout

        try:
            yield
        except LockTimeout:
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history {self.path} is held by another qdeck for more than {LOCK_SECONDS:.0f} s.",
                "Look for one that is stopped, and end it.",
            ) from None
        except OSError as error:
            if isinstance(error, ChangedUnderneath):
                self._state.distrust()
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history {self.path} cannot be written or read: {error.strerror or error}.",
                "Make room or check the permissions; until then it is kept in memory.",
            ) from error
