"""A program that is looked at: coloured and numbered lines, a cursor, lines pointed at; of any length."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.common.safe_text import plain
from tui.openqasm.highlighter import StaticHighlighter
from tui.openqasm.lexers import LONGEST_LINE
from tui.widgets.text.styled_text import (
    BLANK,
    QASM_COLOURS,
    QASM_STYLES,
    TEXT_STYLES,
    Span,
    StyledLine,
    TextStyle,
    crop,
    fit,
    fit_line,
    line,
    strip_of,
    text_of,
)
from tui.widgets.text.text_widgets import LIMIT

_STATEMENT_ENDS = re.compile(r"(?<=;)[ ]*")


class QasmRows:
    """The rows of a program, each coloured when it comes into sight.

    A line longer than any that a person writes (programs come in one line from some services) has a row for
    each statement.

    Args:
        text: the program, from outside.

    Attributes:
        widest: cells of the widest row.
    """

    def __init__(self, text: str) -> None:
        self._rows: list[str] = []
        self._firsts: list[int] = []
        """The first row of each line."""
        for row in plain(text, limit=LIMIT, lines=True).split("\n"):
            self._firsts.append(len(self._rows))
            self._rows += [row] if len(row) <= LONGEST_LINE else _STATEMENT_ENDS.split(row)
        self._known: dict[int, StyledLine] = {}
        self.widest = max(len(row) if row.isascii() else cell_len(row) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> StyledLine:
        if row not in self._known:
            self._known[row] = self._coloured(row)
        return self._known[row]

    @property
    def lines(self) -> int:
        """Number of lines of the program."""
        return len(self._firsts)

    def line_of(self, row: int) -> int:
        """Return the line that a row is of, from 1."""
        return bisect_right(self._firsts, row)

    def row_of(self, number: int) -> int:
        """Return the first row of a line, from 1; the nearest where there is no such line."""
        return self._firsts[max(1, min(number, self.lines)) - 1]

    def begins(self, row: int) -> bool:
        """Return whether a row is the first of its line."""
        return self.row_of(self.line_of(row)) == row

    @cached_property
    def _reading(self) -> StaticHighlighter:
        # Where nothing is shown yet, the lexers may still be compiled by a thread.
        return StaticHighlighter(self._rows)

    def _coloured(self, row: int) -> StyledLine:
        text = self._rows[row]
        if not text:
            return BLANK
        pieces: list[Span] = []
        done = 0
        for start, end, kind in self._reading.spans(row):
            name = f"qasm--{kind}"
            if name in QASM_STYLES:
                pieces += [Span(text[done:start]), Span(text[start:end], TextStyle(name))]
                done = end
        pieces.append(Span(text[done:]))
        return tuple(piece for piece in pieces if piece.text)


class ProgramPane(ScrollView, can_focus=True):
    """Shows a program; a line is chosen by the arrows or a click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES | QASM_STYLES)
    DEFAULT_CSS = "ProgramPane { height: 1fr; scrollbar-size: 1 1;" + QASM_COLOURS + "}"
    BINDINGS: ClassVar = [
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("enter", "pick", "To its gate", show=False),
    ]

    class Marked(Message):
        """Another line was chosen.

        Attributes:
            pane: where.
            line: its number, from 1.
        """

        def __init__(self, pane: ProgramPane, line: int) -> None:
            super().__init__()
            self.pane, self.line = pane, line

        @property
        def control(self) -> ProgramPane:
            """The pane, for selectors."""
            return self.pane

    class Picked(Marked):
        """The user wants to see what a line makes."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._rows = QasmRows("")
        self._row = 0
        self._pointed: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        """The program that is shown."""
        return self._text

    @property
    def chosen_line(self) -> int:
        """The line under the cursor, from 1."""
        return self._rows.line_of(self._row)

    @property
    def pointed(self) -> frozenset[int]:
        """The lines that are pointed at."""
        return self._pointed

    def show(self, text: str) -> None:
        """Show a program from its beginning; the one that is shown stays as it is."""
        if text == self._text:
            return
        self._text, self._rows = text, QasmRows(text)
        self._row, self._pointed = 0, frozenset()
        self.virtual_size = Size(self._gutter + self._rows.widest, len(self._rows))
        self.scroll_to(0, 0, animate=False, force=True)
        self.refresh()

    def point_at(self, lines: Iterable[int]) -> None:
        """Point at lines in the margin, from 1, with the cursor on the first, in sight; posts nothing."""
        self._pointed = frozenset(number for number in lines if 0 < number <= self._rows.lines)
        if self._pointed:
            self._go(self._rows.row_of(min(self._pointed)))
        self.refresh()

    @property
    def _gutter(self) -> int:
        return len(str(self._rows.lines)) + 2

    def render_line(self, y: int) -> Strip:
        """Return the row at the scroll position, with its number in the margin."""
        left, top = self.scroll_offset
        width = self.size.width
        return strip_of(self._line_at(y + top, left, width), width, self._text_style, self.rich_style)

    def _line_at(self, row: int, left: int, width: int) -> StyledLine:
        if row >= len(self._rows) or not self._text:
            return BLANK
        number = self._rows.line_of(row)
        pointer = "▸" if number in self._pointed else " "
        digits = str(number) if self._rows.begins(row) else ""
        margin = line(
            (pointer, TextStyle.ACCENT), (fit(digits, self._gutter - 2, right=True), TextStyle.MUTED), " "
        )
        room = max(0, width - self._gutter)
        text = crop(self._rows[row], left, room)
        if row == self._row and (self.has_focus or self._pointed):
            style = TextStyle.CURSOR if self.has_focus else TextStyle.CURSOR_BLURRED
            text = fit_line(line((text_of(text), style)), room)
            return margin + tuple(span._replace(style=style) for span in text)
        return margin + text

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def action_step(self, rows: int) -> None:
        """Go down or up by some rows."""
        self._choose(self._row + rows)

    def action_page(self, pages: int) -> None:
        """Go down or up by as many rows as are in sight."""
        self._choose(self._row + pages * max(1, self.size.height - 1))

    def action_edge(self, place: int) -> None:
        """Go to the first or the last row."""
        self._choose(range(len(self._rows))[place])

    def action_pick(self) -> None:
        """Ask for what the line under the cursor makes."""
        self.post_message(self.Picked(self, self.chosen_line))

    def on_click(self, event: events.Click) -> None:
        """Choose the line that was clicked."""
        self._choose(event.y + self.scroll_offset.y)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor, unless something is pointed at."""
        self.refresh()

    def _choose(self, row: int) -> None:
        self._go(max(0, min(row, len(self._rows) - 1)))
        self._pointed = frozenset()
        self.refresh()
        self.post_message(self.Marked(self, self.chosen_line))

    def _go(self, row: int) -> None:
        self._row = row
        self.scroll_to_region(
            Region(self.scroll_offset.x, row, 1, 1), animate=False, force=True, x_axis=False
        )
