from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.ibm.mock_network import body, fixture, raw
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.ibm.codec.decoding import Provenance
from tui.ibm.codec.sessions import decode_session, decode_workloads

NOW = datetime(2026, 8, 17, 2, tzinfo=UTC)


def session(content: bytes) -> Session:
    return decode_session(content, "GET", Provenance("s", "i", NOW), backend="asked")


@pytest.mark.parametrize(
    ("index", "state"), [(0, SessionState.ACTIVE), (1, SessionState.INACTIVE), (2, SessionState.CLOSED)]
)
def test_session_from_recorded_response(index: int, state: SessionState) -> None:
    found = session(body("gen2_session_get", index))
    assert (found.state, found.mode, found.backend) == (state, SessionMode.DEDICATED, "ibm_fez")
    assert (found.max_ttl, found.interactive_ttl) == (28800, 60)
    assert found.created == datetime(2025, 3, 2, 20, 35, 1, 100000, tzinfo=UTC)
    assert found.activated == datetime(2025, 3, 2, 20, 35, 9, 14000, tzinfo=UTC)
    assert found.elapsed_seconds == (12.4 if index == 2 else None)
    assert found.accepting_jobs is (index != 2)


def test_created_session_of_both_generations() -> None:
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
def test_session_state_and_accepting_jobs(state: str, accepting: bool | None, expected: SessionState) -> None:
    found = session(raw({"id": "x", "state": state, "accepting_jobs": accepting}))
    assert (found.state, found.state_text) == (expected, state)


def test_session_reason_is_read() -> None:
    closed = raw({"id": "x", "state": "closed", "state_reason": "closed by user"})
    assert session(closed).reason == "closed by user"
    assert session(raw({"id": "x", "state": "open", "state_reason": None})).reason == ""
    item = {"id": "s", "mode": "batch", "status": "completed", "status_reason": "max time"}
    (found,), _ = decode_workloads(raw({"workloads": [item]}), "GET", Provenance("s", "i", NOW))
    assert found.reason == "max time"


@pytest.mark.parametrize(
    ("usage", "seconds", "expected"),
    [
        ({"qpu_charge_time_seconds": 2.5}, 7, 2.5),
        ({"qpu_charge_time_seconds": 0}, 7, 0),
        ({}, 7, 7),
        (None, 7, 7),
        (None, None, None),
    ],
)
def test_workload_usage_is_what_was_charged_or_else_its_older_figure(
    usage: object, seconds: float | None, expected: float | None
) -> None:
    item = fixture("gen2_workloads")["responses"][0]["body"]["workloads"][0]
    item = {**item, "mode": "batch", "usage": usage, "usage_seconds": seconds}
    (found,), _ = decode_workloads(raw({"workloads": [item]}), "GET", Provenance("s", "i", NOW))
    assert found.usage_seconds == expected


def test_workloads_become_sessions_without_jobs() -> None:
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


def test_workloads_that_cannot_be_read_are_left_out_with_the_reason() -> None:
    item = fixture("gen2_workloads")["responses"][0]["body"]["workloads"][0] | {"mode": "batch"}
    body = {"workloads": [7, item | {"id": "a"}, item | {"id": None}, "text"]}
    found, _ = decode_workloads(raw(body), "GET /workloads", Provenance("s", "i", NOW))
    assert [session.id for session in found] == ["a"]
    assert len(found.unreadable) == 3 and all("GET /workloads" in reason for reason in found.unreadable)
