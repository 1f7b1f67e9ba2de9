from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.http.conftest import Box
from tui.sandbox.base.clock import iso


async def ids(box: Box, **params: Any) -> list[str]:
    body = (await box.platform("GET", "/jobs", params=params)).json()
    return [job["id"] for job in body["jobs"]]


async def test_jobs_come_newest_first_in_pages(box: Box) -> None:
    made = [await box.submitted() for _ in range(5)]
    assert await ids(box) == made[::-1]
    assert await ids(box, sort="ASC") == made
    assert await ids(box, limit=2, offset=1) == [made[3], made[2]]
    body = (await box.platform("GET", "/jobs", params={"limit": 2})).json()
    assert (body["count"], body["limit"], body["offset"]) == (5, 2, 0)
    assert "params" not in body["jobs"][0]
    with_params = await box.platform("GET", "/jobs", params={"exclude_params": "False"})
    assert "params" in with_params.json()["jobs"][0]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
async def test_limits_out_of_range_become_the_default(box: Box, limit: str) -> None:
    body = (await box.platform("GET", "/jobs", params={"limit": limit, "offset": "-3"})).json()
    assert (body["limit"], body["offset"]) == (200, 0)


async def test_jobs_are_filtered(slow_box: Box) -> None:
    box = slow_box
    one = await box.submitted(tags=["a", "b"])
    start = box.clock.now()
    box.clock.advance(60)
    two = await box.submitted(tags=["a"], backend="ibm_fez")
    estimator = {
        "program_id": "estimator",
        "backend": "ibm_cusco",
        "params": {"pubs": [['OPENQASM 3.0; include "stdgates.inc"; sx $0;', "Z"]]},
    }
    three = (await box.platform("POST", "/jobs", json=estimator)).json()["id"]
    await box.until_status(one, "Running")
    await box.finish()
    await box.until_status(one, "Completed")
    assert await ids(box, pending="True") == [three, two]
    assert await ids(box, pending="false") == [one]
    assert await ids(box, program="estimator") == [three]
    assert await ids(box, backend="ibm_fez") == [two]
    assert await ids(box, tags=["a", "b"]) == [one]
    assert await ids(box, tags="a") == [two, one]
    assert await ids(box, created_after=iso(start + timedelta(seconds=1))) == [three, two]
    assert await ids(box, created_before=(start + timedelta(seconds=1)).isoformat()) == [one]
    wrong = await box.platform("GET", "/jobs", params={"created_after": "yesterday"})
    assert wrong.status_code == 400


async def test_workloads_hold_jobs_sessions_and_batches(box: Box) -> None:
    alone = await box.submitted(tags=["demo"])
    box.clock.advance(1)
    body = {"mode": "batch", "backend": "ibm_fez"}
    batch = (await box.platform("POST", "/sessions", json=body)).json()["id"]
    inside = await box.submitted(session_id=batch, backend="ibm_fez")
    await box.until_status(inside, "Completed")
    await box.until_status(alone, "Completed")
    found = (await box.platform("GET", "/workloads", params={"user": "me"})).json()
    assert [(item["id"], item["mode"]) for item in found["workloads"]] == [(batch, "batch"), (alone, "job")]
    job = found["workloads"][1]
    assert job["status"] == "completed"
    assert job["accepting_jobs"] is None
    assert job["instance"] == box.service.identity.crn
    assert job["usage"] == {"qpu_charge_time_seconds": 2.5, "status": "complete"}
    assert found["workloads"][0]["accepting_jobs"] is True
    assert found["total_count"] == 2

    async def some(**params: Any) -> list[str]:
        reply = await box.platform("GET", "/workloads", params=params)
        return [item["id"] for item in reply.json()["workloads"]]

    assert await some(mode="batch") == [batch]
    assert await some(search="dem") == [alone]
    assert await some(search=batch) == [batch]
    assert await some(tags="demo") == [alone]
    assert await some(backend="ibm_fez") == [batch]
    assert await some(status=["completed", "failed"]) == [alone]
    assert await some(sort="createdAt") == [alone, batch]
    assert (await box.platform("GET", "/workloads", params={"status": "done"})).status_code == 400


async def test_workload_cursors_go_there_and_back(box: Box) -> None:
    made = []
    for _ in range(5):
        box.clock.advance(1)
        made.append(await box.submitted())
    headers = await box.platform_headers()
    pages = []
    url: str | None = "/api/v1/workloads?limit=2"
    while url:
        body = (await box.http.get(url, headers=headers)).json()
        pages.append([item["id"] for item in body["workloads"]])
        url = body.get("next", {}).get("href")
    assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]
    back = (await box.http.get(body["previous"]["href"], headers=headers)).json()
    assert [item["id"] for item in back["workloads"]] == pages[1]
    first = (await box.http.get(back["previous"]["href"], headers=headers)).json()
    assert [item["id"] for item in first["workloads"]] == pages[0]
    assert "previous" not in first
    wrong = await box.platform("GET", "/workloads", params={"next": "nonsense"})
    assert wrong.status_code == 400


async def test_analytics_are_sums_of_what_ran(box: Box) -> None:
    await box.submitted()
    await box.submitted(backend="ibm_fez")
    batch = (await box.platform("POST", "/sessions", json={"mode": "batch", "backend": "ibm_fez"})).json()[
        "id"
    ]
    inside = await box.submitted(session_id=batch, backend="ibm_fez")
    await box.until_status(inside, "Completed")
    box.clock.advance(1)
    usage = (await box.platform("GET", "/analytics/usage")).json()
    assert (usage["usage"], usage["jobs"]) == (7500, 3)
    assert (usage["individual_jobs"], usage["individual_jobs_usage"]) == (2, 5000)
    assert (usage["avg_individual_jobs_usage"], usage["max_individual_jobs_usage"]) == (2500, 2500)
    assert (usage["sessions"], usage["batch_sessions_usage"], usage["dedicated_sessions"]) == (1, 2500, 0)
    grouped = await box.platform("GET", "/analytics/usage_grouped", params={"group_by": "backend"})
    assert {item["key"]: item["usage"] for item in grouped.json()["data"]} == {
        "ibm_fez": 5000,
        "ibm_peekskill": 2500,
    }
    by_date = await box.platform("GET", "/analytics/usage_grouped_by_date", params={"group_by": "instance"})
    assert [item["usage"] for item in by_date.json()["data"]] == [7500]
    some = await box.platform("GET", "/analytics/usage", params={"backend[]": "ibm_peekskill"})
    assert some.json()["usage"] == 2500
    filters = (await box.platform("GET", "/analytics/filters")).json()
    assert filters["instances"][0]["id"] == box.service.identity.crn
    assert (await box.platform("GET", "/analytics/usage_grouped")).status_code == 400


async def test_the_instance_has_a_limit_of_its_own(box: Box) -> None:
    assert (
        await box.platform("PUT", "/instances/configuration", json={"instance_limit": 3})
    ).status_code == 204
    assert (await box.platform("GET", "/instances/configuration")).json() == {"instance_limit": 3}
    for _ in range(2):
        job_id = await box.submitted()
        await box.until_status(job_id, "Completed")
    usage = (await box.platform("GET", "/instances/usage")).json()
    assert usage["usage_limit_reached"] is True
    assert (usage["usage_limit_seconds"], usage["usage_consumed_seconds"]) == (3, 5)
    refused = await box.submit()
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
        409,
        "Usage exceeds instance limit",
    )
    lower = await box.platform("PUT", "/instances/configuration", json={"instance_limit": 1})
    assert lower.status_code == 409
    await box.platform("PUT", "/instances/configuration", json={"instance_limit": None})
    assert (await box.submit()).status_code == 200
    assert (await box.platform("PUT", "/instances/configuration", json={})).status_code == 400


async def test_instance_and_account(box: Box) -> None:
    instance = (await box.platform("GET", "/instance")).json()
    assert isinstance(instance["instance_limit_seconds"], str)
    account = await box.platform("GET", f"/accounts/{box.service.identity.account}")
    assert account.json()["plans"][0]["plan_id"] == instance["plan_id"]
    assert (await box.platform("GET", "/accounts/another")).status_code == 403
