"""The target is the one that IBM's own client builds from the same data."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from qiskit.circuit.library import RZZGate
from qiskit.converters import dag_to_circuit
from qiskit.quantum_info import Operator
from qiskit.transpiler import Target
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import (
    configuration_from_server_data,
    properties_from_server_data,
)

from tests.compiler.devices import DEVICES, device
from tui.domain.devices.backends import BackendData
from tui.qiskit_common.target import ANGLE_BOUNDS, DeviceDataError, build_target, folded_rzz


def ibms_target(data: BackendData) -> Target:
    """What `QiskitRuntimeService.backend(...).target` holds."""
    return convert_to_target(
        configuration_from_server_data(json.loads(data.configuration)),
        properties_from_server_data(json.loads(data.properties)),
    )


def our_target(data: BackendData) -> Target:
    return build_target(data.name, data.configuration, data.properties)


def contents(target: Target) -> dict[str, Any]:
    """Everything in a target, as plain values."""
    operations = {}
    for name in target.operation_names:
        entries = target[name] or {}
        operations[name] = {
            qubits: None if entry is None else (entry.error, entry.duration)
            for qubits, entry in entries.items()
        }
    return {
        "qubits": target.num_qubits,
        "operations": operations,
        "classes": {name: str(target.operation_from_name(name)) for name in operations},
        "dt": target.dt,
        "alignment": (
            target.granularity,
            target.min_length,
            target.pulse_alignment,
            target.acquire_alignment,
        ),
        "coherence": [(qubit.t1, qubit.t2, qubit.frequency) for qubit in target.qubit_properties or ()],
    }


def with_parts(data: BackendData, parts: dict[str, Any], calibration: dict[str, Any]) -> BackendData:
    configuration = {**json.loads(data.configuration), **parts}
    properties = {**json.loads(data.properties), **calibration}
    return BackendData(data.name, json.dumps(configuration).encode(), json.dumps(properties).encode())


@pytest.mark.parametrize("name", DEVICES)
def test_target_equals_that_of_ibms_client(name: str) -> None:
    ours = contents(our_target(device(name)))
    assert ours == contents(ibms_target(device(name)))
    assert len(ours["operations"]["measure"]) == ours["qubits"]


def test_target_leaves_out_what_is_not_operational() -> None:
    properties = json.loads(device("fez").properties)
    broken = {"name": "operational", "value": 0, "unit": "", "date": "2026-01-01T00:00:00+00:00"}
    properties["qubits"][5].append(broken)
    for gate in properties["gates"]:
        if gate["gate"] == "cz" and gate["qubits"] == [0, 1]:
            gate["parameters"].append(broken)
    data = with_parts(device("fez"), {}, properties)
    target = our_target(data)
    assert contents(target) == contents(ibms_target(data))
    assert (0, 1) not in target["cz"] and (1, 0) in target["cz"]
    assert (5,) not in target["measure"] and (5,) not in target["x"]


def test_target_without_fractional_gates_and_with_instructions_unknown_to_qiskit() -> None:
    gates = json.loads(device("fez").configuration)["gates"]
    data = with_parts(
        device("fez"),
        {
            "basis_gates": ["cz", "id", "rz", "sx", "x", "rx", "rzz"],
            "gates": [*gates, {"name": "rzz", "parameters": ["t"], "qasm_def": "", "coupling_map": [[0, 1]]}],
            "instruction_signatures": [
                {"name": "measure_2", "num_qubits": 1, "num_clbits": 1, "parameters": []}
            ],
        },
        {},
    )
    ours = contents(our_target(data))
    assert ours == contents(ibms_target(data))
    assert "rzz" not in ours["operations"] and "measure_2" in ours["operations"]


def test_target_with_fractional_gates_when_asked_for() -> None:
    configuration = json.loads(device("fez").configuration)
    cz = next(gate for gate in configuration["gates"] if gate["name"] == "cz")
    sx = next(gate for gate in configuration["gates"] if gate["name"] == "sx")
    listed = {
        "basis_gates": [*configuration["basis_gates"], "rx", "rzz"],
        "gates": [
            *configuration["gates"],
            {**sx, "name": "rx", "parameters": ["t"]},
            {**cz, "name": "rzz", "parameters": ["t"]},
        ],
    }
    data = with_parts(device("fez"), listed, {})
    theirs = convert_to_target(
        configuration_from_server_data(json.loads(data.configuration), use_fractional_gates=True),
        properties_from_server_data(json.loads(data.properties), use_fractional_gates=True),
    )
    whole = contents(build_target(data.name, data.configuration, data.properties, fractional=True))
    assert whole == contents(theirs)
    assert {"rx", "rzz"} <= set(whole["operations"])
    calibrated_only = device("fez")
    ours = build_target("fez", calibrated_only.configuration, calibrated_only.properties, fractional=True)
    assert contents(ours)["operations"]["rzz"] == whole["operations"]["rzz"], "the calibration knows them"


@pytest.mark.parametrize("properties", [b"", b"{}", b"null"])
def test_target_of_a_backend_without_calibration(properties: bytes) -> None:
    target = build_target("ibm_fez", device("fez").configuration, properties)
    assert target.num_qubits == 156 and target["cz"][0, 1] is None


@pytest.mark.parametrize("configuration", [b"", b"<html>", b"[]", b"{}", b'{"n_qubits": "many"}'])
def test_target_refuses_data_that_is_none(configuration: bytes) -> None:
    with pytest.raises(DeviceDataError, match="device data of ibm_x cannot be used"):
        build_target("ibm_x", configuration, b"{}")


@pytest.mark.parametrize("quarters", [*range(-13, 14), 0.4, -0.4, 1.7, -3.3, 6.1, -9.9, 1e-12])
def test_folded_rzz_is_the_gate_with_an_angle_within_the_bounds(quarters: float) -> None:
    angle = quarters * math.pi / 2
    folded = dag_to_circuit(folded_rzz([angle], [3, 8]))
    assert Operator(folded) == Operator(RZZGate(angle))
    ((low, high),) = ANGLE_BOUNDS["rzz"]
    angles = [one.params[0] for one in folded.data if one.name == "rzz"]
    assert len(angles) <= 1 and all(low <= one <= high for one in angles)
