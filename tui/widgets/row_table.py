"""A table of keyed rows: keeps cursor and scroll through changes, and repaints only changed cells.

Rows are asked for lazily, one visible line at a time, so its cost follows the screen and not the
number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.ink import BLANK, INKS, Ink, Line, Span, difference, fit, strip_of


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        title: its head.
        width: cells; the least it gets when it grows.
        right: numbers are aligned to the right.
        grow: its share of what the screen has left over.
        need: left out when the screen is narrower than this many cells.
    """

    title: str
    width: int
    right: bool = False
    grow: int = 0
    need: int = 0


Cells = Sequence[Span]
"""One span a column, its text plain."""


class RowTable(ScrollView, can_focus=True):
    """The table. `show` tells it the keys in order; `cells_of` says what a row holds."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS)
    DEFAULT_CSS = "RowTable { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }"
    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
    ]

    class CursorMoved(Message):
        """Another row is under the cursor; `key` is empty when there is no row."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """The table."""
            return self.table

    class Opened(CursorMoved):
        """The row under the cursor was clicked."""

    def __init__(
        self, columns: Sequence[Column], cells_of: Callable[[str], Cells], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cells_of = cells_of
        self._keys: tuple[str, ...] = ()
        self._places: dict[str, int] = {}
        self._cursor = 0
        self._painted: dict[int, Line] = {}
        self._painted_for: tuple[int, int] = (-1, -1)

    @property
    def keys(self) -> tuple[str, ...]:
        """The rows, in order."""
        return self._keys

    @property
    def cursor_key(self) -> str:
        """The key of the row under the cursor, empty when there is no row."""
        return self._keys[self._cursor] if self._keys else ""

    def show(self, keys: Sequence[str]) -> None:
        """Show these rows; the cursor stays on its key, and on its line of the screen once scrolled."""
        before, old_cursor = self.cursor_key, self._cursor
        self._keys = tuple(keys)
        self._places = {key: place for place, key in enumerate(self._keys)}
        self._cursor = self._places.get(before, max(0, min(old_cursor, len(self._keys) - 1)))
        self.virtual_size = Size(self.size.width, len(self._keys) + 1)
        top = self.scroll_offset.y
        if top and self._cursor != old_cursor:
            self.scroll_to(y=max(0, top + self._cursor - old_cursor), animate=False, force=True)
        self._keep_in_view()
        self.repaint()
        if self.cursor_key != before:
            self.post_message(self.CursorMoved(self, self.cursor_key))

    def move_to(self, key: str) -> None:
        """Put the cursor on a row; a key that is not shown changes nothing."""
        if key in self._places:
            self._set_cursor(self._places[key])

    def repaint(self) -> None:
        """Send the cells of the visible lines that differ from what is on the screen."""
        top, width = self.scroll_offset.y, self.size.width
        if width <= 0:
            return
        if (top, width) != self._painted_for:
            self.refresh()
            return
        for y in range(self.size.height):
            old, new = self._painted.get(y, BLANK), self._line_at(y)
            changed = difference(old, new)
            if changed is not None:
                self._painted[y] = new
                self.refresh(Region(changed[0], y, changed[1], 1))

    def render_line(self, y: int) -> Strip:
        """The head, then the rows from the scroll position on."""
        top, width = self.scroll_offset.y, self.size.width
        if (top, width) != self._painted_for:
            self._painted_for = (top, width)
            self._painted.clear()
        pieces = self._line_at(y)
        self._painted[y] = pieces
        return strip_of(pieces, width, self._ink_style, self.rich_style)

    def _ink_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _line_at(self, y: int) -> Line:
        width = self.size.width
        shown = self._widths(width)
        if y == 0:
            return self._join(
                [Span(column.title, Ink.HEAD) for column in self._columns], shown, width, " ", Ink.HEAD
            )
        place = y - 1 + self.scroll_offset.y
        if place >= len(self._keys):
            return BLANK
        cells = self._cells_of(self._keys[place])
        if place != self._cursor:
            return self._join(cells, shown, width, " ", Ink.PLAIN)
        ink = Ink.CURSOR if self.has_focus else Ink.CURSOR_BLURRED
        return self._join([span._replace(ink=ink) for span in cells], shown, width, "▸", ink)

    def _join(self, cells: Cells, widths: list[int], width: int, mark: str, ink: Ink) -> Line:
        spans = [Span(mark, ink)]
        for column, cell_width, cell in zip(self._columns, widths, cells, strict=True):
            if cell_width:
                spans.append(Span(" ", ink))
                spans.append(cell._replace(text=fit(cell.text, cell_width, right=column.right)))
        used = 1 + sum(cell_width + 1 for cell_width in widths if cell_width)
        if used < width:
            spans.append(Span(" " * (width - used), ink))
        return tuple(spans)

    def _widths(self, width: int) -> list[int]:
        widths = [0 if column.need > width else column.width for column in self._columns]
        room = width - 1 - sum(cell_width + 1 for cell_width in widths if cell_width)
        shares = sum(column.grow for column, kept in zip(self._columns, widths, strict=True) if kept)
        if room > 0 and shares:
            for place, column in enumerate(self._columns):
                if widths[place]:
                    widths[place] += room * column.grow // shares
        return widths

    def _set_cursor(self, place: int) -> None:
        place = max(0, min(place, len(self._keys) - 1))
        if not self._keys or place == self._cursor:
            return
        self._cursor = place
        self._keep_in_view()
        self.repaint()
        self.post_message(self.CursorMoved(self, self.cursor_key))

    def _keep_in_view(self) -> None:
        top, rows = self.scroll_offset.y, max(1, self.size.height - 1)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + rows:
            self.scroll_to(y=self._cursor - rows + 1, animate=False, force=True)

    def action_move(self, steps: int) -> None:
        """Move the cursor by rows."""
        self._set_cursor(self._cursor + steps)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screen."""
        self._set_cursor(self._cursor + direction * max(1, self.size.height - 2))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self._set_cursor(0 if direction < 0 else len(self._keys) - 1)

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor looks different without the focus."""
        self.repaint()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self._keys) + 1)
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; on the row under the cursor it opens it."""
        place = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or place >= len(self._keys):
            return
        if place == self._cursor:
            self.post_message(self.Opened(self, self.cursor_key))
        else:
            self._set_cursor(place)
