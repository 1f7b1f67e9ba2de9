"""Recorded devices as the service tells of them, and as calibrations."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tui.domain.devices.backends import BackendData
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration
from tui.sandbox.core.devices import device

CALIBRATED = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
"""Moment of the calibrations made here."""


@cache
def _recorded(name: str) -> tuple[bytes, dict[str, Any]]:
    found = device(name)
    return json.dumps(found.configuration()).encode(), found.properties()


def recorded_data(name: str, calibrated: datetime = CALIBRATED) -> BackendData:
    """Configuration and properties of a recorded device, dated anew."""
    configuration, properties = _recorded(name)
    body = {**properties, "last_update_date": calibrated.isoformat()}
    return BackendData(name, configuration, json.dumps(body).encode())


def five_qubits(calibrated: datetime | None = CALIBRATED) -> DeviceCalibration:
    """A row of four qubits with one below, the errors rising with the number, one coupler dead."""
    qubits = tuple(QubitCalibration(0.01 * (place + 1), 100 - place, 50, 0.0002) for place in range(5))
    couplers = (
        Coupler(0, 1, "cz", 0.004),
        Coupler(1, 2, "cz", 0.006),
        Coupler(1, 4, "cz", 0.009),
        Coupler(2, 3, "cz", 1.0),
    )
    places = ((0, 0), (1, 0), (2, 0), (3, 0), (1, 1))
    return DeviceCalibration("ibm_test", calibrated, qubits, couplers, places)


def with_qubit(calibration: DeviceCalibration, number: int, **figures: Any) -> DeviceCalibration:
    """The calibration with other figures of one qubit."""
    qubits = list(calibration.qubits)
    qubits[number] = replace(qubits[number], **figures)
    return replace(calibration, qubits=tuple(qubits))


def with_coupler(calibration: DeviceCalibration, number: int, **figures: Any) -> DeviceCalibration:
    """The calibration with other figures of one coupler, by its place in the list."""
    couplers = list(calibration.couplers)
    couplers[number] = replace(couplers[number], **figures)
    return replace(calibration, couplers=tuple(couplers))
