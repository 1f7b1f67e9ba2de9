"""What each stretch of an OpenQASM line is, kept up to date while the text is edited."""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from pygments.lexer import RegexLexer

from tui.domain.openqasm import version_of
from tui.openqasm.lexers import START, Lines2Lexer, Lines3Lexer, State, TokenSpan, lex_line

HEADER_LINES: Final = 60
"""Lines in which the `OPENQASM` header is looked for."""
_REMEMBERED_LINES: Final = 4_000
"""Lines with what was found in them: the garbage collector goes through all of it."""
FAR: Final = 500
"""Lines that are lexed at once to answer for a line; more are lexed in slices."""
_SLICE: Final = 50
LOOK_BACK: Final = 50
"""Lines before a line that are lexed to know how it begins."""
_STRETCHES: Final = re.compile(r'//[^\n]*|"[^"\n]*"|/\*.*?(?:\*/|\Z)', re.DOTALL)


class Highlighter:
    """Spans of any line of a text that changes, lexing no more than it must.

    A line is lexed when it is asked for, and so are the lines before it, once. After an edit only the
    edited lines are lexed again, and those after them until the state is what it was before. A line far from
    what is lexed is answered from the few lines before it, until `advance` has come there.

    Args:
        line: the text of line `i`, counted from 0, without its end.
        count: how many lines there are.
    """

    def __init__(self, line: Callable[[int], str], count: Callable[[], int]) -> None:
        self._line = line
        self._count = count
        self._version = 0
        self._lexer: RegexLexer
        self._lexed: dict[tuple[str, State], tuple[list[TokenSpan], State]]
        self._starts: list[State | None]
        """The state at the start of each line as last known; `None`: never known."""
        self._doubts: list[int]
        """Sorted lines whose start may not follow from the line before; up to the first, all is right."""
        self._wanted = -1
        """The last line that was answered from few lines before it."""
        self.reset()

    @property
    def version(self) -> int:
        """The OpenQASM version it lexes: 2 or 3."""
        return self._version

    def reset(self) -> None:
        """Forget all: the whole text is another."""
        self._starts = [START]
        self._doubts = []
        self._choose_lexer()

    def spans(self, line: int) -> list[TokenSpan]:
        """Lex line `line`, counted from 0.

        Returns:
            Spans in order; whitespace and punctuation between them have none.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= line < self._count():
            raise IndexError(f"line {line} of {self._count()}")
        start = self.start(line)
        return self._lex(self._line(line), start)[0]

    @property
    def behind(self) -> bool:
        """True when spans were given that `advance` may still correct."""
        return self._wanted >= 0

    def advance(self, seconds: float) -> None:
        """Lex on to the lines that were asked for.

        Args:
            seconds: CPU time that it may take; `behind` tells whether more is needed.
        """
        deadline = time.thread_time() + seconds
        last = min(self._wanted, self._count() - 1)
        while not self._reach(last, _SLICE):
            if time.thread_time() >= deadline:
                return
        self._wanted = -1

    def start(self, line: int) -> State:
        """Return the lexer's state at the start of a line that there is."""
        if not self._reach(line, 0 if self.behind or line - len(self._starts) > FAR else FAR):
            self._wanted = max(self._wanted, line)
            return self._guess(line)
        start = self._starts[line]
        assert start is not None, "known once it was reached"
        return start

    def edited(self, first: int, removed: int, added: int) -> None:
        """Lines `first` to `first + removed - 1` have become lines `first` to `first + added - 1`.

        To be called after the text has changed, with at least all lines that differ.
        """
        starts = self._starts
        if first < len(starts):
            kept = first + 1 if added else first
            doubt = max(kept, 1)
            if added == removed:
                starts[kept : first + removed] = [None] * len(starts[kept : first + removed])
            else:
                starts[kept:] = [None] * max(added - 1, 0) + starts[first + removed :]
            if not starts or first == 0:
                starts[:1] = [START]
            shift = added - removed
            before = [line for line in self._doubts if line < kept]
            after = [line + shift for line in self._doubts if line > first + removed]
            self._doubts = sorted({*before, doubt, *after})
            while self._doubts and self._doubts[-1] >= len(starts):
                self._doubts.pop()
        if first <= HEADER_LINES:
            self._choose_lexer()

    def _guess(self, line: int) -> State:
        """The state at the start of a line, as if nothing longer than some lines before it began there."""
        state = START
        for before in range(line - LOOK_BACK, line):
            state = self._lex(self._line(before), state)[1]
        return state

    def _choose_lexer(self) -> None:
        head = "\n".join(self._line(line) for line in range(min(self._count(), HEADER_LINES)))
        version = 2 if version_of(head) == 2 else 3
        if version != self._version:
            self._version = version
            self._lexer = Lines2Lexer() if version == 2 else Lines3Lexer()
            self._lexed = {}
            self._starts = [START]
            self._doubts = []

    def _lex(self, text: str, start: State) -> tuple[list[TokenSpan], State]:
        known = self._lexed.get((text, start))
        if known is None:
            if len(self._lexed) >= _REMEMBERED_LINES:
                self._lexed.clear()
            known = self._lexed[text, start] = lex_line(self._lexer, text, start)
        return known

    def _reach(self, line: int, most: int) -> bool:
        """Make the start of `line` certain, by lexing that many lines at most; whether it is."""
        starts, doubts = self._starts, self._doubts
        while (doubtful := doubts[0] if doubts else len(starts)) <= line:
            if most <= 0:
                return False
            most -= 1
            before = starts[doubtful - 1]
            assert before is not None, "everything up to the first doubt is known"
            state = self._lex(self._line(doubtful - 1), before)[1]
            if doubtful == len(starts):
                starts.append(state)
                continue
            del doubts[0]
            if starts[doubtful] != state:
                starts[doubtful] = state
                following = doubtful + 1
                at = bisect_left(doubts, following)
                if following < len(starts) and (at == len(doubts) or doubts[at] != following):
                    doubts.insert(at, following)
        return True


class StaticHighlighter:
    """Spans of any line of a text that does not change.

    `Highlighter` lexes everything before a line, once. Here at most `LOOK_BACK` lines are, so that the end of
    a long circuit is there at once. What lasts longer is a comment, which is found without lexing, or a
    calibration block of more lines than that, which is then read as if it were none.

    Args:
        lines: the text, line by line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._version = 2 if version_of("\n".join(lines[:HEADER_LINES])) == 2 else 3
        self._lexer = Lines2Lexer() if self._version == 2 else Lines3Lexer()
        self._starts: dict[int, State] = {}
        self._in_comment = lex_line(self._lexer, "/*", START)[1]
        self._comments = _comments(lines) if self._version == 3 else []

    def spans(self, line: int) -> list[TokenSpan]:
        """Lex line `line`, counted from 0.

        Returns:
            Spans in order; whitespace and punctuation between them have none.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= line < len(self._lines):
            raise IndexError(f"line {line} of {len(self._lines)}")
        first = line
        while first not in self._starts and first > max(0, line - LOOK_BACK):
            first -= 1
        state = self._starts.setdefault(first, self._guess(first))
        for before in range(first, line):
            state = lex_line(self._lexer, self._lines[before], state)[1]
            self._starts[before + 1] = state
        return lex_line(self._lexer, self._lines[line], state)[0]

    def _guess(self, line: int) -> State:
        place = bisect_left(self._comments, (line + 1, 0)) - 1
        inside = place >= 0 and line <= self._comments[place][1]
        return self._in_comment if inside else START


def _comments(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that begin inside a comment, as (first, last), in order."""
    text = "\n".join(lines)
    if "/*" not in text:
        return []
    found: list[tuple[int, int]] = []
    line = place = 0
    for match in _STRETCHES.finditer(text):
        if not match[0].startswith("/*") or "\n" not in match[0]:
            continue
        line += text.count("\n", place, match.start())
        last = line + match[0].count("\n")
        found.append((line + 1, last))
        line, place = last, match.end()
    return found
