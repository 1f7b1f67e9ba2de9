"""A job's qubits as tables: bits beside their qubits, calibrations at its moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tui.domain.devices.calibration_changes import CalibrationMoment
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration
from tui.domain.statistics.bits import BitFigures, used_parts
from tui.widgets.results.qubit_lines import bit_lines, calibration_lines
from tui.widgets.text.styled_text import StyledLine, TextStyle, text_of

USUAL = QubitCalibration(0.01, 200.0, 150.0, 0.0003)
FIRST = DeviceCalibration(
    "x",
    datetime(2026, 3, 14, 12, tzinfo=UTC),
    (USUAL, USUAL, USUAL),
    (Coupler(0, 1, "cz", 0.004, 68.0), Coupler(1, 2, "cz", 0.005, 68.0)),
)
LATER = replace(
    FIRST,
    calibrated=datetime(2026, 3, 14, 18, tzinfo=UTC),
    qubits=(
        replace(USUAL, readout_error=0.03),
        replace(USUAL, t1_us=500.0),
        replace(USUAL, readout_error=0.6),
    ),
    couplers=(Coupler(0, 1, "cz", 1.0, 68.0), Coupler(1, 2, "cz", 0.0055, 68.0)),
)


def _rows(lines: list[StyledLine]) -> list[str]:
    return [text_of(pieces).rstrip() for pieces in lines]


def _moments(*devices: DeviceCalibration) -> tuple[CalibrationMoment, ...]:
    return tuple(
        CalibrationMoment(name, None, device)
        for name, device in zip(("made", "start", "now"), devices, strict=True)
    )


def test_each_bit_stands_beside_its_qubit_with_its_cause_below() -> None:
    bits = (
        BitFigures(0, 250, 1000, 0.25, 15, 0.0123, 180.4),
        BitFigures(1, 700, 1000, 1.0, 3, 0.21, 12.0, outlier=True, cause="readout error 21.0 %"),
    )
    lines = bit_lines("c", bits, 78, {15: 7})
    _, head, first, second, cause = _rows(lines)
    assert head.split() == ["BIT", "P(1)", "±", "IDEAL", "DIFF", "QUBIT", "READOUT", "T1"]
    assert first.split() == ["0", "25.0", "%", "±", "1.4", "25.0", "%", "+0.0", "7→15", "1.23", "180", "µs"]
    assert " ".join(second.split()) == "! 1 70.0 % ± 1.4 100.0 % -30.0 3 21.00 12 µs"
    assert cause.strip() == "cause: readout error 21.0 %"
    assert any(span.style is TextStyle.WARNING for span in lines[3])
    assert "1 stand out" in _rows(lines)[0]


def test_calibrations_that_are_the_same_share_a_column() -> None:
    rows = _rows(calibration_lines(_moments(FIRST, FIRST, FIRST), (0,), ((0, 1),), {0: "c[2]"}, 78))
    assert rows[0].startswith(" made, start, now")
    assert "did not change" in rows[1]
    assert any(row.split() == ["0", "c[2]", "1.00", "200", "0.030"] for row in rows)


def test_what_changed_between_calibrations_is_marked() -> None:
    lines = calibration_lines(_moments(FIRST, FIRST, LATER), (0, 1, 2), ((0, 1), (1, 2)), {}, 78)
    by_name = {row.split()[0]: row for row in _rows(lines)[3:] if row.split()}
    assert "1.00   3.00▲" in by_name["0"]
    assert "500▽" in by_name["1"]
    assert by_name["2"].endswith("✕ dead now")
    assert by_name["0-1"].endswith("✕ dead now")
    assert "▲" not in by_name["1-2"] and "✕" not in by_name["1-2"]
    assert all(len(row) <= 78 for row in _rows(lines))


def test_calibration_that_is_not_to_be_had_says_why() -> None:
    moments = (CalibrationMoment("made", trouble="It is gone."), CalibrationMoment("now", device=FIRST))
    rows = _rows(calibration_lines(moments, (), (), {}, 78))
    assert rows[0] == " made: It is gone."
    assert "No two-qubit gates." in "\n".join(rows)
    assert "No calibration" in _rows(calibration_lines((), (), (), {}, 78))[0]


def test_used_parts_of_isa_programs() -> None:
    new = 'include "stdgates.inc";\nbit[2] c;\nrz(1) $7;\nbarrier $1, $99;\necr $7, $3;\nc[0] = measure $3;\n'
    assert used_parts(new) == ((3, 7), ((3, 7),))
    old = 'include "qelib1.inc";\nqreg q[9];\ncreg c[5];\ncx q[8],q[2];\nmeasure q[2] -> c[4];\n'
    assert used_parts(old) == ((2, 8), ((2, 8),))
