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
from itertools import chain, islice, repeat

import msgspec

Row = dict[str, object]
Tables = dict[str, dict[str, Row]]

_PIECE = 200
_HEADER = re.compile(rb'"([A-Za-z_]+)": ?\{')
_DOCUMENT = re.compile(rb'"(\d+)": ?(\{.*\}),?')
_row = msgspec.json.Decoder(Row)
_whole = msgspec.json.Decoder(Tables)


class Damaged(ValueError):
    """The file is not what was written."""


def encode(tables: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[bytes]:
    """Return the file's bytes, in pieces."""
    dump = msgspec.json.Encoder().encode
    yield b"{\n"
    for place, (name, table) in enumerate(tables.items()):
        yield b'%s"%s": {\n' % (b",\n" if place else b"", name.encode())
        separators = chain(repeat(b",\n", len(table) - 1), [b"\n"])
        documents = zip(table.items(), separators, strict=False)
        lines = (b'"%s": %s%s' % (number.encode(), dump(row), end) for (number, row), end in documents)
        while piece := b"".join(islice(lines, _PIECE)):
            yield piece
        yield b"}"
    yield b"\n}\n"


def decode(data: bytes) -> Tables:
    """Return the tables of a whole file.

    Raises:
        Damaged: it is not a whole file.
    """
    if data.startswith(b"{\n") and data.endswith(b"\n}\n}\n"):
        tables, lost = salvage(data, {})
        if not lost:
            return tables
    # Written by TinyDB's own storage or by another program: the same JSON, laid out differently.
    try:
        return _whole.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None


def salvage(data: bytes, marks: Mapping[str, str]) -> tuple[Tables, int]:
    """Return every document that is whole in a damaged file.

    Args:
        marks: for each table a field only its documents have: tells where documents belong when the line
            that begins their table is lost. Empty: those lines are relied on.

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
            if not marks:
                tables.setdefault(current, {})
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
