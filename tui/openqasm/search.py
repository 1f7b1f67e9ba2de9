"""Find and replace in a text: in a worker process with a deadline, for a pattern may take endless time."""

from __future__ import annotations

import re
import warnings
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice

import msgspec

from tui.common.values import Value
from tui.common.worker_process import Handler, WorkerDied, serve
from tui.common.worker_queue import WorkerQueue

DEADLINE = 5.0
"""Seconds that a search may take."""
MOST_MATCHES = 100_000
"""Matches that are found; all of them are replaced."""
MOST_CHARACTERS = 32_000_000
"""The longest text that replacing may make."""
_IDLE_SECONDS = 60.0
_MEMORY_SHARE = 0.25

Place = tuple[int, int]
"""Line and column, from 0."""


class Wanted(Value, frozen=True):
    """What is looked for.

    Attributes:
        pattern: the words, or a regular expression of Python's `re`.
        regex: it is a regular expression; `^` and `$` are the ends of a line.
        case: capital letters are others than small ones.
        word: whole words alone.
    """

    pattern: str
    regex: bool = False
    case: bool = False
    word: bool = False


class _Request(Value, frozen=True):
    wanted: Wanted
    text: str
    replacement: str | None = None
    start: int = -1
    """Replace the match that begins with this character; -1: all."""


class _Reply(Value, frozen=True):
    problem: str = ""
    ends: bytes = b""
    """Line and column of start and end of each match, each four bytes."""
    more: bool = False
    text: str = ""
    count: int = 0


class Matches:
    """The places of matches, in their order; none overlaps another.

    Args:
        ends: line and column of the start and of the end of each, one after the other.
        more: there are more, which are not here.
    """

    def __init__(self, ends: Sequence[int] = (), *, more: bool = False) -> None:
        self._ends = ends
        self.more = more
        self._rows = range(len(ends) // 4)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Place, Place]:
        place = 4 * self._rows[index]
        line, column, end_line, end_column = self._ends[place : place + 4]
        return (line, column), (end_line, end_column)

    def first_from(self, place: Place) -> int:
        """Return which match is the first that begins at a place or behind it; their number: none does."""
        return bisect_left(self._rows, place, key=lambda index: self[index][0])

    def index_of(self, start: Place, end: Place) -> int:
        """Return which match is between two places; -1: none."""
        index = self.first_from(start)
        return index if index < len(self) and self[index] == (start, end) else -1

    def in_line(self, line: int) -> list[tuple[int, int | None]]:
        """Return where the matches in a line begin and end; `None`: behind its end."""
        first = bisect_left(self._rows, line, key=lambda index: self._ends[4 * index + 2])
        last = bisect_right(self._rows, line, key=lambda index: self._ends[4 * index])
        return [
            (start[1] if start[0] == line else 0, end[1] if end[0] == line else None)
            for start, end in (self[index] for index in range(first, last))
        ]


class Replacement(Value, frozen=True):
    """The text that takes the place of what is between two places, and how many matches that replaces."""

    start: Place
    end: Place
    text: str
    count: int


class SearchFailed(Exception):
    """The search has no answer; the text says why: a wrong pattern, or one that took too long."""


class TextSearch:
    """Searches in a worker process, which ends when it is not needed for a minute."""

    def __init__(self) -> None:
        self._queue = WorkerQueue("tui.openqasm.search", idle_seconds=_IDLE_SECONDS)

    def start(self) -> None:
        """Start the worker: the first search waits less for it."""
        self._queue.start()

    async def find(self, lines: Sequence[str], wanted: Wanted) -> Matches:
        """Find all matches. Cancelled, it stops.

        Raises:
            SearchFailed: the pattern is none, or took too long.
        """
        reply = await self._ask(_Request(wanted, "\n".join(lines)))
        ends = array("I")
        ends.frombytes(reply.ends)
        return Matches(ends, more=reply.more)

    async def replace(
        self, lines: Sequence[str], wanted: Wanted, replacement: str, start: Place | None = None
    ) -> Replacement | None:
        """Return what replaces one match, or all.

        Args:
            lines: the text.
            wanted: what is looked for.
            replacement: what takes the place of a match; for a regular expression with groups as in `re.sub`.
            start: where the match begins; `None`: all are replaced.

        Returns:
            The change to be made; `None`: nothing matches.

        Raises:
            SearchFailed: pattern or replacement is none, it took too long, or the text would become too long.
        """
        offset = -1
        if start is not None:
            offset = sum(map(len, islice(lines, start[0]))) + start[0] + start[1]
        reply = await self._ask(_Request(wanted, "\n".join(lines), replacement, offset))
        if not reply.count:
            return None
        first, last = Matches(array("I", reply.ends))[0]
        return Replacement(first, last, reply.text, reply.count)

    async def aclose(self) -> None:
        """Kill the worker."""
        await self._queue.aclose()

    async def _ask(self, request: _Request) -> _Reply:
        try:
            answer = await self._queue.request(msgspec.msgpack.encode(request), timeout=DEADLINE)
        except TimeoutError:
            raise SearchFailed(f"stopped after {DEADLINE:.0f} s: another pattern may be quicker") from None
        except (WorkerDied, OSError) as error:
            raise SearchFailed(f"the search ended: {error}") from error
        reply = msgspec.msgpack.decode(answer, type=_Reply)
        if reply.problem:
            raise SearchFailed(reply.problem)
        return reply


# --- in the worker ---------------------------------------------------------------------------------


def main() -> None:
    """Serve until the app is gone."""
    warnings.simplefilter("ignore")
    serve(_prepare, memory_share=_MEMORY_SHARE)


def _prepare() -> Handler:
    decoder = msgspec.msgpack.Decoder(_Request)
    return lambda body: [msgspec.msgpack.encode(_answer(decoder.decode(body)))]


def _answer(request: _Request) -> _Reply:
    try:
        pattern = _compiled(request.wanted)
        if request.replacement is None:
            found = list(islice(pattern.finditer(request.text), MOST_MATCHES + 1))
            return _Reply(ends=_ends_of(request.text, found[:MOST_MATCHES]), more=len(found) > MOST_MATCHES)
        return _replaced(pattern, request, request.replacement)
    except (re.error, IndexError) as error:
        return _Reply(problem=str(error))
    except (RecursionError, OverflowError, MemoryError):
        return _Reply(problem="the pattern is too large")


def _compiled(wanted: Wanted) -> re.Pattern[str]:
    pattern = wanted.pattern if wanted.regex else re.escape(wanted.pattern)
    if wanted.word:
        pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
    return re.compile(pattern, re.MULTILINE | (0 if wanted.case else re.IGNORECASE))


def _replaced(pattern: re.Pattern[str], request: _Request, replacement: str) -> _Reply:
    text = request.text
    if request.start >= 0:
        found = pattern.search(text, request.start)
        if found is None or found.start() != request.start:
            return _Reply()
        new = found.expand(replacement) if request.wanted.regex else replacement
        return _Reply(ends=_ends_of(text, [found]), text=new, count=1)
    pieces: list[str] = []
    size, end = 0, 0
    first = last = None
    count = 0
    for last in pattern.finditer(text):
        first = first or last
        count += 1
        if count > 1:
            pieces.append(text[end : last.start()])
        pieces.append(last.expand(replacement) if request.wanted.regex else replacement)
        end = last.end()
        size += len(pieces[-1])
        if size > MOST_CHARACTERS:
            return _Reply(problem="the text would become too long")
    if first is None or last is None:
        return _Reply()
    ends = array("I", (*_places(text, [first.start()]), *_places(text, [last.end()])))
    return _Reply(ends=ends.tobytes(), text="".join(pieces), count=count)


def _ends_of(text: str, found: list[re.Match[str]]) -> bytes:
    return array("I", _places(text, (place for match in found for place in match.span()))).tobytes()


def _places(text: str, offsets: Iterator[int] | list[int]) -> Iterator[int]:
    """Yield line and column of each of some characters, which are in their order."""
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    for offset in offsets:
        line = bisect_right(starts, offset) - 1
        yield line
        yield offset - starts[line]
