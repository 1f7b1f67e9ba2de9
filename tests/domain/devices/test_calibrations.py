"""Grades of qubits and couplers, and what is of no use."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.devices.calibrations import (
    Coupler,
    DeviceCalibration,
    QubitCalibration,
    QubitMetric,
    coupler_grading,
    grade_letter,
    graded,
    qubit_grading,
)


@given(st.lists(st.none() | st.floats(0, 1)), st.integers(1, 5), st.booleans())
def test_graded_orders_the_classes_and_bounds_each(
    values: list[float | None], classes: int, more_is_better: bool
) -> None:
    grading = graded(values, classes, more_is_better=more_is_better)
    assert [place is None for place in grading.places] == [value is None for value in values]
    sign = -1 if more_is_better else 1
    for value, place in zip(values, grading.places, strict=True):
        if value is not None and place is not None:
            assert 0 <= place < classes
            assert sign * value <= sign * grading.bounds[place]
            assert place == 0 or sign * value > sign * grading.bounds[place - 1]


def test_graded_divides_into_equal_parts() -> None:
    assert graded([5.0, 1.0, 2.0, 4.0, 3.0], 5).places == (4, 0, 1, 3, 2)
    assert graded([5.0, 1.0, 2.0, 4.0, 3.0], 5, more_is_better=True).places == (0, 4, 3, 1, 2)
    assert graded([1.0, 1.0, 1.0], 5).places == (0, 0, 0)


def _device() -> DeviceCalibration:
    qubits = tuple(QubitCalibration(0.01 * (place + 1), 100.0 + place, 50, 0.0002) for place in range(5))
    couplers = (Coupler(0, 1, "cz", 0.004), Coupler(1, 2, "cz", 0.006), Coupler(2, 3, "cz", 1.0))
    return DeviceCalibration("ibm_test", None, qubits, (*couplers, Coupler(3, 4)))


def test_qubit_grading_letters_times_from_the_longest() -> None:
    letters = [grade_letter(place) for place in qubit_grading(_device(), QubitMetric.READOUT).places]
    assert "".join(letters) == "abcde"
    letters = [grade_letter(place) for place in qubit_grading(_device(), QubitMetric.T1).places]
    assert "".join(letters) == "edcba"


def test_dead_qubits_and_couplers_are_in_no_grade() -> None:
    device = _device()
    faulty = replace(device.qubits[0], operational=False)
    useless = replace(device.qubits[1], readout_error=0.5)
    device = replace(device, qubits=(faulty, useless, *device.qubits[2:]))
    assert [qubit.dead for qubit in device.qubits] == [True, True, False, False, False]
    assert qubit_grading(device, QubitMetric.T1).places[:3] == (None, None, 3)
    assert coupler_grading(device).places == (0, 1, None, None)
    assert grade_letter(None) == "·"


def test_coupler_between_two_qubits_in_any_order() -> None:
    device = _device()
    assert device.coupler(2, 1) == device.couplers[1]
    assert device.coupler(0, 2) is None and device.coupler(4, 9) is None
    assert [coupler.qubits for coupler in device.couplers_of(2)] == [(1, 2), (2, 3)]
    assert device.couplers[2].dead and not device.couplers[3].dead
