"""The history as one JSON object, out and in; and what a look at every line of its file finds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from tui.store.database import Database
from tui.store.journal.file import JournalFile
from tui.store.journal.format import SCHEMA
from tui.store.journal.index import Index, Scanner
from tui.store.journal.tinydb_storage import lock_of
from tui.store.migration import JSON_SCHEMA
from tui.store.records.json_v1 import Row, Tables, encode
from tui.store.records.models import Key, PendingState, PendingSubmission
from tui.store.records.tables import COVERAGE, META, SUBMISSIONS, TABLES, ChangeSet


@dataclass(slots=True)
class Report:
    """What is in a history file.

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
    def well(self) -> bool:
        """Whether everything in the file is what was written."""
        return not self.damaged and not self.unfinished


def check(path: Path) -> Report:
    """Look at every line of the file. Changes nothing.

    A write that is under way looks like one that was broken off: then it is looked at again under the lock.

    Raises:
        OSError: it cannot be read.
    """
    report = _looked_at(path)
    if report.unfinished:
        # Who cannot have the lock says what was seen without it.
        with contextlib.suppress(OSError), lock_of(path):
            report = _looked_at(path)
    return report


def _looked_at(path: Path) -> Report:
    file = JournalFile.opened(path)
    size = file.size()
    scanner = _scanned(file, size)
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


def _scanned(file: JournalFile, size: int) -> Scanner:
    scanner = Scanner(Index(), file.first)
    for block in file.blocks(file.first, size):
        scanner.feed(block)
    scanner.end()
    return scanner


def _damage(file: JournalFile, scanner: Scanner, size: int) -> int:
    """Places that are not what was written."""
    header = file.header
    return scanner.damaged + (header is None) + (header is not None and size < header.bytes)


def exported(path: Path) -> Iterator[bytes]:
    """The history as plain TinyDB JSON (`tui.store.records.json_v1`), in pieces; its file is not changed.

    Of a damaged file it is said no more from when to when all jobs are known: some may be lost.

    Raises:
        OSError: it cannot be read.
    """
    file = JournalFile.opened(path)
    size = file.size()
    scanner = _scanned(file, size)
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


def imported(
    path: Path, old: Path, tables: Tables, now: Callable[[], datetime], *, lost: int = 0
) -> tuple[dict[str, int], int]:
    """Merge the rows of an export into the history: what is there already is completed, nothing goes back.

    What waits to be sent in another home is that one's to send: here it counts as not sent, and what was
    being sent as unconfirmed.

    Args:
        lost: lines of the export that could not be read.

    Returns:
        How many rows of each table were read, and how many are of an unknown form and were left out. When
        any were lost or left out it is not taken over from when to when all jobs are known.

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


def _send_nothing(imported: dict[Key, PendingSubmission], known: Collection[Key], now: datetime) -> None:
    for key, pending in list(imported.items()):
        if pending.state is PendingState.SENDING:
            imported[key] = replace(pending, state=PendingState.UNCONFIRMED, owner="")
        elif pending.state is PendingState.PREPARED and key in known:
            del imported[key]
        elif pending.state is PendingState.PREPARED:
            note = "imported while it was in line"
            imported[key] = replace(pending, state=PendingState.UNSENT, owner="", note=note, changed=now)


def compacted(path: Path, old: Path, now: Callable[[], datetime]) -> tuple[int, int]:
    """Write the file anew with only what is needed; returns its bytes before and after.

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
