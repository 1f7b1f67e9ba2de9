"""A timeline: a row a qubit, what runs on it and where it waits, in block characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import ClassVar, NamedTuple

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.common.safe_text import plain
from tui.domain.views.timeline import CircuitTimeline, TimelineOperation
from tui.widgets.text.format import shot_duration
from tui.widgets.text.styled_text import BLANK, TEXT_STYLES, Span, StyledLine, TextStyle, fit, line, strip_of

_LABEL, _IDLE = 8, 9
"""Cells left of the bars for the qubit, and right of them for how long it waits."""
_MOST_ZOOM = 4096
_WAITS = frozenset({"delay", "barrier"})


class Kind(Enum):
    """What fills a cell: its character and style, the more telling one first."""

    PAIR = ("█", TextStyle.ACCENT)
    READOUT = ("▓", TextStyle.BUSY)
    BLOCK = ("▒", TextStyle.WAITING)
    SINGLE = ("▄", TextStyle.GOOD)
    IDLE = ("░", TextStyle.WARNING)


_FLOW = frozenset({"if_else", "for_loop", "while_loop", "switch_case", "box"})


def kind_of(operation: TimelineOperation) -> Kind:
    """Return what an operation is drawn as."""
    if operation.name in _WAITS:
        return Kind.IDLE
    if operation.name in _FLOW:
        return Kind.BLOCK
    if operation.name in ("measure", "reset"):
        return Kind.READOUT
    return Kind.PAIR if len(operation.qubits) > 1 else Kind.SINGLE


def legend_line() -> StyledLine:
    """Return what the characters stand for."""
    names = ("2-qubit", "readout", "block", "1-qubit", "idle")
    pieces: list[str | tuple[str, TextStyle]] = []
    for kind, name in zip(Kind, names, strict=True):
        pieces += [" ", kind.value, f" {name}"]
    return line(*pieces)


def operation_line(operation: TimelineOperation | None, labels: Mapping[int, int]) -> StyledLine:
    """Return an operation in words: its name, qubits, time, and line of the program.

    Args:
        operation: `None`: none is marked.
        labels: virtual qubit by physical one.
    """
    if operation is None:
        return line((" arrows mark a gate, + and - zoom", TextStyle.MUTED))
    on = ", ".join(_label(qubit, labels) for qubit in operation.qubits)
    when = f" at {operation.start_us:.2f} µs for {shot_duration(operation.length_us)}"
    place = f" · line {operation.line}" if operation.line else ""
    return line(
        (f" {plain(operation.name, limit=20)} {on}", TextStyle.STRONG), (when + place, TextStyle.MUTED)
    )


def _label(qubit: int, labels: Mapping[int, int]) -> str:
    return f"{labels[qubit]}→{qubit}" if qubit in labels else str(qubit)


class Window(NamedTuple):
    """The part of a shot in sight: from when, how long, in how many cells."""

    from_us: float
    length_us: float
    cells: int

    def cells_of(self, operation: TimelineOperation) -> range:
        """Return the cells that an operation touches, those in sight."""
        scale = self.cells / self.length_us
        first = int((operation.start_us - self.from_us) * scale)
        last = int((operation.start_us + operation.length_us - self.from_us) * scale - 1e-9)
        return range(max(0, min(first, self.cells)), max(0, min(self.cells, max(first, last) + 1)))


def row_cells(operations: Sequence[TimelineOperation], length_us: float, window: Window) -> list[Kind | None]:
    """Return what fills each cell of a qubit's row: what takes most of its time.

    A cell of which less than a quarter is busy is idle between the first operation and the last, or the end
    of the shot where that is no measurement; before the first one it is empty.

    Args:
        operations: those of the qubit, in order.
        length_us: of the shot.
        window: what is in sight.
    """
    busy = [one for one in operations if one.length_us > 0 and kind_of(one) is not Kind.IDLE]
    if not busy:
        return [None] * window.cells
    last = busy[-1]
    end = last.start_us + last.length_us if kind_of(last) is Kind.READOUT else length_us
    scale = window.length_us / window.cells
    shares: list[dict[Kind, float]] = [{} for _ in range(window.cells)]
    for operation in busy:
        kind, over = kind_of(operation), operation.start_us + operation.length_us
        for place in window.cells_of(operation):
            left = window.from_us + place * scale
            overlap = max(0.0, min(left + scale, over) - max(left, operation.start_us))
            shares[place][kind] = shares[place].get(kind, 0.0) + overlap
    cells: list[Kind | None] = []
    for place, share in enumerate(shares):
        waits = busy[0].start_us <= window.from_us + (place + 0.5) * scale <= end
        idle = Kind.IDLE if waits and sum(share.values()) < scale / 4 else None
        cells.append(idle or max(share, key=lambda kind: share[kind], default=None))
    return cells


class Timeline(ScrollView, can_focus=True):
    """Draws the rows in sight of a `CircuitTimeline`; the whole shot at first, then zoomed and panned."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "Timeline { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }"
    BINDINGS: ClassVar = [
        Binding("left,h", "step(-1)", "Gate before", show=False),
        Binding("right,l", "step(1)", "Next gate", show=False),
        Binding("up,k", "row(-1)", "Up", show=False),
        Binding("down,j", "row(1)", "Down", show=False),
        Binding("plus,equals_sign", "zoom(2)", "Zoom in", show=False),
        Binding("minus", "zoom(-2)", "Zoom out", show=False),
    ]

    class Marked(Message):
        """Another operation is marked; `None`: none."""

        def __init__(self, operation: TimelineOperation | None) -> None:
            super().__init__()
            self.operation = operation

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._timeline = CircuitTimeline(0.0, (), ())
        self._labels: Mapping[int, int] = {}
        self._rows: dict[int, list[TimelineOperation]] = {}
        self._row = 0
        self._marked: TimelineOperation | None = None
        self._zoom = 1
        self._from_us = 0.0

    @property
    def marked(self) -> TimelineOperation | None:
        """The operation that is marked."""
        return self._marked

    def show(self, timeline: CircuitTimeline, labels: Mapping[int, int]) -> None:
        """Draw a timeline, the whole of it.

        Args:
            timeline: what is drawn.
            labels: virtual qubit by physical one.
        """
        self._timeline, self._labels = timeline, labels
        rows: dict[int, list[TimelineOperation]] = defaultdict(list)
        for operation in timeline.operations:
            for qubit in operation.qubits:
                rows[qubit].append(operation)
        self._rows = dict(rows)
        self._row, self._marked, self._zoom, self._from_us = 0, None, 1, 0.0
        self._fit()
        self.scroll_to(0, 0, animate=False, force=True)
        self.refresh()

    def mark(self, operation: TimelineOperation | None) -> None:
        """Mark an operation and bring it into sight; posts nothing."""
        self._marked = operation
        if operation is not None and operation.qubits:
            qubits = self._timeline.qubits
            at = self._timeline.qubits[self._row] if self._row < len(qubits) else -1
            if at not in operation.qubits and operation.qubits[0] in qubits:
                self._row = qubits.index(operation.qubits[0])
            self._reveal(operation)
        self.refresh()

    def mark_line(self, number: int) -> None:
        """Mark the operation of a line of the ISA program, if there is one; posts nothing."""
        operation = self._timeline.of_line(number) if number else None
        if operation is not None and operation is not self._marked:
            self.mark(operation)

    @property
    def _bar(self) -> int:
        return max(8, self.scrollable_content_region.width - _LABEL - _IDLE)

    @property
    def _window_us(self) -> float:
        return max(self._timeline.length_us, 1e-6) / self._zoom

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._timeline.qubits) + 1)

    def _reveal(self, operation: TimelineOperation) -> None:
        end = operation.start_us + operation.length_us
        if operation.start_us < self._from_us or end > self._from_us + self._window_us:
            self._from_us = operation.start_us + operation.length_us / 2 - self._window_us / 2
        self._from_us = min(max(0.0, self._from_us), max(0.0, self._timeline.length_us - self._window_us))
        top, rows = self.scroll_offset.y, max(1, self.size.height - 1)
        if not top <= self._row < top + rows:
            self.scroll_to(y=max(0, self._row - rows // 2), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Return the axis, or the row of a qubit."""
        width = self.scrollable_content_region.width
        pieces = self._axis() if y == 0 else self._qubit_line(y - 1 + self.scroll_offset.y)
        return strip_of(pieces, width, self._text_style, self.rich_style)

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _axis(self) -> StyledLine:
        if not self._timeline.qubits:
            return BLANK
        start, end = f"{self._from_us:.2f}", f"{self._from_us + self._window_us:.2f} µs"
        bar = start + " " * max(1, self._bar - len(start) - len(end)) + end
        head = fit("on", _LABEL)
        return line(
            (head + fit(bar, self._bar), TextStyle.HEAD), (fit("IDLE", _IDLE, right=True), TextStyle.HEAD)
        )

    def _qubit_line(self, row: int) -> StyledLine:
        if row >= len(self._timeline.idle_us):
            return BLANK
        qubit, idle = self._timeline.idle_us[row]
        at_cursor = row == self._row and self.has_focus
        label = ("▸" if at_cursor else " ") + _label(qubit, self._labels)
        spans = [Span(fit(label, _LABEL), TextStyle.STRONG if at_cursor else TextStyle.MUTED)]
        marked = self._marked
        cells = row_cells(self._rows.get(qubit, ()), self._timeline.length_us, self._window)
        bright = self._span_of(marked) if marked is not None and qubit in marked.qubits else range(0)
        for place, kind in enumerate(cells):
            character, style = (" ", TextStyle.PLAIN) if kind is None else kind.value
            if place in bright:
                style = TextStyle.CURSOR
            if spans[-1].style is style and len(spans) > 1:
                spans[-1] = spans[-1]._replace(text=spans[-1].text + character)
            else:
                spans.append(Span(character, style))
        spans.append(Span(fit(shot_duration(idle) if idle else "–", _IDLE, right=True), TextStyle.MUTED))
        return tuple(spans)

    def _span_of(self, operation: TimelineOperation) -> range:
        return self._window.cells_of(operation)

    @property
    def _window(self) -> Window:
        return Window(self._from_us, self._window_us, self._bar)

    def on_resize(self) -> None:
        """Draw the bars as long as there is room."""
        self._fit()

    def action_row(self, step: int) -> None:
        """Go to another qubit."""
        count = len(self._timeline.qubits)
        if count:
            self._row = max(0, min(self._row + step, count - 1))
            top, rows = self.scroll_offset.y, max(1, self.size.height - 1)
            if self._row < top or self._row >= top + rows:
                self.scroll_to(y=self._row if step < 0 else self._row - rows + 1, animate=False, force=True)
            self.refresh()

    def action_step(self, step: int) -> None:
        """Mark the gate before, or the next one, on the qubit."""
        qubits = self._timeline.qubits
        if not qubits:
            return
        operations = [
            one for one in self._rows[qubits[self._row]] if one.length_us > 0 and one.name not in _WAITS
        ]
        if not operations:
            return
        if self._marked in operations:
            place = operations.index(self._marked) + step
        else:
            place = 0 if step > 0 else len(operations) - 1
        self._choose(operations[max(0, min(place, len(operations) - 1))])

    def action_zoom(self, factor: int) -> None:
        """Show half of the time, or twice as much."""
        zoom = self._zoom * factor if factor > 0 else self._zoom // -factor
        middle = self._from_us + self._window_us / 2
        self._zoom = max(1, min(zoom, _MOST_ZOOM))
        self._from_us = min(
            max(0.0, middle - self._window_us / 2), self._timeline.length_us - self._window_us
        )
        if self._marked is not None:
            self._reveal(self._marked)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Mark the gate that was clicked."""
        row = event.y - 1 + self.scroll_offset.y
        qubits = self._timeline.qubits
        if event.y < 1 or row >= len(qubits):
            return
        self._row = row
        for operation in self._rows[qubits[row]]:
            if operation.length_us > 0 and event.x - _LABEL in self._span_of(operation):
                self._choose(operation)
                return
        self.refresh()

    def _choose(self, operation: TimelineOperation) -> None:
        self.mark(operation)
        self.post_message(self.Marked(operation))
