from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import pytest

from tests.ibm.mock_network import body, fixture, raw
from tui.domain.devices.backends import Backend
from tui.ibm.codec.backends import decode_devices, with_configuration, with_properties, with_status

NOW = datetime(2026, 8, 17, 2, tzinfo=UTC)


def test_backend_list_of_platform_has_errors() -> None:
    fez, marrakesh = decode_devices(body("gen2_backends_list"), "GET", NOW)
    assert fez == Backend(
        "ibm_fez",
        qubits=156,
        status="online",
        operational=True,
        queue_length=248,
        processor="Heron r2",
        median_2q_error=0.0021,
        median_readout_error=0.0085,
        clops=250000,
        confirmed=NOW,
    )
    assert (marrakesh.status, marrakesh.operational, marrakesh.message) == ("paused", False, "maintenance")


def test_backend_list_of_names() -> None:
    for name, index in (("gen2_backends_list", 2), ("gen1_backends_list", 0)):
        recorded = fixture(name)["responses"][index]["body"]["devices"]
        assert [b.name for b in decode_devices(body(name, index), "GET", NOW)] == recorded


@pytest.mark.parametrize(
    ("name", "index", "status", "operational", "queue"),
    [
        ("gen1_backend_status", 0, "active", True, 15),
        ("gen2_backend_status", 0, None, None, None),
        ("gen2_backend_status", 1, None, None, None),
    ],
)
def test_backend_status_from_recorded_response(
    name: str, index: int, status: str, operational: bool, queue: int
) -> None:
    recorded = fixture(name)["responses"][index]["body"]
    found = with_status(Backend("b"), raw(recorded), "GET", NOW)
    assert found.status == (status or recorded["status"])
    assert found.operational is (recorded["state"] and recorded["status"] == "active")
    assert found.queue_length == (queue or recorded["length_queue"])


async def test_backend_medians_from_recorded_properties() -> None:
    for generation in ("gen1", "gen2"):
        configuration = fixture(f"{generation}_backend_configuration")["responses"][0]["body"]
        properties = fixture(f"{generation}_backend_properties")["responses"][0]["body"]
        known = with_configuration(Backend("b"), raw(configuration), "GET")
        found = await with_properties(known, raw(properties), "GET")
        assert found.qubits == configuration["n_qubits"]
        assert found.basis_gates == tuple(configuration["basis_gates"])
        t1 = [q["value"] for qubit in properties["qubits"] for q in qubit if q["name"] == "T1"]
        assert found.median_t1_us == pytest.approx(median(t1))
        pairs = [
            p["value"]
            for gate in properties["gates"]
            if len(gate["qubits"]) == 2
            for p in gate["parameters"]
            if p["name"] == "gate_error"
        ]
        assert found.median_2q_error == pytest.approx(median(pairs))
        listed = await with_properties(replace(known, median_2q_error=0.5), raw(properties), "GET")
        assert listed.median_2q_error == 0.5
        assert found.two_qubit_gate == "cz"
        assert found.calibrated is not None


async def test_backend_medians_convert_units_and_skip_dead_couplers() -> None:
    def gate(name: str, qubits: list[int], error: float) -> object:
        return {"gate": name, "qubits": qubits, "parameters": [{"name": "gate_error", "value": error}]}

    properties = {
        "qubits": [[{"name": "T1", "unit": "ms", "value": 0.2}, {"name": "T2", "unit": "s", "value": 1e-4}]],
        "gates": [
            gate("cz", [0, 1], 0.01),
            gate("cz", [1, 2], 1.0),
            gate("sx", [0], 0.001),
            gate("x", [0], 0.5),
        ],
    }
    found = await with_properties(Backend("b"), raw(properties), "GET")
    assert found.median_t1_us == pytest.approx(200)
    assert found.median_t2_us == pytest.approx(100)
    assert (found.median_2q_error, found.median_1q_error) == (0.01, 0.001)


async def test_backend_medians_leave_out_what_is_no_error_from_0_to_1() -> None:
    def readout(error: float | None) -> list[object]:
        return [{"name": "readout_error", "unit": "", "value": error}]

    def gate(name: str, qubits: list[int], error: float | None) -> object:
        return {"gate": name, "qubits": qubits, "parameters": [{"name": "gate_error", "value": error}]}

    errors = [0.0, 0.01, 0.02, 1.0, 1.5, -0.1, None]
    properties = {
        "qubits": [readout(error) for error in errors],
        "gates": [
            gate(name, qubits, error) for name, qubits in (("ecr", [0, 1]), ("sx", [0])) for error in errors
        ]
        + [gate("cz", [0, 1], 0.5), {"gate": "cz", "qubits": [1, 2]}],
    }
    found = await with_properties(Backend("b"), raw(properties), "GET")
    assert (found.median_readout_error, found.median_1q_error) == (0.01, 0.01)
    assert found.median_2q_error == pytest.approx(0.015)
    assert found.two_qubit_gate == "ecr"


def test_backend_configuration_keeps_what_it_leaves_out() -> None:
    known = Backend(
        "b", qubits=5, version="1", basis_gates=("x",), simulated=True, processor="Eagle r3", clops=7
    )
    assert with_configuration(known, b"{}", "GET") == known
    told = {
        "n_qubits": 0,
        "backend_version": "2",
        "basis_gates": ["cz"],
        "simulator": False,
        "processor_type": {"family": "Heron", "revision": 2, "segment": "A"},
        "clops": 100.9,
    }
    found = with_configuration(known, raw(told), "GET")
    assert (found.qubits, found.version, found.basis_gates, found.clops) == (0, "2", ("cz",), 100)
    assert (found.simulated, found.processor) == (True, "Heron r2A")
    assert with_configuration(known, raw({**told, "clops_h": 0}), "GET").clops == 0
    assert with_configuration(Backend("b"), raw({"simulator": True}), "GET").simulated
    assert not with_configuration(Backend("b"), raw({"simulator": False}), "GET").simulated


@pytest.mark.parametrize(
    ("told", "status", "operational", "message"),
    [
        ({"state": True, "status": "active", "message": "available"}, "active", True, ""),
        ({"state": True, "status": "ONLINE", "message": ""}, "ONLINE", True, ""),
        ({"state": False, "status": "active"}, "active", False, ""),
        ({"status": "active"}, "active", True, ""),
        ({"state": True, "status": "internal", "message": "internal"}, "internal", False, ""),
        ({"state": True, "status": "paused", "message": "calibrating"}, "paused", False, "calibrating"),
        ({"state": True}, "active", True, ""),
        ({"state": False}, "unknown", False, ""),
        ({}, "unknown", False, ""),
    ],
)
def test_backend_status_says_whether_it_runs_and_why_not(
    told: dict[str, object], status: str, operational: bool, message: str
) -> None:
    known = Backend("b", version="1", queue_length=3)
    found = with_status(known, raw(told), "GET", NOW)
    assert (found.status, found.operational, found.message) == (status, operational, message)
    assert (found.version, found.queue_length, found.confirmed) == ("1", None, NOW)


def test_backend_list_with_little_said() -> None:
    told = [
        {"name": "a"},
        {
            "name": "b",
            "status": "online",
            "clops": 7.9,
            "is_simulator": True,
            "processor_type": {"revision": 1},
        },
        {"name": "c", "status": {"name": "paused", "reason": "available"}, "clops": {"value": None}},
        {"name": "d", "processor_type": {"family": "Eagle"}, "performance_metrics": {}},
    ]
    a, b, c, d = decode_devices(raw({"devices": told}), "GET", NOW)
    assert (a.status, a.operational, a.clops, a.simulated, a.processor) == ("unknown", False, None, False, "")
    assert (b.status, b.operational, b.clops, b.simulated, b.processor) == ("online", True, 7, True, "")
    assert (c.status, c.operational, c.message, c.clops) == ("paused", False, "", None)
    assert (d.processor, d.median_2q_error, d.median_readout_error) == ("Eagle", None, None)


async def test_backend_without_properties_is_unchanged() -> None:
    assert await with_properties(Backend("b"), b"", "GET") == Backend("b")


def test_backends_that_cannot_be_read_are_left_out_with_the_reason() -> None:
    found = decode_devices(raw({"devices": [{"name": "a"}, 7, {"name": []}, "b"]}), "GET /backends", NOW)
    assert [backend.name for backend in found] == ["a", "b"]
    assert len(found.unreadable) == 2 and all("GET /backends" in reason for reason in found.unreadable)
