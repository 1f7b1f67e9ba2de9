"""Calibrations as the history keeps them: the figures in columns, with four significant digits."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.common.values import Value
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration

Figures = tuple[float | None, ...]


class KeptCalibration(Value, frozen=True):
    """A calibration of a device that was seen; a Heron's takes about 9 kB.

    Attributes:
        service: label of the service.
        backend: name of the device.
        calibrated: moment of the calibration, ISO 8601 in UTC, by which it is found.
        seen: moment at which it was first seen here.
        readout, t1, t2, single: figures by qubit.
        faulty: qubits reported faulty.
        pairs: qubits of the couplers, two numbers each.
        errors: two-qubit error by coupler.
        gates: names of two-qubit gates that occur.
        gate: index into `gates` by coupler, less 100 for couplers reported faulty.
    """

    service: str
    backend: str
    calibrated: str
    seen: datetime
    readout: Figures
    t1: Figures = ()
    t2: Figures = ()
    single: Figures = ()
    faulty: tuple[int, ...] = ()
    pairs: tuple[int, ...] = ()
    errors: Figures = ()
    gates: tuple[str, ...] = ()
    gate: tuple[int, ...] = ()

    @property
    def moment(self) -> datetime:
        """Moment of the calibration; that at which it was seen when it cannot be read."""
        try:
            return datetime.fromisoformat(self.calibrated)
        except ValueError:
            return self.seen


_FAULTY = 100


def keep_calibration(service: str, calibration: DeviceCalibration, seen: datetime) -> KeptCalibration | None:
    """Return a calibration in the form in which it is kept.

    Returns:
        The record; `None` when it has no moment, or no figure.
    """
    qubits, couplers = calibration.qubits, calibration.couplers
    if calibration.calibrated is None or not any(one != QubitCalibration() for one in qubits):
        return None
    gates = tuple(sorted({coupler.gate for coupler in couplers}))
    return KeptCalibration(
        service=service,
        backend=calibration.name,
        calibrated=calibration.calibrated.astimezone(UTC).isoformat(),
        seen=seen,
        readout=_rounded([qubit.readout_error for qubit in qubits]),
        t1=_rounded([qubit.t1_us for qubit in qubits]),
        t2=_rounded([qubit.t2_us for qubit in qubits]),
        single=_rounded([qubit.single_qubit_error for qubit in qubits]),
        faulty=tuple(number for number, qubit in enumerate(qubits) if not qubit.operational),
        pairs=tuple(number for coupler in couplers for number in coupler.qubits),
        errors=_rounded([coupler.error for coupler in couplers]),
        gates=gates,
        gate=tuple(gates.index(one.gate) - (0 if one.operational else _FAULTY) for one in couplers),
    )


def kept_calibration(record: KeptCalibration) -> DeviceCalibration:
    """Return the calibration that a record holds, without coordinates; what does not fit is left out."""
    faulty = frozenset(record.faulty)
    columns = (record.t1, record.t2, record.single)
    count = len(record.readout)
    filled = [(*column, *(None,) * count)[:count] for column in columns]
    qubits = tuple(
        QubitCalibration(readout, t1, t2, single, number not in faulty)
        for number, (readout, t1, t2, single) in enumerate(zip(record.readout, *filled, strict=True))
    )
    pairs = zip(record.pairs[::2], record.pairs[1::2], strict=False)
    couplers = [
        Coupler(one, other, _gate(record.gates, kind), error, None, kind >= 0)
        for (one, other), error, kind in zip(pairs, record.errors, record.gate, strict=False)
    ]
    couplers.sort(key=lambda coupler: coupler.qubits)
    return DeviceCalibration(record.backend, record.moment, qubits, tuple(couplers))


def _gate(names: tuple[str, ...], kind: int) -> str:
    place = kind if kind >= 0 else kind + _FAULTY
    return names[place] if 0 <= place < len(names) else ""


def _rounded(figures: list[float | None]) -> Figures:
    return tuple(None if value is None else float(f"{value:.4g}") for value in figures)


def merge_calibrations(old: KeptCalibration, new: KeptCalibration) -> KeptCalibration:
    """Return the one that was seen first: both are the same calibration."""
    return old if old.seen <= new.seen else new
