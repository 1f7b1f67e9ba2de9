"""A circuit's diagram on the screen: scrolled both ways, a cursor on its operations, registers that fold."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.domain.views.diagram import CircuitDiagram
from tui.widgets.circuit.diagram_drawing import DiagramDrawing, summary_line
from tui.widgets.text.styled_text import (
    BLANK,
    TEXT_STYLES,
    StyledLine,
    TextStyle,
    crop,
    fit_line,
    line,
    strip_of,
    text_of,
)

EMPTY = CircuitDiagram((), 0, ())


def diagram_note(diagram: CircuitDiagram) -> str:
    """Return a few words about a diagram that is not a drawing; empty for one that is."""
    if diagram.summary:
        return "too large to be drawn: its layers, with the number of their gates"
    return "" if diagram.symbols else "no operations"


class DiagramView(ScrollView, can_focus=True):
    """Shows a diagram, or the summary of a large circuit; only what is in sight is drawn.

    Attributes:
        diagram: what is shown.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "DiagramView { height: 1fr; scrollbar-size: 1 1; }"
    BINDINGS: ClassVar = [
        Binding("left,h", "step(-1, 0)", "Left", show=False),
        Binding("right,l", "step(1, 0)", "Right", show=False),
        Binding("up,k", "step(0, -1)", "Up", show=False),
        Binding("down,j", "step(0, 1)", "Down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("enter", "pick", "To its line", show=False),
        Binding("space,minus", "fold", "Fold", show=False),
    ]

    class Marked(Message):
        """Another operation was chosen.

        Attributes:
            view: where.
            line: of the text, from 1; 0 where it is not known.
            qubits: their numbers; none for a line of a summary.
        """

        def __init__(self, view: DiagramView, line: int, qubits: tuple[int, ...]) -> None:
            super().__init__()
            self.view, self.line, self.qubits = view, line, qubits

        @property
        def control(self) -> DiagramView:
            """The view, for selectors."""
            return self.view

    class Picked(Message):
        """The user wants to see the line of an operation.

        Attributes:
            view: where.
            line: of the text, from 1.
            clicked: by the mouse, not by a key.
        """

        def __init__(self, view: DiagramView, line: int, *, clicked: bool = False) -> None:
            super().__init__()
            self.view, self.line, self.clicked = view, line, clicked

        @property
        def control(self) -> DiagramView:
            """The view, for selectors."""
            return self.view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.diagram = EMPTY
        self._folded: set[str] = set()
        self._drawing = DiagramDrawing(EMPTY)
        self._summary: list[StyledLine] = []
        self._marked: frozenset[int] = frozenset()
        self._cursor = self._cursor_line = 0

    def show(self, diagram: CircuitDiagram) -> None:
        """Show another diagram; cursor and place stay as far as they can."""
        self.diagram = diagram
        last = max((one.last + 1 for one in diagram.summary), default=0)
        self._summary = [summary_line(one, last) for one in diagram.summary]
        self._marked = frozenset()
        self._lay_out()

    def mark(self, *text_lines: int) -> None:
        """Let the operations of lines of the text stand out; the first comes into sight, under the cursor."""
        if self._summary:
            last = max(text_lines, default=0)
            found = [place for place, one in enumerate(self.diagram.summary) if 0 < one.line <= last]
            self._marked = frozenset(found[-1:])
        else:
            self._marked = frozenset(self._drawing.of_lines(text_lines))
        if self._marked and not self.has_focus:
            self._cursor = min(self._marked)
            self._cursor_line = self._first_line(self._cursor)
            self._bring_into_sight(self._cursor)
        self.refresh()

    @property
    def chosen_line(self) -> int:
        """Line of the text of the operation under the cursor; 0: there is none."""
        shown = self.diagram.summary or self.diagram.symbols
        return shown[self._cursor].line if shown else 0

    @property
    def marked(self) -> Collection[int]:
        """Numbers of the operations that stand out."""
        return self._marked

    def _lay_out(self) -> None:
        self._drawing = DiagramDrawing(self.diagram, self._folded)
        count = len(self._summary) or len(self.diagram.symbols)
        self._cursor = min(self._cursor, max(0, count - 1))
        self._cursor_line = self._first_line(self._cursor) if count else 0
        if self._summary:
            width = max(len(text_of(one)) for one in self._summary)
            self.virtual_size = Size(width, len(self._summary))
        else:
            # The names stay where they are: the rest scrolls in the room beside them.
            self.virtual_size = Size(self._drawing.gutter + self._drawing.width, self._drawing.height)
        self.refresh()

    def _first_line(self, number: int) -> int:
        return number if self._summary else self._drawing.line_of(number)

    def _bring_into_sight(self, number: int) -> None:
        if self._summary:
            region = Region(0, number, 1, 1)
        else:
            x, y, cells, lines = self._drawing.region(number)
            region = Region(x, y, cells + self._drawing.gutter, lines)
        self.scroll_to_region(region, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Return the line at the scroll position."""
        width = self.size.width
        return strip_of(fit_line(self._line_at(y, width), width), width, self._text_style, self.rich_style)

    def _line_at(self, y: int, width: int) -> StyledLine:
        left, top = self.scroll_offset
        place = y + top
        style = TextStyle.CURSOR if self.has_focus else TextStyle.CURSOR_BLURRED
        if self._summary:
            if place >= len(self._summary):
                return BLANK
            text = crop(self._summary[place], left, width)
            if self.has_focus and place == self._cursor:
                return line((text_of(text), style))
            return line((text_of(text), TextStyle.CURRENT)) if place in self._marked else text
        name = self._drawing.name_at(place)
        room = max(0, width - self._drawing.gutter)
        cursor = self._cursor if self.has_focus and self.diagram.symbols else -1
        return name + self._drawing.cells(place, left, room, self._marked, (cursor, style))

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def action_step(self, right: int, down: int) -> None:
        """Move the cursor to the next operation in a direction."""
        if self._summary:
            self._move(min(max(0, self._cursor + down), len(self._summary) - 1), 0)
        elif self.diagram.symbols:
            self._move(*self._drawing.neighbour(self._cursor, self._cursor_line, right, down))

    def action_edge(self, place: int) -> None:
        """Move the cursor to the first or the last operation."""
        count = len(self._summary) or len(self.diagram.symbols)
        if count:
            number = range(count)[place]
            self._move(number, self._first_line(number))

    def _move(self, number: int, y: int) -> None:
        self._cursor, self._cursor_line = number, y
        self._bring_into_sight(number)
        self.refresh()
        if self._summary:
            self.post_message(self.Marked(self, self.diagram.summary[number].line, ()))
        else:
            symbol = self.diagram.symbols[number]
            self.post_message(self.Marked(self, symbol.line, self.diagram.qubits_of(symbol)))

    def action_pick(self) -> None:
        """Ask for the line of the operation under the cursor."""
        self._pick(clicked=False)

    def _pick(self, *, clicked: bool) -> None:
        if self.chosen_line:
            self.post_message(self.Picked(self, self.chosen_line, clicked=clicked))

    def action_fold(self) -> None:
        """Fold the register of the line under the cursor into one line, or unfold it."""
        register = self._drawing.register_at(self._cursor_line)
        if register:
            self._folded ^= {register}
            self._lay_out()
            self._bring_into_sight(self._cursor)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the line of the operation that was clicked; a click on a name folds its register."""
        y = event.y + self.scroll_offset.y
        if self._summary:
            if y < len(self._summary):
                self._move(y, 0)
                self._pick(clicked=True)
            return
        x = event.x - self._drawing.gutter
        if x < 0:
            self._cursor_line = min(y, max(0, self._drawing.height - 1))
            self.action_fold()
        elif (number := self._drawing.at(x + self.scroll_offset.x, y)) is not None:
            self._move(number, y)
            self._pick(clicked=True)
