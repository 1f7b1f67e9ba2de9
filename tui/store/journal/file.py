"""The journal as a file: opened, read, appended to durably, and written anew; bytes, not rows."""

from __future__ import annotations

import errno
import heapq
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui.common.atomic_file import replace_file
from tui.common.bounded_read import NOT_REGULAR, UnsuitableFile
from tui.store.journal.format import (
    EMPTIED,
    GONE,
    HEADER_BYTES,
    LAST,
    LENGTH,
    LONGEST_HEADER,
    Header,
    Index,
    Slot,
    document_json,
    document_of,
    intact,
    make_header,
    make_line,
    parse_header,
    parse_line,
    sealed,
)

BLOCK = 1 << 20
_REWRITTEN_BYTES = 1 << 18
_APPENDED_BYTES = 1 << 20
SortKeys = Mapping[str, Callable[[bytes], Any]]
"""By table, the function from a document's JSON to what documents are sorted by in a rewritten file."""


class ChangedUnderneath(OSError):
    """Bytes read before are not in the file any more: another program wrote to it."""


class JournalFile:
    """One generation of the journal, open for reading as long as anyone holds this object.

    A rewritten journal is another file of the same name: this one stays readable.

    Attributes:
        header: `None`: it is damaged.
        first: offset of the first line after the header.

    Raises:
        OSError: from every method.
    """

    def __init__(self, descriptor: int, *, writable: bool = False) -> None:
        self._descriptor = descriptor
        self.writable = writable
        self.start = os.pread(descriptor, LONGEST_HEADER, 0)
        parsed = parse_header(self.start)
        self.header: Header | None = parsed[0] if parsed else None
        self.first = parsed[1] if parsed else 0
        found = os.fstat(descriptor)
        self.identity = (found.st_dev, found.st_ino)

    @classmethod
    def opened(cls, path: Path, *, write: bool = False) -> JournalFile:
        """Return the file that has this name now.

        Opening it is what makes a network file system ask the server again.
        """
        flags = (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(path, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UnsuitableFile(errno.EINVAL, NOT_REGULAR)
        return cls(descriptor, writable=write)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def same(self, other: JournalFile) -> bool:
        """Return whether the other is this file, of the same generation."""
        mine = self.start[: self.first]
        return self.identity == other.identity and bool(mine) and mine == other.start[: other.first]

    def size(self) -> int:
        """Return the bytes of the file now."""
        return os.fstat(self._descriptor).st_size

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from offset `start` to `end`, in blocks; fewer when the file ends before."""
        while start < end:
            block = os.pread(self._descriptor, min(BLOCK, end - start), start)
            if not block:
                return
            yield block
            start += len(block)

    def line(self, slot: Slot) -> bytes:
        """Return the line at a slot, without its line feed.

        Raises:
            ChangedUnderneath: it is not there any more.
        """
        assert isinstance(slot, int)
        data = os.pread(self._descriptor, slot & LENGTH, slot >> 32)
        if len(data) != slot & LENGTH or not intact(data):
            raise ChangedUnderneath(f"a line at byte {slot >> 32} of the history is not what was written")
        return data

    def document(self, slot: Slot) -> bytes:
        """Return the JSON of the document at a slot.

        Raises:
            ChangedUnderneath: it is not there any more.
        """
        if isinstance(slot, bytes):
            return slot
        line = self.line(slot)
        return document_of(line, 0, len(line))

    def documents(self, slots: Sequence[Slot]) -> Iterator[bytes]:
        """Yield the JSON of documents whose lines were read a moment ago.

        Blocks are read, not lines: each read gives up the interpreter's lock and has to get it again.

        Args:
            slots: in ascending order.

        Raises:
            IndexError: a line is not there any more.
        """
        block, start = b"", 0
        for slot in slots:
            assert isinstance(slot, int)
            offset, length = slot >> 32, slot & LENGTH
            at = offset - start
            if at < 0 or at + length > len(block):
                block, start, at = os.pread(self._descriptor, max(length, BLOCK), offset), offset, 0
            yield document_of(block, at, length)

    def append(self, data: bytes, at: int) -> None:
        """Write `data` at the end; it is durable when this returns.

        Args:
            at: offset of the end.

        Raises:
            OSError: it cannot be written; the file is cut back to what it was.
        """
        try:
            written = os.pwrite(self._descriptor, data, at)
            while written < len(data):
                # The next attempt says why: no room, or a limit.
                more = os.pwrite(self._descriptor, data[written:], at + written)
                written += more
            os.fdatasync(self._descriptor)
        except BaseException:
            self.cut(at)
            raise

    def cut(self, size: int) -> None:
        """Cut the file to `size` bytes, durably."""
        os.ftruncate(self._descriptor, size)
        os.fsync(self._descriptor)


def missing_or_changed(path: Path, known: JournalFile | None, position: int) -> bool:
    """Return whether the file of this name is not the known one with `position` bytes. One `stat`; no lock.

    Args:
        known: `None`: there was no file.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return known is not None
    except OSError:
        return True
    return known is None or known.identity != (found.st_dev, found.st_ino) or found.st_size != position


def newest_documents(path: Path, table: str, count: int, sort_key: Callable[[bytes], Any]) -> list[bytes]:
    """Return the `count` documents of the table that come last by `sort_key`, the last one first.

    They are looked for in two places: at the end of what was rewritten, which is sorted by `sort_key`
    (`SortKeys`), and in what was appended since, of which at most the last MiB
    is read. What changed before that is missing until the whole file is read; what is there is the latest of
    each. No lock is taken: a write that is under way is not there yet.

    Raises:
        OSError: the file cannot be read.
    """
    file = JournalFile.opened(path)
    size = file.size()
    rewritten = min(size, file.header.bytes) if file.header is not None else file.first
    seen: set[int] = set()
    found: list[bytes] = []
    for first, end, most in (
        (rewritten, size, _APPENDED_BYTES),
        (file.first, rewritten, _REWRITTEN_BYTES),
    ):
        start = max(first, end - most)
        lines = b"".join(file.blocks(start, end)).split(b"\n")
        # The first is the rest of a line, the last what comes after the last line feed.
        if not _gather(lines[0 if start == first else 1 : -1], table, seen, found):
            break
    return heapq.nlargest(count, found, key=sort_key)


def _gather(lines: list[bytes], table: str, seen: set[int], found: list[bytes]) -> bool:
    """Add the documents in `lines` whose numbers were not seen yet; False: lines before them do not count."""
    complete = False
    for line in reversed(lines):
        parsed = parse_line(line)
        if parsed is None:
            continue
        more, _, name, number, document = parsed
        # A batch without its last line never happened.
        complete = complete or not more
        if not complete or name != table:
            continue
        if number is None:
            return False
        if number not in seen:
            seen.add(number)
            if document != GONE:
                found.append(document_of(line, 0, len(line)))
    return True


def rewrite(
    path: Path, index: Index, file: JournalFile | None, sort_keys: SortKeys, *, repaired: bool = False
) -> None:
    """Replace the journal by one that holds the documents of `index` and nothing else.

    The lines are copied as they are, so that `seq` goes on telling readers what is new to them.

    Raises:
        OSError: it is as it was.
    """
    known = file.header if file is not None else None
    lineage, repairs = (known.lineage, known.repairs) if known is not None else ("", 0)
    empty = [make_line(index.seq, name, None, EMPTIED) for name, rows in index.tables.items() if not rows]
    size = HEADER_BYTES + index.live + sum(map(len, empty))

    def chunks() -> Iterator[bytes]:
        counts = {"seq": index.seq, "rows": index.rows, "size": size, "repairs": repairs + repaired}
        yield make_header(lineage=lineage, **counts)
        yield from empty
        if file is None:
            return
        for name, rows in index.tables.items():
            numbers = list(rows)
            if name in sort_keys:
                documents = ((number, file.document(rows[number])) for number in numbers)
                numbers = _sorted(documents, sort_keys[name])
            for number in numbers:
                line = file.line(rows[number])
                # Batches were for the moment of writing; each line stands for itself now.
                yield line + b"\n" if line[8:9] == LAST else sealed(LAST + line[9:])

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
