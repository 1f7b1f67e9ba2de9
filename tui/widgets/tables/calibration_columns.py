"""What qubits, couplers and calibrations look like as rows, and by what they are sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median

from tui.common.safe_text import shorten
from tui.domain.devices.calibration_changes import (
    CalibrationChange,
    Trend,
    calibration_changes,
    count_changes,
)
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, Grading, QubitMetric, grade_letter
from tui.widgets.tables.row_table import Cells, Column
from tui.widgets.text.format import NOTHING, age, number, percent_error
from tui.widgets.text.styled_text import Span, TextStyle

QUBIT_COLUMNS: tuple[Column, ...] = (
    Column("QUBIT", 6, right=True, id="qubit"),
    Column("READ %", 8, right=True, id=QubitMetric.READOUT),
    Column("T1 µs", 6, right=True, id=QubitMetric.T1),
    Column("T2 µs", 6, right=True, id=QubitMetric.T2),
    Column("1Q %", 8, right=True, id=QubitMetric.SINGLE_QUBIT, need=44),
    Column("2Q %", 6, right=True, id="2q", need=56),
    Column("SINCE", 14, grow=1, id="since", need=66),
)
"""Qubits; from 39 cells on. `2Q %` is the error of the qubit's best coupler."""
COUPLER_COLUMNS: tuple[Column, ...] = (
    Column("COUPLER", 9, right=True, id="coupler"),
    Column("2Q %", 7, right=True, id="2q"),
    Column("GATE", 6, id="gate"),
    Column("TIME ns", 8, right=True, id="length"),
    Column("SINCE", 14, grow=1, id="since", need=50),
)
HISTORY_COLUMNS: tuple[Column, ...] = (
    Column("CALIBRATED", 12, id="calibrated"),
    Column("AGE", 5, right=True, id="age"),
    Column("READ %", 6, right=True, id="read"),
    Column("2Q %", 6, right=True, id="2q"),
    Column("DEAD", 5, right=True, id="dead", need=42),
    Column("CHANGED SINCE THE ONE BEFORE", 20, grow=1, id="since", need=60),
)
Grades = Mapping[QubitMetric, Grading]
_Changes = Mapping[tuple[int, ...], Sequence[CalibrationChange]]
_SHORT = {QubitMetric.READOUT: "read", QubitMetric.SINGLE_QUBIT: "1Q"}


def by_part(changes: Iterable[CalibrationChange]) -> dict[tuple[int, ...], list[CalibrationChange]]:
    """Return the changes of each qubit and coupler, bad ones first."""
    found: dict[tuple[int, ...], list[CalibrationChange]] = {}
    for change in sorted(changes, key=lambda one: not one.trend.bad):
        found.setdefault(change.qubits, []).append(change)
    return found


def change_mark(changes: Sequence[CalibrationChange]) -> str:
    """Return one character: `▾` something got worse, `▴` only better, a space: nothing changed."""
    if not changes:
        return " "
    return "▾" if any(change.trend.bad for change in changes) else "▴"


def change_span(changes: Sequence[CalibrationChange]) -> Span:
    """Return the changes of one part in words, such as `▾ read ×2.1`."""
    words = [_change_words(change) for change in changes]
    style = TextStyle.WARNING if any(change.trend.bad for change in changes) else TextStyle.GOOD
    return Span(f"{change_mark(changes)} {', '.join(words)}" if words else "", style)


def _change_words(change: CalibrationChange) -> str:
    if change.trend in (Trend.DIED, Trend.CAME_BACK):
        return change.trend.value
    name = "2Q" if change.metric is None else _SHORT.get(change.metric, change.metric.value)
    if not change.before or change.after is None:
        return name
    return f"{name} ×{change.after / change.before:.2g}"


def qubit_cells(
    calibration: DeviceCalibration,
    qubit: int,
    grades: Grades,
    best: Mapping[int, float],
    changes: Sequence[CalibrationChange],
) -> Cells:
    """Return one span for each of `QUBIT_COLUMNS`.

    Args:
        calibration: the device.
        qubit: physical number.
        grades: of all qubits, by metric.
        best: of `best_errors`.
        changes: of this qubit, since the calibration compared with.
    """
    known = calibration.qubits[qubit]
    figures = [
        Span(
            f"{_figure(metric, known.figure(metric))} {grade_letter(grades[metric].places[qubit])}",
            TextStyle.BAD if known.dead else TextStyle.PLAIN,
        )
        for metric in QubitMetric
    ]
    return (
        Span(f"{qubit}✕" if known.dead else str(qubit), TextStyle.BAD if known.dead else TextStyle.STRONG),
        *figures,
        Span(percent_error(best.get(qubit))),
        change_span(changes),
    )


def _figure(metric: QubitMetric, value: float | None) -> str:
    return number(value, 0) if metric.is_time else percent_error(value)


def best_errors(calibration: DeviceCalibration) -> dict[int, float]:
    """Return the error of the best coupler of each qubit that has one."""
    best: dict[int, float] = {}
    for coupler in calibration.couplers:
        if not coupler.dead and coupler.error is not None:
            for qubit in coupler.qubits:
                best[qubit] = min(best.get(qubit, coupler.error), coupler.error)
    return best


def coupler_cells(coupler: Coupler, changes: Sequence[CalibrationChange]) -> Cells:
    """Return one span for each of `COUPLER_COLUMNS`.

    Args:
        coupler: the row.
        changes: of this coupler, since the calibration compared with.
    """
    style = TextStyle.BAD if coupler.dead else TextStyle.PLAIN
    mark = "✕" if coupler.dead else ""
    return (
        Span(f"{coupler.first}-{coupler.second}{mark}", style if coupler.dead else TextStyle.STRONG),
        Span(percent_error(coupler.error), style),
        Span(shorten(coupler.gate, 12) or NOTHING),
        Span(number(coupler.length_ns, 0)),
        change_span(changes),
    )


def history_cells(calibration: DeviceCalibration, before: DeviceCalibration | None, now: datetime) -> Cells:
    """Return one span for each of `HISTORY_COLUMNS`.

    Args:
        calibration: the row.
        before: the one before it; `None`: there is none.
        now: the time.
    """
    alive = [one.error for one in calibration.couplers if not one.dead and one.error is not None]
    reading = [
        one.readout_error for one in calibration.qubits if not one.dead and one.readout_error is not None
    ]
    dead = sum(one.dead for one in calibration.qubits) + sum(one.dead for one in calibration.couplers)
    moment = calibration.calibrated
    since = "" if before is None else count_changes(calibration_changes(before, calibration))
    return (
        Span(NOTHING if moment is None else moment.astimezone().strftime("%d %b %H:%M"), TextStyle.STRONG),
        Span(age(moment, now)),
        Span(percent_error(median(reading) if reading else None)),
        Span(percent_error(median(alive) if alive else None)),
        Span(str(dead)),
        Span(since),
    )


def sorted_qubits(
    calibration: DeviceCalibration, column: str, changes: _Changes, *, descending: bool = False
) -> list[int]:
    """Return the qubits sorted by a column; unknown figures come last, equal ones by number."""
    best = best_errors(calibration) if column == "2q" else {}

    def value(qubit: int) -> float | None:
        if column == "2q":
            return best.get(qubit)
        if column == "since":
            return _severity(changes.get((qubit,), ()))
        if column == "qubit":
            return qubit
        return calibration.qubits[qubit].figure(QubitMetric(column))

    return _ordered(range(len(calibration.qubits)), value, descending)


def sorted_couplers(
    calibration: DeviceCalibration, column: str, changes: _Changes, *, descending: bool = False
) -> list[int]:
    """Return the places of the couplers sorted by a column; unknown figures come last."""
    gates = sorted({coupler.gate for coupler in calibration.couplers})

    def value(place: int) -> float | None:
        coupler = calibration.couplers[place]
        if column == "gate":
            return gates.index(coupler.gate)
        if column == "since":
            return _severity(changes.get(coupler.qubits, ()))
        return {"2q": coupler.error, "length": coupler.length_ns}.get(column, place)

    return _ordered(range(len(calibration.couplers)), value, descending)


def _severity(changes: Sequence[CalibrationChange]) -> float:
    """Return a number that is the larger, the worse a part became."""
    ratios = []
    for change in changes:
        if change.trend in (Trend.DIED, Trend.CAME_BACK):
            ratios.append(1e9 if change.trend.bad else -1e9)
        elif change.before and change.after:
            ratio = change.after / change.before
            ratios.append(max(ratio, 1 / ratio) * (1 if change.trend.bad else -1))
    return max(ratios, default=0.0)


def _ordered(places: Iterable[int], value: Callable[[int], float | None], descending: bool) -> list[int]:
    def key(place: int) -> tuple[bool, float, int]:
        figure = value(place)
        return figure is None, 0.0 if figure is None else -figure if descending else figure, place

    return sorted(places, key=key)
