"""Jobs on the platform, from submission to deletion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.http.conftest import BELL, LATEST, Sandbox
from tests.sandbox.http.fakes import RESULT
from tui.sandbox.simulator.base.values import RunOutcome


async def test_job_goes_from_queued_to_completed(gated_sandbox: Sandbox) -> None:
    job_id = await gated_sandbox.submitted_id(tags=["demo"])
    assert len(job_id) == 20
    first = (await gated_sandbox.platform("GET", f"/jobs/{job_id}")).json()
    assert first["state"]["status"] in ("Queued", "Running")
    await gated_sandbox.wait_for_status(job_id, "Running")
    assert await gated_sandbox.status(job_id) == "Running"
    await gated_sandbox.finish_job()
    await gated_sandbox.wait_for_status(job_id, "Completed")
    job = (await gated_sandbox.platform("GET", f"/jobs/{job_id}")).json()
    assert job["status"] == job["state"]["status"] == "Completed"
    assert job["program"] == {"id": "sampler"}
    assert job["params"] == {"pubs": [[BELL]]}
    assert job["tags"] == ["demo"]
    assert job["usage"] == {"qpu_charge_time_seconds": 2.5, "status": "complete"}
    assert job["created"].endswith("Z")
    results = await gated_sandbox.platform("GET", f"/jobs/{job_id}/results")
    assert results.text == RESULT


async def test_running_job_has_pending_usage_and_no_results(gated_sandbox: Sandbox) -> None:
    job_id = await gated_sandbox.submitted_id()
    await gated_sandbox.wait_for_status(job_id, "Running")
    job = (await gated_sandbox.platform("GET", f"/jobs/{job_id}", params={"exclude_params": "True"})).json()
    assert job["usage"]["status"] == "pending"
    assert "params" not in job
    early = await gated_sandbox.platform("GET", f"/jobs/{job_id}/results")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (400, 1234)
    assert (await gated_sandbox.platform("GET", f"/jobs/{job_id}/logs")).status_code == 404
    too_soon = await gated_sandbox.platform("DELETE", f"/jobs/{job_id}")
    assert too_soon.status_code == 400


async def test_job_metrics_by_api_version(sandbox: Sandbox) -> None:
    job_id = await sandbox.submitted_id()
    await sandbox.wait_for_status(job_id, "Completed")

    async def metrics(version: str) -> dict[str, Any]:
        reply = await sandbox.platform("GET", f"/jobs/{job_id}/metrics", version=version)
        return dict(reply.json())

    latest = await metrics(LATEST)
    assert latest["circuits_execution_time_ns"] == 500_000_000
    assert latest["usage"] == {"qpu_charge_time_seconds": 2.5, "status": "complete"}
    assert "bss" not in latest
    middle = await metrics("2026-03-15")
    assert middle["usage"]["circuits_execution_time_ns"] == 500_000_000
    old = await metrics("2025-05-01")
    assert old["bss"] == {"seconds": 2.5}
    assert old["usage"] == {"quantum_seconds": 2.5, "seconds": 2.5}
    assert "position_in_queue" in old
    assert latest["timestamps"]["created"] <= latest["timestamps"]["finished"]
    job = (await sandbox.platform("GET", f"/jobs/{job_id}", version="2025-05-01")).json()
    assert job["usage"] == {"quantum_seconds": 2.5, "seconds": 2.5}


async def test_job_metrics_name_the_caller(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers() | {"X-Qx-Client-Application": "qiskit-version-2/x/qdeck"}
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}
    reply = await sandbox.http.post("/api/v1/jobs", headers=headers, json=body)
    metrics = await sandbox.platform("GET", f"/jobs/{reply.json()['id']}/metrics")
    assert metrics.json()["caller"] == "qiskit-version-2/x/qdeck"


async def test_failed_job_has_its_reason_and_no_results(gated_sandbox: Sandbox) -> None:
    job_id = await gated_sandbox.submitted_id()
    await gated_sandbox.wait_for_status(job_id, "Running")
    await gated_sandbox.finish_job(
        RunOutcome("Failed", reason="Not ISA.", reason_code=1517, reason_solution="Transpile.")
    )
    await gated_sandbox.wait_for_status(job_id, "Failed")
    state = (await gated_sandbox.platform("GET", f"/jobs/{job_id}")).json()["state"]
    assert state == {
        "status": "Failed",
        "reason": "Not ISA.",
        "reason_code": 1517,
        "reason_solution": "Transpile.",
    }
    results = await gated_sandbox.platform("GET", f"/jobs/{job_id}/results")
    assert (results.status_code, results.content) == (204, b"")


async def test_job_over_its_cost_is_cancelled_as_ran_too_long(gated_sandbox: Sandbox) -> None:
    job_id = await gated_sandbox.submitted_id(cost=2)
    await gated_sandbox.wait_for_status(job_id, "Running")
    await gated_sandbox.finish_job()
    await gated_sandbox.wait_for_status(job_id, "Cancelled")
    job = (await gated_sandbox.platform("GET", f"/jobs/{job_id}")).json()
    assert job["status"] == "Cancelled - Ran too long"
    assert job["state"]["status"] == "Cancelled"
    assert job["state"]["reason_code"] == 1305
    assert job["usage"]["qpu_charge_time_seconds"] == 2


async def test_cancel_stops_running_and_queued_jobs_for_good(gated_sandbox: Sandbox) -> None:
    running = await gated_sandbox.submitted_id("running")
    queued = await gated_sandbox.submitted_id("queued")
    await gated_sandbox.wait_until(lambda: gated_sandbox.engine.busy)
    for job_id in (queued, running):
        reply = await gated_sandbox.platform("POST", f"/jobs/{job_id}/cancel")
        assert (reply.status_code, reply.content) == (204, b"")
        assert "content-type" not in reply.headers
        assert await gated_sandbox.status(job_id) == "Cancelled"
    await gated_sandbox.wait_until(lambda: gated_sandbox.engine.stopped == ["running"])
    assert gated_sandbox.engine.started == ["running"]
    again = await gated_sandbox.platform("POST", f"/jobs/{running}/cancel")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, 1292)


async def test_delete_removes_an_ended_job_but_not_its_usage(sandbox: Sandbox) -> None:
    job_id = await sandbox.submitted_id()
    await sandbox.wait_for_status(job_id, "Completed")
    before = (await sandbox.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"]
    assert (await sandbox.platform("DELETE", f"/jobs/{job_id}")).status_code == 204
    gone = await sandbox.platform("GET", f"/jobs/{job_id}")
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, 1291)
    assert gone.json()["errors"][0]["message"] == f"Job not found. Job ID: {job_id}"
    after = (await sandbox.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"]
    assert before == after == 2.5


async def test_private_job_hides_params_and_results_are_read_once(sandbox: Sandbox) -> None:
    reply = await sandbox.submit(private=True)
    assert reply.json()["private"] is True
    job_id = reply.json()["id"]
    await sandbox.wait_for_status(job_id, "Completed")
    assert "params" not in (await sandbox.platform("GET", f"/jobs/{job_id}")).json()
    assert (await sandbox.platform("GET", f"/jobs/{job_id}/results")).text == RESULT
    assert (await sandbox.platform("GET", f"/jobs/{job_id}/results")).status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        {"backend": None},
        {"program_id": 5},
        {"params": "x"},
        {"params": {"pubs": [[BELL]], "surprise": 1}},
        {"log_level": "loud"},
        {"cost": -1},
        {"start_session": "True"},
        {"session_id": "s" * 37},
        {"tags": "demo"},
    ],
)
async def test_submission_that_breaks_the_contract_is_400_with_1208(
    sandbox: Sandbox, change: dict[str, Any]
) -> None:
    reply = await sandbox.submit(**change)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, 1208), reply.text
    message = reply.json()["errors"][0]["message"]
    assert message.startswith("Request validation of body failed, because:")
    assert message.count("Request validation") == 1


async def test_submission_for_an_unknown_calibration_is_404_with_1009(sandbox: Sandbox) -> None:
    error = (await sandbox.submit(calibration_id="c1")).json()["errors"][0]
    assert (error["code"], error["solution"]) == (
        1009,
        "Leave the calibration ID out, or use ibm_peekskill-2024-02-28.",
    )
    await sandbox.submitted_id(calibration_id="ibm_peekskill-2024-02-28")


async def test_submission_tolerates_members_of_the_real_client(sandbox: Sandbox) -> None:
    headers = await sandbox.platform_headers() | {"Content-Type": "text/plain"}
    body = {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [[BELL]]},
        "log_level": "WARNING",
        "start_session": "False",
        "hub": "x",
        "cost": 999_999,
        "calibration_id": "ibm_fez-2025-02-26",
    }
    reply = await sandbox.http.post("/api/v1/jobs", headers=headers, content=json.dumps(body))
    assert reply.status_code == 200
    assert reply.json()["calibration_id"] == "ibm_fez-2025-02-26"
    assert (await sandbox.platform("GET", f"/jobs/{reply.json()['id']}")).json()["cost"] == 10_800


@pytest.mark.parametrize(("tags", "code"), [(["t"] * 9, 1204), (["t" * 87], 1205)])
async def test_tags_over_the_limits_are_400(sandbox: Sandbox, tags: list[str], code: int) -> None:
    reply = await sandbox.submit(tags=tags)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)
    job_id = await sandbox.submitted_id()
    reply = await sandbox.platform("PUT", f"/jobs/{job_id}/tags", json={"tags": tags})
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)


async def test_tags_can_be_replaced_cleared_and_searched(sandbox: Sandbox) -> None:
    job_id = await sandbox.submitted_id(tags=["demo", "bell"])
    await sandbox.submitted_id(tags=["demo-2"])
    found = await sandbox.platform("GET", "/tags", params={"type": "job", "search": "dem"})
    assert found.json() == {"tags": ["demo", "demo-2"]}
    assert (await sandbox.platform("GET", "/tags", params={"type": "job", "search": "de"})).status_code == 400
    reply = await sandbox.platform("PUT", f"/jobs/{job_id}/tags", json={"tags": []})
    assert (reply.status_code, reply.content) == (204, b"")
    assert (await sandbox.platform("GET", f"/jobs/{job_id}")).json()["tags"] == []


async def test_submission_to_an_unknown_backend_is_404(sandbox: Sandbox) -> None:
    reply = await sandbox.submit(backend="ibm_nowhere")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1007)


async def test_body_over_the_maximum_is_413(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sandbox.base.http.MAX_BODY", 1000)
    reply = await sandbox.submit("x" * 2000)
    assert reply.status_code == 413


async def test_interim_results_and_circuits_exist_in_old_versions_only(
    gated_sandbox: Sandbox,
) -> None:
    job_id = await gated_sandbox.submitted_id()
    await gated_sandbox.wait_for_status(job_id, "Running")
    outcome = RunOutcome("Completed", RESULT, transpiled=["OPENQASM 3.0;"])
    await gated_sandbox.finish_job(outcome)
    await gated_sandbox.wait_for_status(job_id, "Completed")
    for name in ("interim_results", "transpiled_circuits"):
        assert (await gated_sandbox.platform("GET", f"/jobs/{job_id}/{name}")).status_code == 404
        old = await gated_sandbox.platform("GET", f"/jobs/{job_id}/{name}", version="2025-05-01")
        assert old.status_code == 200
    url = old.json()["url"]
    assert (await gated_sandbox.http.get(url)).json() == {"circuits": ["OPENQASM 3.0;"]}
    assert (await gated_sandbox.http.get(url[:-1] + ("0" if url[-1] != "0" else "1"))).status_code == 403
    gated_sandbox.clock.advance(1000)
    assert (await gated_sandbox.http.get(url)).status_code == 403


async def test_job_logs_are_plain_text_after_the_end(sandbox: Sandbox) -> None:
    job_id = await sandbox.submitted_id()
    await sandbox.wait_for_status(job_id, "Completed")
    reply = await sandbox.platform("GET", f"/jobs/{job_id}/logs")
    assert reply.text == "ok\n"
    assert reply.headers["content-type"].startswith("text/plain")
