"""A program cut into statements, also while it is being typed: a missing `;` spoils one statement, not all.

Everything is linear in the length of the text, and offsets are those of the text as it is. A `Program` is
cut into segments, of which an edit has only those cut again that it touches.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from tui.openqasm.lexemes import ARGUMENTS, NAME, OPERAND, OPERANDS, SIZE

_TYPE: Final = r"(?:qubit|bit|int|uint|float|angle|bool|complex|duration|stretch|qreg|creg)"
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
_IN_SEGMENT: Final = 400
"""Statements of a segment."""
_WHOLE: Final = re.compile(
    rf"(?:measure\s++{OPERAND}(?:\s*+->\s*+{OPERAND})?+"
    rf"|{OPERAND}\s*+=\s*+measure\s++{OPERAND}"
    rf"|(?:const\s++|input\s++|output\s++)?+{_TYPE}\s*+(?:{SIZE})?+\s*+{NAME}(?:\s*+{SIZE})?+"
    rf"(?:\s*+=[^\n;{{}}]*+)?+"
    rf"|(?:OPENQASM\s++[\d.]++|include\s*+\"[^\"\n]*+\")"
    rf"|(?!(?:if|for|while|def|gate|opaque|let|const|else|switch|case|array|extern|box|input|output"
    rf"|measure|return|{_TYPE})\b){NAME}(?:\s*+{ARGUMENTS})?+\s++{OPERANDS})"
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


class Segment:
    """Lines of a program in which whatever begins ends too, so that they are read alone.

    Attributes:
        text: the lines.
        bare: the same `without_comments`.
        statements: those in them, at offsets from the start of the segment.
        plain: no name is declared in it, and no block begins or ends; `None`: nobody has looked yet.
        clean_in: the declarations with which no mistake was found in it; `None`: there was one, or nobody
            looked.
    """

    __slots__ = ("bare", "clean_in", "plain", "statements", "text")

    def __init__(self, text: str, bare: str, statements: Sequence[Statement]) -> None:
        self.text, self.bare, self.statements = text, bare, statements
        self.plain: bool | None = None
        self.clean_in: object = None

    def at(self, offset: int) -> Iterator[Statement]:
        """Yield its statements where the segment begins at an offset of the program."""
        if not offset:
            yield from self.statements
            return
        for start, text, end, ended_by in self.statements:
            yield Statement(start + offset, text, end + offset, ended_by)


class Program:
    """A program cut into statements, and after an edit again, in a time that does not grow with the program.

    Args:
        text: the program.

    Attributes:
        segments: of all its lines, in order.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.segments = _segments(text)[0]
        self._place()

    @classmethod
    def whole(cls, text: str) -> Program:
        """Return a program that is one segment: what `edited` makes is the same as this."""
        program = cls("")
        bare = without_comments(text)
        program.text, program.segments = text, [Segment(text, bare, list(statements(bare)))]
        program._place()
        return program

    @property
    def bare(self) -> str:
        """The program `without_comments`."""
        return "".join([one.bare for one in self.segments])

    def placed(self) -> Iterator[tuple[int, Segment]]:
        """Yield each segment with the offset of its beginning."""
        return zip(self._starts, self.segments, strict=False)

    def statements(self) -> Iterator[Statement]:
        """Yield all statements."""
        for offset, segment in self.placed():
            yield from segment.at(offset)

    def edited(self, text: str, unchanged: tuple[int, int] | None = None) -> None:
        """Take another text.

        Args:
            text: the program now.
            unchanged: characters at its beginning and at its end that are as before; `None`: not known.
        """
        before, behind = common_ends(self.text, text) if unchanged is None else unchanged
        grown = len(text) - len(self.text)
        first = max(0, bisect_right(self._starts, before, hi=len(self.segments)) - 1)
        # What is kept begins with the first line that lies in what is as before.
        last = max(first, bisect_right(self._starts, len(self.text) - behind - 1))
        start, more = self._starts[first], 1
        while True:
            end = self._starts[last] + grown
            if end == len(text):
                last = len(self.segments)
            middle = text[start:end]
            if last == len(self.segments) or not middle or middle.endswith("\n"):
                made, closed = _segments(middle)
                if closed or last == len(self.segments):
                    break
            last, more = min(last + more, len(self.segments)), more * 2
        self.text = text
        self.segments[first:last] = made if middle else []
        self._place()

    def _place(self) -> None:
        self._starts = list(accumulate((len(one.text) for one in self.segments), initial=0))


def common_ends(old: str, new: str) -> tuple[int, int]:
    """Return how many characters at the beginning, and behind them at the end, two texts have in common."""
    most = min(len(old), len(new))
    before = _longest(most, lambda low, high: old[low:high] == new[low:high])
    behind = _longest(
        most - before,
        lambda low, high: old[len(old) - high : len(old) - low] == new[len(new) - high : len(new) - low],
    )
    return before, behind


def _longest(most: int, equal: Callable[[int, int], bool]) -> int:
    """The greatest length up to which texts are equal: of what is left the first half is compared."""
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        if equal(low, middle):
            low = middle
        else:
            most = middle - 1
    return low


def _segments(text: str) -> tuple[list[Segment], bool]:
    """Cut a text into segments; False when what it ends with may go on behind it."""
    bare = without_comments(text)
    found = list(statements(bare))
    closed = (not found or found[-1].ended_by != "") and not _open_comment(text)
    if _CALIBRATION.search(bare):
        return [Segment(text, bare, found)], False
    made: list[Segment] = []
    begin = first = 0
    for number in range(_IN_SEGMENT, len(found), _IN_SEGMENT):
        if (end := _line_end(text, bare, found[number - 1])) >= 0:
            made.append(_segment(text, bare, begin, end, found[first:number]))
            begin, first = end, number
    made.append(_segment(text, bare, begin, len(text), found[first:]))
    return made, closed


def _segment(text: str, bare: str, begin: int, end: int, found: Sequence[Statement]) -> Segment:
    if begin:
        found = [Statement(start - begin, words, end - begin, by) for start, words, end, by in found]
    return Segment(text[begin:end], bare[begin:end], found)


def _line_end(text: str, bare: str, statement: Statement) -> int:
    """The end of the line on which a statement ends, where no more than a comment of it follows; else -1."""
    end = text.find("\n", statement.end) + 1
    rest = slice(statement.end, end)
    if not statement.ended_by or not end or not bare[rest].isspace() or "/*" in text[rest]:
        return -1
    return end


def _open_comment(text: str) -> bool:
    """True when a text ends in a comment of several lines."""
    if "/*" not in text:
        return False
    last = [found[0] for found in _NO_CODE.finditer(text) if found[0].startswith("/*")][-1:]
    return any(len(one) < 4 or not one.endswith("*/") for one in last)


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
