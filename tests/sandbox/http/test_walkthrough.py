"""The walkthrough over real HTTP, with real transpiling and simulation."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.sandbox.http.processes import platform_headers
from tui.sandbox.lifecycle.launch import SandboxInfo, launch

ONE = 'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];'
PAIR = (
    'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c; '
    "h q[0]; cx q[0], q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
)


@pytest.fixture
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxInfo]:
    process = await launch(tmp_path_factory.mktemp("sandbox"), recalibrate=0)
    try:
        yield process.info
    finally:
        await process.stop()


async def wait_done(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], member: str, going: set[str]
) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            body: dict[str, Any] = (await client.get(url, headers=headers)).json()
            if body[member] not in going:
                return body
            await asyncio.sleep(0.05)


async def finished_task(client: httpx.AsyncClient, info: SandboxInfo, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {info.api_token}"}
    reply = await client.post(f"{info.transpiler}/transpile", headers=headers, json=body)
    url = f"{info.transpiler}/transpile/{reply.json()['task_id']}"
    return await wait_done(client, url, headers, "state", {"PENDING"})


async def test_walkthrough_logs_in_transpiles_runs_and_logs_out(sandbox: SandboxInfo) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        login = {"apiToken": sandbox.api_token}
        access = (await client.post(f"{sandbox.auth}/users/loginWithToken", json=login)).json()["id"]
        headers = {
            "x-access-token": access,
            "Content-Type": "application/json",
            "x-qx-client-application": "qiskit-version-2/0.39.2/my_app",
        }
        backends = await client.get(
            f"{sandbox.runtime}/backends", headers=headers, params={"provider": sandbox.instance}
        )
        assert "ibm_peekskill" in backends.json()["devices"]
        for backend, circuit, expected in (("ibm_peekskill", ONE, {1}), ("ibm_cusco", PAIR, {0, 3})):
            body = {"qasm_circuits": circuit, "backend": backend, "optimization_level": 3, "use_ai": False}
            task = await finished_task(client, sandbox, body)
            assert task["state"] == "SUCCESS"
            isa = task["result"][0]["qasm"]
            assert "$" in isa and "\n" not in isa
            hub, group, project = sandbox.instance.split("/")
            opened = await client.post(
                f"{sandbox.runtime}/sessions",
                headers=headers,
                json={"backend": backend, "instance": sandbox.instance},
            )
            job = {
                "program_id": "sampler",
                "backend": backend,
                "hub": hub,
                "group": group,
                "project": project,
                "session_id": opened.json()["id"],
                "start_session": "False",
                "params": {"circuits": isa},
            }
            job_id = (await client.post(f"{sandbox.runtime}/jobs", headers=headers, json=job)).json()["id"]
            url = f"{sandbox.runtime}/jobs/{job_id}"
            done = await wait_done(client, url, headers, "status", {"Queued", "Running"})
            assert done["status"] == "Completed", done["state"]
            dist = (await client.get(f"{url}/results", headers=headers)).json()["quasi_dists"][0]
            assert sum(dist.get(str(value), 0) for value in expected) > 0.9
        ai = {"qasm_circuits": ONE, "backend": "ibm_fez", "use_ai": True}
        assert (await finished_task(client, sandbox, ai))["state"] == "FAILURE"
        logout = f"{sandbox.auth}/users/logout"
        assert (await client.post(logout, headers=headers)).status_code == 204
        assert (await client.post(logout, headers=headers)).status_code == 401
        assert (await client.get(f"{sandbox.runtime}/jobs", headers=headers)).status_code == 401


async def test_platform_runs_the_circuit_of_the_walkthrough(sandbox: SandboxInfo) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        body = {"qasm_circuits": [PAIR], "backend": "ibm_fez", "optimization_level": 1}
        isa = (await finished_task(client, sandbox, body))["result"][0]["qasm"]
        headers = await platform_headers(client, sandbox)
        api = f"{sandbox.url}/api/v1"
        params = {"pubs": [[isa, None, 1000]], "version": 2, "support_qiskit": False}
        job = {"program_id": "sampler", "backend": "ibm_fez", "params": params}
        job_id = (await client.post(f"{api}/jobs", headers=headers, json=job)).json()["id"]
        done = await wait_done(client, f"{api}/jobs/{job_id}", headers, "status", {"Queued", "Running"})
        assert done["status"] == "Completed", done["state"]
        results = (await client.get(f"{api}/jobs/{job_id}/results", headers=headers)).json()
        counts = Counter(results["results"][0]["data"]["c"]["samples"])
        assert sum(counts.values()) == 1000
        assert counts["0x0"] + counts["0x3"] > 900
