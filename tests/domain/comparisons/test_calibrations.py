"""Calibrations at the start of jobs, side by side."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.domain.comparisons.calibrations import MOST_PARTS, CalibratedParts, calibration_facts
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 15, 12, tzinfo=UTC)


def _device(readout: float, coupler: float, at: datetime = NOON, name: str = "ibm_fez") -> DeviceCalibration:
    qubits = tuple(QubitCalibration(readout * (1 + n), 100.0 + n, 80.0, 0.001) for n in range(4))
    return DeviceCalibration(name, at, qubits, (Coupler(1, 2, "cz", coupler), Coupler(2, 3, "cz", 0.01)))


def test_figures_of_the_qubits_in_use_stand_side_by_side() -> None:
    one = CalibratedParts((1, 2), ((1, 2),), _device(0.01, 0.004))
    two = CalibratedParts((1, 2, 3), ((1, 2), (2, 3)), _device(0.02, 0.005, LATER))
    facts = {fact.name: fact for fact in calibration_facts([one, two])}
    assert facts["calibration at start"].values == ("2026-03-14 12:00:00", "2026-03-15 12:00:00")
    # (2 + 3) / 2 and (4 + 6 + 8) / 3 in percent.
    assert facts["readout error"].values == ("2.5 %, mean of 2", "6 %, mean of 3")
    assert facts["2Q error"].values == ("0.4 %", "0.75 %, mean of 2")
    assert facts["T1"].values == ("102 µs, median of 2", "102 µs, median of 3")
    assert not facts["1Q error"].differs or "mean of 3" in facts["1Q error"].values[1]
    assert facts["q1 readout error"].values == ("2 %", "4 %")
    # A quarter more is the scatter of calibrations; qubit 3 is in one of them alone.
    assert "1-2 2Q error" not in facts and "q3 readout error" not in facts


def test_what_differs_most_comes_first_and_is_bounded() -> None:
    many = tuple(range(60))

    def device(at: datetime, factor: float) -> DeviceCalibration:
        qubits = tuple(QubitCalibration(0.001 * (1 + factor * n), 100.0, None, None) for n in many)
        return DeviceCalibration("ibm_fez", at, qubits)

    sides = [CalibratedParts(many, (), device(NOON, 0.0)), CalibratedParts(many, (), device(LATER, 1.0))]
    parts = [fact.name for fact in calibration_facts(sides) if fact.name.startswith("q")]
    assert len(parts) == MOST_PARTS
    assert parts[:2] == ["q59 readout error", "q58 readout error"]


def test_qubits_of_two_devices_are_not_held_against_each_other() -> None:
    one = CalibratedParts((1,), (), _device(0.01, 0.004))
    two = CalibratedParts((1,), (), _device(0.05, 0.004, name="ibm_torino"))
    names = [fact.name for fact in calibration_facts([one, two])]
    assert names == ["calibration at start", "readout error", "1Q error", "T1"]


def test_sides_without_a_calibration_have_no_figures() -> None:
    assert calibration_facts([CalibratedParts(), CalibratedParts((1, 2))]) == ()
