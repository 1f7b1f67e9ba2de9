from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.http.conftest import BELL, LATEST, Box
from tests.sandbox.http.doubles import RESULT
from tui.sandbox.simulator.base.values import RunOutcome


async def test_a_job_goes_from_queued_to_completed(slow_box: Box) -> None:
    job_id = await slow_box.submitted(tags=["demo"])
    assert len(job_id) == 20
    first = (await slow_box.platform("GET", f"/jobs/{job_id}")).json()
    assert first["state"]["status"] in ("Queued", "Running")
    await slow_box.until_status(job_id, "Running")
    assert await slow_box.status(job_id) == "Running"
    await slow_box.finish()
    await slow_box.until_status(job_id, "Completed")
    job = (await slow_box.platform("GET", f"/jobs/{job_id}")).json()
    assert job["status"] == job["state"]["status"] == "Completed"
    assert job["program"] == {"id": "sampler"}
    assert job["params"] == {"pubs": [[BELL]]}
    assert job["tags"] == ["demo"]
    assert job["usage"] == {"qpu_charge_time_seconds": 2.5, "status": "complete"}
    assert job["created"].endswith("Z")
    results = await slow_box.platform("GET", f"/jobs/{job_id}/results")
    assert results.text == RESULT


async def test_usage_is_pending_and_results_are_refused_before_the_end(slow_box: Box) -> None:
    job_id = await slow_box.submitted()
    await slow_box.until_status(job_id, "Running")
    job = (await slow_box.platform("GET", f"/jobs/{job_id}", params={"exclude_params": "True"})).json()
    assert job["usage"]["status"] == "pending"
    assert "params" not in job
    early = await slow_box.platform("GET", f"/jobs/{job_id}/results")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (400, 1234)
    assert (await slow_box.platform("GET", f"/jobs/{job_id}/logs")).status_code == 404
    too_soon = await slow_box.platform("DELETE", f"/jobs/{job_id}")
    assert too_soon.status_code == 400


async def test_metrics_depend_on_the_version(box: Box) -> None:
    job_id = await box.submitted()
    await box.until_status(job_id, "Completed")

    async def metrics(version: str) -> dict[str, Any]:
        reply = await box.platform("GET", f"/jobs/{job_id}/metrics", version=version)
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
    job = (await box.platform("GET", f"/jobs/{job_id}", version="2025-05-01")).json()
    assert job["usage"] == {"quantum_seconds": 2.5, "seconds": 2.5}


async def test_the_caller_is_echoed_in_metrics(box: Box) -> None:
    headers = await box.platform_headers() | {"X-Qx-Client-Application": "qiskit-version-2/x/qdeck"}
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}
    reply = await box.http.post("/api/v1/jobs", headers=headers, json=body)
    metrics = await box.platform("GET", f"/jobs/{reply.json()['id']}/metrics")
    assert metrics.json()["caller"] == "qiskit-version-2/x/qdeck"


async def test_a_failed_job_says_why_and_has_no_results(slow_box: Box) -> None:
    job_id = await slow_box.submitted()
    await slow_box.until_status(job_id, "Running")
    await slow_box.finish(
        RunOutcome("Failed", reason="Not ISA.", reason_code=1517, reason_solution="Transpile.")
    )
    await slow_box.until_status(job_id, "Failed")
    state = (await slow_box.platform("GET", f"/jobs/{job_id}")).json()["state"]
    assert state == {
        "status": "Failed",
        "reason": "Not ISA.",
        "reason_code": 1517,
        "reason_solution": "Transpile.",
    }
    results = await slow_box.platform("GET", f"/jobs/{job_id}/results")
    assert (results.status_code, results.content) == (204, b"")


async def test_a_job_over_its_maximum_ran_too_long(slow_box: Box) -> None:
    job_id = await slow_box.submitted(cost=2)
    await slow_box.until_status(job_id, "Running")
    await slow_box.finish()
    await slow_box.until_status(job_id, "Cancelled")
    job = (await slow_box.platform("GET", f"/jobs/{job_id}")).json()
    assert job["status"] == "Cancelled - Ran too long"
    assert job["state"]["status"] == "Cancelled"
    assert job["state"]["reason_code"] == 1305
    assert job["usage"]["qpu_charge_time_seconds"] == 2


async def test_cancelling_stops_the_work_and_is_final(slow_box: Box) -> None:
    running = await slow_box.submitted("running")
    queued = await slow_box.submitted("queued")
    await slow_box.until(lambda: slow_box.engine.busy)
    for job_id in (queued, running):
        reply = await slow_box.platform("POST", f"/jobs/{job_id}/cancel")
        assert (reply.status_code, reply.content) == (204, b"")
        assert "content-type" not in reply.headers
        assert await slow_box.status(job_id) == "Cancelled"
    await slow_box.until(lambda: slow_box.engine.stopped == ["running"])
    assert slow_box.engine.started == ["running"]
    again = await slow_box.platform("POST", f"/jobs/{running}/cancel")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, 1292)


async def test_deleting_needs_an_end_and_keeps_the_usage(box: Box) -> None:
    job_id = await box.submitted()
    await box.until_status(job_id, "Completed")
    before = (await box.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"]
    assert (await box.platform("DELETE", f"/jobs/{job_id}")).status_code == 204
    gone = await box.platform("GET", f"/jobs/{job_id}")
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, 1291)
    assert gone.json()["errors"][0]["message"] == f"Job not found. Job ID: {job_id}"
    after = (await box.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"]
    assert before == after == 2.5


async def test_private_jobs_hide_their_input_and_are_read_once(box: Box) -> None:
    reply = await box.submit(private=True)
    assert reply.json()["private"] is True
    job_id = reply.json()["id"]
    await box.until_status(job_id, "Completed")
    assert "params" not in (await box.platform("GET", f"/jobs/{job_id}")).json()
    assert (await box.platform("GET", f"/jobs/{job_id}/results")).text == RESULT
    assert (await box.platform("GET", f"/jobs/{job_id}/results")).status_code == 204


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
async def test_a_body_that_breaks_the_contract_is_400_with_1208(box: Box, change: dict[str, Any]) -> None:
    reply = await box.submit(**change)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, 1208), reply.text
    assert reply.json()["errors"][0]["message"].startswith("Request validation of body failed, because:")


async def test_what_the_real_client_sends_besides_is_tolerated(box: Box) -> None:
    headers = await box.platform_headers() | {"Content-Type": "text/plain"}
    body = {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [[BELL]]},
        "log_level": "WARNING",
        "start_session": "False",
        "hub": "x",
        "cost": 999_999,
        "calibration_id": "c1",
    }
    reply = await box.http.post("/api/v1/jobs", headers=headers, content=json.dumps(body))
    assert reply.status_code == 200
    assert reply.json()["calibration_id"] == "c1"
    assert (await box.platform("GET", f"/jobs/{reply.json()['id']}")).json()["cost"] == 10_800


@pytest.mark.parametrize(("tags", "code"), [(["t"] * 9, 1204), (["t" * 87], 1205)])
async def test_tags_have_limits(box: Box, tags: list[str], code: int) -> None:
    reply = await box.submit(tags=tags)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)
    job_id = await box.submitted()
    reply = await box.platform("PUT", f"/jobs/{job_id}/tags", json={"tags": tags})
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)


async def test_tags_are_replaced_cleared_and_searched(box: Box) -> None:
    job_id = await box.submitted(tags=["demo", "bell"])
    await box.submitted(tags=["demo-2"])
    found = await box.platform("GET", "/tags", params={"type": "job", "search": "dem"})
    assert found.json() == {"tags": ["demo", "demo-2"]}
    assert (await box.platform("GET", "/tags", params={"type": "job", "search": "de"})).status_code == 400
    reply = await box.platform("PUT", f"/jobs/{job_id}/tags", json={"tags": []})
    assert (reply.status_code, reply.content) == (204, b"")
    assert (await box.platform("GET", f"/jobs/{job_id}")).json()["tags"] == []


async def test_an_unknown_backend_is_404(box: Box) -> None:
    reply = await box.submit(backend="ibm_nowhere")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1007)


async def test_a_body_too_large_is_413(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sandbox.base.http.MAX_BODY", 1000)
    reply = await box.submit("x" * 2000)
    assert reply.status_code == 413


async def test_old_endpoints_are_gone_in_new_versions(slow_box: Box) -> None:
    job_id = await slow_box.submitted()
    await slow_box.until_status(job_id, "Running")
    outcome = RunOutcome("Completed", RESULT, transpiled=["OPENQASM 3.0;"])
    await slow_box.finish(outcome)
    await slow_box.until_status(job_id, "Completed")
    for name in ("interim_results", "transpiled_circuits"):
        assert (await slow_box.platform("GET", f"/jobs/{job_id}/{name}")).status_code == 404
        old = await slow_box.platform("GET", f"/jobs/{job_id}/{name}", version="2025-05-01")
        assert old.status_code == 200
    url = old.json()["url"]
    assert (await slow_box.http.get(url)).json() == {"circuits": ["OPENQASM 3.0;"]}
    assert (await slow_box.http.get(url[:-1] + ("0" if url[-1] != "0" else "1"))).status_code == 403
    slow_box.clock.advance(1000)
    assert (await slow_box.http.get(url)).status_code == 403


async def test_logs_come_after_the_end(box: Box) -> None:
    job_id = await box.submitted()
    await box.until_status(job_id, "Completed")
    reply = await box.platform("GET", f"/jobs/{job_id}/logs")
    assert reply.text == "ok\n"
    assert reply.headers["content-type"].startswith("text/plain")
