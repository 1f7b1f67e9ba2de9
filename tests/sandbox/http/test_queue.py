from __future__ import annotations

from dataclasses import replace

from tests.sandbox.http.conftest import Box, Boxes
from tests.sandbox.http.doubles import DONE, ManualClock
from tui.sandbox.core.instance import OPEN_PLAN


async def test_one_job_at_a_time_on_a_device_in_order(slow_box: Box) -> None:
    await slow_box.submitted("one")
    second = await slow_box.submitted("two")
    await slow_box.submitted("elsewhere", backend="ibm_fez")
    await slow_box.until(lambda: len(slow_box.engine.started) == 2)
    assert slow_box.engine.started == ["one", "elsewhere"]
    assert await slow_box.status(second) == "Queued"
    status = await slow_box.platform("GET", "/backends/ibm_peekskill/status")
    assert status.json()["length_queue"] == 2
    metrics = await slow_box.platform("GET", f"/jobs/{second}/metrics", version="2025-05-01")
    assert metrics.json()["position_in_queue"] == 1
    await slow_box.finish()
    await slow_box.until(lambda: slow_box.engine.started[-1] == "two")


async def test_jobs_of_an_active_session_go_first(slow_box: Box) -> None:
    body = {"mode": "dedicated", "backend": "ibm_peekskill"}
    session = (await slow_box.platform("POST", "/sessions", json=body)).json()["id"]
    await slow_box.submitted("opener", session_id=session)
    await slow_box.until(lambda: slow_box.engine.busy)
    await slow_box.submitted("alone")
    await slow_box.submitted("inside", session_id=session)
    for _ in range(3):
        await slow_box.finish()
    assert slow_box.engine.started == ["opener", "inside", "alone"]


async def test_jobs_of_others_take_simulated_time(boxes: Boxes) -> None:
    async with boxes.open(others=3) as box:
        assert (await box.platform("GET", "/backends")).json()["devices"][0]["queue_length"] == 3
        job_id = await box.submitted()
        await box.settle()
        assert await box.status(job_id) == "Queued"
        status = await box.platform("GET", "/backends/ibm_peekskill/status")
        assert status.json()["length_queue"] == 4
        waited = 0
        while await box.status(job_id) == "Queued":
            box.clock.advance(1)
            waited += 1
            await box.settle()
        assert 3 * 2 <= waited <= 3 * 6 + 1


async def test_an_active_session_does_not_wait_for_others(boxes: Boxes) -> None:
    async with boxes.open(others=2) as box:
        body = {"mode": "batch", "backend": "ibm_fez"}
        session = (await box.platform("POST", "/sessions", json=body)).json()["id"]
        first = await box.submitted("first", session_id=session, backend="ibm_fez")
        while await box.status(first) == "Queued":
            box.clock.advance(1)
            await box.settle()
        second = await box.submitted("second", session_id=session, backend="ibm_fez")
        await box.until_status(second, "Completed")


async def test_unfinished_jobs_are_taken_up_after_a_restart(boxes: Boxes) -> None:
    clock = ManualClock()
    async with boxes.open(gated=True, clock=clock) as box:
        running = await box.submitted("running", tags=["kept"])
        queued = await box.submitted("queued")
        await box.until_status(running, "Running")
        crn = box.service.identity.crn
        before = (await box.platform("GET", f"/jobs/{running}/metrics")).json()
        old_bearer = await box.bearer()
    clock.advance(100)
    async with boxes.open(gated=True, clock=clock) as box:
        assert box.service.identity.crn == crn
        assert await box.status(running) == "Running"
        after = (await box.platform("GET", f"/jobs/{running}/metrics")).json()
        assert after["timestamps"] == before["timestamps"]
        await box.finish()
        await box.finish()
        assert box.engine.started == ["running", "queued"]
        await box.until_status(queued, "Completed")
        headers = {"Authorization": f"Bearer {old_bearer}", "Service-CRN": crn}
        assert (await box.http.get("/api/v1/jobs", headers=headers)).status_code == 401
    async with boxes.open(clock=clock) as box:
        job = (await box.platform("GET", f"/jobs/{running}")).json()
        assert (job["status"], job["tags"]) == ("Completed", ["kept"])
        assert (await box.platform("GET", f"/jobs/{running}/results")).status_code == 200
        assert (await box.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] == 5
        assert box.engine.started == []


async def test_the_open_plan_limits_creations(boxes: Boxes) -> None:
    async with boxes.open(limits=OPEN_PLAN) as box:
        for _ in range(5):
            await box.until_status(await box.submitted(), "Completed")
        refused = await box.submit()
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (429, 1202)
        wait = int(refused.headers["retry-after"])
        assert 0 < wait <= 60
        box.clock.advance(wait)
        assert (await box.submit()).status_code == 200


async def test_the_open_plan_limits_pending_jobs_and_sessions(boxes: Boxes) -> None:
    async with boxes.open(limits=OPEN_PLAN, gated=True) as box:
        for _ in range(3):
            await box.submitted()
        refused = await box.submit()
        assert refused.status_code == 403
        assert refused.json()["errors"][0]["message"] == (
            "You have reached the limit of 3 pending jobs. "
            "Please wait for a job to complete or cancel one before submitting anything new."
        )
        body = {"mode": "dedicated", "backend": "ibm_fez"}
        assert (await box.platform("POST", "/sessions", json=body)).status_code == 403
        assert (await box.platform("POST", "/sessions", json={**body, "mode": "batch"})).status_code == 200


async def test_the_open_plan_ends_with_its_ten_minutes(boxes: Boxes) -> None:
    async with boxes.open(limits=OPEN_PLAN, gated=True) as box:
        job_id = await box.submitted(cost=10_000)
        await box.until(lambda: box.engine.busy)
        await box.finish(replace(DONE, qpu_seconds=601.0))
        await box.until_status(job_id, "Completed")
        usage = (await box.platform("GET", "/instances/usage")).json()
        assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (600, True)
        refused = await box.submit()
        assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
            409,
            "Usage exceeds instance limit",
        )
