"""What changed from one calibration to a later one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.devices import CALIBRATED, five_qubits, with_coupler, with_qubit
from tui.domain.devices.calibration_changes import (
    CalibrationChange,
    Trend,
    calibration_changes,
    comparison_for,
    count_changes,
)
from tui.domain.devices.calibrations import QubitMetric


def test_changes_tell_what_got_worse_and_better() -> None:
    before = five_qubits()
    after = with_qubit(before, 1, readout_error=0.03, t1_us=99.0 * 2)
    after = with_qubit(after, 2, t2_us=20.0, single_qubit_error=0.00021)
    after = with_coupler(after, 0, error=0.02)
    assert calibration_changes(before, after) == (
        CalibrationChange((1,), Trend.WORSE, QubitMetric.READOUT, 0.02, 0.03),
        CalibrationChange((1,), Trend.BETTER, QubitMetric.T1, 99.0, 198.0),
        CalibrationChange((2,), Trend.WORSE, QubitMetric.T2, 50, 20.0),
        CalibrationChange((0, 1), Trend.WORSE, None, 0.004, 0.02),
    )
    assert [change.trend for change in calibration_changes(after, before)][:2] == [Trend.BETTER, Trend.WORSE]


def test_changes_tell_of_dead_parts_only_that() -> None:
    before = five_qubits()
    after = with_qubit(before, 0, operational=False, t1_us=1.0)
    after = with_coupler(with_coupler(after, 3, error=0.01), 2, error=0.5)
    changes = calibration_changes(before, after)
    assert [(one.qubits, one.trend) for one in changes] == [
        ((0,), Trend.DIED),
        ((1, 4), Trend.DIED),
        ((2, 3), Trend.CAME_BACK),
    ]
    assert count_changes(changes) == "1 qubit and 1 coupler died, 1 coupler came back"
    assert [one.trend.bad for one in changes] == [True, True, False]


def test_changes_of_unknown_or_zero_figures_are_none_or_notable() -> None:
    before = with_qubit(five_qubits(), 0, readout_error=None, t1_us=0.0)
    after = with_qubit(before, 0, readout_error=0.4, t1_us=50.0)
    (change,) = calibration_changes(before, after)
    assert (change.metric, change.trend) == (QubitMetric.T1, Trend.BETTER)
    assert calibration_changes(before, before) == () and count_changes(()) == "nothing notable"


def test_comparison_is_with_the_day_before() -> None:
    def aged(hours: float) -> object:
        return five_qubits(CALIBRATED - timedelta(hours=hours))

    now = five_qubits()
    known = tuple(five_qubits(CALIBRATED - timedelta(hours=hours)) for hours in (0, 3, 20, 50))
    assert comparison_for(now, known) == aged(20)
    assert comparison_for(now, known[:2]) == aged(3)
    assert comparison_for(now, known[:1]) is None
    assert comparison_for(replace(now, calibrated=None), known) is None
