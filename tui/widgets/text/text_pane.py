"""A scrollable page of styled lines: long circuits, logs and raw JSON cost what the screen shows of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import chop_cells
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.common.sanitize import plain
from tui.widgets.text.styled_text import (
    BLANK,
    INKS,
    QASM_COLOURS,
    QASM_INKS,
    Line,
    Span,
    part_of,
    strip_of,
    text_of,
    width_of,
)

LIMIT = 2_000_000
"""Characters of a text that are shown; a file export has all of them."""
_HANG = 2
"""Cells by which the rest of a folded line stands further in."""


class LongPage(Sequence[Line]):
    """Lines that are made when they come into sight; the same object is the same page.

    Attributes:
        widest: cells of the longest line.
    """

    widest: int


Page = Callable[[int], Sequence[Line]]
"""Lines for a number of cells: made again when the width changes."""


def page_of(text: str) -> list[Line]:
    """Any text from outside as lines, control characters made visible."""
    shown = plain(text, limit=LIMIT, lines=True)
    return [(Span(row),) if row else BLANK for row in shown.split("\n")]


def folded_page(text: str, width: int) -> list[Line]:
    """The same with no line longer than `width` cells: what goes on is indented below its beginning."""
    lines: list[Line] = []
    for pieces in page_of(text):
        row = text_of(pieces)
        if len(row) * 2 <= width or width_of(pieces) <= width:
            lines.append(pieces)
            continue
        indent = min(len(row) - len(row.lstrip(" ")) + _HANG, width // 2)
        begin = 0
        while begin < len(row):
            room = width - indent if begin else width
            end = begin + _room_for(row[begin : begin + 2 * room], room)
            lines.append((Span((" " * indent if begin else "") + row[begin:end]),))
            begin = end
    return lines


def _room_for(text: str, width: int) -> int:
    """How many characters of a text fill a line: to the end of a word, unless the word is a long one."""
    first = len(chop_cells(text, width)[0])
    space = text.rfind(" ", 0, first)
    return first if first == len(text) or space < first // 2 else space + 1


class TextPane(ScrollView, can_focus=True):
    """Draws only the lines in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS | QASM_INKS)
    DEFAULT_CSS = "TextPane { height: 1fr; scrollbar-size: 1 1;" + QASM_COLOURS + "}"
    BINDINGS: ClassVar = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "End", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._page: Page = lambda _width: ()
        self._lines: Sequence[Line] = ()

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now."""
        return self._lines

    def show(self, page: Page, *, home: bool = True) -> None:
        """Show a page; `home` goes to its top."""
        self._page = page
        self._make()
        if home:
            self.scroll_to(0, 0, animate=False, force=True)

    def _make(self) -> None:
        lines, shown = self._page(max(20, self.size.width)), self._lines
        long = isinstance(lines, LongPage) or isinstance(shown, LongPage)
        if lines is shown or (not long and list(lines) == list(shown)):
            return
        self._lines = lines
        if isinstance(lines, LongPage):
            widest = lines.widest
        else:
            widest = max((width_of(pieces) for pieces in lines), default=0)
        self.virtual_size = Size(widest, len(lines))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Lines may depend on the width."""
        self._make()

    def render_line(self, y: int) -> Strip:
        """The line at the scroll position."""
        left, top = self.scroll_offset
        width = self.size.width
        place = y + top
        pieces = self._lines[place] if place < len(self._lines) else BLANK
        base = self.rich_style
        return strip_of(part_of(pieces, left, width), width, self._ink_style, base)

    def _ink_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
