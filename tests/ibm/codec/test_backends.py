from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import pytest

from tests.ibm.mock_network import body, fixture, raw
from tui.domain.backends import Backend
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


async def test_backend_without_properties_is_unchanged() -> None:
    assert await with_properties(Backend("b"), b"", "GET") == Backend("b")
