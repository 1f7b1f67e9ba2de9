"""Strips as the cells of a terminal: which text, drawn with which pen, is in which cell."""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from textual.strip import Strip

from tui.widgets.terminal.escape_sequences import pen_of

REST = ""
"""The text of the second cell of a wide character: it belongs to the cell before."""
UNKNOWN = "\0"
"""The text of a cell of which it is not known what it shows."""


class Kind(IntEnum):
    """How a character moves the cursor; the first three are numbers of cells."""

    JOINED = 0
    NARROW = 1
    WIDE = 2
    UNSURE = 3
    CONTROL = 4


class Cells(NamedTuple):
    """One text and one pen a cell; `plain` when each text is one character that fills one cell."""

    texts: list[str]
    pens: list[str]
    plain: bool


# What nearly all text on a screen is made of: one look at a whole piece of text, instead of one a character.
_PLAIN = frozenset(
    chr(code)
    for first, last in (
        (0x20, 0x7E),
        (0xA0, 0xAC),
        (0xAE, 0x2FF),
        (0x370, 0x377),
        (0x391, 0x3A1),
        (0x3A3, 0x482),
        (0x2010, 0x2026),
        (0x2190, 0x21FF),
        (0x2200, 0x22FF),
        (0x2500, 0x25FC),
        (0x2800, 0x28FF),
    )
    for code in range(first, last + 1)
)
_is_plain = _PLAIN.issuperset


@lru_cache(maxsize=8192)
def kind_of(character: str) -> Kind:
    """How the character moves the cursor of a terminal.

    Terminals agree about letters, box drawing, East Asian wide characters and combining marks. They do not
    about emoji and their joiners and variation selectors, nor about other invisible characters: `UNSURE`.
    """
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return Kind.CONTROL
    if 0x1F000 <= code < 0x20000 or unicodedata.category(character) in {"Cf", "Cn", "Cs", "Zl", "Zp"}:
        return Kind.UNSURE
    width = cell_len(character)
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    if width == 0:
        return Kind.JOINED if unicodedata.combining(character) else Kind.UNSURE
    if wide != (width == 2):
        return Kind.UNSURE
    return Kind.WIDE if wide else Kind.NARROW


def cells_of(strip: Strip, color_system: ColorSystem) -> Cells | Kind:
    """The cells of a strip, or why they cannot be told: `UNSURE` or `CONTROL`."""
    texts: list[str] = []
    pens: list[str] = []
    plain = True
    for text, style, control in strip:
        if control:
            return Kind.CONTROL
        pen = pen_of(style, color_system)
        if _is_plain(text):
            texts.extend(text)
            pens.extend([pen] * len(text))
            continue
        plain = False
        trouble = _add(text, pen, texts, pens)
        if trouble is not None:
            return trouble
    return Cells(texts, pens, plain)


def _add(text: str, pen: str, texts: list[str], pens: list[str]) -> Kind | None:
    worst: Kind | None = None
    for character in text:
        kind = kind_of(character)
        if kind is Kind.NARROW:
            texts.append(character)
            pens.append(pen)
        elif kind is Kind.WIDE:
            texts += (character, REST)
            pens += (pen, pen)
        elif kind is Kind.JOINED and texts:
            owner = len(texts) - (2 if texts[-1] == REST else 1)
            texts[owner] += character
        elif kind is Kind.CONTROL:
            return kind
        else:
            worst = Kind.UNSURE
    return worst
