"""A device's calibration in SI units, and the Qiskit target made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qiskit.transpiler import Target

from tui.qiskit_common.target import build_target
from tui.sandbox.core.devices import device

_KEPT = 16
"""Calibrations and targets kept in memory: of some devices, the last ones."""
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class QubitData:
    """The calibration of a qubit.

    Attributes:
        t1: Relaxation time in seconds; None when not recorded.
        t2: Dephasing time in seconds; None when not recorded.
        read_1_when_0: Probability to read 1 after preparing 0.
        read_0_when_1: Probability to read 0 after preparing 1.
        readout_error: Mean of the two.
        readout_length: Duration of a readout in seconds.
    """

    t1: float | None
    t2: float | None
    read_1_when_0: float
    read_0_when_1: float
    readout_error: float
    readout_length: float


@dataclass(frozen=True)
class GateData:
    """Average infidelity of a gate (None: not recorded) and its length in seconds."""

    error: float | None
    length: float


@dataclass(frozen=True)
class Calibration:
    """The calibration of a device.

    Attributes:
        name: Name of the device.
        qubits: By physical number.
        gates: By name and physical qubits in the gate's order.
        dt: Sample time in seconds.
        rep_delay: Default delay between shots in seconds.
        rep_delay_range: Shortest and longest delay between shots in seconds.
        max_shots: Most shots of a circuit.
    """

    name: str
    qubits: tuple[QubitData, ...]
    gates: Mapping[tuple[str, tuple[int, ...]], GateData]
    dt: float
    rep_delay: float
    rep_delay_range: tuple[float, float]
    max_shots: int


@lru_cache(maxsize=_KEPT)
def calibration(key: str) -> Calibration:
    """Read the calibration of a device from its configuration and properties, in SI units.

    Args:
        key: name of the device, with the drift of its calibration (`Device.key`).

    Raises:
        UnknownDevice: There is no such device.
    """
    found = device(key)
    configuration = found.configuration()
    properties = found.properties()
    low, high = configuration["rep_delay_range"]
    return Calibration(
        name=found.name,
        qubits=tuple(_qubit(entries) for entries in properties["qubits"]),
        gates={(gate["gate"], tuple(gate["qubits"])): _gate(gate) for gate in properties["gates"]},
        dt=configuration["dt"] * 1e-9,
        rep_delay=configuration["default_rep_delay"] * 1e-6,
        rep_delay_range=(low * 1e-6, high * 1e-6),
        max_shots=configuration["max_shots"],
    )


@lru_cache(maxsize=_KEPT)
def target(key: str, fractional: bool = True) -> Target:
    """Build the target of a device: what its circuits may consist of, with errors and durations.

    Args:
        key: name of one of `DEVICES`, with the drift of its calibration (`Device.key`).
        fractional: with the gates rx and rzz where they are calibrated.

    Raises:
        UnknownDevice: there is no such device.
    """
    found = device(key)
    return build_target(found.name, found.configuration(), found.properties(), fractional=fractional)


def _qubit(entries: list[dict[str, Any]]) -> QubitData:
    values = _values(entries)
    error = values.get("readout_error", 0.0)
    return QubitData(
        t1=values.get("T1"),
        t2=values.get("T2"),
        read_1_when_0=values.get("prob_meas1_prep0", error),
        read_0_when_1=values.get("prob_meas0_prep1", error),
        readout_error=error,
        readout_length=values.get("readout_length", 0.0),
    )


def _gate(gate: dict[str, Any]) -> GateData:
    values = _values(gate["parameters"])
    return GateData(error=values.get("gate_error"), length=values.get("gate_length", 0.0))


def _values(entries: list[dict[str, Any]]) -> dict[str, float]:
    return {entry["name"]: entry["value"] * _SECONDS.get(entry["unit"], 1.0) for entry in entries}
