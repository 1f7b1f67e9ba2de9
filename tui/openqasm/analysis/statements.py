"""A program cut into statements, also while it is being typed: a missing `;` spoils one statement, not all.

Everything is linear in the length of the text, and offsets are those of the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_NAME: Final = r"[^\W\d]\w*+"
_OPERAND: Final = rf"(?:{_NAME}(?:\s*+\[[^][;{{}}]*+\])*+|\$\d++)"
_ARGUMENTS: Final = r"\((?:[^();{}]++|\((?:[^();{}]++|\([^();{}]*+\))*+\))*+\)"
_TYPE: Final = r"(?:qubit|bit|int|uint|float|angle|bool|complex|duration|stretch|qreg|creg)"
_SIZE: Final = r"\[(?:[^][;{}]++|\[[^][;{}]*+\])*+\]"
# A comment without end takes the rest; a string ends with its line at the latest.
_NO_CODE: Final = re.compile(
    r'//[^\n]*+|/\*.*?(?:\*/|\Z)|"[^"\n]*+"?|^[ \t]*+(?:@[^\W\d]|#?pragma\b)[^\n]*+', re.DOTALL | re.MULTILINE
)
_PIECE: Final = re.compile(r"\s*+([^;{}]*+)([;{}]|\Z)")
_CALIBRATION: Final = re.compile(r"(?<![\w$])(?:def)?cal\b[^;{}]*+\{")
_BRACE: Final = re.compile(r"[{}]")
_LITERAL: Final = re.compile(r"(?:[=,(\[]|(?<!\w)in)\s*+\Z")
"""Ends the text before a brace that begins a list of values."""
_BEFORE_BRACE: Final = 40
_WHOLE: Final = re.compile(
    rf"(?:measure\s++{_OPERAND}(?:\s*+->\s*+{_OPERAND})?+"
    rf"|{_OPERAND}\s*+=\s*+measure\s++{_OPERAND}"
    rf"|(?:const\s++|input\s++|output\s++)?+{_TYPE}\s*+(?:{_SIZE})?+\s*+{_NAME}(?:\s*+{_SIZE})?+"
    rf"(?:\s*+=[^\n;{{}}]*+)?+"
    rf"|(?:OPENQASM\s++[\d.]++|include\s*+\"[^\"\n]*+\")"
    rf"|(?!(?:if|for|while|def|gate|opaque|let|const|else|switch|case|array|extern|box|input|output"
    rf"|measure|return|{_TYPE})\b){_NAME}(?:\s*+{_ARGUMENTS})?+\s++{_OPERAND}(?:\s*+,\s*+{_OPERAND})*+)"
    rf"(?=[ \t]*+\n\s*+[^\W\d])"
)
"""A statement that is whole, but for the `;`, when a name follows on another line."""


class Statement(NamedTuple):
    """A statement, or the head of a block.

    Attributes:
        start: offset of its first character.
        text: what stands there, comments as blanks, without the character that ends it.
        end: offset behind that character.
        ended_by: `;`, `{` or `}`; empty where a `;` is missing.
    """

    start: int
    text: str
    end: int
    ended_by: str


def without_comments(text: str) -> str:
    """Return a program of the same length with blanks for comments, annotations, pragmas and pulses.

    What stands in quotes is blank, too; the quotes remain.
    """
    bare = _NO_CODE.sub(lambda found: _blank(found[0]), text)
    return _without_pulses(bare) if "cal" in bare else bare


def statements(bare: str) -> Iterator[Statement]:
    """Cut a program into statements.

    Args:
        bare: the program, as `without_comments` returns it.

    Yields:
        Statements in order. A `}` without text before it is one with an empty text; what stands before one
        without its `;` is a statement of its own, and so is what stands at the end of the program.
    """
    position, pending = 0, -1
    while (piece := _PIECE.match(bare, position)) is not None:
        text, ended_by = piece.groups()
        start, position = piece.start(1), piece.end()
        if pending >= 0:
            start, pending = pending, -1
            text = bare[start : position - len(ended_by)]
        if ended_by == ";" and "\n" not in text:
            yield Statement(start, text, position, ended_by)
            continue
        if ended_by == "{" and _LITERAL.search(text[-_BEFORE_BRACE:]):
            pending, position = start, _closing(bare, position)
            continue
        yield from _parts(start, text, position, ended_by)
        if not ended_by:
            return


def _parts(start: int, text: str, end: int, ended_by: str) -> Iterator[Statement]:
    """What stands before a `;`: one statement, or several of which all but the last lack theirs."""
    while "\n" in text and (whole := _WHOLE.match(text)) is not None:
        yield Statement(start, whole[0], start + whole.end(), "")
        rest = text[whole.end() :].lstrip()
        start, text = start + len(text) - len(rest), rest
    if ended_by == "}" and text.strip():
        bare = text.rstrip()
        yield Statement(start, bare, start + len(bare), "")
        start, text = end - 1, ""
    if text or ended_by:
        yield Statement(start, text.rstrip(), end, ended_by)


def _closing(bare: str, position: int) -> int:
    """The place behind the brace that closes a list of values; behind the first line where none does."""
    depth = 1
    for brace in _BRACE.finditer(bare, position):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return len(bare)


def _blank(found: str) -> str:
    if found[0] == '"':
        closed = found.endswith('"') and len(found) > 1
        if closed:
            return f'"{" " * (len(found) - 2)}"'
        # A text without end: what it begins in ends with its line, as it was meant to.
        end = ";" if found.rstrip().endswith(";") else ""
        return (
            '"' + " " * (len(found.rstrip()) - 1 - len(end)) + end + " " * (len(found) - len(found.rstrip()))
        )
    return _spaces(found)


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text) if "\n" in text else " " * len(text)


def _without_pulses(bare: str) -> str:
    """Blank the bodies of `cal` and `defcal`, which are in another language."""
    parts: list[str] = []
    position = 0
    while (head := _CALIBRATION.search(bare, position)) is not None:
        end = _closing(bare, head.end())
        end -= bare[end - 1] == "}" and end > head.end()
        body = bare[head.end() : end]
        parts += [bare[position : head.end()], _spaces(body)]
        position = end
    return "".join([*parts, bare[position:]])
