"""The lines below a map: the figures that its letters and lines stand for, and those of one qubit."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.devices.calibrations import (
    GRADES,
    DeviceCalibration,
    Grading,
    QubitMetric,
    grade_letter,
)
from tui.widgets.maps.chip_drawing import ACROSS, DEAD_MARK, GRADE_STYLES, ChipDrawing
from tui.widgets.text.format import NOTHING, number, percent_error
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line

_SHORT = {
    QubitMetric.READOUT: "readout",
    QubitMetric.T1: "T1",
    QubitMetric.T2: "T2",
    QubitMetric.SINGLE_QUBIT: "1Q",
}


def figure_text(metric: QubitMetric, value: float | None) -> str:
    """Return a figure of a qubit: percent with two digits, or whole microseconds; without the unit."""
    return number(value, 0) if metric.is_time else percent_error(value)


def legend_line(drawing: ChipDrawing, metric: QubitMetric) -> StyledLine:
    """Return what letters and lines stand for, with the worst figure of each; about 75 cells.

    Args:
        drawing: the map.
        metric: the figure it letters.
    """
    qubits, couplers = drawing.gradings
    unit, sign = ("µs", "≥") if metric.is_time else ("%", "≤")
    parts: list[str | tuple[str, TextStyle]] = [(f" {_SHORT[metric]} {unit} ", TextStyle.MUTED)]
    for place, bound in enumerate(qubits.bounds):
        parts += [(GRADES[place], GRADE_STYLES[place]), f"{sign}{_brief(bound, metric.is_time)} "]
    parts.append((" 2Q % ", TextStyle.MUTED))
    for place, bound in enumerate(couplers.bounds):
        parts.append(f"{ACROSS[place]}≤{_brief(bound, False)} ")
    parts += [(DEAD_MARK, TextStyle.BAD), "dead"]
    return line(*parts)


def _brief(value: float, is_time: bool) -> str:
    """Return a bound with two significant digits, a probability in percent."""
    return f"{value:.0f}" if is_time else f"{value * 100:.2g}"


def qubit_line(
    calibration: DeviceCalibration, qubit: int, grades: Mapping[QubitMetric, Grading]
) -> StyledLine:
    """Return the figures of one qubit, each with its grade, and those of its couplers.

    Args:
        calibration: the device.
        qubit: physical number.
        grades: of its qubits, by `qubit_grading`.
    """
    known = calibration.qubits[qubit]
    parts: list[str | tuple[str, TextStyle] | Span] = [
        " ",
        (f"qubit {qubit}", TextStyle.STRONG),
        (f" {DEAD_MARK} dead", TextStyle.BAD) if known.dead else "",
    ]
    for metric in QubitMetric:
        place = grades[metric].places[qubit]
        value = figure_text(metric, known.figure(metric))
        unit = "" if value == NOTHING else " µs" if metric.is_time else " %"
        style = TextStyle.MUTED if place is None else GRADE_STYLES[place]
        parts += [(f" · {_SHORT[metric]} ", TextStyle.MUTED), f"{value}{unit} ", (grade_letter(place), style)]
    return line(*parts)


def couplers_line(calibration: DeviceCalibration, qubit: int) -> StyledLine:
    """Return the couplers of one qubit with the error of each, in percent.

    Args:
        calibration: the device.
        qubit: physical number.
    """
    parts: list[str | tuple[str, TextStyle]] = [" "]
    couplers = calibration.couplers_of(qubit)
    if not couplers:
        return line(" ", ("not coupled to any qubit", TextStyle.MUTED))
    for coupler in couplers:
        other = coupler.second if coupler.first == qubit else coupler.first
        parts += [(f"to {other} ", TextStyle.MUTED), f"{percent_error(coupler.error)} %"]
        parts += [(f" {DEAD_MARK} dead", TextStyle.BAD) if coupler.dead else "", "   "]
    return line(*parts)
