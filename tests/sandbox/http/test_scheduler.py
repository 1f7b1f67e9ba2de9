"""Queues of the devices, and the limits of the Open plan."""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.http.conftest import Sandbox, SandboxFactory
from tests.sandbox.http.fakes import DONE, ManualClock
from tui.sandbox.core.instance import OPEN_PLAN


async def test_device_runs_one_job_at_a_time_in_order(gated_sandbox: Sandbox) -> None:
    await gated_sandbox.submitted_id("one")
    second = await gated_sandbox.submitted_id("two")
    await gated_sandbox.submitted_id("elsewhere", backend="ibm_fez")
    await gated_sandbox.wait_until(lambda: len(gated_sandbox.engine.started) == 2)
    assert gated_sandbox.engine.started == ["one", "elsewhere"]
    assert await gated_sandbox.status(second) == "Queued"
    status = await gated_sandbox.platform("GET", "/backends/ibm_peekskill/status")
    assert status.json()["length_queue"] == 2
    metrics = await gated_sandbox.platform("GET", f"/jobs/{second}/metrics", version="2025-05-01")
    assert metrics.json()["position_in_queue"] == 1
    await gated_sandbox.finish_job()
    await gated_sandbox.wait_until(lambda: gated_sandbox.engine.started[-1] == "two")


async def test_jobs_of_an_active_session_run_first(gated_sandbox: Sandbox) -> None:
    body = {"mode": "dedicated", "backend": "ibm_peekskill"}
    session = (await gated_sandbox.platform("POST", "/sessions", json=body)).json()["id"]
    await gated_sandbox.submitted_id("opener", session_id=session)
    await gated_sandbox.wait_until(lambda: gated_sandbox.engine.busy)
    await gated_sandbox.submitted_id("alone")
    await gated_sandbox.submitted_id("inside", session_id=session)
    for _ in range(3):
        await gated_sandbox.finish_job()
    assert gated_sandbox.engine.started == ["opener", "inside", "alone"]


async def test_background_jobs_delay_a_job_by_simulated_time(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(background=3) as sandbox:
        assert (await sandbox.platform("GET", "/backends")).json()["devices"][0]["queue_length"] == 3
        job_id = await sandbox.submitted_id()
        await sandbox.run_ready_tasks()
        assert await sandbox.status(job_id) == "Queued"
        status = await sandbox.platform("GET", "/backends/ibm_peekskill/status")
        assert status.json()["length_queue"] == 4
        waited = 0
        while await sandbox.status(job_id) == "Queued":
            sandbox.clock.advance(1)
            waited += 1
            await sandbox.run_ready_tasks()
        assert 3 * 2 <= waited <= 3 * 6 + 1


async def test_active_session_does_not_wait_for_background_jobs(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(background=2) as sandbox:
        body = {"mode": "batch", "backend": "ibm_fez"}
        session = (await sandbox.platform("POST", "/sessions", json=body)).json()["id"]
        first = await sandbox.submitted_id("first", session_id=session, backend="ibm_fez")
        while await sandbox.status(first) == "Queued":
            sandbox.clock.advance(1)
            await sandbox.run_ready_tasks()
        second = await sandbox.submitted_id("second", session_id=session, backend="ibm_fez")
        await sandbox.wait_for_status(second, "Completed")


async def test_unfinished_jobs_run_after_a_restart(sandboxes: SandboxFactory) -> None:
    clock = ManualClock()
    async with sandboxes.open(gated=True, clock=clock) as sandbox:
        running = await sandbox.submitted_id("running", tags=["kept"])
        queued = await sandbox.submitted_id("queued")
        await sandbox.wait_for_status(running, "Running")
        crn = sandbox.service.identity.crn
        before = (await sandbox.platform("GET", f"/jobs/{running}/metrics")).json()
        old_bearer = await sandbox.bearer()
    clock.advance(100)
    async with sandboxes.open(gated=True, clock=clock) as sandbox:
        assert sandbox.service.identity.crn == crn
        assert await sandbox.status(running) == "Running"
        after = (await sandbox.platform("GET", f"/jobs/{running}/metrics")).json()
        assert after["timestamps"] == before["timestamps"]
        await sandbox.finish_job()
        await sandbox.finish_job()
        assert sandbox.engine.started == ["running", "queued"]
        await sandbox.wait_for_status(queued, "Completed")
        headers = {"Authorization": f"Bearer {old_bearer}", "Service-CRN": crn}
        assert (await sandbox.http.get("/api/v1/jobs", headers=headers)).status_code == 401
    async with sandboxes.open(clock=clock) as sandbox:
        job = (await sandbox.platform("GET", f"/jobs/{running}")).json()
        assert (job["status"], job["tags"]) == ("Completed", ["kept"])
        assert (await sandbox.platform("GET", f"/jobs/{running}/results")).status_code == 200
        assert (await sandbox.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] == 5
        assert sandbox.engine.started == []


async def test_open_plan_limits_creations_per_minute(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(limits=OPEN_PLAN) as sandbox:
        for _ in range(5):
            await sandbox.wait_for_status(await sandbox.submitted_id(), "Completed")
        refused = await sandbox.submit()
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (429, 1202)
        wait = int(refused.headers["retry-after"])
        assert 0 < wait <= 60
        sandbox.clock.advance(wait)
        assert (await sandbox.submit()).status_code == 200


async def test_open_plan_limits_pending_jobs_and_dedicated_sessions(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(limits=OPEN_PLAN, gated=True) as sandbox:
        for _ in range(3):
            await sandbox.submitted_id()
        refused = await sandbox.submit()
        assert refused.status_code == 403
        assert refused.json()["errors"][0]["message"] == (
            "You have reached the limit of 3 pending jobs. "
            "Please wait for a job to complete or cancel one before submitting anything new."
        )
        body = {"mode": "dedicated", "backend": "ibm_fez"}
        assert (await sandbox.platform("POST", "/sessions", json=body)).status_code == 403
        assert (
            await sandbox.platform("POST", "/sessions", json={**body, "mode": "batch"})
        ).status_code == 200


async def test_open_plan_refuses_jobs_after_ten_minutes_of_usage(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(limits=OPEN_PLAN, gated=True) as sandbox:
        job_id = await sandbox.submitted_id(cost=10_000)
        await sandbox.wait_until(lambda: sandbox.engine.busy)
        await sandbox.finish_job(replace(DONE, qpu_seconds=601.0))
        await sandbox.wait_for_status(job_id, "Completed")
        usage = (await sandbox.platform("GET", "/instances/usage")).json()
        assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (600, True)
        refused = await sandbox.submit()
        assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
            409,
            "Usage exceeds instance limit",
        )
