"""OpenQASM 2 and 3 cut into lexemes, losing nothing: what tools need that work on the words of a text.

The lexers of `lexers.py` colour a line; here the pieces of a whole text have their places, and whitespace
alone is left out. Any text is cut, in linear time: what the language does not know is a lexeme, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from tui.domain.openqasm import version_of

# Parts of patterns for code without its comments and strings; all of linear time.
NAME: Final = r"[^\W\d]\w*+"
"""Pattern of an identifier or a keyword."""
OPERAND: Final = rf"(?:{NAME}(?:\s*+\[[^][;{{}}]*+\])*+|\$\d++)"
"""Pattern of a register, some of its elements, or a physical qubit."""
OPERANDS: Final = rf"{OPERAND}(?:\s*+,\s*+{OPERAND})*+"
ARGUMENTS: Final = r"\((?:[^();{}]++|\((?:[^();{}]++|\((?:[^();{}]++|\([^();{}]*+\))*+\))*+\))*+\)"
"""Pattern of parentheses in one statement with what is in them, four deep at most."""
SIZE: Final = r"\[(?:[^][;{}]++|\[(?:[^][;{}]++|\[[^][;{}]*+\])*+\])*+\]"
"""Pattern of brackets in one statement with what is in them, three deep at most."""


class LexemeKind(Enum):
    """What a lexeme is."""

    WORD = auto()
    """A keyword or an identifier."""
    NUMBER = auto()
    """With its unit: `100 ns`, `2im`."""
    STRING = auto()
    QUBIT = auto()
    """A physical qubit: `$3`."""
    OPERATOR = auto()
    PUNCTUATION = auto()
    COMMENT = auto()
    """From `//` to the end of its line."""
    BLOCK_COMMENT = auto()
    DIRECTIVE = auto()
    """A pragma or an annotation, to the end of its line."""
    CALIBRATION = auto()
    """`cal` or `defcal` to its closing brace: a language of its own."""
    OTHER = auto()
    """A character that the language does not know."""


class Lexeme(NamedTuple):
    """A piece of a text.

    Attributes:
        kind: what it is.
        text: as it is written.
        start: where it begins in the whole text, in characters.
    """

    kind: LexemeKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the whole text."""
        return self.start + len(self.text)


# In the order in which they are tried; names of groups are those of `LexemeKind`.
_LEXEME: Final = re.compile(
    r"""
    (?P<SPACE>\s+)
    | (?P<COMMENT>//[^\n]*)
    | (?P<BLOCK_COMMENT>/\*(?s:.*?)(?:\*/|\Z))
    | (?P<STRING>"[^"\n]*"? | '[^'\n]*'?)
    | (?P<DIRECTIVE>@[^\W\d][^\n]*)
    | (?P<WORD>\#?[^\W\d]\w*)
    | (?P<QUBIT>\$[0-9]+)
    | (?P<NUMBER>
        0[xX][0-9a-fA-F_]+ | 0[bB][01_]+ | 0[oO][0-7_]+
        | (?:[0-9][0-9_]*(?:\.[0-9_]*)? | \.[0-9][0-9_]*)
          (?:[eE][+-]?[0-9][0-9_]*)?
          (?:[ \t]{0,40}(?:dt|ns|us|[µμ]s|ms|s|im)\b)?
      )
    | (?P<OPERATOR>
        -> | \+\+ | \*\*= | <<= | >>= | \*\* | && | \|\| | == | != | <= | >= | << | >>
        | [-+*/&|~^%]= | [-+*/%&|^~!<>=]
      )
    | (?P<PUNCTUATION>[()\[\]{},;:.@])
    | (?P<OTHER>.)
    """,
    re.VERBOSE,
)
_KINDS: Final[dict[str | None, LexemeKind]] = {kind.name: kind for kind in LexemeKind}
_TO_BODY: Final = re.compile(r"[{;]")
_BRACE: Final = re.compile(r"[{}]")
_CALIBRATIONS: Final = frozenset({"cal", "defcal"})
_PRAGMAS: Final = frozenset({"pragma", "#pragma"})


def lexemes(text: str, version: int | None = None) -> Iterator[Lexeme]:
    """Cut a text.

    Args:
        text: OpenQASM, with mistakes or not.
        version: 2 or 3; `None`: by its header.

    Yields:
        Lexemes in order; between two of them there is whitespace or nothing.
    """
    openqasm3 = (version or version_of(text)) != 2
    position, body = 0, -1
    while (match := _LEXEME.match(text, position)) is not None:
        position = match.end()
        kind, piece = _KINDS.get(match.lastgroup), match[0]
        if kind is None:
            continue
        if kind is LexemeKind.WORD and openqasm3 and piece in _PRAGMAS:
            end = text.find("\n", match.start())
            kind, piece = LexemeKind.DIRECTIVE, text[match.start() : end if end >= 0 else None]
        elif kind is LexemeKind.WORD and openqasm3 and piece in _CALIBRATIONS:
            if body < position:  # else it is the one that was found for the word before
                found = _TO_BODY.search(text, position)
                body = found.start() if found is not None else len(text)
            if text.startswith("{", body):
                kind, piece = LexemeKind.CALIBRATION, text[match.start() : _end_of_block(text, body)]
        piece = piece.rstrip()  # of what ends with its line or, not closed, with the text
        position = match.start() + len(piece)
        yield Lexeme(kind, piece, match.start())


def _end_of_block(text: str, start: int) -> int:
    """Where the block ends that begins at the brace at `start`; the end of the text where it does not."""
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return len(text)
