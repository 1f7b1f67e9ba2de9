"""Strips as the cells of a terminal: which text, drawn with which rendition, is in which cell."""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from textual.strip import Strip

from tui.widgets.terminal.escape_sequences import rendition_of

REST = ""
"""The text of the second cell of a wide character: it belongs to the cell before."""
UNKNOWN = "\0"
"""The text of a cell of which it is not known what it shows."""


class CharWidth(IntEnum):
    """How a character moves the cursor; the first three are numbers of cells."""

    JOINED = 0
    NARROW = 1
    WIDE = 2
    UNSURE = 3
    CONTROL = 4


class CellRun(NamedTuple):
    """One text and one rendition a cell; `plain` when each text is one character that fills one cell."""

    texts: list[str]
    renditions: list[str]
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
def width_of_character(character: str) -> CharWidth:
    """Return how a character moves the cursor of a terminal.

    Terminals agree about letters, box drawing, East Asian wide characters and combining marks. They do not
    about emoji and their joiners and variation selectors, nor about other invisible characters: `UNSURE`.

    Args:
        character: one character.
    """
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return CharWidth.CONTROL
    if 0x1F000 <= code < 0x20000 or unicodedata.category(character) in {"Cf", "Cn", "Cs", "Zl", "Zp"}:
        return CharWidth.UNSURE
    width = cell_len(character)
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    if width == 0:
        return CharWidth.JOINED if unicodedata.combining(character) else CharWidth.UNSURE
    if wide != (width == 2):
        return CharWidth.UNSURE
    return CharWidth.WIDE if wide else CharWidth.NARROW


def cells_of(strip: Strip, color_system: ColorSystem) -> CellRun | CharWidth:
    """Return the cells of a strip.

    Args:
        strip: the strip.
        color_system: what the terminal can tell apart.

    Returns:
        Text and rendition of each cell; `UNSURE` or `CONTROL` when the terminal decides where they are.
    """
    texts: list[str] = []
    renditions: list[str] = []
    plain = True
    for text, style, control in strip:
        if control:
            return CharWidth.CONTROL
        rendition = rendition_of(style, color_system)
        if _is_plain(text):
            texts.extend(text)
            renditions.extend([rendition] * len(text))
            continue
        plain = False
        trouble = _add(text, rendition, texts, renditions)
        if trouble is not None:
            return trouble
    return CellRun(texts, renditions, plain)


def _add(text: str, rendition: str, texts: list[str], renditions: list[str]) -> CharWidth | None:
    worst: CharWidth | None = None
    for character in text:
        kind = width_of_character(character)
        if kind is CharWidth.NARROW:
            texts.append(character)
            renditions.append(rendition)
        elif kind is CharWidth.WIDE:
            texts += (character, REST)
            renditions += (rendition, rendition)
        elif kind is CharWidth.JOINED and texts:
            owner = len(texts) - (2 if texts[-1] == REST else 1)
            texts[owner] += character
        elif kind is CharWidth.CONTROL:
            return kind
        else:
            worst = CharWidth.UNSURE
    return worst
