"""The layout of the history file: one JSON object, one document a line, so that a damaged one can be read.

```
{
"jobs": {
"1": {"id": "...", ...},
"2": {"id": "...", ...}
},
"meta": {
"1": {"schema": 1}
}
}
```

That is plain TinyDB JSON (tables of documents by their number as text): TinyDB's own `JSONStorage` reads it
too. The lines make it possible to decode in small pieces, which never hold up the event loop's thread for
long, and to keep every whole line of a damaged file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

Row = dict[str, object]
Tables = dict[str, dict[str, Row]]

_PIECE = 200
_HEADER = re.compile(rb'"([A-Za-z_]+)": ?\{')
_DOCUMENT = re.compile(rb'"(\d+)": ?(\{.*\}),?')
_rows = msgspec.json.Decoder(dict[str, Row])
_row = msgspec.json.Decoder(Row)
_whole = msgspec.json.Decoder(Tables)


class Damaged(ValueError):
    """The file is not what was written."""


def encode(tables: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[bytes]:
    """The file's bytes, in pieces."""
    dump = msgspec.json.Encoder().encode
    yield b"{\n"
    for place, (name, table) in enumerate(tables.items()):
        if place:
            yield b",\n"
        yield b'"%s": {\n' % name.encode()
        lines: list[bytes] = []
        left = len(table)
        for number, row in table.items():
            left -= 1
            lines.append(b'"%s": %s%s' % (number.encode(), dump(row), b",\n" if left else b"\n"))
            if len(lines) == _PIECE:
                yield b"".join(lines)
                lines.clear()
        yield b"".join(lines)
        yield b"}"
    yield b"\n}\n"


def decode(data: bytes) -> Tables:
    """The tables of a whole file.

    Raises:
        Damaged: it is not a whole file.
    """
    try:
        return _by_lines(data)
    except (Damaged, msgspec.MsgspecError, UnicodeDecodeError):
        # Written by TinyDB's own storage or by another program: the same JSON, laid out differently.
        try:
            return _whole.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Damaged(str(error)) from None


def _by_lines(data: bytes) -> Tables:
    lines = data.split(b"\n")
    if len(lines) < 3 or lines[0] != b"{" or lines[-2:] != [b"}", b""]:
        raise Damaged("the beginning or the end is missing")
    tables: Tables = {}
    at, end = 1, len(lines) - 2
    while at < end:
        header = _HEADER.fullmatch(lines[at])
        if header is None:
            raise Damaged(f"line {at + 1} begins no table")
        at += 1
        start = at
        while at < end and lines[at] not in (b"}", b"},"):
            at += 1
        if at == end:
            raise Damaged("a table has no end")
        table: dict[str, Row] = {}
        for first in range(start, at, _PIECE):
            piece = b"".join(lines[first : min(first + _PIECE, at)]).removesuffix(b",")
            table.update(_rows.decode(b"{" + piece + b"}"))
        if len(table) != at - start:
            raise Damaged("a document is there twice")
        tables[header[1].decode()] = table
        at += 1
    return tables


def salvage(data: bytes, marks: Mapping[str, str]) -> tuple[Tables, int]:
    """Every document that is whole in a damaged file.

    Args:
        marks: for each table a field only its documents have: tells where documents belong when the line
            that begins their table is lost.

    Returns:
        The tables, and how many lines could not be read.
    """
    tables: Tables = {}
    lost = 0
    current = ""
    for line in data.split(b"\n"):
        if line in (b"", b"{", b"}", b"},"):
            current = current if line in (b"", b"{") else ""
            continue
        if header := _HEADER.fullmatch(line):
            current = header[1].decode()
            continue
        match = _DOCUMENT.fullmatch(line)
        try:
            row = _row.decode(match[2]) if match else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            row = None
        if match is None or row is None:
            lost += 1
            continue
        name = next((table for table, mark in marks.items() if mark in row), current)
        if name:
            tables.setdefault(name, {})[match[1].decode()] = row
        else:
            lost += 1
    return tables, lost
