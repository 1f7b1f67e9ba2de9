"""Sessions and batches on the platform."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.http.conftest import Sandbox, SandboxFactory
from tests.sandbox.http.fakes import ManualClock
from tui.sandbox.db.database import FILE_NAME

PEEKSKILL: dict[str, Any] = {"mode": "dedicated", "backend": "ibm_peekskill"}


async def open_session(sandbox: Sandbox, **members: Any) -> str:
    reply = await sandbox.platform("POST", "/sessions", json={**PEEKSKILL, **members})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


async def get_session(sandbox: Sandbox, session_id: str) -> dict[str, Any]:
    return dict((await sandbox.platform("GET", f"/sessions/{session_id}")).json())


async def test_session_becomes_active_with_its_first_job(gated_sandbox: Sandbox) -> None:
    reply = await gated_sandbox.platform(
        "POST", "/sessions", json={**PEEKSKILL, "instance": "crn", "max_ttl": 600}
    )
    body = reply.json()
    assert (body["state"], body["backend_name"], body["accepting_jobs"]) == ("open", None, True)
    assert (body["max_ttl"], body["interactive_ttl"], body["active_ttl"]) == (600, 60, 600)
    job_id = await gated_sandbox.submitted_id(session_id=body["id"])
    await gated_sandbox.wait_for_status(job_id, "Running")
    gated_sandbox.clock.advance(10)
    active = await get_session(gated_sandbox, body["id"])
    assert (active["state"], active["backend_name"]) == ("active", "ibm_peekskill")
    assert active["active_ttl"] == 590
    assert active["elapsed_time"] is None
    assert [item["status"] for item in active["timestamps"]] == ["open", "active"]
    job = (await gated_sandbox.platform("GET", f"/jobs/{job_id}")).json()
    assert job["session_id"] == body["id"]
    listed = await gated_sandbox.platform("GET", "/jobs", params={"session_id": body["id"]})
    assert listed.json()["count"] == 1


async def test_idle_session_becomes_inactive_until_its_next_job(sandbox: Sandbox) -> None:
    session_id = await open_session(sandbox)
    job_id = await sandbox.submitted_id(session_id=session_id)
    await sandbox.wait_for_status(job_id, "Completed")
    sandbox.clock.advance(59)
    assert (await get_session(sandbox, session_id))["state"] == "active"
    sandbox.clock.advance(2)
    idle = await get_session(sandbox, session_id)
    assert (idle["state"], idle["accepting_jobs"]) == ("inactive", True)
    assert idle["elapsed_time"] == pytest.approx(60)
    job_id = await sandbox.submitted_id(session_id=session_id)
    await sandbox.wait_for_status(job_id, "Completed")
    assert (await get_session(sandbox, session_id))["state"] == "active"


async def test_draining_session_closes_after_its_last_job(gated_sandbox: Sandbox) -> None:
    session_id = await open_session(gated_sandbox)
    first = await gated_sandbox.submitted_id(session_id=session_id)
    second = await gated_sandbox.submitted_id(session_id=session_id)
    reply = await gated_sandbox.platform(
        "PATCH", f"/sessions/{session_id}", json={"accepting_jobs": "False", "extra": 1}
    )
    assert (reply.status_code, reply.content) == (204, b"")
    refused = await gated_sandbox.submit(session_id=session_id)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 1217)
    assert (await get_session(gated_sandbox, session_id))["state"] != "closed"
    await gated_sandbox.finish_job()
    await gated_sandbox.finish_job()
    await gated_sandbox.wait_for_status(second, "Completed")
    assert await gated_sandbox.status(first) == "Completed"
    closed = await get_session(gated_sandbox, session_id)
    assert closed["state"] == "closed"
    assert closed["closed_at"]


async def test_draining_session_without_jobs_closes_at_once(sandbox: Sandbox) -> None:
    session_id = await open_session(sandbox)
    await sandbox.platform("PATCH", f"/sessions/{session_id}", json={"accepting_jobs": False})
    assert (await get_session(sandbox, session_id))["state"] == "closed"


async def test_close_cancels_queued_jobs_and_lets_the_running_one_finish(
    gated_sandbox: Sandbox,
) -> None:
    session_id = await open_session(gated_sandbox)
    running = await gated_sandbox.submitted_id("running", session_id=session_id)
    queued = await gated_sandbox.submitted_id("queued", session_id=session_id)
    await gated_sandbox.wait_until(lambda: gated_sandbox.engine.busy)
    reply = await gated_sandbox.platform("DELETE", f"/sessions/{session_id}/close")
    assert (reply.status_code, reply.content) == (204, b"")
    assert await gated_sandbox.status(queued) == "Cancelled"
    await gated_sandbox.finish_job()
    await gated_sandbox.wait_for_status(running, "Completed")
    closed = await get_session(gated_sandbox, session_id)
    assert (closed["state"], closed["state_reason"]) == ("closed", "closed by user")
    refused = await gated_sandbox.submit(session_id=session_id)
    assert refused.json()["errors"][0]["code"] == 1217
    assert (await gated_sandbox.platform("DELETE", f"/sessions/{session_id}/close")).status_code == 204


async def test_session_over_its_max_ttl_fails_its_queued_jobs(gated_sandbox: Sandbox) -> None:
    session_id = await open_session(gated_sandbox, max_ttl=100)
    running = await gated_sandbox.submitted_id("running", session_id=session_id)
    queued = await gated_sandbox.submitted_id("queued", session_id=session_id)
    await gated_sandbox.wait_for_status(running, "Running")
    await gated_sandbox.run_ready_tasks()
    gated_sandbox.clock.advance(101)
    await gated_sandbox.wait_for_status(queued, "Failed")
    job = (await gated_sandbox.platform("GET", f"/jobs/{queued}")).json()
    assert job["state"]["reason_code"] == 4001
    assert await gated_sandbox.status(running) == "Running"


async def test_session_expires_at_its_time_though_nobody_asks_for_it(gated_sandbox: Sandbox) -> None:
    session_id = await open_session(gated_sandbox, max_ttl=100)
    running = await gated_sandbox.submitted_id("running", session_id=session_id)
    queued = await gated_sandbox.submitted_id("queued", session_id=session_id)
    await gated_sandbox.wait_for_status(running, "Running")
    await gated_sandbox.run_ready_tasks()
    for seconds in (60, 39.5):
        gated_sandbox.clock.advance(seconds)
        await gated_sandbox.run_ready_tasks()
    assert await gated_sandbox.status(queued) == "Queued"
    gated_sandbox.clock.advance(1)
    await gated_sandbox.wait_for_status(queued, "Failed")


async def test_usage_charges_dedicated_time_and_jobs_of_batches(sandbox: Sandbox) -> None:
    for mode in ("dedicated", "batch"):
        session_id = await open_session(sandbox, mode=mode)
        job_id = await sandbox.submitted_id(session_id=session_id)
        await sandbox.wait_for_status(job_id, "Completed")
        sandbox.clock.advance(30)
        await sandbox.platform("DELETE", f"/sessions/{session_id}/close")
    usage = (await sandbox.platform("GET", "/instances/usage")).json()
    assert usage["usage_consumed_seconds"] == pytest.approx(30 + 2.5)


async def test_batch_usage_is_the_qpu_time_of_its_jobs(sandbox: Sandbox) -> None:
    session_id = await open_session(sandbox, mode="batch")
    first, second = [await sandbox.submitted_id(session_id=session_id) for _ in range(2)]
    await sandbox.wait_for_status(second, "Completed")
    sandbox.clock.advance(30)
    await sandbox.platform("DELETE", f"/jobs/{first}")
    await sandbox.platform("DELETE", f"/sessions/{session_id}/close")
    workloads = (await sandbox.platform("GET", "/workloads", params={"mode": "batch"})).json()["workloads"]
    analytics = (await sandbox.platform("GET", "/analytics/usage")).json()
    assert (await get_session(sandbox, session_id))["elapsed_time"] == 5.0
    assert workloads[0]["usage"] == {"qpu_charge_time_seconds": 5.0, "status": "complete"}
    assert analytics["batch_sessions_usage"] == 5_000


async def test_batch_of_an_older_database_has_the_usage_of_its_jobs(
    sandboxes: SandboxFactory, tmp_path: Path
) -> None:
    async with sandboxes.open() as sandbox:
        session_id = await open_session(sandbox, mode="batch")
        await sandbox.wait_for_status(await sandbox.submitted_id(session_id=session_id), "Completed")
    with closing(sqlite3.connect(tmp_path / "state" / FILE_NAME)) as connection:
        connection.executescript("ALTER TABLE sessions DROP COLUMN job_seconds; PRAGMA user_version = 1;")
    async with sandboxes.open() as sandbox:
        session = sandbox.service.database.sessions.get(session_id)
    assert session is not None
    assert session.job_seconds == 2.5


async def test_session_is_charged_until_it_was_idle_too_long_not_until_the_next_start(
    sandboxes: SandboxFactory,
) -> None:
    clock = ManualClock()
    async with sandboxes.open(clock=clock) as sandbox:
        session_id = await open_session(sandbox)
        await sandbox.wait_for_status(await sandbox.submitted_id(session_id=session_id), "Completed")
    clock.advance(36_000)
    async with sandboxes.open(clock=clock) as sandbox:
        closed = await get_session(sandbox, session_id)
    assert [item["status"] for item in closed["timestamps"]] == ["open", "active", "inactive", "closed"]
    assert closed["elapsed_time"] == pytest.approx(60)
    assert closed["closed_at"] == "2026-11-01T20:00:00.000Z"


@pytest.mark.parametrize(
    "body",
    [
        {"backend": "ibm_fez"},
        {"mode": "fast"},
        {"mode": "batch", "max_ttl": 0},
        {"mode": "batch", "backend": 5},
    ],
)
async def test_session_with_an_invalid_member_is_400_with_1208(
    sandbox: Sandbox, body: dict[str, Any]
) -> None:
    reply = await sandbox.platform("POST", "/sessions", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, 1208)


async def test_unknown_session_is_404_and_wrong_backend_400(sandbox: Sandbox) -> None:
    for method, path in (("GET", "/sessions/x"), ("PATCH", "/sessions/x"), ("DELETE", "/sessions/x/close")):
        reply = await sandbox.platform(method, path, content=b'{"accepting_jobs": false}')
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1216)
    assert (await sandbox.submit(session_id="x")).status_code == 404
    assert (
        await sandbox.platform("POST", "/sessions", json={"mode": "batch", "backend": "no"})
    ).status_code == 404
    session_id = await open_session(sandbox)
    assert (await sandbox.submit(session_id=session_id, backend="ibm_fez")).status_code == 400


async def test_session_survives_a_restart(sandboxes: SandboxFactory) -> None:
    clock = ManualClock()
    async with sandboxes.open(clock=clock) as sandbox:
        session_id = await open_session(sandbox, max_ttl=500)
        await sandbox.wait_for_status(await sandbox.submitted_id(session_id=session_id), "Completed")
    clock.advance(30)
    async with sandboxes.open(clock=clock) as sandbox:
        assert (await get_session(sandbox, session_id))["active_ttl"] == 470
        clock.advance(500)
        assert (await get_session(sandbox, session_id))["state"] == "closed"
