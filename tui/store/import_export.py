"""Export and import of the history as one JSON object; check and compaction of its file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from tui.store.database import Database
from tui.store.journal.file import JournalFile
from tui.store.journal.format import SCHEMA, Index, Scanner, scan
from tui.store.journal.tinydb_storage import lock_of
from tui.store.migration import JSON_SCHEMA
from tui.store.records.json_v1 import Row, Tables, encode
from tui.store.records.models import Key, PendingState, PendingSubmission
from tui.store.records.tables import COVERAGE, META, SUBMISSIONS, TABLES, ChangeSet


@dataclass(slots=True)
class Report:
    """Contents and damage of a history file.

    Attributes:
        rows: documents by table.
        bytes, needed: of the file, and of the lines that a rewritten one would have.
        damaged: places that are not what was written; `unfinished` bytes of a write that was broken off.
        unknown: documents of a form this version does not know.
    """

    schema: int = SCHEMA
    rows: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    needed: int = 0
    damaged: int = 0
    unfinished: int = 0
    unknown: int = 0

    @property
    def intact(self) -> bool:
        """Return whether everything in the file is what was written."""
        return not self.damaged and not self.unfinished


def check(path: Path) -> Report:
    """Read every line of the file. Changes nothing.

    A write that is under way looks like one that was broken off: then it is read again under the lock.

    Raises:
        OSError: it cannot be read.
    """
    report = _read_report(path)
    if report.unfinished:
        # Without the lock the report is of what was seen before.
        with contextlib.suppress(OSError), lock_of(path):
            report = _read_report(path)
    return report


def _read_report(path: Path) -> Report:
    file = JournalFile.opened(path)
    size = file.size()
    scanner = scan(file.blocks(file.first, size), Index(), file.first)
    header, index = file.header, scanner.index
    report = Report(
        rows={name: len(rows) for name, rows in index.tables.items()},
        bytes=size,
        needed=file.first + index.live,
        damaged=_damage(file, scanner, size),
        unfinished=0 if scanner.torn is None else size - scanner.torn,
        schema=header.schema if header is not None else SCHEMA,
    )
    for name, table in TABLES.items():
        for slot in index.tables.get(name, {}).values():
            try:
                table.load(msgspec.json.decode(file.document(slot), type=Row))
            except msgspec.MsgspecError:
                report.unknown += 1
    return report


def _damage(file: JournalFile, scanner: Scanner, size: int) -> int:
    """Return the number of places that are not what was written."""
    header = file.header
    return scanner.damaged + (header is None) + (header is not None and size < header.bytes)


def export_json(path: Path) -> Iterator[bytes]:
    """Yield the history as plain TinyDB JSON (`tui.store.records.json_v1`), in pieces.

    Of a damaged file the coverage is left out: some jobs may be lost.

    Raises:
        OSError: it cannot be read.
    """
    file = JournalFile.opened(path)
    size = file.size()
    scanner = scan(file.blocks(file.first, size), Index(), file.first)
    tables: Tables = {}
    for name, rows in scanner.index.tables.items():
        # The layout's own names need no escaping; a table of another program may have any.
        if name in TABLES and not (name == COVERAGE.name and _damage(file, scanner, size)):
            tables[name] = {
                str(number): msgspec.json.decode(file.document(slot), type=Row)
                for number, slot in rows.items()
            }
    tables[META] = {"1": {"schema": JSON_SCHEMA}}
    yield from encode(tables)


def import_json(
    path: Path, old: Path, tables: Tables, now: Callable[[], datetime], *, lost: int = 0
) -> tuple[dict[str, int], int]:
    """Merge the rows of an export into the history: what is there already is completed, nothing goes back.

    A submission in the send queue of another home is that one's to send: here it counts as not sent, and one
    that was being sent as unconfirmed.

    Args:
        lost: lines of the export that could not be read.

    Returns:
        How many rows of each table were read, by its name, and how many are of an unknown form and were left
        out. When any were lost or left out, the coverage is, too.

    Raises:
        QdeckError: `STORAGE`; nothing was written.
    """
    changes = ChangeSet()
    unknown = 0
    for name, table in TABLES.items():
        for row in tables.get(name, {}).values():
            try:
                changes.values[table][table.key_of_row(row)] = table.load(row)
            except msgspec.MsgspecError:
                unknown += 1
    if lost or unknown:
        changes.values[COVERAGE].clear()
    counts = {table.name: len(values) for table, values in changes.values.items()}
    database = Database(path, old, now)
    try:
        known = database.read_all().values[SUBMISSIONS]
        _send_nothing(changes.values[SUBMISSIONS], known, now())
        database.write(changes)
    finally:
        database.close()
    return counts, unknown


def _send_nothing(import_json: dict[Key, PendingSubmission], known: Collection[Key], now: datetime) -> None:
    for key, pending in list(import_json.items()):
        if pending.state is PendingState.SENDING:
            import_json[key] = replace(pending, state=PendingState.UNCONFIRMED, owner="")
        elif pending.state is PendingState.PREPARED and key in known:
            del import_json[key]
        elif pending.state is PendingState.PREPARED:
            note = "imported while it was in line"
            import_json[key] = replace(pending, state=PendingState.UNSENT, owner="", note=note, changed=now)


def compact_file(path: Path, old: Path, now: Callable[[], datetime]) -> tuple[int, int]:
    """Write the file anew with only what is needed.

    Returns:
        Its bytes before and after.

    Raises:
        QdeckError: `STORAGE`.
        OSError: there is no history.
    """
    database = Database(path, old, now)
    try:
        database.open()
        before = path.stat().st_size
        database.compact()
        return before, path.stat().st_size
    finally:
        database.close()
