"""One device: its map, tables of qubits, couplers and calibrations seen, and the values under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.domain.devices.calibration_changes import (
    CalibrationChange,
    calibration_changes,
    comparison_for,
    count_changes,
)
from tui.domain.devices.calibrations import DeviceCalibration, QubitMetric, qubit_grading
from tui.widgets.maps.chip_legend import couplers_line, legend_line, qubit_line
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.tables.calibration_columns import (
    COUPLER_COLUMNS,
    HISTORY_COLUMNS,
    QUBIT_COLUMNS,
    best_errors,
    by_part,
    change_mark,
    change_span,
    coupler_cells,
    history_cells,
    qubit_cells,
    sorted_couplers,
    sorted_qubits,
)
from tui.widgets.tables.calibration_table import CalibrationTable
from tui.widgets.tables.row_table import Cells, RowTable
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_SIDE_BY_SIDE = 118
"""Cells from which on a table is beside the map."""
_TABLE_LEAST = 40
"""Cells that the table beside the map has at least."""


class DeviceView(StrEnum):
    """Views of a device, by the id of the widget."""

    MAP = "map"
    QUBITS = "qubits"
    COUPLERS = "couplers"
    HISTORY = "history"


class DevicePane(Vertical):
    """Shows one device; map and tables have the same qubit under the cursor.

    Args:
        now: the time, for ages.
    """

    class Changed(Message):
        """Another calibration is shown, or the same compared with another one."""

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._device: DeviceCalibration | None = None
        self._newest: DeviceCalibration | None = None
        self._seen: tuple[DeviceCalibration, ...] = ()
        self._compared: DeviceCalibration | None = None
        self._changes: dict[tuple[int, ...], list[CalibrationChange]] = {}
        self._view = DeviceView.MAP
        self._metric = QubitMetric.READOUT

    def compose(self) -> ComposeResult:
        """Map and tables side by side, of which some are hidden, and the lines below."""
        with Horizontal(id="device-body"):
            yield ChipMap(id=DeviceView.MAP)
            yield CalibrationTable(
                QUBIT_COLUMNS, self._qubit_cells, self._qubit_mark, self._qubits, id=DeviceView.QUBITS
            )
            yield CalibrationTable(
                COUPLER_COLUMNS,
                self._coupler_cells,
                self._coupler_mark,
                self._couplers,
                id=DeviceView.COUPLERS,
            )
            yield RowTable(HISTORY_COLUMNS, self._history_cells, id=DeviceView.HISTORY)
            yield Static(Content(""), id="no-device")
        yield TextBlock(id="device-lines")

    def on_mount(self) -> None:
        """Show the first view."""
        self._arrange()

    def on_resize(self) -> None:
        """A table has its place beside the map where there is room."""
        self._arrange()

    @property
    def view(self) -> DeviceView:
        """The view chosen."""
        return self._view

    def show(self, device: DeviceCalibration, seen: Sequence[DeviceCalibration]) -> None:
        """Show a calibration.

        Args:
            device: the present one.
            seen: those that the history holds, newest first.
        """
        if device is self._newest and tuple(seen) == self._seen:
            return
        other = self._newest is None or device.name != self._newest.name
        self._newest, self._seen = device, tuple(seen)
        self.query_one("#no-device", Static).update(
            Content("" if device.qubits else "The service tells nothing of this backend's qubits.")
        )
        self._show(device)
        history = self.query_one(f"#{DeviceView.HISTORY}", RowTable)
        history.show([str(place) for place in range(len(self._seen))])
        if other:
            history.move_to("0")

    def show_text(self, text: str) -> None:
        """Show no device, but why there is none."""
        self._device = self._newest = self._compared = None
        self._seen, self._changes = (), {}
        self.query_one(ChipMap).show(None)
        self.query_one("#no-device", Static).update(Content(text))
        self._show_rows()

    def _show(self, device: DeviceCalibration) -> None:
        self._device = device
        self._compared = comparison_for(device, self._seen)
        changes = () if self._compared is None else calibration_changes(self._compared, device)
        self._changes = by_part(changes)
        self._best = best_errors(device)
        self._grades = {metric: qubit_grading(device, metric) for metric in QubitMetric}
        self.query_one(ChipMap).show(device)
        self._show_rows()

    def _show_rows(self) -> None:
        for table in self.query(CalibrationTable):
            table.show_sorted()
        self._follow_map()
        self._arrange()
        self._show_lines()

    def changes_line(self) -> StyledLine:
        """Return what changed since the calibration of the day before, in words; empty when none is known."""
        device, newest = self._device, self._newest
        if device is None or device.calibrated is None:
            return ()
        old = newest is not None and device.calibrated != newest.calibrated
        as_of = (f"as of {_moment(device)}, not the newest · ", TextStyle.WARNING) if old else ""
        if self._compared is None:
            return line(as_of, ("the first calibration seen here", TextStyle.MUTED))
        changes = [change for part in self._changes.values() for change in part]
        worse = any(change.trend.bad for change in changes)
        text = f"since {_moment(self._compared)}: {count_changes(changes)}"
        return line(as_of, (text, TextStyle.WARNING if worse else TextStyle.MUTED))

    def show_view(self, view: DeviceView) -> None:
        """Show a view and give it the focus."""
        self._view = view
        self._arrange()
        if self._device is not None and self._device.qubits:
            self.query_one(f"#{view}").focus()

    def next_metric(self) -> None:
        """Letter the map by the next figure."""
        metrics = list(QubitMetric)
        self._metric = metrics[(metrics.index(self._metric) + 1) % len(metrics)]
        self.query_one(ChipMap).grade_by(self._metric)
        self._show_lines()

    def sort_next(self) -> None:
        """Sort the table shown by its next column."""
        if (table := self._sorted_table()) is not None:
            table.sort_next()

    def turn_round(self) -> None:
        """Turn the order of the table shown round."""
        if (table := self._sorted_table()) is not None:
            table.sort_by(table.column)

    def _sorted_table(self) -> CalibrationTable | None:
        return next((table for table in self.query(CalibrationTable) if table.display), None)

    def _arrange(self) -> None:
        """Show the widgets of the view, the map beside a table where there is room for both."""
        there = self._device is not None and bool(self._device.qubits)
        wide = self.size.width >= _SIDE_BY_SIDE
        table = DeviceView.QUBITS if wide and self._view is DeviceView.MAP else self._view
        for view in DeviceView:
            shown = view is table or (view is DeviceView.MAP and wide)
            self.query_one(f"#{view}").display = there and shown
        chip_map = self.query_one(ChipMap)
        # A Heron fills 80 cells, its scrollbar included: there no margin is left.
        chip_map.styles.margin = (0, 0, 0, int(self.size.width > chip_map.drawing.width + 1))
        if wide:
            # A column for the scrollbar, and one between the two.
            needed = max(30, chip_map.drawing.width + 2)
            chip_map.styles.width = min(needed, self.size.width - _TABLE_LEAST)
        else:
            chip_map.styles.width = "1fr"
        self.query_one("#no-device").display = not there
        self.query_one("#device-lines").display = there

    def _show_lines(self) -> None:
        chip_map = self.query_one(ChipMap)
        device, qubit = self._device, chip_map.qubit
        if device is None or qubit is None:
            return
        lines = [
            legend_line(chip_map.drawing, self._metric),
            (
                *qubit_line(device, qubit, self._grades),
                Span("  "),
                change_span(self._changes.get((qubit,), ())),
            ),
            couplers_line(device, qubit),
        ]
        self.query_one("#device-lines", TextBlock).show(lines)

    def _follow_map(self) -> None:
        """Put the cursor of the qubits on the one of the map."""
        qubit = self.query_one(ChipMap).qubit
        if qubit is not None:
            self.query_one(f"#{DeviceView.QUBITS}", RowTable).move_to(str(qubit))

    # Map and table follow one another by messages. One that is not of the present cursor is passed over:
    # two under way would send each to where the other was, for ever.

    @on(ChipMap.QubitMoved)
    def _qubit_moved(self, message: ChipMap.QubitMoved) -> None:
        message.stop()
        if message.qubit == message.chip_map.qubit:
            self._follow_map()
            self._show_lines()

    @on(RowTable.CursorMoved)
    def _row_moved(self, message: RowTable.CursorMoved) -> None:
        message.stop()
        table = message.table
        stale = message.key != table.cursor_key
        if type(message) is not RowTable.CursorMoved or self._device is None or not message.key or stale:
            return
        chip_map, place = self.query_one(ChipMap), int(message.key)
        if table.id == DeviceView.QUBITS:
            chip_map.move_to(place)
        elif table.id == DeviceView.COUPLERS and table.has_focus:
            chip_map.move_to(self._device.couplers[place].first)
        elif table.id == DeviceView.HISTORY and self._newest is not None:
            chosen = self._seen[place]
            newest = chosen.calibrated == self._newest.calibrated
            self._show(self._newest if newest else replace(chosen, coordinates=self._newest.coordinates))
            self.post_message(self.Changed())

    @on(RowTable.HeadClicked)
    def _head_clicked(self, message: RowTable.HeadClicked) -> None:
        message.stop()
        if isinstance(message.table, CalibrationTable):
            message.table.sort_by(message.column.id)

    def _qubits(self, column: str, descending: bool) -> list[str]:
        if self._device is None:
            return []
        return [str(one) for one in sorted_qubits(self._device, column, self._changes, descending=descending)]

    def _qubit_cells(self, key: str) -> Cells:
        assert self._device is not None
        changes = self._changes.get((int(key),), ())
        return qubit_cells(self._device, int(key), self._grades, self._best, changes)

    def _qubit_mark(self, key: str) -> str:
        return change_mark(self._changes.get((int(key),), ()))

    def _couplers(self, column: str, descending: bool) -> list[str]:
        if self._device is None:
            return []
        places = sorted_couplers(self._device, column, self._changes, descending=descending)
        return [str(place) for place in places]

    def _coupler_cells(self, key: str) -> Cells:
        assert self._device is not None
        coupler = self._device.couplers[int(key)]
        return coupler_cells(coupler, self._changes.get(coupler.qubits, ()))

    def _coupler_mark(self, key: str) -> str:
        assert self._device is not None
        return change_mark(self._changes.get(self._device.couplers[int(key)].qubits, ()))

    def _history_cells(self, key: str) -> Cells:
        place = int(key)
        before = self._seen[place + 1] if place + 1 < len(self._seen) else None
        return history_cells(self._seen[place], before, self._now())


def _moment(device: DeviceCalibration) -> str:
    return "" if device.calibrated is None else device.calibrated.astimezone().strftime("%d %b %H:%M")
