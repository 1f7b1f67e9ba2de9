"""The newest documents of a table, read from the end of the journal backwards, before all of it is read."""

from __future__ import annotations

from pathlib import Path

from tui.history.journal import JournalFile
from tui.history.lines import GONE, parse_line

FIRST_LOOK = 1 << 18
FARTHEST_LOOK = 4 << 20


def newest_documents(path: Path, table: str, count: int) -> list[bytes]:
    """At least `count` documents of the table, when the last 4 MiB hold so many; the last written first.

    Each is the latest of its number. Takes no lock: a write that is under way is not there yet. A rewritten
    journal has the newest jobs at its end (`tui.history.rewriting.Places`), and new jobs come after them.

    Raises:
        OSError: the file cannot be read.
    """
    file = JournalFile.opened(path)
    size = file.size()
    look = FIRST_LOOK
    while True:
        start = max(file.first, size - look)
        lines = b"".join(file.blocks(start, size)).split(b"\n")
        whole = start == file.first
        # The first is the rest of a line, the last what comes after the last line feed.
        found = _newest(lines[0 if whole else 1 : -1], table)
        if len(found) >= count or whole or look >= FARTHEST_LOOK:
            return found
        look *= 4


def _newest(lines: list[bytes], table: str) -> list[bytes]:
    seen: set[int] = set()
    found: list[bytes] = []
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
            break
        if number not in seen:
            seen.add(number)
            if document != GONE:
                found.append(document)
    return found
