"""Migration of the history of earlier versions, one JSON object in `history.json`, into a journal; once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import file_lock
from tui.store.journal.file import write_tables
from tui.store.journal.format import SCHEMA
from tui.store.records.json_v1 import Damaged, Tables, decode, salvage
from tui.store.records.tables import COVERAGE, MARKS, META, SORT_KEYS

JSON_SCHEMA = 1
LOCK_SECONDS = 15.0
_MOST_BYTES = 2_000_000_000


def read_json(path: Path) -> tuple[Tables, int]:
    """Return the tables of a JSON history, and how many lines of it could not be read.

    Raises:
        OSError: it cannot be read.
        QdeckError: `STORAGE`: it is of a newer version.
    """
    data = read_file(path, _MOST_BYTES)
    lost = 0
    try:
        tables = decode(data)
    except Damaged:
        tables, lost = salvage(data, MARKS)
    found = tables.pop(META, {}).get("1", {}).get("schema", JSON_SCHEMA)
    if not isinstance(found, int) or found > JSON_SCHEMA:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"The history {path} was written by a newer qdeck (version {found!r} of its form): it is not "
            f"taken over. This qdeck knows JSON of version {JSON_SCHEMA} and journals of version {SCHEMA}.",
            "Use the newer qdeck, or another QDECK_HOME.",
        )
    return tables, lost


def upgrade(old: Path, new: Path, now: Callable[[], datetime]) -> list[str]:
    """Write the journal `new` from the JSON history `old`, when there is only the latter.

    The old file stays until the journal is on the disk, and is then kept under another name.

    Returns:
        Sentences for the user; empty when there was nothing to do.

    Raises:
        OSError, QdeckError: `old` is as it was, and there is no `new`.
    """
    if new.exists() or not old.is_file():
        return []
    # Also keeps out an earlier version that runs right now.
    with (
        file_lock(new.with_name(f"{new.name}.lock"), LOCK_SECONDS),
        file_lock(old.with_name(f"{old.name}.lock"), LOCK_SECONDS),
    ):
        if new.exists() or not old.is_file():
            return []
        tables, lost = read_json(old)
        if lost:
            # They say that no job is missing.
            tables.pop(COVERAGE.name, None)
        rows = write_tables(new, tables, SORT_KEYS)
        kept = old.with_name(f"{old.name}.{'damaged' if lost else 'before'}-{now():%Y%m%dT%H%M%S.%f}")
        old.rename(kept)
    warning = f"The history was taken over into {new.name}: {rows} entries. "
    warning += f"The old file is kept as {kept.name}."
    if lost:
        warning += f" It was damaged: {lost} lines could not be read."
    return [warning]
