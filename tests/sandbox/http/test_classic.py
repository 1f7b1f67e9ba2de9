from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.sandbox.http.conftest import BELL, Box
from tests.sandbox.http.doubles import RESULT
from tui.sandbox.core.devices import DEVICES
from tui.sandbox.simulator.base.values import RunOutcome

TENANT = {"hub": "ibm-q", "group": "open", "project": "main"}


async def created(box: Box, **members: Any) -> httpx.Response:
    body = {
        "program_id": "sampler",
        "backend": "ibm_peekskill",
        **TENANT,
        "start_session": "False",
        "params": {"pubs": [[BELL]]},
        **members,
    }
    return await box.classic("POST", "/runtime/jobs", content=json.dumps(body))


async def test_signing_in_and_out_really_ends_the_token(box: Box) -> None:
    assert "api-auth" in (await box.http.get("/auth/api/version")).json()
    token = await box.login()
    assert len(token) == 64
    headers = {"x-access-token": token}
    me = (await box.http.get("/auth/api/users/me", headers=headers)).json()
    assert me["urls"]["services"]["runtime"] == "http://127.0.0.1:9/runtime"
    network = await box.http.get(f"{me['urls']['http']}/Network", headers=headers)
    assert network.json()[0]["groups"]["open"]["projects"]["main"]["isDefault"] is True
    assert (await box.http.get("/runtime/jobs", headers=headers)).status_code == 200
    out = await box.http.post("/auth/api/users/logout", headers=headers)
    assert (out.status_code, out.content) == (204, b"")
    again = await box.http.post("/auth/api/users/logout", headers=headers)
    assert again.status_code == 401
    assert again.json()["error"]["message"]
    assert (await box.http.get("/auth/api/users/me", headers=headers)).status_code == 401
    refused = await box.http.get("/runtime/jobs", headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 1201)


async def test_a_wrong_api_token_is_refused_with_one_error(box: Box) -> None:
    reply = await box.http.post("/auth/api/users/loginWithToken", json={"apiToken": "0" * 128})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "3446"
    assert (await box.http.post("/auth/api/users/loginWithToken", content=b"\xff")).status_code == 401
    form = await box.http.post("/auth/api/users/loginWithToken", data={"apiToken": box.secrets.api_token})
    assert form.status_code == 200


async def test_an_access_token_ends_with_its_two_weeks(box: Box) -> None:
    token = await box.login()
    box.clock.advance(1_209_601)
    assert (await box.http.get("/runtime/jobs", headers={"x-access-token": token})).status_code == 401


async def test_backends_are_names_in_this_generation(box: Box) -> None:
    reply = await box.classic("GET", "/runtime/backends", params={"provider": "ibm-q/open/main"})
    assert reply.json() == {"devices": list(DEVICES)}
    for part in ("configuration", "properties", "defaults", "status"):
        reply = await box.classic("GET", f"/runtime/backends/ibm_peekskill/{part}")
        assert reply.status_code == 200, part
    assert (
        len((await box.classic("GET", "/runtime/backends/ibm_cusco/defaults")).json()["qubit_freq_est"])
        == 127
    )
    foreign = await box.classic("GET", "/runtime/backends", params={"provider": "a/b/c"})
    assert foreign.status_code == 403
    me = await box.classic("GET", "/runtime/users/me")
    assert me.json()["instances"][0]["name"] == "ibm-q/open/main"


async def test_a_job_under_hub_group_and_project(slow_box: Box) -> None:
    box = slow_box
    reply = await created(box, tags=["demo"])
    assert reply.status_code == 200
    job_id = reply.json()["id"]
    await box.finish(
        RunOutcome("Completed", RESULT, qpu_seconds=2.5, transpiled=["OPENQASM 3.0;"], logs="ok")
    )
    await box.until_status(job_id, "Completed")
    job = (await box.classic("GET", f"/runtime/jobs/{job_id}")).json()
    assert {name: job[name] for name in TENANT} == TENANT
    assert job["params"] == {"pubs": [[BELL]]}
    assert job["usage"] == {"quantum_seconds": 2.5, "seconds": 2.5}
    listed = (
        await box.classic("GET", "/runtime/jobs", params={"exclude_params": "False", "limit": 10})
    ).json()
    assert (listed["count"], listed["limit"], listed["jobs"][0]["params"]) == (1, 10, {"pubs": [[BELL]]})
    assert (await box.classic("GET", f"/runtime/jobs/{job_id}/results")).text == RESULT
    assert (await box.classic("GET", f"/runtime/jobs/{job_id}/interim_results")).text == ""
    assert (await box.classic("GET", f"/runtime/jobs/{job_id}/logs")).text == "ok"
    metrics = (await box.classic("GET", f"/runtime/jobs/{job_id}/metrics")).json()
    assert metrics["usage"]["quantum_seconds"] == 2.5
    link = (await box.classic("GET", f"/runtime/jobs/{job_id}/transpiled_circuits")).json()["url"]
    assert (await box.http.get(link)).status_code == 200
    reply = await box.classic("PUT", f"/runtime/jobs/{job_id}/tags", content=b'{"tags": ["new"]}')
    assert reply.status_code == 204
    assert (await box.classic("POST", f"/runtime/jobs/{job_id}/cancel")).status_code == 409
    usage = (await box.classic("GET", "/runtime/usage")).json()["byInstance"][0]
    assert (usage["instance"], usage["usage"], usage["pendingJobs"]) == ("ibm-q/open/main", 2.5, 0)
    assert (await box.classic("DELETE", f"/runtime/jobs/{job_id}")).status_code == 204


async def test_a_failure_carries_both_spellings_of_its_code(slow_box: Box) -> None:
    job_id = (await created(slow_box)).json()["id"]
    await slow_box.finish(RunOutcome("Failed", reason="No.", reason_code=1517))
    await slow_box.until_status(job_id, "Failed")
    state = (await slow_box.classic("GET", f"/runtime/jobs/{job_id}")).json()["state"]
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
async def test_what_a_classic_submission_may_say(box: Box, members: dict[str, Any], status: int) -> None:
    reply = await created(box, **members)
    assert reply.status_code == status, reply.text


async def test_the_faces_keep_their_jobs_apart(box: Box) -> None:
    job_id = (await created(box)).json()["id"]
    assert (await box.platform("GET", f"/jobs/{job_id}")).status_code == 404
    assert (await box.platform("GET", "/jobs")).json()["count"] == 0


async def test_sessions_answer_their_id_and_know_the_old_member(box: Box) -> None:
    body = {"backend": "ibm_peekskill", "instance": "ibm-q/open/main", "max_session_ttl": 300}
    reply = await box.classic("POST", "/runtime/sessions", json=body)
    session_id = reply.json()["id"]
    assert reply.json() == {"id": session_id}
    session = (await box.classic("GET", f"/runtime/sessions/{session_id}")).json()
    assert (session["mode"], session["max_ttl"], session["state"]) == ("dedicated", 300, "open")
    job_id = (await created(box, session_id=session_id)).json()["id"]
    await box.until_status(job_id, "Completed")
    path = f"/runtime/sessions/{session_id}"
    assert (await box.classic("PATCH", path, json={"accepting_jobs": False})).status_code == 204
    assert (await box.classic("DELETE", f"{path}/close")).status_code == 204
    assert (await box.classic("GET", path)).json()["state"] == "closed"
    refused = await created(box, session_id=session_id)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 1217)


async def transpiled(box: Box, task_id: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            body: dict[str, Any] = (await box.classic("GET", f"/transpile/{task_id}")).json()
            if body["state"] != "PENDING":
                return body
            assert body["result"] is None
            await asyncio.sleep(0)


async def test_transpiling_takes_its_options_from_the_query_first(box: Box) -> None:
    reply = await box.classic(
        "POST",
        "/transpile",
        params={"backend": "ibm_cusco", "optimization_level": "2", "ai": "false"},
        json={"qasm_circuits": ["a", "b"], "backend": "ibm_fez", "optimization_level": 0},
    )
    done = await transpiled(box, reply.json()["task_id"])
    assert done["state"] == "SUCCESS"
    assert [item["qasm"] for item in done["result"]] == ["OPENQASM 3.0; // a", "OPENQASM 3.0; // b"]
    assert done["result"][0]["layout"] == {"initial": [0, 1], "final": [1, 0]}
    request = box.engine.transpiled[0]
    assert (request.device, request.optimization_level, request.ai) == ("ibm_cusco", 2, "false")


async def test_transpiling_takes_the_body_of_the_walkthrough(box: Box) -> None:
    body = {"qasm_circuits": "a", "backend": "ibm_peekskill", "optimization_level": 3, "use_ai": False}
    headers = {"x-access-token": await box.login()}
    reply = await box.http.post("/transpile", headers=headers, json=body)
    assert (await transpiled(box, reply.json()["task_id"]))["state"] == "SUCCESS"
    request = box.engine.transpiled[0]
    assert (request.qasm, request.device, request.optimization_level) == (["a"], "ibm_peekskill", 3)
    assert request.ai == "false"


@pytest.mark.parametrize("member", [{"use_ai": True}, {"ai": "true"}, {"ai": "TRUE"}])
async def test_ai_is_refused_honestly(box: Box, member: dict[str, Any]) -> None:
    reply = await box.classic(
        "POST", "/transpile", json={"qasm_circuits": "a", "backend": "ibm_fez", **member}
    )
    done = await transpiled(box, reply.json()["task_id"])
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
async def test_transpiler_errors_are_details(box: Box, body: dict[str, Any], status: int) -> None:
    reply = await box.classic("POST", "/transpile", json=body)
    assert reply.status_code == status
    assert status == 200 or reply.json()["detail"]


async def test_the_transpiler_knows_itself(box: Box) -> None:
    assert (await box.classic("GET", "/health")).json() == {"message": "Health OK"}
    assert "qiskit" in (await box.classic("GET", "/version")).json()
    assert (await box.classic("GET", "/backends")).json() == list(DEVICES)
    assert (await box.classic("GET", "/transpile/unknown")).status_code == 404
    refused = await box.http.get("/health")
    assert (refused.status_code, refused.json()["detail"]) == (401, "Invalid authentication credentials")
