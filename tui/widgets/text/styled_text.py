"""Lines of styled text as plain values: what widgets draw, compare, and repaint only where it changed."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


class TextStyle(StrEnum):
    """The styles a span can have; each is a component class of the widgets, coloured by the theme."""

    PLAIN = "text--plain"
    MUTED = "text--muted"
    STRONG = "text--strong"
    ACCENT = "text--accent"
    HEAD = "text--head"
    KEY = "text--key"
    CURRENT = "text--current"
    GOOD = "text--good"
    BAD = "text--bad"
    BUSY = "text--busy"
    WAITING = "text--waiting"
    WARNING = "text--warning"
    SANDBOX = "text--sandbox"
    BAR = "text--bar"
    CURSOR = "text--cursor"
    CURSOR_BLURRED = "text--cursor-blurred"
    GRADE_A = "text--grade-a"
    GRADE_B = "text--grade-b"
    GRADE_C = "text--grade-c"
    GRADE_D = "text--grade-d"
    GRADE_E = "text--grade-e"
    QASM_KEYWORD = "qasm--keyword"
    QASM_TYPE = "qasm--type"
    QASM_GATE = "qasm--gate"
    QASM_INSTRUCTION = "qasm--instruction"
    QASM_FUNCTION = "qasm--function"
    QASM_CONSTANT = "qasm--constant"
    QASM_QUBIT = "qasm--qubit"
    QASM_NUMBER = "qasm--number"
    QASM_STRING = "qasm--string"
    QASM_COMMENT = "qasm--comment"
    QASM_DIRECTIVE = "qasm--directive"
    QASM_WRONG = "qasm--wrong"


QASM_STYLES: frozenset[str] = frozenset(style for style in TextStyle if style.startswith("qasm--"))
"""The kinds of words of OpenQASM, for the `COMPONENT_CLASSES` of what shows programs."""
TEXT_STYLES: frozenset[str] = frozenset(TextStyle) - QASM_STYLES
"""For the `COMPONENT_CLASSES` of all others."""
QASM_COLOURS = """
    & .qasm--comment { color: $quiet; text-style: italic; }
    & .qasm--directive { color: $quiet; }
    & .qasm--keyword { color: $primary; text-style: bold; }
    & .qasm--instruction { color: $primary; text-style: bold; }
    & .qasm--type { color: $busy; }
    & .qasm--gate { color: $success; }
    & .qasm--function { color: $success; }
    & .qasm--qubit { color: $waiting; }
    & .qasm--constant { color: $warning; }
    & .qasm--number { color: $warning; }
    & .qasm--string { color: $quiet; }
    & .qasm--wrong { color: $error; text-style: underline; }
"""
"""What they look like, for the `DEFAULT_CSS` of the same widgets."""


class Span(NamedTuple):
    """A piece of a line in one style. `text` is already plain (`tui.common.safe_text.plain`); `action` is run
    by a click."""

    text: str
    style: TextStyle = TextStyle.PLAIN
    action: str = ""


StyledLine = tuple[Span, ...]
"""One line of the screen."""
BLANK: StyledLine = ()


def line(*parts: str | tuple[str, TextStyle] | Span) -> StyledLine:
    """Return a line made from pieces; empty pieces are left out.

    Args:
        parts: strings in the plain style, `(text, style)` pairs, and spans.

    Returns:
        The spans in order; `BLANK` when all pieces are empty.
    """
    spans = (Span(part) if isinstance(part, str) else Span(*part) for part in parts)
    return tuple(span for span in spans if span.text)


def width_of(pieces: StyledLine) -> int:
    """Return the width of a line in cells."""
    return sum(cell_len(span.text) for span in pieces)


def text_of(pieces: StyledLine) -> str:
    """Return the line without its styles."""
    return "".join(span.text for span in pieces)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells.

    Args:
        text: plain text of any length.
        width: cells to fill.
        right: pad on the left, for numbers.

    Returns:
        The text padded with spaces, or cut with `…` in its last cell; empty when `width` is not above 0.
    """
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - size) + text if right else text + " " * (width - size)


def fit_line(pieces: StyledLine, width: int) -> StyledLine:
    """Return the line in exactly `width` cells.

    Returns:
        The spans padded with spaces, or cut with `…` in the last cell.
    """
    room = width
    kept: list[Span] = []
    for span in pieces:
        size = cell_len(span.text)
        if not size:
            continue
        if size > room:
            if room > 0:
                kept.append(span._replace(text=fit(span.text, room)))
            elif kept:
                last = kept[-1]
                kept[-1] = last._replace(text=set_cell_size(last.text, cell_len(last.text) - 1) + "…")
            return tuple(kept)
        kept.append(span)
        room -= size
    if room:
        kept.append(Span(" " * room))
    return tuple(kept)


def crop(pieces: StyledLine, left: int, width: int) -> StyledLine:
    """Return the cells from `left` to before `left + width` of a line of any length.

    Returns:
        Spans of at most `width` cells, fewer where the line ends before; a space stands for the half of a
        wide character.
    """
    kept: list[Span] = []
    at = 0
    for span in pieces:
        # Of the longest lines, which are ASCII, only the part is looked at.
        narrow = span.text.isascii()
        size = len(span.text) if narrow else cell_len(span.text)
        first, last = max(0, left - at), min(size, left + width - at)
        if last > first:
            part = span.text[first:last] if narrow else Strip([Segment(span.text)]).crop(first, last).text
            kept.append(span._replace(text=part))
        at += size
        if at >= left + width:
            break
    return tuple(kept)


def justify(left: StyledLine, right: StyledLine, width: int) -> StyledLine:
    """Return a line of `width` cells with `left` at its beginning and `right` at its end.

    Returns:
        Both parts with spaces between; `left` is cut when there is little room, and alone when there is none.
    """
    room = width - width_of(right) - 1
    if room <= 0:
        return fit_line(left, width)
    return (*fit_line(left, room), Span(" "), *right)


def wrapped(text: str, width: int, style: TextStyle = TextStyle.PLAIN) -> list[StyledLine]:
    """Return `text` wrapped at spaces.

    Args:
        text: plain text; line feeds begin a new line.
        width: cells of the longest line; longer words are cut.
        style: the style of all lines.

    Returns:
        At least one line, `BLANK` for an empty text.
    """
    lines: list[StyledLine] = []
    for paragraph in text.split("\n"):
        current = ""
        for word in paragraph.split(" "):
            candidate = f"{current} {word}" if current else word
            if cell_len(candidate) <= width:
                current = candidate
                continue
            if current:
                lines.append((Span(current, style),))
            pieces = chop_cells(word, max(1, width)) or [""]
            lines.extend((Span(piece, style),) for piece in pieces[:-1])
            current = pieces[-1]
        lines.append((Span(current, style),) if current else BLANK)
    return lines


def strip_of(pieces: StyledLine, width: int, style_of: Callable[[str], Style], base: Style) -> Strip:
    """Return the line as a Textual strip.

    Args:
        pieces: the line.
        width: cells of the strip, filled up with spaces.
        style_of: gives the Rich style of a component class.
        base: the style below all others.
    """
    segments: list[Segment] = []
    for span in pieces:
        style = base if span.style is TextStyle.PLAIN else base + style_of(span.style)
        if span.action:
            style += Style.from_meta({"@click": span.action})
        segments.append(Segment(span.text, style))
    return Strip(segments).adjust_cell_length(width, base)
