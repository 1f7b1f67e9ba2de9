"""Database of the sandbox: one SQLite file in a private folder, used by one process at a time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from pathlib import Path

from tui.common.atomic_file import make_folder
from tui.common.file_lock import FileLock, LockTimeout, file_lock
from tui.sandbox.db.jobs import SessionTable, SqlJobTable
from tui.sandbox.db.workloads import WorkloadTable

FILE_NAME = "sandbox.sqlite3"
_LOCK_SECONDS = 3.0
_SCHEMA_VERSION = 2
_FROM_VERSION_1 = """
ALTER TABLE sessions ADD COLUMN job_seconds REAL NOT NULL DEFAULT 0;
UPDATE sessions SET job_seconds = (SELECT total(qpu_seconds) FROM jobs WHERE session_id = sessions.id);
"""


class StateInUseError(RuntimeError):
    """Another sandbox is running on the same folder."""


class SandboxDatabase:
    """Jobs, sessions and settings under one folder (created, mode 0700).

    Raises:
        StateInUseError: when another sandbox uses the folder for longer than some seconds.
        OSError: when the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        folder.chmod(0o700)
        self._lock = _lock(folder)
        self._connection = _open(folder / FILE_NAME)
        self.jobs = SqlJobTable(self._connection)
        self.sessions = SessionTable(self._connection)
        self.workloads = WorkloadTable(self._connection)

    def setting(self, name: str) -> str | None:
        """Return the value stored under a name, None when there is none."""
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str | None) -> None:
        """Store a value under a name; None removes it."""
        if value is None:
            self._connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file and release the folder."""
        self._connection.close()
        self._lock.release()


def _lock(folder: Path) -> FileLock:
    """Lock the folder; wait a little, since the sandbox before us may still be on its way out."""
    path = folder / "lock"
    lock = file_lock(path, _LOCK_SECONDS, native=True)
    try:
        lock.acquire()
    except LockTimeout:
        owner = path.read_bytes()[:20].decode("ascii", "replace")
        message = f"another sandbox (process {owner}) is using {folder}; end that one first"
        raise StateInUseError(message) from None
    path.write_text(str(os.getpid()))
    return lock


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, or start a new one beside a file that is no longer readable."""
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        damaged = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        print(
            f"qdeck sandbox: {path} is not readable ({error}); it is kept as {damaged.name}", file=sys.stderr
        )
        path.replace(damaged)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # WAL with NORMAL keeps every finished statement when the process is killed.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        changes = {0: _schema(connection), 1: _FROM_VERSION_1, _SCHEMA_VERSION: ""}
        if changes.get(version):
            connection.executescript(
                f"BEGIN; {changes[version]} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
            )
        elif version not in changes:
            raise sqlite3.DatabaseError(f"it was written by another version of qdeck ({version})")
    except sqlite3.DatabaseError:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        raise
    return connection


def _schema(connection: sqlite3.Connection) -> str:
    jobs, sessions = SqlJobTable(connection), SessionTable(connection)
    return f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, {jobs.definition()},
    params TEXT, result TEXT, logs TEXT, transpiled TEXT, UNIQUE (id)
);
CREATE INDEX jobs_pending ON jobs (status) WHERE status IN ('Queued', 'Running');
CREATE INDEX jobs_session ON jobs (session_id) WHERE session_id <> '';
CREATE INDEX jobs_created ON jobs (face, created);
CREATE TABLE sessions ({sessions.definition()}, PRIMARY KEY (id));
"""
