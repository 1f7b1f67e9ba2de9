"""Drifted calibrations: plausible, by the seed alone, readable for IBM's client and the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest
from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target

from tui.sandbox.core.devices import DEVICES, device, device_name
from tui.sandbox.core.drift import Drift
from tui.sandbox.simulator.base.calibration import calibration, target

MOMENT = datetime(2026, 11, 1, 12, 0, 30, tzinfo=UTC)


def _errors(properties: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> list[float]:
    return [
        entry["value"]
        for gate in properties["gates"]
        if fits(gate)
        for entry in gate["parameters"]
        if entry["name"] == "gate_error"
    ]


def _pair(gate: dict[str, Any]) -> bool:
    return len(gate["qubits"]) == 2


@pytest.mark.parametrize("name", DEVICES)
def test_drifted_calibration_is_plausible(name: str) -> None:
    recorded = device(name)
    before, after = recorded.properties(), recorded.drifted(Drift(0, 3, MOMENT)).properties()
    assert after["last_update_date"] == "2026-11-01T12:00:30+00:00"
    assert before["last_update_date"] != after["last_update_date"], "the recorded body is left as it is"
    for fits in (_pair, lambda gate: gate["gate"] == "sx"):
        old, new = _errors(before, fits), _errors(after, fits)
        assert len(old) == len(new) and old != new
        assert 0.6 < median(new) / median(old) < 1.6
        assert all(0 <= value <= 1 for value in new)
    for entries in after["qubits"]:
        values = {entry["name"]: entry["value"] for entry in entries}
        assert values["T2"] <= 2 * values["T1"] * 1.0001
        assert 0 <= values["readout_error"] <= 0.51


def test_drifted_calibration_has_one_error_for_a_coupler_and_a_qubit() -> None:
    gates = device("ibm_fez").drifted(Drift(5, 2, MOMENT)).properties()["gates"]
    recorded = device("ibm_fez").properties()["gates"]
    factors: dict[tuple[int, ...], list[float]] = {}
    dead = {tuple(sorted(gate["qubits"])) for gate in recorded if 1 in _errors({"gates": [gate]}, _pair)}
    for old, new in zip(recorded, gates, strict=True):
        for one, other in zip(old["parameters"], new["parameters"], strict=True):
            if one["name"] == "gate_error" and one["value"] not in (0, 1) and other["value"] != 1:
                part = tuple(sorted(new["qubits"]))
                if part in dead:
                    continue
                factors.setdefault(part, []).append(other["value"] / one["value"])
    assert max(max(found) - min(found) for found in factors.values()) < 0.001


def test_couplers_die_and_come_back() -> None:
    recorded = device("ibm_fez")
    dead = [
        {
            tuple(gate["qubits"])
            for gate in found.properties()["gates"]
            if gate["gate"] == "cz" and _errors({"gates": [gate]}, _pair) == [1]
        }
        for found in (recorded, *(recorded.drifted(Drift(0, n)) for n in range(1, 13)))
    ]
    assert any(now - dead[0] for now in dead), "some that worked when recorded die"
    assert any(dead[0] - now for now in dead), "some that were dead when recorded come back"
    assert any(dead[n] - dead[0] - dead[n + 1] for n in range(12)), "who died is not dead for good"
    assert all(len(now) < 0.2 * 352 for now in dead)


def test_drift_depends_on_seed_number_and_device_alone() -> None:
    fez, mock = device("ibm_fez"), device("mock_fez")

    def gates(seed: int, number: int) -> Any:
        return fez.drifted(Drift(seed, number, MOMENT)).properties()["gates"]

    assert gates(1, 1) != gates(1, 2) and gates(1, 1) != gates(2, 1)
    again = device(fez.drifted(Drift(1, 1, MOMENT)).key)
    figures = [[entry["value"] for entry in gate["parameters"]] for gate in gates(1, 1)]
    assert figures == [
        [entry["value"] for entry in gate["parameters"]] for gate in again.properties()["gates"]
    ]
    assert mock.drifted(Drift(1, 1, MOMENT)).properties()["gates"] == gates(1, 1)
    assert device_name(again.key) == "ibm_fez" and fez.key == "ibm_fez"


@pytest.mark.parametrize("name", DEVICES)
def test_drifted_calibration_is_read_by_ibms_client_and_simulator(name: str) -> None:
    found = device(name).drifted(Drift(0, 1, MOMENT))
    properties = BackendProperties.from_dict(json.loads(json.dumps(found.properties())))
    configuration = QasmBackendConfiguration.from_dict(json.loads(json.dumps(found.configuration())))
    made = convert_to_target(configuration, properties)
    qubit = found.properties()["qubits"][3]
    readout = next(entry["value"] for entry in qubit if entry["name"] == "readout_error")
    assert made["measure"][(3,)].error == readout
    assert calibration(found.key).qubits[3].readout_error == readout
    assert target(found.key)["measure"][(3,)].error == readout
    assert calibration(name).qubits[3].readout_error != readout
    assert calibration(found.key).name == name
