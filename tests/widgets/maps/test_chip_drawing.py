"""The map in characters: numbers, grades, lines by error, what is used."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.support.devices import five_qubits
from tui.domain.devices.calibrations import (
    Coupler,
    DeviceCalibration,
    QubitCalibration,
    QubitMetric,
    qubit_grading,
)
from tui.widgets.maps.chip_drawing import ChipDrawing
from tui.widgets.maps.chip_legend import couplers_line, legend_line, qubit_line
from tui.widgets.text.styled_text import TextStyle, text_of


def _lines(drawing: ChipDrawing) -> list[str]:
    return [text_of(drawing.line(y)) for y in range(drawing.height)]


def test_drawing_letters_qubits_and_weighs_couplers() -> None:
    assert _lines(ChipDrawing(five_qubits())) == [
        "0a══1b──2c─✕3d",
        "    ╎",
        "    4e",
    ]
    assert _lines(ChipDrawing(five_qubits(), QubitMetric.T1))[0] == "0a══1b──2c─✕3d"


def test_drawing_labels_used_qubits_and_dims_the_others() -> None:
    drawing = ChipDrawing(five_qubits(), labels={1: "0", 4: "1"}, used=[2], used_couplers=[(4, 1)])
    assert _lines(drawing) == [
        "0a══0→1b──•2c─✕3d",
        "     ╎",
        "    1→4e",
    ]
    styles = {span.text: span.style for y in range(3) for span in drawing.line(y)}
    assert styles["0→1b"] is TextStyle.GRADE_B and styles["╎"] is TextStyle.CURRENT
    assert styles["0a══"] is TextStyle.MUTED


def test_drawing_crosses_dead_qubits() -> None:
    device = five_qubits()
    device = replace(device, qubits=(replace(device.qubits[0], operational=False), *device.qubits[1:]))
    assert _lines(ChipDrawing(device))[0].startswith("0✕══1a")
    assert _lines(ChipDrawing(DeviceCalibration("sim", qubits=(QubitCalibration(),)))) == ["0·"]
    empty = ChipDrawing(DeviceCalibration(""))
    assert (empty.width, empty.height, empty.line(0)) == (0, 0, ())


def test_drawing_marks_the_qubit_under_the_cursor() -> None:
    drawing = ChipDrawing(five_qubits())
    assert [
        span.text for span in drawing.line(0, {2: TextStyle.CURSOR}) if span.style is TextStyle.CURSOR
    ] == ["2c"]
    assert not [span for span in drawing.line(2, {2: TextStyle.CURSOR}) if span.style is TextStyle.CURSOR]


def test_drawing_bends_lines_around_qubits() -> None:
    couplers = (Coupler(0, 1), Coupler(0, 2), Coupler(1, 2, "cz", 1.0))
    triangle = DeviceCalibration("t", None, (QubitCalibration(),) * 3, couplers)
    assert _lines(ChipDrawing(replace(triangle, coordinates=((0, 0), (1, 0), (2, 1))))) == [
        "0·─┬─1·─┐",
        "   │    ✕",
        "   │    └┬2·",
        "   └─────┘",
    ]
    assert _lines(ChipDrawing(replace(triangle, coordinates=((0, 0), (1, 0), (2, 0))))) == [
        "0·─┬─1·✕┬2·",
        "   └────┘",
    ]
    assert _lines(ChipDrawing(triangle)) == ["2·─┬─0·", "   ✕ │", "   └─1·"]


def test_drawing_steps_to_the_nearest_qubit_in_a_direction() -> None:
    drawing = ChipDrawing(five_qubits())
    assert drawing.neighbour(0, 1, 0) == 1 and drawing.neighbour(3, 1, 0) == 3
    assert drawing.neighbour(1, 0, 1) == 4 and drawing.neighbour(4, 0, -1) == 1
    assert drawing.at(5, 0) == 1 and drawing.at(3, 0) is None


@given(st.integers(1, 12), st.data())
def test_drawing_shows_every_qubit_of_any_device(count: int, data: st.DataObject) -> None:
    number = st.integers(0, count - 1)
    pairs = data.draw(st.sets(st.tuples(number, number)))
    error = st.none() | st.floats(0, 1)
    couplers = tuple(Coupler(a, b, "cz", data.draw(error)) for a, b in sorted(pairs) if a < b)
    device = DeviceCalibration("d", None, (QubitCalibration(),) * count, couplers)
    drawing = ChipDrawing(device)
    lines = _lines(drawing)
    for qubit in range(count):
        left, y, cells = drawing.region(qubit)
        assert lines[y][left : left + cells] == f"{qubit}·"
    assert max(map(len, lines)) <= drawing.width


def test_drawing_of_a_full_graph_is_bounded() -> None:
    couplers = tuple(Coupler(a, b) for a in range(64) for b in range(a + 1, 64))
    began = time.perf_counter()
    drawing = ChipDrawing(DeviceCalibration("full", None, (QubitCalibration(),) * 64, couplers))
    assert time.perf_counter() - began < 1
    assert drawing.width < 60 and drawing.height < 140


def test_legend_gives_the_bound_of_each_letter_and_line() -> None:
    text = text_of(legend_line(ChipDrawing(five_qubits()), QubitMetric.READOUT))
    assert text == " readout % a≤1 b≤2 c≤3 d≤4 e≤5  2Q % ═≤0.4 ─≤0.6 ╌≤0.9 ✕dead"
    text = text_of(legend_line(ChipDrawing(five_qubits(), QubitMetric.T1), QubitMetric.T1))
    assert text.startswith(" T1 µs a≥100 b≥99")


def test_qubit_line_has_every_figure_with_its_grade() -> None:
    def line_of(device: DeviceCalibration, qubit: int) -> str:
        grades = {metric: qubit_grading(device, metric) for metric in QubitMetric}
        return text_of(qubit_line(device, qubit, grades))

    assert line_of(five_qubits(), 1) == (
        " qubit 1 · readout 2.00 % b · T1 99 µs b · T2 50 µs a · 1Q 0.020 % a"
    )
    assert text_of(couplers_line(five_qubits(), 2)) == " to 1 0.60 %   to 3 100.00 % ✕ dead   "
    alone = DeviceCalibration("sim", qubits=(QubitCalibration(operational=False),))
    assert "✕ dead" in line_of(alone, 0) and "T1 – ·" in line_of(alone, 0)
    assert "not coupled" in text_of(couplers_line(alone, 0))
