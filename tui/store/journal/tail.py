"""The newest documents of a table, from two places in the journal, before all of it is read."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui.store.journal.file import JournalFile
from tui.store.journal.format import GONE, parse_line

_REWRITTEN_BYTES = 1 << 18
_APPENDED_BYTES = 1 << 20


def newest_documents(path: Path, table: str, count: int, place: Callable[[bytes], Any]) -> list[bytes]:
    """The `count` documents of the table that come last by `place`, the last one first.

    They are looked for where they are: at the end of what was rewritten, which is sorted by `place`
    (`tui.store.journal.compaction.Places`), and in what was appended since, of which at most the last MiB is
    read.
    What changed before that is missing until the whole file is read; what is there is the latest of each.
    Takes no lock: a write that is under way is not there yet.

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
    return heapq.nlargest(count, found, key=place)


def _gather(lines: list[bytes], table: str, seen: set[int], found: list[bytes]) -> bool:
    """Add the documents in `lines` whose numbers were not seen yet; whether those before them count, too."""
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
                found.append(document)
    return True
