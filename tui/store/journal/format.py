"""The lines of the journal: a checksum, and what happened to one document.

```
5d0f2a31 {"qdeck":"history","schema":2,"lineage":"...","generation":"...","seq":17,"rows":2,"bytes":513}
8c1b90aa [16,"jobs",1,{"id":"...","program":"sampler"}]
17aa04fe+[18,"jobs",2,{"id":"...","program":"sampler"}]
90be11c0 [19,"sessions",1,null]
```

Eight hex digits of CRC-32 over the rest of the line, a mark, a JSON value, a line feed (`cut -c10-` gives
the JSON). The mark is `+` when the next line belongs to the same batch, else a space: a batch is all there
or, when its last line is missing, not at all. A JSON list is `[seq, table, number, document]`: the document
was set, or removed (`null`); with `null` for the number the table was emptied (`{}`) or dropped (`null`).
`seq` counts the changes; a rewritten file keeps each document's, so that a reader knows what is new to it.
The JSON is ASCII, so no line feed is ever part of it. The first line is the header, of a fixed length.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

import msgspec

SCHEMA = 2
"""Version of the file's form and of its rows; 1 was one JSON object (`tui.store.records.json_v1`)."""
HEADER_BYTES = 256
LONGEST_HEADER = 4096
EMPTIED, GONE = b"{}", b"null"
MORE, LAST = b"+", b" "
_SHORT = 10
"""Bytes from the comma before a document to its line's end: fewer than this have `GONE` and `EMPTIED`."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


_names: dict[bytes, str] = {}
Slot = int | bytes
"""A document's place: its line's offset << 32 | length in the file, or its JSON while it is not written."""
Change = tuple[str, int | None, bytes]
"""A change of one document: table, number, JSON; as in `tui.store.journal.format`."""
LENGTH = 0xFFFF_FFFF
Touched = tuple[str, int]


class Header(msgspec.Struct, frozen=True):
    """The first line.

    Attributes:
        lineage: the same for all generations of one history.
        generation: another one each time the file is written anew.
        seq: the last change at that time.
        rows, bytes: documents and length of the file at that time: a shorter file was cut.
        repairs: how often a damaged file was written anew: what is missing after that was not removed.
    """

    schema: int
    lineage: str = ""
    generation: str = ""
    seq: int = 0
    rows: int = 0
    bytes: int = 0
    repairs: int = 0
    qdeck: str = "history"


def document_json(document: object) -> bytes:
    """Return a document as TinyDB's own storage would write it, without spaces.

    Raises:
        TypeError, ValueError: it holds what JSON cannot.
    """
    return _encode(document).encode("ascii")


def make_line(seq: int, table: str, number: int | None, document: bytes, mark: bytes = LAST) -> bytes:
    """Return a line, with its line feed.

    Args:
        number: of the document; `None`: the change is one of the whole table.
        document: JSON, `GONE` or `EMPTIED`.
        mark: `MORE` when the next line belongs to the same batch, else `LAST`.
    """
    # A comma in the name would be taken for the one after it.
    name = _encode(table).replace(",", "\\u002c").encode("ascii")
    place = b"null" if number is None else b"%d" % number
    return sealed(mark + b"[%d,%s,%s,%s]" % (seq, name, place, document))


def make_batch(seq: int, changes: Iterable[tuple[str, int | None, bytes]]) -> list[bytes]:
    """Return the lines of one batch.

    Args:
        seq: the last one used before it.
        changes: table, number and document of each, as in `make_line`.
    """
    listed = list(changes)
    return [
        make_line(seq + at, *change, LAST if at == len(listed) else MORE)
        for at, change in enumerate(listed, 1)
    ]


def sealed(rest: bytes) -> bytes:
    """Return a line with its line feed.

    Args:
        rest: mark and JSON.
    """
    return b"%08x%s\n" % (crc32(rest), rest)


def intact(line: bytes) -> bool:
    """Return whether a line (without its line feed) has the checksum it was written with."""
    return line[:8] == b"%08x" % crc32(line[8:])


def parse_line(line: bytes) -> tuple[bool, int, str, int | None, bytes] | None:
    """Parse a line without its line feed.

    Returns:
        `(more, seq, table, number, document)`; `None` when it is damaged. A document that is neither `GONE`
        nor `EMPTIED` is left out: hardly any is asked for, and copying them all takes a third of the time.
    """
    if line[:8] != b"%08x" % crc32(line[8:]):
        return None
    try:
        first = line.index(b",", 10)
        second = line.index(b",", first + 1)
        third = line.index(b",", second + 1)
        token, number = line[first + 1 : second], line[second + 1 : third]
        table = _names.get(token) or _name(token)
        place = None if number == b"null" else int(number)
        document = line[third + 1 : -1] if len(line) - third < _SHORT else b""
        return line[8:9] == MORE, int(line[10:first]), table, place, document
    except ValueError:
        return None


def document_of(data: bytes, start: int, length: int) -> bytes:
    """Return the document of the intact line that lies at `start` in `data`.

    Raises:
        IndexError: there is no such line.
    """
    end = start + length
    comma = data.find(b",", data.find(b",", data.find(b",", start + 10, end) + 1, end) + 1, end)
    if end > len(data) or comma < start:
        raise IndexError(f"{length} bytes at {start} are no line")
    return data[comma + 1 : end - 1]


def _name(token: bytes) -> str:
    name = json.loads(token)
    if not isinstance(name, str):
        raise ValueError("a table's name is a string")
    if len(_names) < 100:
        _names[token] = name
    return name


def make_header(
    *, lineage: str = "", seq: int = 0, rows: int = 0, size: int = HEADER_BYTES, repairs: int = 0
) -> bytes:
    """Return the header's line for a new generation, `HEADER_BYTES` long.

    Args:
        lineage: empty: that of a new history.
        size: bytes of the whole file.
    """
    generation = secrets.token_hex(8)
    return padded_header(
        Header(SCHEMA, lineage or secrets.token_hex(8), generation, seq, rows, size, repairs)
    )


def padded_header(header: Header) -> bytes:
    """Return the header's line."""
    return sealed(LAST + msgspec.json.encode(header).ljust(HEADER_BYTES - 10))


def parse_header(data: bytes) -> tuple[Header, int] | None:
    """Parse the header of the file that begins with `data`.

    A newer version may need a longer one: it ends with the first line feed.

    Returns:
        The header and the bytes it takes; `None` when it is damaged.
    """
    end = data.find(b"\n")
    if end < 0 or not intact(data[:end]):
        return None
    try:
        header = msgspec.json.decode(data[9:end], type=Header)
    except msgspec.MsgspecError:
        return None
    # Both are in every header that was ever written; a line without them is another kind of line.
    return (header, end + 1) if header.lineage and header.qdeck == "history" else None


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
            slot = 0 if number is None or document == GONE else offset << 32 | length
            if not more and not held and self.seen is None:
                # Nearly all lines of a large file are such.
                self.index.apply(table, number, document, slot)
                self.index.seq = max(self.index.seq, seq)
                offset += length + 1
                continue
            held.append((seq, table, number, document, slot))
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
