"""The history as one JSON object, out and in; and what a look at every line of its file finds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
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
from tui.store.records.changes import (
    EXTENT_KIND,
    INTENT_KIND,
    RECORDS,
    SESSION_KIND,
    TRANSPILED_KIND,
    Kind,
    WriteBatch,
)
from tui.store.records.json_v1 import Row, Tables, encode
from tui.store.records.models import PendingState, PendingSubmission
from tui.store.records.serialization import EXTENTS, JOBS, META, SESSIONS, SUBMISSIONS, TABLES, TRANSPILATIONS

_KINDS: dict[str, Kind[object]] = {
    JOBS: RECORDS,  # type: ignore[dict-item]  # a Kind is used here with its own values only
    SESSIONS: SESSION_KIND,  # type: ignore[dict-item]  # likewise
    SUBMISSIONS: INTENT_KIND,  # type: ignore[dict-item]  # likewise
    EXTENTS: EXTENT_KIND,  # type: ignore[dict-item]  # likewise
    TRANSPILATIONS: TRANSPILED_KIND,  # type: ignore[dict-item]  # likewise
}


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
    for name, kind in _KINDS.items():
        for slot in index.tables.get(name, {}).values():
            try:
                kind.load(msgspec.json.decode(file.document(slot), type=Row))
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
        if name in TABLES and not (name == EXTENTS and _damage(file, scanner, size)):
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
    values: dict[str, dict[tuple[str, ...], object]] = {}
    unknown = 0
    for name, kind in _KINDS.items():
        found = values[name] = {}
        for row in tables.get(name, {}).values():
            try:
                found[kind.key_of(row)] = kind.load(row)
            except msgspec.MsgspecError:
                unknown += 1
    if lost or unknown:
        values[EXTENTS] = {}
    counts = {name: len(found) for name, found in values.items()}
    ledger = Database(path, old, now)
    try:
        known = {intent.tag for intent in ledger.read_all().intents}
        _send_nothing(values[SUBMISSIONS], known, now())
        ledger.write(_batch(values))
    finally:
        ledger.close()
    return counts, unknown


def _send_nothing(found: dict[tuple[str, ...], object], known: set[str], now: datetime) -> None:
    for key, intent in list(found.items()):
        assert isinstance(intent, PendingSubmission)
        if intent.state is PendingState.SENDING:
            found[key] = replace(intent, state=PendingState.UNCONFIRMED, owner="")
        elif intent.state is PendingState.PREPARED and intent.tag in known:
            del found[key]
        elif intent.state is PendingState.PREPARED:
            found[key] = replace(
                intent, state=PendingState.UNSENT, owner="", note="imported while it was in line", changed=now
            )


def _batch(values: dict[str, dict[tuple[str, ...], object]]) -> WriteBatch:
    intents = {key[0]: intent for key, intent in values[SUBMISSIONS].items()}
    transpiled = {key[0]: one for key, one in values[TRANSPILATIONS].items()}
    return WriteBatch(values[JOBS], values[SESSIONS], intents, values[EXTENTS], transpiled)  # type: ignore[arg-type]  # loaded by their kinds


def compacted(path: Path, old: Path, now: Callable[[], datetime]) -> tuple[int, int]:
    """Write the file anew with only what is needed; returns its bytes before and after.

    Raises:
        QdeckError: `STORAGE`.
        OSError: there is no history.
    """
    ledger = Database(path, old, now)
    try:
        ledger.open()
        before = path.stat().st_size
        ledger.storage.compact()
        return before, path.stat().st_size
    finally:
        ledger.close()
