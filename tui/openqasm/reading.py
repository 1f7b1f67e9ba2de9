"""What each stretch of an OpenQASM line is, in a text that is only read: the last line is there at once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from tui.domain.openqasm import version_of
from tui.openqasm.highlighter import HEADER_LINES, START, Span, State, lex_line
from tui.openqasm.lexers import Lines2Lexer, Lines3Lexer

LOOK_BACK: Final = 50
"""Lines before a line that are lexed to know how it begins."""
_STRETCHES: Final = re.compile(r'//[^\n]*|"[^"\n]*"|/\*.*?(?:\*/|\Z)', re.DOTALL)


def prepare() -> None:
    """Compile the lexers' rules, which the first reading would do otherwise: about 0.1 s, for a thread."""
    Lines2Lexer()
    Lines3Lexer()


class Reading:
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

    def spans(self, line: int) -> list[Span]:
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
