"""Lists, analytics and the instance on the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.http.conftest import Sandbox
from tui.sandbox.base.clock import iso


async def ids(sandbox: Sandbox, **params: Any) -> list[str]:
    body = (await sandbox.platform("GET", "/jobs", params=params)).json()
    return [job["id"] for job in body["jobs"]]


async def test_job_list_is_paged_newest_first(sandbox: Sandbox) -> None:
    job_ids = [await sandbox.submitted_id() for _ in range(5)]
    assert await ids(sandbox) == job_ids[::-1]
    assert await ids(sandbox, sort="ASC") == job_ids
    assert await ids(sandbox, limit=2, offset=1) == [job_ids[3], job_ids[2]]
    body = (await sandbox.platform("GET", "/jobs", params={"limit": 2})).json()
    assert (body["count"], body["limit"], body["offset"]) == (5, 2, 0)
    assert "params" not in body["jobs"][0]
    with_params = await sandbox.platform("GET", "/jobs", params={"exclude_params": "False"})
    assert "params" in with_params.json()["jobs"][0]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
async def test_job_list_limit_out_of_range_becomes_the_default(sandbox: Sandbox, limit: str) -> None:
    body = (await sandbox.platform("GET", "/jobs", params={"limit": limit, "offset": "-3"})).json()
    assert (body["limit"], body["offset"]) == (200, 0)


async def test_job_list_filters(gated_sandbox: Sandbox) -> None:
    sandbox = gated_sandbox
    one = await sandbox.submitted_id(tags=["a", "b"])
    start = sandbox.clock.now()
    sandbox.clock.advance(60)
    two = await sandbox.submitted_id(tags=["a"], backend="ibm_fez")
    estimator = {
        "program_id": "estimator",
        "backend": "ibm_cusco",
        "params": {"pubs": [['OPENQASM 3.0; include "stdgates.inc"; sx $0;', "Z"]]},
    }
    three = (await sandbox.platform("POST", "/jobs", json=estimator)).json()["id"]
    await sandbox.wait_for_status(one, "Running")
    await sandbox.finish_job()
    await sandbox.wait_for_status(one, "Completed")
    assert await ids(sandbox, pending="True") == [three, two]
    assert await ids(sandbox, pending="false") == [one]
    assert await ids(sandbox, program="estimator") == [three]
    assert await ids(sandbox, backend="ibm_fez") == [two]
    assert await ids(sandbox, tags=["a", "b"]) == [one]
    assert await ids(sandbox, tags="a") == [two, one]
    assert await ids(sandbox, created_after=iso(start + timedelta(seconds=1))) == [three, two]
    assert await ids(sandbox, created_before=(start + timedelta(seconds=1)).isoformat()) == [one]
    wrong = await sandbox.platform("GET", "/jobs", params={"created_after": "yesterday"})
    assert wrong.status_code == 400


async def test_workload_list_holds_jobs_and_batches_and_filters_them(sandbox: Sandbox) -> None:
    alone = await sandbox.submitted_id(tags=["demo"])
    sandbox.clock.advance(1)
    body = {"mode": "batch", "backend": "ibm_fez"}
    batch = (await sandbox.platform("POST", "/sessions", json=body)).json()["id"]
    inside = await sandbox.submitted_id(session_id=batch, backend="ibm_fez")
    await sandbox.wait_for_status(inside, "Completed")
    await sandbox.wait_for_status(alone, "Completed")
    found = (await sandbox.platform("GET", "/workloads", params={"user": "me"})).json()
    assert [(item["id"], item["mode"]) for item in found["workloads"]] == [(batch, "batch"), (alone, "job")]
    job = found["workloads"][1]
    assert job["status"] == "completed"
    assert job["accepting_jobs"] is None
    assert job["instance"] == sandbox.service.identity.crn
    assert job["usage"] == {"qpu_charge_time_seconds": 2.5, "status": "complete"}
    assert found["workloads"][0]["accepting_jobs"] is True
    assert found["total_count"] == 2

    async def some(**params: Any) -> list[str]:
        reply = await sandbox.platform("GET", "/workloads", params=params)
        return [item["id"] for item in reply.json()["workloads"]]

    assert await some(mode="batch") == [batch]
    assert await some(search="dem") == [alone]
    assert await some(search=batch) == [batch]
    assert await some(tags="demo") == [alone]
    assert await some(backend="ibm_fez") == [batch]
    assert await some(status=["completed", "failed"]) == [alone]
    assert await some(sort="createdAt") == [alone, batch]
    assert (await sandbox.platform("GET", "/workloads", params={"status": "done"})).status_code == 400


async def test_workload_cursors_lead_forward_and_back(sandbox: Sandbox) -> None:
    job_ids = []
    for _ in range(5):
        sandbox.clock.advance(1)
        job_ids.append(await sandbox.submitted_id())
    headers = await sandbox.platform_headers()
    pages = []
    url: str | None = "/api/v1/workloads?limit=2"
    while url:
        body = (await sandbox.http.get(url, headers=headers)).json()
        pages.append([item["id"] for item in body["workloads"]])
        url = body.get("next", {}).get("href")
    assert pages == [[job_ids[4], job_ids[3]], [job_ids[2], job_ids[1]], [job_ids[0]]]
    back = (await sandbox.http.get(body["previous"]["href"], headers=headers)).json()
    assert [item["id"] for item in back["workloads"]] == pages[1]
    first = (await sandbox.http.get(back["previous"]["href"], headers=headers)).json()
    assert [item["id"] for item in first["workloads"]] == pages[0]
    assert "previous" not in first
    wrong = await sandbox.platform("GET", "/workloads", params={"next": "nonsense"})
    assert wrong.status_code == 400


async def test_analytics_sum_usage_by_group_and_day(sandbox: Sandbox) -> None:
    await sandbox.submitted_id()
    await sandbox.submitted_id(backend="ibm_fez")
    batch = (
        await sandbox.platform("POST", "/sessions", json={"mode": "batch", "backend": "ibm_fez"})
    ).json()["id"]
    inside = await sandbox.submitted_id(session_id=batch, backend="ibm_fez")
    await sandbox.wait_for_status(inside, "Completed")
    sandbox.clock.advance(1)
    usage = (await sandbox.platform("GET", "/analytics/usage")).json()
    assert (usage["usage"], usage["jobs"]) == (7500, 3)
    assert (usage["individual_jobs"], usage["individual_jobs_usage"]) == (2, 5000)
    assert (usage["avg_individual_jobs_usage"], usage["max_individual_jobs_usage"]) == (2500, 2500)
    assert (usage["sessions"], usage["batch_sessions_usage"], usage["dedicated_sessions"]) == (1, 2500, 0)
    grouped = await sandbox.platform("GET", "/analytics/usage_grouped", params={"group_by": "backend"})
    assert {item["key"]: item["usage"] for item in grouped.json()["data"]} == {
        "ibm_fez": 5000,
        "ibm_peekskill": 2500,
    }
    by_date = await sandbox.platform(
        "GET", "/analytics/usage_grouped_by_date", params={"group_by": "instance"}
    )
    assert [item["usage"] for item in by_date.json()["data"]] == [7500]
    some = await sandbox.platform("GET", "/analytics/usage", params={"backend[]": "ibm_peekskill"})
    assert some.json()["usage"] == 2500
    filters = (await sandbox.platform("GET", "/analytics/filters")).json()
    assert filters["instances"][0]["id"] == sandbox.service.identity.crn
    assert (await sandbox.platform("GET", "/analytics/usage_grouped")).status_code == 400


async def test_instance_limit_refuses_jobs_until_it_is_cleared(sandbox: Sandbox) -> None:
    assert (
        await sandbox.platform("PUT", "/instances/configuration", json={"instance_limit": 3})
    ).status_code == 204
    assert (await sandbox.platform("GET", "/instances/configuration")).json() == {"instance_limit": 3}
    for _ in range(2):
        job_id = await sandbox.submitted_id()
        await sandbox.wait_for_status(job_id, "Completed")
    usage = (await sandbox.platform("GET", "/instances/usage")).json()
    assert usage["usage_limit_reached"] is True
    assert (usage["usage_limit_seconds"], usage["usage_consumed_seconds"]) == (3, 5)
    refused = await sandbox.submit()
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
        409,
        "Usage exceeds instance limit",
    )
    lower = await sandbox.platform("PUT", "/instances/configuration", json={"instance_limit": 1})
    assert lower.status_code == 409
    await sandbox.platform("PUT", "/instances/configuration", json={"instance_limit": None})
    assert (await sandbox.submit()).status_code == 200
    assert (await sandbox.platform("PUT", "/instances/configuration", json={})).status_code == 400


async def test_instance_and_account_have_the_same_plan(sandbox: Sandbox) -> None:
    instance = (await sandbox.platform("GET", "/instance")).json()
    assert isinstance(instance["instance_limit_seconds"], str)
    account = await sandbox.platform("GET", f"/accounts/{sandbox.service.identity.account}")
    assert account.json()["plans"][0]["plan_id"] == instance["plan_id"]
    assert (await sandbox.platform("GET", "/accounts/another")).status_code == 403
