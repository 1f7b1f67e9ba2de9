"""The formatter of OpenQASM 2 and 3: whitespace alone changes, so the circuit stays what it was.

One way to write each thing, as gofmt has it: lines end where their writer ended them, blocks and continued
statements are indented, blanks stand where they help, comments at the ends of following lines stand in one
column. A line of several statements that is too long becomes one a statement. Mistakes do not hinder it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from tui.domain.openqasm import version_of
from tui.openqasm.lexemes import LexemeKind, lexemes

STEP: Final = "  "
"""Indentation of a block; a continued statement has two."""
DEEPEST: Final = 40
"""Blocks after which the indentation grows no more: thousands of them would make a text of their square."""
LONGEST_LINE: Final = 100
"""Characters from which on a line of several statements is broken."""
_FARTHEST: Final = 24
"""Lines differ in length by so much at most, for their comments to stand in one column."""
_TIGHT: Final = frozenset({"*", "/", "%", "**"})
_SIGNS: Final = frozenset({"-", "+", "!", "~"})
_OPENING: Final = {")": "(", "]": "[", "}": "{"}
_BEFORE_VALUE: Final = frozenset({"in", "return", "if", "while", "switch", "else", "case"})
"""Words after which a bracket is none of theirs, and a sign has no left side."""
_NOT_SPACE: Final = re.compile(r"\S")
# Tuples: an enumeration's members are hashed by Python code, and compared by identity.
_COMMENTS: Final = (LexemeKind.COMMENT, LexemeKind.BLOCK_COMMENT)
_TO_LINE_END: Final = (LexemeKind.COMMENT, LexemeKind.DIRECTIVE)
_WORDS: Final = (LexemeKind.WORD, LexemeKind.NUMBER, LexemeKind.QUBIT, LexemeKind.STRING)


def format_program(text: str) -> str:
    """Format a program.

    Args:
        text: OpenQASM; its line ends are taken to be all like the first.

    Returns:
        The program with other whitespace; formatting that again changes nothing. Empty for a blank text.
    """
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    pieces = _read(text.replace("\r\n", "\n"))
    _find_structure(pieces)
    _find_inline_blocks(pieces)
    for index, piece in enumerate(pieces):
        piece.breaks = _breaks(pieces[index - 1] if index else None, piece)
    lines = [one for line in _lines(pieces) for one in _broken_up(line)]
    formatted = "".join(_with_comments(lines))
    return formatted if newline == "\n" else formatted.replace("\n", newline)


def format_with_places(text: str, places: Iterable[int]) -> tuple[str, tuple[int, ...]]:
    """Format a program.

    Returns:
        The program, and the offsets in it of offsets in `text`.
    """
    formatted = format_program(text)
    return formatted, tuple(same_place(text, place, formatted) for place in places)


def same_place(before: str, offset: int, after: str) -> int:
    """Find the place in a formatted program that is `offset` in the program before.

    Returns:
        The offset before the same character; in whitespace, the end of what stands before it.
    """
    inside = offset < len(before) and not before[offset].isspace()
    wanted = _letters(before[:offset]) + inside
    if wanted == 0:
        return 0
    passed = start = 0
    for one in after.split("\n"):
        here = _letters(one)
        if passed + here >= wanted:
            found = next(islice(_NOT_SPACE.finditer(after, start), wanted - passed - 1, None))
            return found.start() if inside else found.end()
        passed, start = passed + here, start + len(one) + 1
    return len(after)


def _letters(text: str) -> int:
    """Characters that are no whitespace."""
    return sum(map(len, text.split()))


def as_converted(text: str, converted: str) -> str:
    """Format a program that was written anew in another version of OpenQASM.

    Args:
        text: the program before.
        converted: what was written, without comments.

    Returns:
        It with the comments that `text` begins with.
    """
    head = []
    for kind, piece, _ in lexemes(text.replace("\r\n", "\n")):
        if kind not in _COMMENTS:
            break
        head.append(f"{piece}\n")
    return format_program("".join(head) + converted)


@dataclass(slots=True)
class _Piece:
    """A lexeme, and what is known of it.

    Attributes:
        breaks: ends of lines before it.
        blank: there is whitespace before it.
        block: a brace of a block, not of a list of values.
        partner: index of the other bracket; -1 where there is none.
        inline: inside a block that stands on one line, or a brace of it.
        starts: first of a statement.
        unary: an operator without a left side.
        tight: an operator without blanks around it.
        depth: blocks around it.
    """

    kind: LexemeKind
    text: str
    breaks: int
    blank: bool
    block: bool = False
    partner: int = -1
    inline: bool = False
    starts: bool = False
    unary: bool = False
    tight: bool = False
    depth: int = 0

    @property
    def opens_block(self) -> bool:
        return self.block and self.text == "{"

    @property
    def closes_block(self) -> bool:
        return self.block and self.text == "}"

    @property
    def ends_block(self) -> bool:
        """It is the last of a block, or a calibration."""
        return self.closes_block or self.kind is LexemeKind.CALIBRATION

    @property
    def ends_statement(self) -> bool:
        return self.block or self.text == ";" or self.kind in (LexemeKind.DIRECTIVE, LexemeKind.CALIBRATION)


def _read(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    end = 0
    for kind, piece, start in lexemes(text, version_of(text)):
        pieces.append(_Piece(kind, piece, text.count("\n", end, start), start > end))
        end = start + len(piece)
    return pieces


def _find_structure(pieces: list[_Piece]) -> None:
    """Find partners of brackets, blocks, signs, and what begins a statement."""
    opened: list[int] = []
    depth = 0
    before: _Piece | None = None  # comments left out
    for index, piece in enumerate(pieces):
        if piece.kind is LexemeKind.PUNCTUATION and piece.text in "([{":
            piece.block = piece.text == "{" and not _awaits_value(before)
            opened.append(index)
        elif piece.kind is LexemeKind.PUNCTUATION and piece.text in _OPENING:
            depth -= _close(pieces, opened, index)
        elif piece.kind is LexemeKind.OPERATOR:
            piece.unary = piece.text in _SIGNS and (piece.text in "!~" or _awaits_value(before))
            in_index = bool(opened) and pieces[opened[-1]].text == "["
            # "1e -3" is no number, so it must not become one.
            exponent = before is not None and before.text in ("e", "E")
            piece.tight = piece.text in _TIGHT or (in_index and piece.text in "+-" and not exponent)
        piece.starts = before is None or before.ends_statement
        piece.depth = depth
        depth += piece.opens_block
        before = before if piece.kind in _COMMENTS else piece


def _awaits_value(before: _Piece | None) -> bool:
    """A brace after it begins a list of values, a sign has no left side."""
    if before is None:
        return False
    if before.kind is LexemeKind.PUNCTUATION:
        return before.text in "([,:@" or (before.text == "{" and not before.block)
    return before.kind is LexemeKind.OPERATOR or (before.text in _BEFORE_VALUE and before.text != "else")


def _close(pieces: list[_Piece], opened: list[int], index: int) -> bool:
    """Find the partner of a closing bracket; a brace closes what is open inside its block, too.

    Returns:
        True when it ends a block.
    """
    piece = pieces[index]
    piece.block = piece.text == "}"
    while piece.text == "}" and opened and pieces[opened[-1]].text != "{":
        opened.pop()
    if not opened or pieces[opened[-1]].text != _OPENING[piece.text]:
        return False
    piece.partner = opened.pop()
    other = pieces[piece.partner]
    other.partner, piece.block = index, other.block
    return other.block


def _find_inline_blocks(pieces: list[_Piece]) -> None:
    outer = -1  # the last piece of the block that stands on one line
    broken = [0]
    for piece in pieces:
        broken.append(broken[-1] + (piece.breaks > 0 or "\n" in piece.text))
    for index, piece in enumerate(pieces):
        if piece.opens_block and piece.partner > index >= outer:
            empty = piece.partner == index + 1
            if empty or broken[piece.partner + 1] == broken[index + 1]:
                outer = piece.partner
        piece.inline = index <= outer


def _breaks(before: _Piece | None, piece: _Piece) -> int:
    """How many lines are to end between two pieces."""
    if before is None:
        return 0
    if before.kind in _TO_LINE_END:
        return min(piece.breaks, 1 if piece.closes_block else 2)
    joins = piece.text in (";", ",") or (piece.text == "else" and before.closes_block)
    if piece.opens_block or piece.inline or joins:
        return 0
    if piece.kind in _COMMENTS and not piece.breaks:
        return 0
    if before.opens_block or piece.closes_block:
        return 1
    least = 1 if before.ends_block else 0
    return min(max(piece.breaks, least), 2 if piece.starts else 1)


@dataclass(slots=True)
class _Line:
    """A line that is written.

    Attributes:
        first: the first piece of it.
        text: the line with its indentation.
        comment: what stands behind it, to the end of the line.
    """

    first: _Piece
    text: str
    comment: str


def _lines(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    line: list[_Piece] = []
    for piece in pieces:
        if piece.breaks and line:
            yield line
            line = []
        line.append(piece)
    if line:
        yield line


def _broken_up(line: list[_Piece]) -> Iterator[_Line]:
    """Yield the line, or its statements where it is too long."""
    made = _line(line)
    if len(made.text) > LONGEST_LINE and "\n" not in made.text:
        _break_up(line)
        yield from map(_line, _lines(line))
    else:
        yield made


def _line(pieces: list[_Piece]) -> _Line:
    code, comment = pieces, ""
    if len(pieces) > 1 and pieces[-1].kind is LexemeKind.COMMENT:
        code, comment = pieces[:-1], pieces[-1].text
    return _Line(pieces[0], _indentation(pieces[0]) + _joined(code), comment)


def _break_up(line: list[_Piece]) -> None:
    """Put each statement, and each brace that ends a block, on a line of its own."""
    before = line[0]
    for piece in line[1:]:
        code = piece.kind not in _COMMENTS and piece.text not in ("else", ";", ",")
        if (piece.starts and code) or piece.closes_block:
            piece.breaks = 0 if piece.closes_block and before.opens_block else 1
        before = piece


def _indentation(first: _Piece) -> str:
    depth = min(first.depth, DEEPEST)
    return STEP * (depth if first.starts or first.block else depth + 2)


def _joined(line: Sequence[_Piece]) -> str:
    parts = [line[0].text] if line else []
    for before, piece in pairwise(line):
        parts.append(f" {piece.text}" if _apart(before, piece) else piece.text)
    return "".join(parts)


def _apart(before: _Piece, piece: _Piece) -> bool:
    """True when a blank is to stand between two pieces of a line."""
    if before.kind in _COMMENTS or piece.kind in _COMMENTS:
        return True
    if LexemeKind.OTHER in (before.kind, piece.kind) or "." in (before.text, piece.text):
        return piece.blank
    if piece.kind is LexemeKind.PUNCTUATION and before.kind is not LexemeKind.OPERATOR:
        return _apart_from_punctuation(before, piece)
    if before.kind is LexemeKind.OPERATOR:
        return _apart_from_operator(before, piece)
    if before.kind is LexemeKind.PUNCTUATION and not before.block and before.text in "([{:":
        return False
    if piece.kind is LexemeKind.OPERATOR:
        if before.text in (",", ";", "@") or before.block or before.text in _BEFORE_VALUE:
            return True
        return piece.blank if piece.unary else not piece.tight
    if before.kind in _WORDS and piece.kind in _WORDS:
        return piece.blank
    return True


def _apart_from_punctuation(before: _Piece, piece: _Piece) -> bool:
    """The same, of a bracket, comma or the like after what is no operator."""
    if piece.block:
        return not (piece.closes_block and before.opens_block)
    if piece.text in ",;)]}":
        return False
    if before.kind is LexemeKind.PUNCTUATION:
        if before.text in ",;@" or before.block:
            return True
        return piece.blank if before.text == ")" and piece.text == "(" else piece.text == "@"
    if piece.text in "@{":
        return True
    return piece.text in "([" and before.text in _BEFORE_VALUE


def _apart_from_operator(before: _Piece, piece: _Piece) -> bool:
    """The same, of what follows an operator."""
    if piece.kind is LexemeKind.OPERATOR:
        # Two that stood apart must not become one, and need not.
        return piece.blank if before.unary or before.tight or not piece.unary else True
    if piece.block:
        return True
    if piece.text in (",", ";", ")", "]", "}"):
        return False
    return not (before.unary or before.tight)


def _with_comments(lines: list[_Line]) -> Iterator[str]:
    """Yield the lines as they are written, the comments behind following ones in one column."""
    column = end = 0
    for index, line in enumerate(lines):
        if line.first.breaks > 1:
            yield "\n"
        if not line.comment:
            yield f"{line.text}\n"
            continue
        if index >= end:
            end = index + 1
            while end < len(lines) and _follows(lines[end], lines[end - 1]):
                end += 1
            column = max(len(one.text) for one in lines[index:end])
        yield f"{line.text:<{column}}  {line.comment}\n"


def _follows(line: _Line, before: _Line) -> bool:
    """True when the comment of a line is to stand below that of the line before."""
    near = abs(len(line.text) - len(before.text)) <= _FARTHEST
    return bool(line.comment) and line.first.breaks == 1 and near
