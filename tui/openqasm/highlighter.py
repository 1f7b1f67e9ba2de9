"""What each stretch of an OpenQASM line is, kept up to date while the text is edited."""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pygments.lexer import RegexLexer
from pygments.token import Token, _TokenType

from tui.domain.openqasm import version_of
from tui.openqasm.lexers import QUBIT, Lines2Lexer, Lines3Lexer

LONGEST_LINE: Final = 2_000
"""Characters of one line that are looked at; the rest of a longer line stays plain."""
HEADER_LINES: Final = 60
"""Lines in which the `OPENQASM` header is looked for."""
_REMEMBERED_LINES: Final = 20_000

State = tuple[str, ...]
START: Final[State] = ("root",)
"""The state at the start of a text."""
FAR: Final = 500
"""Lines that are lexed at once to answer for a line; more are lexed in slices."""
_SLICE: Final = 50
LOOK_BACK: Final = 50
"""Lines before a line that are lexed to know how it begins."""
_STRETCHES: Final = re.compile(r'//[^\n]*|"[^"\n]*"|/\*.*?(?:\*/|\Z)', re.DOTALL)
_PATTERNS: Final[dict[tuple[type, str], tuple[Callable[..., Any], dict[int | None, Any]]]] = {}
"""One pattern for all rules of a lexer's state, and the rules, once made."""
_FLAGS: Final = {re.MULTILINE: "m", re.DOTALL: "s", re.IGNORECASE: "i", re.VERBOSE: "x"}


class TokenKind(StrEnum):
    """What a stretch of text is. A theme has a style for each."""

    KEYWORD = "keyword"
    TYPE = "type"
    GATE = "gate"
    INSTRUCTION = "instruction"
    """measure, reset, barrier, delay."""
    FUNCTION = "function"
    """Built-in functions and gate modifiers."""
    CONSTANT = "constant"
    QUBIT = "qubit"
    """A physical qubit, `$7`."""
    NUMBER = "number"
    STRING = "string"
    COMMENT = "comment"
    DIRECTIVE = "directive"
    """The header, pragmas and annotations."""
    OPERATOR = "operator"
    NAME = "name"
    WRONG = "wrong"
    """A character that no rule of the language knows."""


class TokenSpan(NamedTuple):
    """`line[start:end]` is of `kind`."""

    start: int
    end: int
    kind: TokenKind


# Few are different: the garbage collector need not walk one for each word of a text.
_span = lru_cache(8192)(TokenSpan)
_KINDS: Final[dict[_TokenType, TokenKind | None]] = {
    Token: None,
    Token.Comment: TokenKind.COMMENT,
    Token.Comment.Preproc: TokenKind.DIRECTIVE,
    Token.Keyword: TokenKind.KEYWORD,
    Token.Keyword.Type: TokenKind.TYPE,
    Token.Name: TokenKind.NAME,
    Token.Name.Function: TokenKind.GATE,
    Token.Name.Builtin: TokenKind.FUNCTION,
    Token.Name.Constant: TokenKind.CONSTANT,
    Token.Name.Decorator: TokenKind.DIRECTIVE,
    QUBIT: TokenKind.QUBIT,
    Token.Literal: TokenKind.NUMBER,
    Token.Literal.String: TokenKind.STRING,
    Token.Operator: TokenKind.OPERATOR,
    Token.Operator.Word: TokenKind.INSTRUCTION,
    Token.Error: TokenKind.WRONG,
}


def _kind_of(token: _TokenType) -> TokenKind | None:
    if token not in _KINDS:
        assert token.parent is not None, "every token descends from Token, which is known"
        _KINDS[token] = _kind_of(token.parent)
    return _KINDS[token]


def _next_state(state: State, change: Any) -> State:
    """The state after a rule's `change`, in Pygments' notation: a name, `#pop`, `#push`, or several."""
    stack = list(state)
    for step in change if isinstance(change, tuple) else (change,):
        if step == "#pop" or isinstance(step, int):
            del stack[max(1, len(stack) + (step if isinstance(step, int) else -1)) :]
        else:
            stack.append(stack[-1] if step == "#push" else step)
    return tuple(stack)


def lex_line(lexer: RegexLexer, line: str, state: State) -> tuple[list[TokenSpan], State]:
    """Lex one line, given the state that the line before left.

    This is `RegexLexer.get_tokens_unprocessed` but for two things: it returns the state it ends in, and
    it drives the rules itself (`OpenQASM3Lexer` overrides that method and ignores the state it is given).

    Args:
        line: the line, without its end.
        state: Pygments' stack of states at its start.
    """
    text = line[:LONGEST_LINE] + "\n"
    spans: list[TokenSpan] = []

    def add(start: int, end: int, token: _TokenType) -> None:
        kind = _kind_of(token)
        if kind is None or start >= end:
            return
        if spans and spans[-1].kind is kind and spans[-1].end == start:
            spans[-1] = _span(spans[-1].start, end, kind)
        else:
            spans.append(_span(start, end, kind))

    last, position, idle = len(text) - 1, 0, 0
    while position <= last:
        match_any, rules = _together(lexer, state[-1])
        match = match_any(text, position)
        if match is None:
            if text[position] == "\n":
                state = START
            else:
                add(position, position + 1, Token.Error)
            position += 1
            continue
        match_rule, action, change = rules[match.lastindex]
        if type(action) is _TokenType:
            add(position, min(match.end(), last), action)
        elif action is not None:
            # It looks at the groups of its own rule.
            for start, token, value in action(lexer, match_rule(text, position)):
                add(start, min(start + len(value), last), token)
        # A rule that matches nothing only leaves a state; a lexer that would do so for ever is stopped.
        idle = idle + 1 if match.end() == position else 0
        position = match.end() + (1 if idle > len(state) + 8 else 0)
        if change is not None:
            state = _next_state(state, change)
    return spans, state


def _together(lexer: RegexLexer, state: str) -> tuple[Callable[..., Any], dict[int | None, Any]]:
    """Put the rules of a state into one pattern, which tries them in their order within one call.

    Returns:
        Its `match`, and the rules by the number of the group that stands around each.
    """
    kind = type(lexer)
    known = _PATTERNS.get((kind, state))
    if known is not None:
        return known
    parts: list[str] = []
    rules: dict[int | None, Any] = {}
    group = 1
    for rule in lexer._tokens[state]:
        pattern: re.Pattern[str] = rule[0].__self__
        flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
        parts.append(f"((?{flags}:{pattern.pattern}))" if flags else f"({pattern.pattern})")
        rules[group] = rule
        group += 1 + pattern.groups
    made = _PATTERNS[kind, state] = re.compile("|".join(parts)).match, rules
    return made


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


def compile_lexers() -> None:
    """Compile the lexers' rules, which the first reading would do otherwise: about 0.1 s, for a thread."""
    for kind in (Lines2Lexer, Lines3Lexer):
        _together(kind(), "root")


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
