"""A table of keyed rows: keeps cursor and scroll through changes, and repaints only changed cells.

Rows are asked for lazily, one visible line at a time, so its cost follows the screen and not the
number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.common.values import Value
from tui.widgets.text.styled_text import BLANK, TEXT_STYLES, Span, StyledLine, TextStyle, fit, strip_of


class Column(Value, frozen=True):
    """A column of the table.

    Attributes:
        title: its head.
        width: cells; the least it gets when it grows.
        right: numbers are aligned to the right.
        grow: its share of what the screen has left over.
        need: left out when the screen is narrower than this many cells.
        id: its name for the program.
    """

    title: str
    width: int
    right: bool = False
    grow: int = 0
    need: int = 0
    id: str = ""


_LEAST = 3
"""Cells below which a column that does not fit is left out instead of cut."""
Cells = Sequence[Span]
"""One span a column, its text plain."""


class _TableMessage(Message):
    def __init__(self, table: RowTable) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> RowTable:
        """The table that posted it."""
        return self.table


class RowTable(ScrollView, can_focus=True):
    """The table. `show` sets the keys in order; `cells_of` gives the cells of a row."""

    GUTTER: ClassVar[int] = 1
    """Cells left of the first column: the cursor, and what else `gutter_text` says."""
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "RowTable { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }"
    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
    ]

    class CursorMoved(_TableMessage):
        """Another row is under the cursor; `key` is empty when there is no row."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__(table)
            self.key = key

    class Opened(CursorMoved):
        """A row was clicked twice."""

    class HeadClicked(_TableMessage):
        """The head of a column was clicked."""

        def __init__(self, table: RowTable, column: Column) -> None:
            super().__init__(table)
            self.column = column

    def __init__(
        self, columns: Sequence[Column], cells_of: Callable[[str], Cells], *, id: str | None = None
    ) -> None:
        self._styles_then: dict[str, Style] = {}
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cells_of = cells_of
        self._keys: tuple[str, ...] = ()
        self._cursor = 0
        self._widths_for = -1
        self._widths_then: list[int] = []
        self._painted: dict[int, StyledLine] = {}
        self._painted_for: tuple[int, int] = (-1, -1)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the rows, in order."""
        return self._keys

    @property
    def cursor_key(self) -> str:
        """Key of the row under the cursor; empty when there is no row."""
        return self._keys[self._cursor] if self._keys else ""

    @property
    def line_width(self) -> int:
        """Cells of a row, without the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def cursor_index(self) -> int:
        """Number of rows above the cursor."""
        return self._cursor

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns, in order."""
        return self._columns

    def use_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns.

        Args:
            columns: in order; `cells_of` has to give their cells from now on.
        """
        self._columns = tuple(columns)
        self._widths_for = -1
        self.repaint()

    def show(self, keys: Sequence[str]) -> None:
        """Show these rows.

        The cursor stays on its key, and on its line of the screen once scrolled. Posts `CursorMoved` when
        another row is under the cursor then.

        Args:
            keys: keys of all rows, in order.
        """
        before, old_cursor = self.cursor_key, self._cursor
        self._keys = tuple(keys)
        self._cursor = self._index_of(before, max(0, min(old_cursor, len(self._keys) - 1)))
        self.virtual_size = Size(self.line_width, len(self._keys) + 1)
        top = self.scroll_offset.y
        if top and self._cursor != old_cursor:
            self.scroll_to(y=max(0, top + self._cursor - old_cursor), animate=False, force=True)
        self._keep_in_view()
        self.repaint()
        if self.cursor_key != before:
            self.post_message(self.CursorMoved(self, self.cursor_key))

    def move_to(self, key: str) -> None:
        """Put the cursor on a row and post `CursorMoved`.

        Args:
            key: the row; one that is not shown changes nothing.
        """
        self._set_cursor(self._index_of(key, self._cursor))

    def _index_of(self, key: str, other: int) -> int:
        """Where a key is, `other` when it is not shown. Most often it is where the cursor was."""
        if 0 <= other < len(self._keys) and self._keys[other] == key:
            return other
        try:
            return self._keys.index(key)
        except ValueError:
            return other

    def repaint(self) -> None:
        """Draw the visible rows again that differ from what was drawn."""
        top, width = self.scroll_offset.y, self.line_width
        if width <= 0:
            return
        if (top, width) != self._painted_for:
            self.refresh()
            return
        # `DiffApp` finds the cells that changed; leaving out whole rows saves half the time of a change.
        for y in range(self.size.height):
            pieces = self._line_at(y)
            if pieces != self._painted.get(y, BLANK):
                self._painted[y] = pieces
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        """Return the head or a row, by the scroll position."""
        top, width = self.scroll_offset.y, self.line_width
        if (top, width) != self._painted_for:
            self._painted_for = (top, width)
            self._painted.clear()
        pieces = self._painted[y] = self._line_at(y)
        return strip_of(pieces, width, self._text_style, self._text_style(""))

    def _text_style(self, name: str) -> Style:
        """Return the Rich style of a `TextStyle`, the table's own for an empty name."""
        # Kept until the theme changes: asking Textual anew took a fifth of drawing a line.
        style = self._styles_then.get(name)
        if style is None:
            style = self.get_component_rich_style(name, partial=True) if name else self.rich_style
            self._styles_then[name] = style
        return style

    def notify_style_update(self) -> None:
        """Drop the styles that were kept: the theme or the style sheet changed."""
        self._styles_then.clear()
        super().notify_style_update()

    def _line_at(self, y: int) -> StyledLine:
        width = self.line_width
        if y == 0:
            heads = [
                Span(self.heading(column, cells), TextStyle.HEAD)
                for column, cells in zip(self._columns, self._widths(width), strict=True)
            ]
            return self._join(heads, width, " " * self.GUTTER, TextStyle.HEAD)
        place = y - 1 + self.scroll_offset.y
        if place >= len(self._keys):
            return BLANK
        at_cursor = place == self._cursor
        style = (
            (TextStyle.CURSOR if self.has_focus else TextStyle.CURSOR_BLURRED)
            if at_cursor
            else TextStyle.PLAIN
        )
        return self.row_line(self._keys[place], width, style)

    def heading(self, column: Column, cells: int) -> str:
        """Return the text of a column's head.

        Args:
            column: the column.
            cells: its width now.
        """
        return column.title

    def gutter_text(self, key: str, at_cursor: bool) -> str:
        """Return the text left of a row.

        Args:
            key: the row.
            at_cursor: whether the cursor is on it.

        Returns:
            Exactly `GUTTER` cells.
        """
        return ("▸" if at_cursor else " ").ljust(self.GUTTER)

    def row_line(self, key: str, width: int, style: TextStyle) -> StyledLine:
        """Return one row.

        Args:
            key: the row.
            width: cells to fill.
            style: the style of the whole row under the cursor, else `PLAIN`.
        """
        cells = self._cells_of(key)
        if style is not TextStyle.PLAIN:
            cells = [span._replace(style=style) for span in cells]
        return self._join(cells, width, self.gutter_text(key, style is not TextStyle.PLAIN), style)

    def _join(self, cells: Cells, width: int, mark: str, style: TextStyle) -> StyledLine:
        widths = self._widths(width)
        spans = [Span(mark, style)]
        for column, cell_width, cell in zip(self._columns, widths, cells, strict=True):
            if cell_width:
                spans.append(Span(" ", style))
                spans.append(cell._replace(text=fit(cell.text, cell_width, right=column.right)))
        used = self.GUTTER + sum(cell_width + 1 for cell_width in widths if cell_width)
        if used < width:
            spans.append(Span(" " * (width - used), style))
        return tuple(spans)

    def _widths(self, width: int) -> list[int]:
        """Cells of each column, 0 for those left out: what does not fit is cut, then left out."""
        if self._widths_for != width:
            self._widths_for, self._widths_then = width, self._divide(width)
        return self._widths_then

    def _divide(self, width: int) -> list[int]:
        widths: list[int] = []
        room = width - self.GUTTER
        for column in self._columns:
            cells = 0 if column.need > width else min(column.width, room - 1)
            if cells < min(column.width, _LEAST):
                cells = 0
                room = 0 if column.need <= width else room
            widths.append(cells)
            room -= cells + 1 if cells else 0
        shares = sum(column.grow for column, kept in zip(self._columns, widths, strict=True) if kept)
        if room > 0 and shares:
            for place, column in enumerate(self._columns):
                if widths[place]:
                    widths[place] += room * column.grow // shares
        return widths

    def column_at(self, x: int) -> Column | None:
        """Return the column that fills a cell.

        Args:
            x: the cell, from the left; the space left of a column counts as its own.

        Returns:
            The column; `None` in the gutter and right of the last column.
        """
        end = self.GUTTER
        for column, cells in zip(self._columns, self._widths(self.line_width), strict=True):
            if cells:
                end += cells + 1
                if self.GUTTER <= x < end:
                    return column
        return None

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

    def _navigate(self, place: int) -> None:
        """Move the cursor as the user asked."""
        self._set_cursor(place)

    def action_move(self, steps: int) -> None:
        """Move the cursor by rows."""
        self._navigate(self._cursor + steps)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screen."""
        self._navigate(self._cursor + direction * max(1, self.size.height - 2))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self._navigate(0 if direction < 0 else len(self._keys) - 1)

    def on_focus(self) -> None:
        """Draw the cursor as it looks with the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """Draw the cursor as it looks without the focus."""
        self.repaint()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.line_width, len(self._keys) + 1)
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; post `Opened` for a double click, `HeadClicked` for a click on a head."""
        if event.y < 1:
            column = self.column_at(event.x)
            if column is not None:
                self.post_message(self.HeadClicked(self, column))
            return
        place = event.y - 1 + self.scroll_offset.y
        if place >= len(self._keys):
            return
        if event.chain > 1 and place == self._cursor:
            self.post_message(self.Opened(self, self.cursor_key))
        else:
            self._set_cursor(place)
