"""OpenQASM lexed line by line.

The lexers are those of `openqasm-pygments`, with the rules that hinder lexing line by line put right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple
from weakref import WeakValueDictionary

from openqasm_pygments import OpenPulseLexer, OpenQASM2Lexer, OpenQASM3Lexer
from pygments import token
from pygments.lexer import RegexLexer, default
from pygments.token import Token, _TokenType

IDENTIFIER: Final = r"[^\W\d]\w*"
QUBIT: Final = token.Name.Variable.Instance
"""What a physical qubit, `$7`, is called here; the library calls it a literal."""

LONGEST_LINE: Final = 2_000
"""Characters of one line that are looked at; the rest of a longer line stays plain."""
Rules = dict[str, list[Any]]
_PATTERNS: Final[dict[tuple[type, str], tuple[Callable[..., Any], dict[int | None, Any]]]] = {}
"""One pattern for all rules of a lexer's state, and the rules, once made."""
_FLAGS: Final = {re.MULTILINE: "m", re.DOTALL: "s", re.IGNORECASE: "i", re.VERBOSE: "x"}


_HARDWARE: Final = (r"\b(?:measure_2|measure_reset|store|nop)\b", token.Operator.Word)
"""Instructions of devices, coloured as instructions although no grammar has them."""


def _without(rules: list[Any], *patterns: str) -> list[Any]:
    return [rule for rule in rules if not (isinstance(rule, tuple) and rule[0] in patterns)]


def _let_go(rules: list[Any]) -> list[Any]:
    """`rules` of a state that waits for one thing: anything else ends the wait.

    As published, the text after an `include` without its string is an error to the end of the file.
    """
    return [*rules, default("#pop")]


def _openqasm3() -> Rules:
    """The rules of OpenQASM 3.

    - `cal`, `let` and `defcal` are whole words (`calibration` is a name).
    - A calibration block is lexed as OpenPulse in place and is left at its closing brace; published, it
      is collected and handed to another lexer afterwards, which no line can do for itself.
    - Comments do not nest, as in the language's grammar.
    - A gate before physical qubits (`x $0;`) is a gate too.
    """
    rules: Rules = {state: list(entries) for state, entries in OpenQASM3Lexer.tokens.items()}
    rules["root"] = [
        (r"\bcal\b", token.Keyword, "cal prelude"),
        (r"\bdefcal\b", token.Keyword.Declaration, ("cal prelude", "callable")),
        (r"\blet\b", token.Keyword.Declaration),
        _HARDWARE,
        (r"\$[0-9]+", QUBIT),
        *_without(rules["root"], "cal", "defcal", "let", r"\$[0-9]+"),
    ]
    # Last but the rule for any name, so that `measure $0` stays an instruction.
    rules["root"].insert(-1, (rf"{IDENTIFIER}(?=[ \t]+\$[0-9])", token.Name.Function))
    rules["comment"] = _without(rules["comment"], r"/\*")
    rules["cal prelude"] = [
        (r"\{", token.Punctuation, ("#pop", "cal")),
        (r";", token.Punctuation, "#pop"),
        *rules["cal prelude"][1:],
    ]
    rules["cal"] = [
        (r"\{", token.Punctuation, "#push"),
        (r"\}", token.Punctuation, "#pop"),
        (r"\n", token.Whitespace),
        (r"\$[0-9]+", QUBIT),
        *OpenPulseLexer.tokens["root"],
    ]
    rules["defcalgrammar"] = rules["include"]
    for state in ("include", "defcalgrammar", "callable", "version"):
        rules[state] = _let_go(rules[state])
    return rules


def _openqasm2() -> Rules:
    """The rules of OpenQASM 2, whose waiting states let go as well."""
    rules: Rules = {state: list(entries) for state, entries in OpenQASM2Lexer.tokens.items()}
    rules["root"] = [_HARDWARE, *rules["root"]]
    for state in ("include", "callable", "version"):
        rules[state] = _let_go(rules[state])
    return rules


class Lines3Lexer(OpenQASM3Lexer):  # type: ignore[misc]  # the library has no types
    """OpenQASM 3, fit to be lexed line by line (through `tokens`, never `get_tokens_unprocessed`)."""

    aliases: ClassVar[list[str]] = []
    filenames: ClassVar[list[str]] = []
    tokens = _openqasm3()


class Lines2Lexer(OpenQASM2Lexer):  # type: ignore[misc]  # the library has no types
    """OpenQASM 2, fit to be lexed line by line."""

    aliases: ClassVar[list[str]] = []
    filenames: ClassVar[list[str]] = []
    tokens = _openqasm2()


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


class State:
    """Pygments' stack of states, one object for equal stacks: compared, hashed and changed in constant time.

    A tuple of names would take time in proportion to how deep braces are nested, on every line.
    """

    __slots__ = ("__weakref__", "below", "depth", "name")
    _known: ClassVar[WeakValueDictionary[tuple[int, str], State]] = WeakValueDictionary()
    """By the identity of what is below, which a state keeps alive, and the name."""

    def __init__(self, name: str, below: State | None = None) -> None:
        self.name = name
        self.below = below
        self.depth: int = below.depth + 1 if below else 1

    def push(self, name: str) -> State:
        """Return the stack with one more name on it."""
        key = (id(self), name)
        return self._known.get(key) or self._known.setdefault(key, State(name, self))

    def after(self, change: Any) -> State:
        """Return the stack after a rule's `change`.

        That is in Pygments' notation: a name, `#pop`, `#push`, a negative number, or several of them. The
        lowest name is never taken off.
        """
        state = self
        for step in change if isinstance(change, tuple) else (change,):
            if step == "#pop" or isinstance(step, int):
                for _ in range(-step if isinstance(step, int) else 1):
                    state = state.below or state
            else:
                state = state.push(state.name if step == "#push" else step)
        return state


START: Final = State("root")
"""The state at the start of a text."""


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
        match_any, rules = compiled_rules(lexer, state.name)
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
        position = match.end() + (1 if idle > state.depth + 8 else 0)
        if change is not None:
            state = state.after(change)
    return spans, state


def compiled_rules(lexer: RegexLexer, state: str) -> tuple[Callable[..., Any], dict[int | None, Any]]:
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


def compile_lexers() -> None:
    """Compile the lexers' rules, which the first reading would do otherwise: about 0.1 s, for a thread."""
    for kind in (Lines2Lexer, Lines3Lexer):
        compiled_rules(kind(), "root")
