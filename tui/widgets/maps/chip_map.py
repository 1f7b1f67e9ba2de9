"""The map of a device: qubits lettered and coloured by a metric, a cursor, panned to what is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.domain.devices.calibrations import DeviceCalibration, QubitMetric
from tui.widgets.maps.chip_drawing import ChipDrawing
from tui.widgets.text.styled_text import BLANK, TEXT_STYLES, StyledLine, TextStyle, crop, strip_of


class ChipMap(ScrollView, can_focus=True):
    """A device as a map; give it the room there is, it pans to its cursor.

    Five cells a column and two lines a row: a Heron of 156 qubits is 79 cells wide and 29 lines high. Only
    the lines in sight are drawn, and of a change only those that differ.

    Args:
        device: what is drawn; `None` or no qubits: nothing is.
        metric: figure by which the qubits are lettered a to e, fifths of the device from best to worst; dead
            ones are crossed. Couplers are `═`, `─`, `╌` by thirds of their two-qubit error, dead ones `✕`.
        used: qubits that stand out while all others are dimmed; those with labels need not be named.
        labels: virtual qubit by physical qubit, any short text: `{15: "3"}` is drawn as `3→15b`.
        used_couplers: couplers that stand out, pairs of physical qubits in any order.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "ChipMap { height: 1fr; scrollbar-size: 1 1; }"
    BINDINGS: ClassVar = [
        Binding("left,h", "step(-1, 0)", "Left", show=False),
        Binding("right,l", "step(1, 0)", "Right", show=False),
        Binding("up,k", "step(0, -1)", "Up", show=False),
        Binding("down,j", "step(0, 1)", "Down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
    ]

    class QubitMoved(Message):
        """Another qubit is under the cursor; `None`: there is none.

        `moved`: the cursor was moved; else another device is shown, or other qubits of it.
        """

        def __init__(self, chip_map: ChipMap, qubit: int | None, *, moved: bool = True) -> None:
            super().__init__()
            self.chip_map = chip_map
            self.qubit = qubit
            self.moved = moved

        @property
        def control(self) -> ChipMap:
            """The map that posted it."""
            return self.chip_map

    def __init__(
        self,
        device: DeviceCalibration | None = None,
        *,
        metric: QubitMetric = QubitMetric.READOUT,
        used: Collection[int] = (),
        labels: Mapping[int, str] | None = None,
        used_couplers: Collection[tuple[int, int]] = (),
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._metric = metric
        self._cursor = 0
        self._marked: frozenset[int] = frozenset()
        self._painted: dict[int, StyledLine] = {}
        self._painted_for: tuple[int, int, int] = (-1, -1, -1)
        self._set(device, used, labels, used_couplers)

    def _set(
        self,
        device: DeviceCalibration | None,
        used: Collection[int],
        labels: Mapping[int, str] | None,
        used_couplers: Collection[tuple[int, int]],
    ) -> None:
        self._device = device
        self._used = frozenset(used) | frozenset(labels or ())
        self._labels = dict(labels or {})
        self._used_couplers = frozenset(used_couplers)
        self._draw()

    def _draw(self) -> None:
        self._drawing = ChipDrawing(
            self._device or DeviceCalibration(""),
            self._metric,
            used=self._used,
            labels=self._labels,
            used_couplers=self._used_couplers,
        )
        self.virtual_size = Size(self._drawing.width, self._drawing.height)

    @property
    def drawing(self) -> ChipDrawing:
        """The drawing shown."""
        return self._drawing

    @property
    def metric(self) -> QubitMetric:
        """The figure by which the qubits are lettered."""
        return self._metric

    @property
    def qubit(self) -> int | None:
        """The qubit under the cursor; `None`: there is none."""
        return self._cursor if self._device is not None and self._device.qubits else None

    def show(
        self,
        device: DeviceCalibration | None,
        *,
        used: Collection[int] = (),
        labels: Mapping[int, str] | None = None,
        used_couplers: Collection[tuple[int, int]] = (),
    ) -> None:
        """Draw another device, or other qubits of it; the arguments are those of the class.

        The cursor stays on its qubit where the device is the same and nothing is used; else it goes to the
        first used qubit, or to qubit 0. Posts `QubitMoved`.
        """
        before, self._marked = self._device.name if self._device is not None else "", frozenset()
        self._set(device, used, labels, used_couplers)
        count = len(device.qubits) if device is not None else 0
        chosen = min((qubit for qubit in self._used if qubit < count), default=None)
        if chosen is not None:
            self._cursor = chosen
        elif device is None or device.name != before or self._cursor >= count:
            self._cursor = 0
        self._centre()
        self.repaint()
        self.post_message(self.QubitMoved(self, self.qubit, moved=False))

    def grade_by(self, metric: QubitMetric) -> None:
        """Letter the qubits by another figure."""
        if metric is not self._metric:
            self._metric = metric
            self._draw()
            self.repaint()

    def move_to(self, qubit: int) -> None:
        """Put the cursor on a qubit and post `QubitMoved`; one that is not there changes nothing."""
        count = len(self._device.qubits) if self._device is not None else 0
        if not 0 <= qubit < count or qubit == self._cursor:
            return
        lines = {self._drawing.region(one)[1] for one in (self._cursor, qubit, *self._marked)}
        self._cursor, self._marked = qubit, frozenset()
        self._keep_in_view()
        self._repaint_lines(lines)
        self.post_message(self.QubitMoved(self, qubit))

    def mark(self, qubits: Sequence[int]) -> None:
        """Put the cursor on the first of these qubits, and mark the others until it moves; posts nothing.

        Args:
            qubits: of one gate; those that are not there are left out.
        """
        count = len(self._device.qubits) if self._device is not None else 0
        there = [qubit for qubit in qubits if 0 <= qubit < count]
        if there:
            self._cursor, self._marked = there[0], frozenset(there[1:])
            self._keep_in_view()
            self.repaint()

    def repaint(self) -> None:
        """Draw the visible lines again that differ from what was drawn."""
        # What is below the map, too: it may have been larger.
        top = self.scroll_offset.y
        self._repaint_lines(range(top, top + self.size.height))

    def _repaint_lines(self, lines: Iterable[int]) -> None:
        """Draw those of these lines of the map again that are in sight and differ."""
        if self._view() != self._painted_for:
            self.refresh()
            return
        left, top, width = self._painted_for
        for y in (line - top for line in lines):
            if not 0 <= y < self.size.height:
                continue
            pieces = self._cropped(y + top, left, width)
            if pieces != self._painted.get(y, BLANK):
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        """Return the line at the scroll position."""
        view = self._view()
        if view != self._painted_for:
            self._painted_for = view
            self._painted.clear()
        left, top, width = view
        pieces = self._painted[y] = self._cropped(y + top, left, width)
        return strip_of(pieces, width, self._text_style, self.rich_style)

    def _cropped(self, y: int, left: int, width: int) -> StyledLine:
        whole = left == 0 and self._drawing.width <= width
        return self._line_at(y) if whole else crop(self._line_at(y), left, width)

    def _view(self) -> tuple[int, int, int]:
        return self.scroll_offset.x, self.scroll_offset.y, self.size.width

    def _line_at(self, y: int) -> StyledLine:
        style = TextStyle.CURSOR if self.has_focus else TextStyle.CURSOR_BLURRED
        marked = dict.fromkeys(self._marked, TextStyle.CURSOR_BLURRED)
        return self._drawing.line(y, marked if self.qubit is None else {**marked, self.qubit: style})

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _keep_in_view(self) -> None:
        """Pan so that the cursor's qubit and its couplers are in sight."""
        if self.qubit is None or not self.size:
            return
        x, y, cells = self._drawing.region(self._cursor)
        region = Region(x - cells, y - 2, 3 * cells, 5).intersection(Region(0, 0, *self.virtual_size))
        self.scroll_to_region(region, animate=False, force=True)

    def _centre(self) -> None:
        """Pan to the middle of the used qubits, or to the cursor."""
        if self.qubit is None or not self.size:
            return
        count = len(self._device.qubits) if self._device is not None else 0
        places = [self._drawing.region(qubit) for qubit in self._used if qubit < count]
        if places:
            left, right = min(x for x, _, _ in places), max(x + cells for x, _, cells in places)
            top, bottom = min(y for _, y, _ in places), max(y for _, y, _ in places) + 1
            x, y = (left + right - self.size.width) // 2, (top + bottom - self.size.height) // 2
            self.scroll_to(max(0, x), max(0, y), animate=False, force=True)
        self._keep_in_view()

    def action_step(self, right: int, down: int) -> None:
        """Move the cursor to the nearest qubit in a direction."""
        if self.qubit is not None:
            self.move_to(self._drawing.neighbour(self._cursor, right, down))

    def action_edge(self, place: int) -> None:
        """Move the cursor to the first or the last qubit."""
        if self._device is not None and self._device.qubits:
            self.move_to(range(len(self._device.qubits))[place])

    def on_focus(self) -> None:
        """Draw the cursor as it looks with the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """Draw the cursor as it looks without the focus."""
        self.repaint()

    def on_resize(self) -> None:
        """Keep what is used, or the cursor, in sight."""
        self._centre()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the qubit that was clicked."""
        qubit = self._drawing.at(event.x + self.scroll_offset.x, event.y + self.scroll_offset.y)
        if qubit is not None:
            self.move_to(qubit)
