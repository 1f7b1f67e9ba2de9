"""Writing a whole journal anew: with the needed lines of the old one, or with documents of another source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tui.common.atomic_file import replace_file
from tui.store.journal.file import JournalFile
from tui.store.journal.format import (
    EMPTIED,
    HEADER_BYTES,
    LAST,
    document_json,
    make_header,
    make_line,
    sealed,
)
from tui.store.journal.index import Index

_AT_ONCE = 500
SortKeys = Mapping[str, Callable[[bytes], Any]]
"""By table, the function from a document's JSON to what documents are sorted by in a rewritten file."""


def rewrite(
    path: Path, index: Index, file: JournalFile | None, sort_keys: SortKeys, *, repaired: bool = False
) -> None:
    """Replace the journal by one that holds the documents of `index` and nothing else.

    The lines are copied as they are, so that `seq` goes on telling readers what is new to them.

    Raises:
        OSError: it is as it was.
    """
    known = file.header if file is not None else None
    lineage = known.lineage if known is not None else ""
    repairs = (known.repairs if known is not None else 0) + repaired
    empty = [make_line(index.seq, name, None, EMPTIED) for name, rows in index.tables.items() if not rows]
    size = HEADER_BYTES + index.live + sum(map(len, empty))

    def chunks() -> Iterator[bytes]:
        yield make_header(lineage=lineage, seq=index.seq, rows=index.rows, size=size, repairs=repairs)
        yield from empty
        if file is None:
            return
        lines: list[bytes] = []
        for name, rows in index.tables.items():
            numbers = list(rows)
            if name in sort_keys:
                documents = ((number, file.document(rows[number])) for number in numbers)
                numbers = _sorted(documents, sort_keys[name])
            for number in numbers:
                line = file.line(rows[number])
                # Batches were for the moment of writing; each line stands for itself now.
                lines.append(line + b"\n" if line[8:9] == LAST else sealed(LAST + line[9:]))
                if len(lines) == _AT_ONCE:
                    yield b"".join(lines)
                    lines.clear()
        yield b"".join(lines)

    replace_file(path, chunks())


def write_tables(path: Path, tables: Mapping[str, Mapping[str, object]], sort_keys: SortKeys) -> int:
    """Write a journal with these documents (tables of documents by number as text), durably.

    Returns:
        How many documents.

    Raises:
        OSError: there is no new file.
    """
    lines: list[bytes] = []
    seq = rows = 0
    for name, table in tables.items():
        documents = {int(number): document_json(row) for number, row in table.items()}
        numbers = list(documents)
        if name in sort_keys:
            numbers = _sorted(documents.items(), sort_keys[name])
        if not numbers:
            lines.append(make_line(seq := seq + 1, name, None, EMPTIED))
        for number in numbers:
            rows += 1
            lines.append(make_line(seq := seq + 1, name, number, documents[number]))
    size = HEADER_BYTES + sum(map(len, lines))
    replace_file(path, [make_header(seq=seq, rows=rows, size=size), *lines])
    return rows


def _sorted(documents: Iterable[tuple[int, bytes]], sort_key: Callable[[bytes], Any]) -> list[int]:
    keys = {number: sort_key(document) for number, document in documents}
    return sorted(keys, key=keys.__getitem__)
