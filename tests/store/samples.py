"""Sample jobs, folders and journals for tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.clock import FakeClock
from tui.config.settings import Folders
from tui.domain.jobs import Job, JobStatus
from tui.store.journal.file import write_tables
from tui.store.journal.format import LONGEST_HEADER, Header, padded_header, parse_header
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.records.tables import SORT_KEYS
from tui.store.repository import JobRepository

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = ("platform", "job-00001")
"""The key of `sample_job(1)`."""


def make_folders(root: Path) -> Folders:
    """Make folders below `root`."""
    folders = Folders(root / "config", root / "data", root / "state")
    folders.create()
    return folders


TablesByName = dict[str, dict[str, dict[str, object]]]


def read_tables(folders: Folders) -> TablesByName:
    """Return the rows of the history file by table and number, read with TinyDB."""
    with JournalDB(storage=lambda: JournalStorage(folders.history_file, now=lambda: NOON)) as database:
        return {
            name: {str(row.doc_id): dict(row) for row in database.table(name)} for name in database.tables()
        }


def write_journal(folders: Folders, tables: TablesByName) -> None:
    """Write a history file with these rows."""
    write_tables(folders.history_file, tables, SORT_KEYS)


def set_schema(folders: Folders, schema: int) -> None:
    """Set the version in the history file's header."""
    data = folders.history_file.read_bytes()
    parsed = parse_header(data[:LONGEST_HEADER])
    assert parsed is not None
    old, length = parsed
    header = Header(schema, old.lineage, old.generation, old.seq, old.rows, old.bytes)
    folders.history_file.write_bytes(padded_header(header) + data[length:])


def sample_job(number: int = 1, status: JobStatus = JobStatus.QUEUED, seconds: float = 0.0) -> Job:
    """Return a job of a hundred days ago, `number` minutes after noon, confirmed `seconds` later."""
    created = NOON - timedelta(days=100) + timedelta(minutes=number)
    return Job(
        id=f"job-{number:05d}",
        service="platform",
        backend="ibm_peekskill",
        program="sampler",
        status=status,
        status_text=status.value.title(),
        created=created,
        instance="crn:one",
        tags=("demo",),
        confirmed=created + timedelta(seconds=seconds),
    )


def compact_journal(folders: Folders) -> None:
    """Write the history file anew with only what is needed."""
    storage = JournalStorage(folders.history_file, now=lambda: NOON)
    storage.compact()
    storage.close()


async def open_repository(folders: Folders) -> JobRepository:
    """Return the repository of a history, read as a whole; its clock stands still at noon."""
    history = JobRepository(folders, FakeClock())
    await history.open()
    await history.loaded()
    return history
