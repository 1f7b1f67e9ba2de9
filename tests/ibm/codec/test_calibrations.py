"""Configuration and properties as recorded, and odd ones, into the figures of qubits and couplers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData
from tui.domain.devices.calibrations import DeviceCalibration
from tui.ibm.codec.calibrations import MOST_QUBITS, decode_calibration
from tui.sandbox.core.devices import device


def _data(configuration: object, properties: object) -> BackendData:
    return BackendData("ibm_test", json.dumps(configuration).encode(), json.dumps(properties).encode())


async def _recorded(name: str) -> DeviceCalibration:
    found = device(name)
    return await decode_calibration(_data(found.configuration(), found.properties()))


async def test_calibration_of_peekskill_as_recorded() -> None:
    calibration = await _recorded("ibm_peekskill")
    assert len(calibration.qubits) == 27 and len(calibration.couplers) == 28
    first = calibration.qubits[0]
    assert first.readout_error == pytest.approx(0.0957)
    assert first.t1_us == pytest.approx(346.648, abs=0.001)
    assert first.single_qubit_error is not None and 0 < first.single_qubit_error < 0.001
    assert calibration.coordinates[1] == (2, 2)
    assert calibration.calibrated is not None and calibration.calibrated.year == 2024
    coupler = calibration.coupler(1, 0)
    assert coupler is not None and coupler.gate in ("cx", "ecr") and 0 < (coupler.error or 0) < 0.1
    assert coupler.length_ns is not None and 100 < coupler.length_ns < 1000


async def test_calibration_of_fez_counts_cz_and_not_rzz() -> None:
    calibration = await _recorded("ibm_fez")
    assert len(calibration.couplers) == 176
    assert {coupler.gate for coupler in calibration.couplers} == {"cz"}
    dead = {coupler.qubits for coupler in calibration.couplers if coupler.dead}
    assert (106, 107) in dead and (0, 1) not in dead


async def test_calibration_of_cusco_marks_couplers_and_qubits_as_dead() -> None:
    calibration = await _recorded("ibm_cusco")
    assert sum(coupler.dead for coupler in calibration.couplers) == 19
    assert sum(qubit.dead for qubit in calibration.qubits) == 27


def _gate(one: int, other: int, error: float | None, gate: str = "cz", **more: float) -> dict[str, Any]:
    parameters = [{"name": name, "value": value} for name, value in more.items()]
    if error is not None:
        parameters.append({"name": "gate_error", "value": error})
    return {"gate": gate, "qubits": [one, other], "parameters": parameters}


async def test_calibration_takes_the_better_direction_and_what_is_reported_faulty() -> None:
    properties = {
        "qubits": [
            [{"name": "T1", "unit": "ms", "value": 0.2}, {"name": "operational", "value": 0}],
            [{"name": "readout_error", "value": 0.02}],
        ],
        "gates": [
            _gate(0, 1, 0.2),
            _gate(1, 0, 0.1),
            _gate(1, 2, 0.01, operational=0),
            _gate(2, 2, 0.01),
            _gate(2, 77, 0.01),
            _gate(0, 2, 0.001, "rzz"),
            _gate(0, 2, 0.3, "ecr"),
        ],
    }
    calibration = await decode_calibration(_data({"n_qubits": 3, "coupling_map": [[1, 0]]}, properties))
    assert [qubit.dead for qubit in calibration.qubits] == [True, False, False]
    assert calibration.qubits[0].t1_us == 200 and calibration.qubits[2].readout_error is None
    assert [(one.qubits, one.error, one.dead) for one in calibration.couplers] == [
        ((0, 1), 0.1, False),
        ((0, 2), 0.3, False),
        ((1, 2), 0.01, True),
    ]


async def test_calibration_without_properties_has_the_couplers_alone() -> None:
    configuration = {"n_qubits": 2, "coupling_map": [[0, 1], [1, 0], [1, 1], [0, 5]], "coords": [[0, 0]]}
    calibration = await decode_calibration(BackendData("sim", json.dumps(configuration).encode(), b" "))
    assert [one.qubits for one in calibration.couplers] == [(0, 1)]
    assert calibration.couplers[0].error is None and calibration.calibrated is None
    assert calibration.coordinates == () and len(calibration.qubits) == 2


async def test_calibration_of_too_many_qubits_is_refused() -> None:
    with pytest.raises(QdeckError) as caught:
        await decode_calibration(_data({"n_qubits": MOST_QUBITS + 1}, {}))
    assert caught.value.kind is ErrorKind.PROTOCOL
    with pytest.raises(QdeckError):
        await decode_calibration(_data({"n_qubits": "many"}, {}))
