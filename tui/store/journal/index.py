"""Places of the documents in the journal: tables of numbers, in the order TinyDB would have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tui.store.journal.format import EMPTIED, GONE, parse_line

Slot = int | bytes
"""A document's place: its line's offset << 32 | length in the file, or its JSON while it is not written."""
Change = tuple[str, int | None, bytes]
"""A change of one document: table, number, JSON; as in `tui.store.journal.format`."""
LENGTH = 0xFFFF_FFFF
Touched = tuple[str, int]


def slot_bytes(slot: Slot) -> int:
    """Return the bytes of the document's line in the file, with its line feed."""
    return len(slot) + 40 if isinstance(slot, bytes) else (slot & LENGTH) + 1


class Index:
    """The state of all tables, without the documents.

    Attributes:
        tables: for each table the slot of each document, by number; the order is TinyDB's.
        seq: the last change applied.
        live: bytes of the lines that are still needed.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Slot]] = {}
        self.seq = 0
        self.live = 0

    def apply(self, table: str, number: int | None, document: bytes, slot: Slot) -> None:
        """Apply one change.

        Args:
            number: `None`: the whole table is emptied or, with `GONE` for the document, dropped.
            slot: place of the document.
        """
        if number is None:
            old = self.tables.pop(table, {})
            self.live -= sum(map(slot_bytes, old.values()))
            if document == EMPTIED:
                self.tables[table] = {}
            return
        rows = self.tables.get(table)
        if rows is None:
            rows = self.tables[table] = {}
        before = rows.get(number)
        if before is not None:
            self.live -= slot_bytes(before)
        if document == GONE:
            rows.pop(number, None)
        else:
            rows[number] = slot
            self.live += slot_bytes(slot)

    @property
    def rows(self) -> int:
        """Return the number of documents in all tables."""
        return sum(map(len, self.tables.values()))


@dataclass(slots=True)
class Scanner:
    """Feeds the bytes of a journal to an index, line by line; a batch is applied when its last line came.

    Attributes:
        position: offset of the next byte to be fed.
        damaged: lines that are not what was written.
        touched: documents that changed after `seen`, when it is given.
        torn: offset of a write that was not finished, once the end was fed; `None`: there is none.
    """

    index: Index
    position: int
    seen: int | None = None
    damaged: int = 0
    touched: dict[Touched, None] = field(default_factory=dict)
    torn: int | None = None
    _held: list[tuple[int, str, int | None, bytes, Slot]] = field(default_factory=list)
    _held_from: int | None = None
    _held_damaged: bool = False
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        """Apply the next bytes of the file; a line at the end that is not whole waits for the next ones."""
        data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        offset = self.position
        held = self._held
        for line in lines:
            length = len(line)
            parsed = parse_line(line)
            if parsed is None:
                if self._held_from is not None:
                    self._held_damaged = True
                self.damaged += 1
                offset += length + 1
                continue
            more, seq, table, number, document = parsed
            if number is None or document == GONE:
                held.append((seq, table, number, document, 0))
            else:
                held.append((seq, table, number, b"", offset << 32 | length))
            if more:
                if self._held_from is None:
                    self._held_from = offset
            else:
                self._apply_batch()
            offset += length + 1
        self.position = offset

    def end(self) -> None:
        """Apply what is left, at the end of the file."""
        if self._rest:
            self._last_line()
        if self._held_damaged:
            # The end of that batch is what is damaged: what is left of it counts.
            self._apply_batch()
        if self._held_from is not None:
            self.torn = self._held_from
        elif self._rest:
            self.torn = self.position

    def _last_line(self) -> None:
        """A last line without its line feed, or with another byte in its place, may be whole."""
        for line in (self._rest, self._rest[:-1]):
            if parse_line(line) is not None:
                end = self.position + len(self._rest)
                self._rest = b""
                self.feed(line + b"\n")
                self.position = end
                self.damaged += 1
                return

    def _apply_batch(self) -> None:
        index = self.index
        for seq, table, number, document, slot in self._held:
            if self.seen is not None and seq > self.seen:
                if number is None:
                    self.touched.update(((table, each), None) for each in index.tables.get(table, ()))
                else:
                    self.touched[table, number] = None
            index.apply(table, number, document, slot)
            if seq > index.seq:
                index.seq = seq
        self._held.clear()
        self._held_from, self._held_damaged = None, False


def scan(blocks: Iterable[bytes], index: Index, start: int, seen: int | None = None) -> Scanner:
    """Apply the blocks of a journal from offset `start` to its end to an index.

    Args:
        seen: the last change that is known already; changes after it are `touched`.

    Returns:
        The scanner at the end, with what it found.
    """
    scanner = Scanner(index, start, seen)
    for block in blocks:
        scanner.feed(block)
    scanner.end()
    return scanner
