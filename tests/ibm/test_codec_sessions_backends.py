from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import pytest

from tests.ibm.support import body, fixture, raw
from tui.domain.backends import Backend
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.ibm.codec.backends import decode_devices, with_configuration, with_properties, with_status
from tui.ibm.codec.decoding import Provenance
from tui.ibm.codec.sessions import decode_session, decode_workloads

NOW = datetime(2026, 8, 17, 2, tzinfo=UTC)


def session(content: bytes) -> Session:
    return decode_session(content, "GET", Provenance("s", "i", NOW), backend="asked")


@pytest.mark.parametrize(
    ("index", "state"), [(0, SessionState.ACTIVE), (1, SessionState.INACTIVE), (2, SessionState.CLOSED)]
)
def test_recorded_sessions(index: int, state: SessionState) -> None:
    found = session(body("gen2_session_get", index))
    assert (found.state, found.mode, found.backend) == (state, SessionMode.DEDICATED, "ibm_fez")
    assert (found.max_ttl, found.interactive_ttl) == (28800, 60)
    assert found.created == datetime(2025, 3, 2, 20, 35, 1, 100000, tzinfo=UTC)
    assert found.activated == datetime(2025, 3, 2, 20, 35, 9, 14000, tzinfo=UTC)
    assert found.elapsed_seconds == (12.4 if index == 2 else None)
    assert found.accepting_jobs is (index != 2)


def test_new_sessions_of_both_generations() -> None:
    platform = session(body("gen2_session_create"))
    assert (platform.state, platform.backend, platform.activated) == (SessionState.OPEN, "asked", None)
    classic = session(body("gen1_session_create"))
    assert (classic.id, classic.state, classic.backend) == (
        "cq0emu00000000000s01",
        SessionState.OPEN,
        "asked",
    )


@pytest.mark.parametrize(
    ("state", "accepting", "expected"),
    [
        ("active", False, SessionState.DRAINING),
        ("open", None, SessionState.OPEN),
        ("pending_closed", True, SessionState.DRAINING),
        ("closed", False, SessionState.CLOSED),
        ("meditating", True, SessionState.UNKNOWN),
    ],
)
def test_states(state: str, accepting: bool | None, expected: SessionState) -> None:
    found = session(raw({"id": "x", "state": state, "accepting_jobs": accepting}))
    assert (found.state, found.state_text) == (expected, state)


def test_why_a_session_is_in_its_state_is_read() -> None:
    closed = raw({"id": "x", "state": "closed", "state_reason": "closed by user"})
    assert session(closed).reason == "closed by user"
    assert session(raw({"id": "x", "state": "open", "state_reason": None})).reason == ""
    item = {"id": "s", "mode": "batch", "status": "completed", "status_reason": "max time"}
    (found,), _ = decode_workloads(raw({"workloads": [item]}), "GET", Provenance("s", "i", NOW))
    assert found.reason == "max time"


def test_workloads_become_sessions_and_jobs_among_them_are_left_out() -> None:
    item = fixture("gen2_workloads")["responses"][0]["body"]["workloads"][0]
    body = {
        "workloads": [
            item,
            item
            | {"id": "a", "mode": "session", "status": "in_progress", "ended": None, "accepting_jobs": False},
            item | {"id": "b", "mode": "batch", "status": "pending", "ended": None, "accepting_jobs": True},
            item | {"id": "c", "mode": "batch", "status": "canceled"},
        ],
        "next": {"href": "https://h/v1/workloads?next=abc"},
    }
    found, following = decode_workloads(raw(body), "GET", Provenance("s", "i", NOW))
    assert [(s.id, s.state, s.mode) for s in found] == [
        ("a", SessionState.DRAINING, SessionMode.DEDICATED),
        ("b", SessionState.OPEN, SessionMode.BATCH),
        ("c", SessionState.CLOSED, SessionMode.BATCH),
    ]
    assert found[0].usage_seconds == 2
    assert following == "abc"


def test_the_list_of_the_platform_tells_errors() -> None:
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


def test_names_alone_are_backends_too() -> None:
    for name, index in (("gen2_backends_list", 2), ("gen1_backends_list", 0)):
        told = fixture(name)["responses"][index]["body"]["devices"]
        assert [b.name for b in decode_devices(body(name, index), "GET", NOW)] == told


@pytest.mark.parametrize(
    ("name", "index", "status", "operational", "queue"),
    [
        ("gen1_backend_status", 0, "active", True, 15),
        ("gen2_backend_status", 0, None, None, None),
        ("gen2_backend_status", 1, None, None, None),
    ],
)
def test_statuses(name: str, index: int, status: str, operational: bool, queue: int) -> None:
    told = fixture(name)["responses"][index]["body"]
    found = with_status(Backend("b"), raw(told), "GET", NOW)
    assert found.status == (status or told["status"])
    assert found.operational is (told["state"] and told["status"] == "active")
    assert found.queue_length == (queue or told["length_queue"])


async def test_details_come_from_configuration_and_properties() -> None:
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


async def test_units_are_minded_and_dead_couplers_left_out() -> None:
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


async def test_simulators_answer_nothing_of_properties() -> None:
    assert await with_properties(Backend("b"), b"", "GET") == Backend("b")
