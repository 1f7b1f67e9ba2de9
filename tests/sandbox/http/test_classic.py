"""The classic face over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.sandbox.http.conftest import BELL, Sandbox
from tests.sandbox.http.fakes import RESULT
from tui.sandbox.core.devices import DEVICES
from tui.sandbox.simulator.base.values import RunOutcome

TENANT = {"hub": "ibm-q", "group": "open", "project": "main"}


async def submit_classic(sandbox: Sandbox, **members: Any) -> httpx.Response:
    body = {
        "program_id": "sampler",
        "backend": "ibm_peekskill",
        **TENANT,
        "start_session": "False",
        "params": {"pubs": [[BELL]]},
        **members,
    }
    return await sandbox.classic("POST", "/runtime/jobs", content=json.dumps(body))


async def test_classic_logout_invalidates_the_access_token(sandbox: Sandbox) -> None:
    assert "api-auth" in (await sandbox.http.get("/auth/api/version")).json()
    token = await sandbox.log_in()
    assert len(token) == 64
    headers = {"x-access-token": token}
    me = (await sandbox.http.get("/auth/api/users/me", headers=headers)).json()
    assert me["urls"]["services"]["runtime"] == "http://127.0.0.1:9/runtime"
    network = await sandbox.http.get(f"{me['urls']['http']}/Network", headers=headers)
    assert network.json()[0]["groups"]["open"]["projects"]["main"]["isDefault"] is True
    assert (await sandbox.http.get("/runtime/jobs", headers=headers)).status_code == 200
    out = await sandbox.http.post("/auth/api/users/logout", headers=headers)
    assert (out.status_code, out.content) == (204, b"")
    again = await sandbox.http.post("/auth/api/users/logout", headers=headers)
    assert again.status_code == 401
    assert again.json()["error"]["message"]
    assert (await sandbox.http.get("/auth/api/users/me", headers=headers)).status_code == 401
    refused = await sandbox.http.get("/runtime/jobs", headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 1201)


async def test_classic_login_refuses_a_wrong_api_token_with_a_single_error(sandbox: Sandbox) -> None:
    reply = await sandbox.http.post("/auth/api/users/loginWithToken", json={"apiToken": "0" * 128})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "3446"
    assert (await sandbox.http.post("/auth/api/users/loginWithToken", content=b"\xff")).status_code == 401
    form = await sandbox.http.post(
        "/auth/api/users/loginWithToken", data={"apiToken": sandbox.secrets.api_token}
    )
    assert form.status_code == 200


async def test_classic_access_token_expires_after_two_weeks(sandbox: Sandbox) -> None:
    token = await sandbox.log_in()
    sandbox.clock.advance(1_209_601)
    assert (await sandbox.http.get("/runtime/jobs", headers={"x-access-token": token})).status_code == 401


async def test_classic_backend_list_holds_names_only(sandbox: Sandbox) -> None:
    reply = await sandbox.classic("GET", "/runtime/backends", params={"provider": "ibm-q/open/main"})
    assert reply.json() == {"devices": list(DEVICES)}
    for part in ("configuration", "properties", "defaults", "status"):
        reply = await sandbox.classic("GET", f"/runtime/backends/ibm_peekskill/{part}")
        assert reply.status_code == 200, part
    assert (
        len((await sandbox.classic("GET", "/runtime/backends/ibm_cusco/defaults")).json()["qubit_freq_est"])
        == 127
    )
    foreign = await sandbox.classic("GET", "/runtime/backends", params={"provider": "a/b/c"})
    assert foreign.status_code == 403
    me = await sandbox.classic("GET", "/runtime/users/me")
    assert me.json()["instances"][0]["name"] == "ibm-q/open/main"


async def test_classic_job_is_served_under_hub_group_and_project(gated_sandbox: Sandbox) -> None:
    sandbox = gated_sandbox
    reply = await submit_classic(sandbox, tags=["demo"])
    assert reply.status_code == 200
    job_id = reply.json()["id"]
    await sandbox.finish_job(
        RunOutcome("Completed", RESULT, qpu_seconds=2.5, transpiled=["OPENQASM 3.0;"], logs="ok")
    )
    await sandbox.wait_for_status(job_id, "Completed")
    job = (await sandbox.classic("GET", f"/runtime/jobs/{job_id}")).json()
    assert {name: job[name] for name in TENANT} == TENANT
    assert job["params"] == {"pubs": [[BELL]]}
    assert job["usage"] == {"quantum_seconds": 2.5, "seconds": 2.5}
    listed = (
        await sandbox.classic("GET", "/runtime/jobs", params={"exclude_params": "False", "limit": 10})
    ).json()
    assert (listed["count"], listed["limit"], listed["jobs"][0]["params"]) == (1, 10, {"pubs": [[BELL]]})
    assert (await sandbox.classic("GET", f"/runtime/jobs/{job_id}/results")).text == RESULT
    assert (await sandbox.classic("GET", f"/runtime/jobs/{job_id}/interim_results")).text == ""
    assert (await sandbox.classic("GET", f"/runtime/jobs/{job_id}/logs")).text == "ok"
    metrics = (await sandbox.classic("GET", f"/runtime/jobs/{job_id}/metrics")).json()
    assert metrics["usage"]["quantum_seconds"] == 2.5
    link = (await sandbox.classic("GET", f"/runtime/jobs/{job_id}/transpiled_circuits")).json()["url"]
    assert (await sandbox.http.get(link)).status_code == 200
    reply = await sandbox.classic("PUT", f"/runtime/jobs/{job_id}/tags", content=b'{"tags": ["new"]}')
    assert reply.status_code == 204
    assert (await sandbox.classic("POST", f"/runtime/jobs/{job_id}/cancel")).status_code == 409
    usage = (await sandbox.classic("GET", "/runtime/usage")).json()["byInstance"][0]
    assert (usage["instance"], usage["usage"], usage["pendingJobs"]) == ("ibm-q/open/main", 2.5, 0)
    assert (await sandbox.classic("DELETE", f"/runtime/jobs/{job_id}")).status_code == 204


async def test_classic_failed_job_has_reason_code_in_both_spellings(gated_sandbox: Sandbox) -> None:
    job_id = (await submit_classic(gated_sandbox)).json()["id"]
    await gated_sandbox.finish_job(RunOutcome("Failed", reason="No.", reason_code=1517))
    await gated_sandbox.wait_for_status(job_id, "Failed")
    state = (await gated_sandbox.classic("GET", f"/runtime/jobs/{job_id}")).json()["state"]
    assert state["reasonCode"] == state["reason_code"] == 1517


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"start_session": "True"}, 400),
        ({"start_session": True}, 400),
        ({"hub": ""}, 400),
        ({"hub": "another"}, 403),
        ({"start_session": False}, 200),
        ({"hub": None, "group": None, "project": None}, 200),
        ({"params": {"circuits": BELL}}, 200),
        ({"params": {"circuits": [BELL], "run_options": {"shots": 10}}}, 200),
    ],
)
async def test_classic_submission_status_by_members(
    sandbox: Sandbox, members: dict[str, Any], status: int
) -> None:
    reply = await submit_classic(sandbox, **members)
    assert reply.status_code == status, reply.text


async def test_platform_does_not_see_classic_jobs(sandbox: Sandbox) -> None:
    job_id = (await submit_classic(sandbox)).json()["id"]
    assert (await sandbox.platform("GET", f"/jobs/{job_id}")).status_code == 404
    assert (await sandbox.platform("GET", "/jobs")).json()["count"] == 0


async def test_classic_session_returns_its_id_and_accepts_max_session_ttl(sandbox: Sandbox) -> None:
    body = {"backend": "ibm_peekskill", "instance": "ibm-q/open/main", "max_session_ttl": 300}
    reply = await sandbox.classic("POST", "/runtime/sessions", json=body)
    session_id = reply.json()["id"]
    assert reply.json() == {"id": session_id}
    session = (await sandbox.classic("GET", f"/runtime/sessions/{session_id}")).json()
    assert (session["mode"], session["max_ttl"], session["state"]) == ("dedicated", 300, "open")
    job_id = (await submit_classic(sandbox, session_id=session_id)).json()["id"]
    await sandbox.wait_for_status(job_id, "Completed")
    path = f"/runtime/sessions/{session_id}"
    assert (await sandbox.classic("PATCH", path, json={"accepting_jobs": False})).status_code == 204
    assert (await sandbox.classic("DELETE", f"{path}/close")).status_code == 204
    assert (await sandbox.classic("GET", path)).json()["state"] == "closed"
    refused = await submit_classic(sandbox, session_id=session_id)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 1217)


async def finished_task(sandbox: Sandbox, task_id: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            body: dict[str, Any] = (await sandbox.classic("GET", f"/transpile/{task_id}")).json()
            if body["state"] != "PENDING":
                return body
            assert body["result"] is None
            await asyncio.sleep(0)


async def test_transpiler_options_of_the_query_win_over_the_body(sandbox: Sandbox) -> None:
    reply = await sandbox.classic(
        "POST",
        "/transpile",
        params={"backend": "ibm_cusco", "optimization_level": "2", "ai": "false"},
        json={"qasm_circuits": ["a", "b"], "backend": "ibm_fez", "optimization_level": 0},
    )
    done = await finished_task(sandbox, reply.json()["task_id"])
    assert done["state"] == "SUCCESS"
    assert [item["qasm"] for item in done["result"]] == ["OPENQASM 3.0; // a", "OPENQASM 3.0; // b"]
    assert done["result"][0]["layout"] == {"initial": [0, 1], "final": [1, 0]}
    request = sandbox.engine.transpiled[0]
    assert (request.device, request.optimization_level, request.ai) == ("ibm_cusco", 2, "false")


async def test_transpiler_accepts_the_body_of_the_walkthrough(sandbox: Sandbox) -> None:
    body = {"qasm_circuits": "a", "backend": "ibm_peekskill", "optimization_level": 3, "use_ai": False}
    headers = {"x-access-token": await sandbox.log_in()}
    reply = await sandbox.http.post("/transpile", headers=headers, json=body)
    assert (await finished_task(sandbox, reply.json()["task_id"]))["state"] == "SUCCESS"
    request = sandbox.engine.transpiled[0]
    assert (request.qasm, request.device, request.optimization_level) == (["a"], "ibm_peekskill", 3)
    assert request.ai == "false"


@pytest.mark.parametrize("member", [{"use_ai": True}, {"ai": "true"}, {"ai": "TRUE"}])
async def test_transpiler_task_fails_with_a_detail_when_ai_is_asked_for(
    sandbox: Sandbox, member: dict[str, Any]
) -> None:
    reply = await sandbox.classic(
        "POST", "/transpile", json={"qasm_circuits": "a", "backend": "ibm_fez", **member}
    )
    done = await finished_task(sandbox, reply.json()["task_id"])
    assert (done["state"], done["result"]) == ("FAILURE", None)
    assert "AI" in done["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"qasm_circuits": "a", "backend": "ibm_nowhere"}, 404),
        ({"qasm_circuits": "a"}, 422),
        ({"backend": "ibm_fez"}, 422),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "optimization_level": 7}, 422),
        ({"qasm_circuits": 5, "backend": "ibm_fez"}, 422),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "ai": "maybe"}, 422),
        ({"qasm_circuits": "a", "backend_coupling_map": [[0]]}, 422),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "ai_layout_mode": "best"}, 422),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "optimization_preferences": ["noise", "speed"]}, 422),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "ai_layout_mode": "KEEP"}, 200),
        ({"qasm_circuits": "a", "backend": "ibm_fez", "optimization_preferences": "noise"}, 200),
        ({"qasm_circuits": "a", "backend_coupling_map": [[0, 1]]}, 200),
    ],
)
async def test_transpiler_status_by_body(sandbox: Sandbox, body: dict[str, Any], status: int) -> None:
    reply = await sandbox.classic("POST", "/transpile", json=body)
    assert reply.status_code == status
    assert status == 200 or reply.json()["detail"]


async def test_transpiler_reports_health_version_and_backends(sandbox: Sandbox) -> None:
    assert (await sandbox.classic("GET", "/health")).json() == {"message": "Health OK"}
    assert "qiskit" in (await sandbox.classic("GET", "/version")).json()
    assert (await sandbox.classic("GET", "/backends")).json() == list(DEVICES)
    assert (await sandbox.classic("GET", "/transpile/unknown")).status_code == 404
    refused = await sandbox.http.get("/health")
    assert (refused.status_code, refused.json()["detail"]) == (401, "Invalid authentication credentials")
