"""Widgets drawn line by line: of a change only the lines that differ are drawn again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import chop_cells
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.common.safe_text import plain
from tui.widgets.text.styled_text import (
    BLANK,
    QASM_COLOURS,
    QASM_STYLES,
    TEXT_STYLES,
    Span,
    StyledLine,
    crop,
    fit_line,
    strip_of,
    text_of,
    width_of,
)

LIMIT = 2_000_000
"""Characters of a text that are shown; a file export has all of them."""
_HANG = 2
"""Cells by which the rest of a folded line stands further in."""
Page = Callable[[int], Sequence[StyledLine]]
"""Lines for a number of cells: made again when the width changes."""


class LineWidget(Widget):
    """Subclasses say what the lines are (`build_lines`) and call `repaint` when that may have changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "LineWidget { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[StyledLine] = []
        self._lines_width = -1

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the lines to draw.

        Args:
            width: cells of a line; longer lines are cut, shorter ones filled up.
        """
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw the lines again that differ from what was drawn."""
        width = self.size.width
        if width != self._lines_width:
            # Hidden it has no width, and may then get its last one again: that is drawn anew too.
            self._lines_width = -1
            self.refresh()
            return
        new = self._draw(width)
        old, self._lines = self._lines, new
        # `DiffApp` finds the cells that changed; leaving out whole lines saves half the time of a change.
        for y in range(max(len(old), len(new))):
            if old[y : y + 1] != new[y : y + 1]:
                self.refresh(Region(0, y, width, 1))

    def _draw(self, width: int) -> list[StyledLine]:
        return [fit_line(pieces, width) for pieces in self.build_lines(width)]

    def render_line(self, y: int) -> Strip:
        """Return one line of those last built."""
        width = self.size.width
        if width != self._lines_width:
            self._lines = self._draw(width)
            self._lines_width = width
        base = self.rich_style
        pieces = self._lines[y] if y < len(self._lines) else BLANK
        return strip_of(pieces, width, self._text_style, base)

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


class TextBlock(LineWidget):
    """Shows the lines it is given; as high as they are."""

    DEFAULT_CSS: ClassVar[str] = "TextBlock { height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._given: tuple[StyledLine, ...] = ()

    def show(self, lines: Sequence[StyledLine]) -> None:
        """Show these lines; the height follows their number."""
        given = tuple(lines)
        if given == self._given:
            return
        resized = len(given) != len(self._given)
        self._given = given
        if resized:
            self.refresh(layout=True)
        self.repaint()

    @property
    def shown(self) -> tuple[StyledLine, ...]:
        """Lines that are shown."""
        return self._given

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the lines as given."""
        return self._given

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return len(self.build_lines(width))


def text_page(text: str) -> list[StyledLine]:
    """Return any text from outside as lines.

    Args:
        text: untrusted text; control characters are made visible, what exceeds `LIMIT` is cut.
    """
    shown = plain(text, limit=LIMIT, lines=True)
    return [(Span(row),) if row else BLANK for row in shown.split("\n")]


def wrapped_page(text: str, width: int) -> list[StyledLine]:
    """Return any text from outside as lines of at most `width` cells.

    Args:
        text: untrusted text, as for `text_page`.
        width: cells of a line; the rest of a longer one is indented below its beginning.
    """
    lines: list[StyledLine] = []
    for pieces in text_page(text):
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


def _widest(lines: Sequence[StyledLine]) -> int:
    return max(map(width_of, lines), default=0)


class TextPane(ScrollView, can_focus=True):
    """Draws only the lines in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES | QASM_STYLES)
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
        self._in_thread = False
        self._lines: Sequence[StyledLine] = ()

    @property
    def lines(self) -> Sequence[StyledLine]:
        """Lines that are shown, all of the page."""
        return self._lines

    def show(self, page: Page, *, home: bool = True, in_thread: bool = False) -> None:
        """Show a page.

        Args:
            page: makes the lines for a number of cells; asked again when the width changes.
            home: scroll to the top.
            in_thread: a thread asks it, for a page that takes long; what was shown stays until it is there.
        """
        self._page, self._in_thread = page, in_thread
        self._make()
        if home:
            self.scroll_to(0, 0, animate=False, force=True)

    @property
    def _page_width(self) -> int:
        return max(20, self.size.width)

    def _make(self) -> None:
        if self._in_thread:
            work = self._make_in_thread(self._page, self._page_width)
            self.run_worker(work, group="page", exclusive=True, exit_on_error=False)
            return
        lines = self._page(self._page_width)
        if list(lines) != list(self._lines):
            self._take(lines, _widest(lines))

    async def _make_in_thread(self, page: Page, width: int) -> None:
        def made() -> tuple[Sequence[StyledLine], int]:
            lines = page(width)
            return lines, _widest(lines)

        lines, widest = await asyncio.to_thread(made)
        if page is self._page and width == self._page_width:
            self._take(lines, widest)

    def _take(self, lines: Sequence[StyledLine], widest: int) -> None:
        self._lines = lines
        self.virtual_size = Size(widest, len(lines))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Make the lines anew: they may depend on the width."""
        self._make()

    def render_line(self, y: int) -> Strip:
        """Return the line at the scroll position."""
        left, top = self.scroll_offset
        width = self.size.width
        base = self.rich_style
        return strip_of(crop(self.line_at(y + top), left, width), width, self._text_style, base)

    def line_at(self, place: int) -> StyledLine:
        """Return a line of the page as it is drawn; an empty one beyond its end."""
        return self._lines[place] if place < len(self._lines) else BLANK

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
