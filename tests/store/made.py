"""Jobs and places for the tests of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.config.settings import Folders
from tui.domain.jobs import Job, JobStatus
from tui.store.journal.compaction import write_tables
from tui.store.journal.format import LONGEST_HEADER, Header, padded_header, parse_header
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.records.tables import SORT_KEYS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def places(root: Path) -> Folders:
    """Folders below `root`, made."""
    folders = Folders(root / "config", root / "data", root / "state")
    folders.create()
    return folders


Kept = dict[str, dict[str, dict[str, object]]]


def kept(folders: Folders) -> Kept:
    """What the history file holds: rows by table and number, read with TinyDB."""
    with JournalDB(storage=lambda: JournalStorage(folders.history_file, now=lambda: NOON)) as database:
        return {
            name: {str(row.doc_id): dict(row) for row in database.table(name)} for name in database.tables()
        }


def write_kept(folders: Folders, tables: Kept) -> None:
    """Put a history file with these rows in place."""
    write_tables(folders.history_file, tables, SORT_KEYS)


def set_schema(folders: Folders, schema: int) -> None:
    """Say in the history file that it is of this version."""
    data = folders.history_file.read_bytes()
    parsed = parse_header(data[:LONGEST_HEADER])
    assert parsed is not None
    old, length = parsed
    header = Header(schema, old.lineage, old.generation, old.seq, old.rows, old.bytes)
    folders.history_file.write_bytes(padded_header(header) + data[length:])


def made_job(number: int = 1, status: JobStatus = JobStatus.QUEUED, seconds: float = 0.0) -> Job:
    """A job of a hundred days ago, some minutes after noon, as told `seconds` later."""
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
