"""The drawing of a circuit, of which the part in sight is drawn; one of its gates is marked."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message

from tui.domain.views.drawing import CircuitDrawing, DrawnOperation
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, crop, text_of, width_of
from tui.widgets.text.text_widgets import TextPane, text_page


class DrawingPane(TextPane):
    """Scrolls over a drawing; `n` and `p` go from gate to gate, a click chooses one."""

    BINDINGS: ClassVar = [
        Binding("n", "step(1)", "Next gate", show=False),
        Binding("p", "step(-1)", "Gate before", show=False),
    ]

    class Marked(Message):
        """Another gate was chosen: that of a line of the ISA program, from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.line = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing = CircuitDrawing("")
        self._marked: DrawnOperation | None = None
        self._marked_rows: range = range(0)

    def show_drawing(self, drawing: CircuitDrawing, empty: str) -> None:
        """Show a drawing.

        Args:
            drawing: what is shown, with the places of its operations.
            empty: stands in place of a drawing without text.
        """
        self._drawing, self._marked = drawing, None
        page = text_page(drawing.text or empty)
        self.show(lambda _width: page)

    def mark_line(self, number: int) -> None:
        """Mark the gate of a line of the ISA program, and bring it into sight; posts nothing.

        Args:
            number: of the line; one without a place in the drawing takes the mark away.
        """
        self._marked = next((one for one in self._drawing.operations if one.line == number), None)
        qubits = () if self._marked is None else self._marked.qubits
        rows = [row for qubit, row in self._drawing.rows if qubit in qubits]
        # A box has a line above its wire and one below.
        self._marked_rows = range(min(rows) - 1, max(rows) + 2) if rows else range(0)
        if self._marked is not None and rows:
            place = Region(
                self._marked.left, self._marked_rows.start, self._marked.cells, len(self._marked_rows)
            )
            self.scroll_to_region(place, animate=False, force=True)
        self.refresh()

    def line_at(self, place: int) -> StyledLine:
        """Return a line of the drawing, with the cells of the marked gate."""
        pieces, marked = super().line_at(place), self._marked
        if marked is None or place not in self._marked_rows:
            return pieces
        before, width = crop(pieces, 0, marked.left), width_of(pieces)
        chosen = text_of(crop(pieces, marked.left, marked.cells))
        end = marked.left + marked.cells
        return (*before, Span(chosen, TextStyle.CURSOR), *crop(pieces, end, max(0, width - end)))

    def action_step(self, step: int) -> None:
        """Go to the next gate of the drawing, or to the one before."""
        operations = self._drawing.operations
        if not operations:
            return
        if self._marked in operations:
            place = operations.index(self._marked) + step
        else:
            place = 0 if step > 0 else len(operations) - 1
        self.post_message(self.Marked(operations[max(0, min(place, len(operations) - 1))].line))

    def on_click(self, event: events.Click) -> None:
        """Choose the gate that was clicked."""
        x, y = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        near = [qubit for qubit, row in self._drawing.rows if abs(row - y) <= 1]
        for one in self._drawing.operations:
            if one.left <= x < one.left + one.cells and not set(near).isdisjoint(one.qubits):
                self.post_message(self.Marked(one.line))
                return
