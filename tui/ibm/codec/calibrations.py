"""Configuration and properties of a device on the wire into `DeviceCalibration` (contract 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration
from tui.ibm.codec.decoding import decode, decode_any_size, moment

MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "µs": 1.0, "μs": 1.0, "ns": 1e-3}
"""Microseconds of each unit of time in properties."""
MOST_QUBITS = 4096
"""Qubits of a device that are read; the largest of IBM's has 1,121."""
_FRACTIONAL = frozenset({"rzz"})
"""Gates that are calibrated beside a device's own two-qubit gate."""


class Parameter(msgspec.Struct, frozen=True):
    """A figure of a qubit or gate."""

    name: str | None = None
    value: float | None = None
    unit: str | None = None


class GateEntry(msgspec.Struct, frozen=True):
    """The calibration of a gate on some qubits."""

    gate: str
    qubits: list[int]
    parameters: list[Parameter] | None = None


class Properties(msgspec.Struct, frozen=True):
    """A body of `/properties`."""

    last_update_date: str | None = None
    qubits: list[list[Parameter]] | None = None
    gates: list[GateEntry] | None = None


class _Configuration(msgspec.Struct, frozen=True):
    n_qubits: int | None = None
    coupling_map: list[tuple[int, int]] | None = None
    coords: list[tuple[int, int]] | None = None


class _Dated(msgspec.Struct, frozen=True):
    last_update_date: str | None = None


def calibration_time(data: BackendData) -> datetime | None:
    """Return the moment (UTC) of a device's calibration; `None` where its properties do not tell it.

    A Heron's properties, 570 kB, are passed over in half a millisecond.
    """
    try:
        return moment(msgspec.json.decode(data.properties, type=_Dated).last_update_date)
    except msgspec.MsgspecError:
        return None


async def decode_calibration(data: BackendData) -> DeviceCalibration:
    """Return the figures of each qubit and coupler of a device; large bodies are decoded in a thread.

    Where a gate is calibrated in both directions the better error counts. An empty body of properties
    (simulators) leaves the figures unknown; coordinates that do not fit the device are left out.

    Args:
        data: configuration and properties, as sent.

    Raises:
        QdeckError: `PROTOCOL`: they are not what the contract says, or of more than `MOST_QUBITS` qubits.
    """
    size = max(data.configuration, data.properties, key=len)
    return await decode_any_size(size, lambda: _calibration(data))


def _calibration(data: BackendData) -> DeviceCalibration:
    configuration = decode(data.configuration, _Configuration, "GET /backends/{name}/configuration")
    properties = Properties()
    if data.properties.strip():
        properties = decode(data.properties, Properties, "GET /backends/{name}/properties")
    qubits = [_qubit(entries) for entries in properties.qubits or []]
    count = max(configuration.n_qubits or 0, len(qubits))
    if count > MOST_QUBITS:
        raise QdeckError(ErrorKind.PROTOCOL, f"The backend has {count} qubits; qdeck reads {MOST_QUBITS}.")
    qubits += [QubitCalibration()] * (count - len(qubits))
    gates = properties.gates or []
    for gate in gates:
        if gate.gate == "sx" and len(gate.qubits) == 1 and 0 <= gate.qubits[0] < count:
            known = qubits[gate.qubits[0]]
            error = _value(gate.parameters, "gate_error")
            qubits[gate.qubits[0]] = msgspec.structs.replace(known, single_qubit_error=error)
    coordinates = tuple(configuration.coords or ())
    return DeviceCalibration(
        name=data.name,
        calibrated=moment(properties.last_update_date),
        qubits=tuple(qubits),
        couplers=_couplers(configuration.coupling_map or [], gates, count),
        coordinates=coordinates if len(set(coordinates)) == count else (),
    )


def _qubit(entries: list[Parameter]) -> QubitCalibration:
    return QubitCalibration(
        readout_error=_value(entries, "readout_error"),
        t1_us=_microseconds(entries, "T1"),
        t2_us=_microseconds(entries, "T2"),
        operational=_value(entries, "operational") != 0,
    )


def _couplers(
    pairs: Iterable[tuple[int, int]], gates: Iterable[GateEntry], count: int
) -> tuple[Coupler, ...]:
    found: dict[tuple[int, int], Coupler] = {}
    for one, other in pairs:
        if one != other and min(one, other) >= 0 and max(one, other) < count:
            first, second = min(one, other), max(one, other)
            found.setdefault((first, second), Coupler(first, second))
    for gate in gates:
        if len(gate.qubits) != 2 or gate.qubits[0] == gate.qubits[1]:
            continue
        first, second = sorted(gate.qubits)
        if first >= 0 and second < count:
            found[first, second] = _better(found.get((first, second)), _coupler(first, second, gate))
    return tuple(found[pair] for pair in sorted(found))


def _coupler(first: int, second: int, gate: GateEntry) -> Coupler:
    length = _microseconds(gate.parameters, "gate_length")
    return Coupler(
        first,
        second,
        gate.gate,
        _value(gate.parameters, "gate_error"),
        None if length is None else length * 1000,
        _value(gate.parameters, "operational") != 0,
    )


def _better(known: Coupler | None, coupler: Coupler) -> Coupler:
    """Return the one of two calibrations of a coupler that counts."""
    if known is None or not known.gate:
        return coupler
    if (known.gate in _FRACTIONAL) != (coupler.gate in _FRACTIONAL):
        return coupler if known.gate in _FRACTIONAL else known
    if known.operational != coupler.operational:
        return known if known.operational else coupler
    return min(known, coupler, key=lambda one: 1.0 if one.error is None else one.error)


def _value(entries: Iterable[Parameter] | None, name: str) -> float | None:
    return next((entry.value for entry in entries or () if entry.name == name), None)


def _microseconds(entries: Iterable[Parameter] | None, name: str) -> float | None:
    entry = next((entry for entry in entries or () if entry.name == name), None)
    if entry is None or entry.value is None:
        return None
    return entry.value * MICROSECONDS.get(entry.unit or "us", 1.0)
