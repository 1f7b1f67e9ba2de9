"""TinyDB's storage for the history: atomic writes, a lock between processes, damaged files set aside."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from tinydb.storages import Storage

from tui.domain.errors import ErrorKind, QdeckError
from tui.history.files import remove_leftovers, replace_file
from tui.history.layout import Damaged, Tables, decode, encode, salvage

LOCK_SECONDS = 15.0
Stamp = tuple[int, int, int]


class AtomicStorage(Storage):
    """One JSON file, shared by processes; what it holds is kept in memory and read again when it changed.

    TinyDB reads and writes whole tables an operation. `batch` puts any number of operations under one lock
    between processes and into one write of the file. Operations outside a batch are a batch of one, but
    reading and writing are two of them: whoever changes something does it in a batch.

    Attributes:
        warnings: what the user should be told, in sentences; the reader takes them out.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime], marks: Mapping[str, str] | None = None
    ) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._now = now
        self._marks = dict(marks or {})
        self._lock = FileLock(str(path) + ".lock", timeout=LOCK_SECONDS, mode=0o600)
        self._thread = threading.RLock()
        self._tables: Tables | None = None
        self._stamp: Stamp | None = None
        self._in_batch = False
        self._changed = False
        self.reads = 0
        """How often the file was read: a caller compares it to know whether another process wrote."""

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All tables; `None` when there is no file yet. Shared, not copied: change it only by `write`."""
        if self._in_batch:
            return self._tables
        with self.batch():
            return self._tables

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all tables: at the end of the batch, or now."""
        if not self._in_batch:
            with self.batch():
                self.write(data)
            return
        self._tables = {name: dict(table) for name, table in data.items()}
        self._changed = True

    def changed_elsewhere(self) -> bool:
        """Whether the file is another one than was last read or written here."""
        return self._stamp_of_file() != self._stamp

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the lock, read the file if it changed, and write it once at the end if anything changed.

        Raises:
            QdeckError: `STORAGE`: it cannot be locked, read or written. The file is as it was before,
                and what was changed in memory is forgotten.
        """
        with self._thread, self._failures(), self._lock:
            try:
                self._refresh()
                self._in_batch = True
                yield
                if self._changed:
                    self._store()
            except BaseException:
                # What is in memory may be ahead of the file: read it again next time.
                self._tables, self._stamp = None, None
                raise
            finally:
                self._in_batch = self._changed = False

    def close(self) -> None:
        """Let go of the lock file."""
        self._lock.release(force=True)

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except Timeout:
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history {self.path} is held by another qdeck for more than {LOCK_SECONDS:.0f} s.",
                "Look for one that is stopped, and end it.",
            ) from None
        except OSError as error:
            raise QdeckError(
                ErrorKind.STORAGE,
                f"The history {self.path} cannot be written or read: {error.strerror or error}.",
                "Make room or check the permissions; until then it is kept in memory.",
            ) from error

    def _stamp_of_file(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _refresh(self) -> None:
        stamp = self._stamp_of_file()
        if stamp == self._stamp and (self._tables is not None or stamp is None):
            return
        self.reads += 1
        if stamp is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._tables, self._stamp = None, None
            return
        if self._stamp is None:
            remove_leftovers(self.path)
        data = self.path.read_bytes()
        try:
            self._tables = decode(data)
        except Damaged:
            self._tables, lost = salvage(data, self._marks)
            self._set_aside(lost)
            return
        # Writers are kept out by the lock, so this is the stamp of what was read.
        self._stamp = stamp

    def _set_aside(self, lost: int) -> None:
        """Keep the damaged file under another name before the salvaged documents take its place."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{self._now():%Y%m%dT%H%M%S.%f}")
        try:
            os.link(self.path, aside)
        except OSError:
            # No hard links here (some network and FUSE file systems): a copy does it too.
            shutil.copyfile(self.path, aside)
            aside.chmod(0o600)
        kept = sum(len(table) for table in (self._tables or {}).values())
        self.warnings.append(
            f"The history file was damaged. {kept} entries were read from it, {lost} lines could not be; "
            f"the damaged file is kept as {aside.name}."
        )
        try:
            self._store()
        except OSError:
            self.warnings.pop()
            aside.unlink()
            raise

    def _store(self) -> None:
        written = replace_file(self.path, encode(self._tables or {}))
        self._stamp = (written.st_ino, written.st_mtime_ns, written.st_size)
