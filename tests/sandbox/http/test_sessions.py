from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.http.conftest import Box, Boxes
from tests.sandbox.http.doubles import ManualClock

PEEKSKILL: dict[str, Any] = {"mode": "dedicated", "backend": "ibm_peekskill"}


async def opened(box: Box, **members: Any) -> str:
    reply = await box.platform("POST", "/sessions", json={**PEEKSKILL, **members})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


async def session(box: Box, session_id: str) -> dict[str, Any]:
    return dict((await box.platform("GET", f"/sessions/{session_id}")).json())


async def test_a_session_opens_waits_and_becomes_active(slow_box: Box) -> None:
    reply = await slow_box.platform(
        "POST", "/sessions", json={**PEEKSKILL, "instance": "crn", "max_ttl": 600}
    )
    body = reply.json()
    assert (body["state"], body["backend_name"], body["accepting_jobs"]) == ("open", None, True)
    assert (body["max_ttl"], body["interactive_ttl"], body["active_ttl"]) == (600, 60, 600)
    job_id = await slow_box.submitted(session_id=body["id"])
    await slow_box.until_status(job_id, "Running")
    slow_box.clock.advance(10)
    active = await session(slow_box, body["id"])
    assert (active["state"], active["backend_name"]) == ("active", "ibm_peekskill")
    assert active["active_ttl"] == 590
    assert active["elapsed_time"] is None
    assert [item["status"] for item in active["timestamps"]] == ["open", "active"]
    job = (await slow_box.platform("GET", f"/jobs/{job_id}")).json()
    assert job["session_id"] == body["id"]
    listed = await slow_box.platform("GET", "/jobs", params={"session_id": body["id"]})
    assert listed.json()["count"] == 1


async def test_an_idle_session_becomes_inactive_and_comes_back(box: Box) -> None:
    session_id = await opened(box)
    job_id = await box.submitted(session_id=session_id)
    await box.until_status(job_id, "Completed")
    box.clock.advance(59)
    assert (await session(box, session_id))["state"] == "active"
    box.clock.advance(2)
    idle = await session(box, session_id)
    assert (idle["state"], idle["accepting_jobs"]) == ("inactive", True)
    assert idle["elapsed_time"] == pytest.approx(61)
    job_id = await box.submitted(session_id=session_id)
    await box.until_status(job_id, "Completed")
    assert (await session(box, session_id))["state"] == "active"


async def test_draining_closes_when_the_queue_is_empty(slow_box: Box) -> None:
    session_id = await opened(slow_box)
    first = await slow_box.submitted(session_id=session_id)
    second = await slow_box.submitted(session_id=session_id)
    reply = await slow_box.platform(
        "PATCH", f"/sessions/{session_id}", json={"accepting_jobs": "False", "extra": 1}
    )
    assert (reply.status_code, reply.content) == (204, b"")
    refused = await slow_box.submit(session_id=session_id)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 1217)
    assert (await session(slow_box, session_id))["state"] != "closed"
    await slow_box.finish()
    await slow_box.finish()
    await slow_box.until_status(second, "Completed")
    assert await slow_box.status(first) == "Completed"
    closed = await session(slow_box, session_id)
    assert closed["state"] == "closed"
    assert closed["closed_at"]


async def test_draining_an_empty_session_closes_it_at_once(box: Box) -> None:
    session_id = await opened(box)
    await box.platform("PATCH", f"/sessions/{session_id}", json={"accepting_jobs": False})
    assert (await session(box, session_id))["state"] == "closed"


async def test_closing_cancels_the_queue_and_lets_the_running_job_finish(slow_box: Box) -> None:
    session_id = await opened(slow_box)
    running = await slow_box.submitted("running", session_id=session_id)
    queued = await slow_box.submitted("queued", session_id=session_id)
    await slow_box.until(lambda: slow_box.engine.busy)
    reply = await slow_box.platform("DELETE", f"/sessions/{session_id}/close")
    assert (reply.status_code, reply.content) == (204, b"")
    assert await slow_box.status(queued) == "Cancelled"
    await slow_box.finish()
    await slow_box.until_status(running, "Completed")
    closed = await session(slow_box, session_id)
    assert (closed["state"], closed["state_reason"]) == ("closed", "closed by user")
    refused = await slow_box.submit(session_id=session_id)
    assert refused.json()["errors"][0]["code"] == 1217
    assert (await slow_box.platform("DELETE", f"/sessions/{session_id}/close")).status_code == 204


async def test_the_maximum_time_to_live_ends_a_session_without_being_asked(slow_box: Box) -> None:
    session_id = await opened(slow_box, max_ttl=100)
    running = await slow_box.submitted("running", session_id=session_id)
    queued = await slow_box.submitted("queued", session_id=session_id)
    await slow_box.until_status(running, "Running")
    await slow_box.settle()
    slow_box.clock.advance(101)
    await slow_box.until_status(queued, "Failed")
    job = (await slow_box.platform("GET", f"/jobs/{queued}")).json()
    assert job["state"]["reason_code"] == 4001
    assert await slow_box.status(running) == "Running"


async def test_dedicated_time_is_charged_batches_by_their_jobs(box: Box) -> None:
    for mode in ("dedicated", "batch"):
        session_id = await opened(box, mode=mode)
        job_id = await box.submitted(session_id=session_id)
        await box.until_status(job_id, "Completed")
        box.clock.advance(30)
        await box.platform("DELETE", f"/sessions/{session_id}/close")
    usage = (await box.platform("GET", "/instances/usage")).json()
    assert usage["usage_consumed_seconds"] == pytest.approx(30 + 2.5)


@pytest.mark.parametrize(
    "body",
    [
        {"backend": "ibm_fez"},
        {"mode": "fast"},
        {"mode": "batch", "max_ttl": 0},
        {"mode": "batch", "backend": 5},
    ],
)
async def test_bad_sessions_are_refused(box: Box, body: dict[str, Any]) -> None:
    reply = await box.platform("POST", "/sessions", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, 1208)


async def test_unknown_sessions_and_wrong_devices(box: Box) -> None:
    for method, path in (("GET", "/sessions/x"), ("PATCH", "/sessions/x"), ("DELETE", "/sessions/x/close")):
        reply = await box.platform(method, path, content=b'{"accepting_jobs": false}')
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1216)
    assert (await box.submit(session_id="x")).status_code == 404
    assert (
        await box.platform("POST", "/sessions", json={"mode": "batch", "backend": "no"})
    ).status_code == 404
    session_id = await opened(box)
    assert (await box.submit(session_id=session_id, backend="ibm_fez")).status_code == 400


async def test_sessions_survive_a_restart(boxes: Boxes) -> None:
    clock = ManualClock()
    async with boxes.open(clock=clock) as box:
        session_id = await opened(box, max_ttl=500)
        await box.until_status(await box.submitted(session_id=session_id), "Completed")
    clock.advance(30)
    async with boxes.open(clock=clock) as box:
        assert (await session(box, session_id))["active_ttl"] == 470
        clock.advance(500)
        assert (await session(box, session_id))["state"] == "closed"
