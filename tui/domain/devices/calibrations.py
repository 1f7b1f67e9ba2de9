"""A device's calibration by qubit and coupler: its figures, graded from best to worst."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from tui.common.values import Value

DEAD = 0.5
"""Error from which on a qubit or coupler is of no use: half of all results are wrong."""
GRADES = "abcde"
"""Letters of the fifths of a device, best to worst."""
UNGRADED = "·"
"""Stands for the grade of a figure that is not known."""


class QubitMetric(StrEnum):
    """Figures by which the qubits of a device are graded."""

    READOUT = "readout error"
    T1 = "T1"
    T2 = "T2"
    SINGLE_QUBIT = "1Q error"

    @property
    def is_time(self) -> bool:
        """True for coherence times, in microseconds, of which more is better; else probabilities, 0 to 1."""
        return self in (QubitMetric.T1, QubitMetric.T2)


class QubitCalibration(Value, frozen=True):
    """Figures of a qubit: probabilities from 0 to 1, times in microseconds; `None`: not told.

    `single_qubit_error` is that of the gate `sx`. `operational` is false where the service reports the qubit
    as faulty.
    """

    readout_error: float | None = None
    t1_us: float | None = None
    t2_us: float | None = None
    single_qubit_error: float | None = None
    operational: bool = True

    def figure(self, metric: QubitMetric) -> float | None:
        """Return the figure of one metric; `None`: not told."""
        return getattr(self, _FIELDS[metric])  # type: ignore[no-any-return]

    @property
    def dead(self) -> bool:
        """True where the qubit is reported faulty, or its readout or its gates are of no use."""
        errors = (self.readout_error, self.single_qubit_error)
        return not self.operational or any(error is not None and error >= DEAD for error in errors)


_FIELDS = {
    QubitMetric.READOUT: "readout_error",
    QubitMetric.T1: "t1_us",
    QubitMetric.T2: "t2_us",
    QubitMetric.SINGLE_QUBIT: "single_qubit_error",
}


class Coupler(Value, frozen=True):
    """Two coupled qubits, the smaller number first, and the two-qubit gate between them.

    `error` is that of the better direction where the gate is calibrated in both; `None`: not told.
    `length_ns` is the duration of that gate.
    """

    first: int
    second: int
    gate: str = ""
    error: float | None = None
    length_ns: float | None = None
    operational: bool = True

    @property
    def qubits(self) -> tuple[int, int]:
        """Both qubits, the smaller number first."""
        return self.first, self.second

    @property
    def dead(self) -> bool:
        """True where the coupler is reported faulty or every other result of its gate is wrong."""
        return not self.operational or (self.error is not None and self.error >= DEAD)


class DeviceCalibration(Value, frozen=True):
    """One calibration of a device.

    Attributes:
        name: of the backend.
        calibrated: moment of the service's last update; `None`: not told.
        qubits: by physical number.
        couplers: sorted by their qubits; each pair once, whatever its directions.
        coordinates: column and row of each qubit in the maker's own drawing; empty: not told.
    """

    name: str
    calibrated: datetime | None = None
    qubits: tuple[QubitCalibration, ...] = ()
    couplers: tuple[Coupler, ...] = ()
    coordinates: tuple[tuple[int, int], ...] = ()

    def coupler(self, one: int, other: int) -> Coupler | None:
        """Return the coupler between two qubits, in any order; `None`: they are not coupled."""
        wanted = (min(one, other), max(one, other))
        place = bisect_left(self.couplers, wanted, key=lambda coupler: coupler.qubits)
        found = self.couplers[place] if place < len(self.couplers) else None
        return found if found is not None and found.qubits == wanted else None

    def couplers_of(self, qubit: int) -> tuple[Coupler, ...]:
        """Return the couplers of a qubit, in order."""
        return tuple(coupler for coupler in self.couplers if qubit in coupler.qubits)


class Grading(Value, frozen=True):
    """Figures of a device in equally large classes, best to worst.

    Attributes:
        places: class of each figure from 0, the best; `None`: not known, or left out.
        bounds: worst figure of each class.
    """

    places: tuple[int | None, ...]
    bounds: tuple[float, ...]


def graded(values: Sequence[float | None], classes: int, *, more_is_better: bool = False) -> Grading:
    """Divide figures into classes of about equal size; equal figures are in the same class.

    Args:
        values: the figures; `None` where there is none.
        classes: number of classes.
        more_is_better: whether the best figure is the largest.

    Returns:
        The classes; no bounds when no figure is known.
    """
    known = sorted((value for value in values if value is not None), reverse=more_is_better)
    if not known:
        return Grading((None,) * len(values), ())
    bounds = [known[max(0, -(-len(known) * (place + 1) // classes) - 1)] for place in range(classes)]
    key: Callable[[float], float] = (lambda value: -value) if more_is_better else float
    keys = [key(bound) for bound in bounds]
    places = tuple(None if value is None else bisect_left(keys, key(value)) for value in values)
    return Grading(places, tuple(bounds))


def qubit_grading(calibration: DeviceCalibration, metric: QubitMetric) -> Grading:
    """Grade the qubits of a device by one metric, in the fifths named by `GRADES`.

    Returns:
        One class a qubit; dead qubits are in none.
    """
    figures = [None if qubit.dead else qubit.figure(metric) for qubit in calibration.qubits]
    return graded(figures, len(GRADES), more_is_better=metric.is_time)


def coupler_grading(calibration: DeviceCalibration) -> Grading:
    """Grade the couplers of a device by their two-qubit error, in thirds.

    Returns:
        One class a coupler, in their order; dead couplers are in none.
    """
    return graded([None if coupler.dead else coupler.error for coupler in calibration.couplers], 3)


def grade_letter(place: int | None) -> str:
    """Return the letter of a class of `qubit_grading`; `UNGRADED` for none."""
    return UNGRADED if place is None else GRADES[place]
