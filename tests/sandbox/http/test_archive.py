"""The archived instance: its jobs can be read, nothing new is accepted, and the other one is as it was."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import httpx

from tests.sandbox.http.conftest import BELL, Sandbox, SandboxFactory
from tui.sandbox.core.instance import archive_crn

SUBMISSION = {"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [[BELL]]}}


async def archived(sandbox: Sandbox, method: str, path: str, **options: Any) -> httpx.Response:
    headers = await sandbox.platform_headers()
    headers["Service-CRN"] = archive_crn(sandbox.service.identity)
    return await sandbox.http.request(method, f"/api/v1{path}", headers=headers, **options)


async def wait_until_filled(sandbox: Sandbox) -> None:
    await sandbox.wait_until(lambda: sandbox.service.database.setting("archive_filled") is not None)


async def test_archive_has_old_jobs_of_a_retired_device(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(archived=True) as sandbox:
        await wait_until_filled(sandbox)
        jobs = (await archived(sandbox, "GET", "/jobs")).json()["jobs"]
        assert {(job["backend"], job["status"]) for job in jobs} == {("ibm_brisbane", "Completed")}
        assert [job["program"]["id"] for job in jobs] == ["executor", "sampler", "sampler"]
        assert all(job["created"] < "2026" for job in jobs)
        for part in ("results", "logs", "metrics"):
            assert (await archived(sandbox, "GET", f"/jobs/{jobs[0]['id']}/{part}")).status_code == 200
        assert (await sandbox.platform("GET", "/jobs")).json()["jobs"] == []
        assert (await sandbox.platform("GET", f"/jobs/{jobs[0]['id']}")).status_code == 404
        usage = (await archived(sandbox, "GET", "/instances/usage")).json()
        assert usage["instance_id"] == archive_crn(sandbox.service.identity)


async def test_archive_keeps_a_circuit_of_newer_qpy(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(archived=True) as sandbox:
        await wait_until_filled(sandbox)
        listed = await archived(
            sandbox, "GET", "/jobs", params={"tags": "newer-qpy", "exclude_params": False}
        )
        circuit = listed.json()["jobs"][0]["params"]["pubs"][0][0]["__value__"]
        assert zlib.decompress(base64.b64decode(circuit))[:7] == b"QISKIT\x63"


async def test_archive_refuses_what_is_new_with_the_reason(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(archived=True) as sandbox:
        for path, body in (("/jobs", SUBMISSION), ("/sessions", {"mode": "batch"})):
            reply = await archived(sandbox, "POST", path, json=body)
            assert reply.status_code == 403
            assert "archived" in reply.json()["errors"][0]["message"]
        assert (await archived(sandbox, "GET", "/backends")).json() == {"devices": []}
        assert (await sandbox.submit()).status_code == 200


async def test_archive_is_filled_once(sandboxes: SandboxFactory) -> None:
    for _ in range(2):
        async with sandboxes.open(archived=True) as sandbox:
            await wait_until_filled(sandbox)
            assert len((await archived(sandbox, "GET", "/jobs")).json()["jobs"]) == 3


async def test_account_lists_both_instances(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(archived=True) as sandbox:
        headers = {"Authorization": f"Bearer {await sandbox.bearer()}"}
        search = await sandbox.http.post("/global-search/v3/resources/search", headers=headers, json={})
        crns = [item["crn"] for item in search.json()["items"]]
        assert crns == [sandbox.service.identity.crn, archive_crn(sandbox.service.identity)]
        found = await sandbox.http.get(
            "/resource-controller/v2/resource_instances", headers=headers, params={"name": "sandbox-archive"}
        )
        assert [item["crn"] for item in found.json()["resources"]] == crns[1:]


async def test_sandbox_without_archive_does_not_know_it(sandbox: Sandbox) -> None:
    assert (await archived(sandbox, "GET", "/jobs")).status_code == 404
    assert (await sandbox.platform("GET", "/backends/ibm_brisbane/configuration")).status_code == 404
    reply = await sandbox.submit(backend="ibm_brisbane")
    assert reply.status_code == 404
