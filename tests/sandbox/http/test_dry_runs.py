"""Dry runs: the twins of the devices, who may use them, and what they are charged."""

from __future__ import annotations

from typing import Any

from tests.sandbox.http.conftest import Sandbox, SandboxFactory
from tui.sandbox.core.devices import DEVICES, MOCKS
from tui.sandbox.core.instance import OPEN_PLAN

PROGRAM = {"schema_version": "v2.0", "quantum_program": {}, "options": {}}


async def submit(sandbox: Sandbox, backend: str) -> Any:
    body = {"program_id": "executor", "backend": backend, "params": PROGRAM}
    return await sandbox.platform("POST", "/jobs", json=body)


async def listed(sandbox: Sandbox, path: str, member: str, **params: str) -> list[str]:
    body = (await sandbox.platform("GET", path, params=params)).json()
    return [item[member] for item in next(value for value in body.values() if isinstance(value, list))]


async def test_twins_are_listed_only_when_asked_for(sandbox: Sandbox) -> None:
    assert await listed(sandbox, "/backends", "name") == list(DEVICES)
    assert await listed(sandbox, "/backends", "name", include_mocks="True") == [*DEVICES, *MOCKS]
    devices = (await sandbox.platform("GET", "/backends", params={"include_mocks": "true"})).json()["devices"]
    assert [device.get("class") for device in devices] == [None] * 3 + ["mock"] * 3
    configuration = (await sandbox.platform("GET", "/backends/mock_fez/configuration")).json()
    assert (configuration["backend_name"], configuration["n_qubits"]) == ("mock_fez", 156)
    assert (await sandbox.platform("GET", "/backends/mock_fez/status")).json()["length_queue"] == 0


async def test_dry_run_is_listed_only_with_mocks(sandbox: Sandbox) -> None:
    real = (await submit(sandbox, "ibm_fez")).json()["id"]
    sandbox.clock.advance(1)
    dry = (await submit(sandbox, "mock_fez")).json()["id"]
    for path in ("/jobs", "/workloads"):
        assert await listed(sandbox, path, "id") == [real]
        assert await listed(sandbox, path, "id", include_mocks="true") == [dry, real]
    assert (await sandbox.platform("GET", f"/jobs/{dry}")).json()["backend"] == "mock_fez"


async def test_dry_run_uses_no_qpu_time(sandbox: Sandbox) -> None:
    dry = (await submit(sandbox, "mock_peekskill")).json()["id"]
    await sandbox.wait_for_status(dry, "Completed")
    usage = (await sandbox.platform("GET", f"/jobs/{dry}")).json()["usage"]
    assert usage["qpu_charge_time_seconds"] > 2
    assert usage["status"] == "complete"

    async def consumed() -> float:
        body = (await sandbox.platform("GET", "/instances/usage")).json()
        return float(body["usage_consumed_seconds"])

    assert await consumed() == 0
    figures = (await sandbox.platform("GET", "/analytics/usage")).json()
    assert (figures["usage"], figures["jobs"]) == (0, 0)
    assert (await sandbox.platform("DELETE", f"/jobs/{dry}")).status_code == 204
    assert await consumed() == 0


async def test_dry_run_is_refused_on_the_open_plan(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(limits=OPEN_PLAN) as sandbox:
        reply = await submit(sandbox, "mock_fez")
        assert reply.status_code == 403
        assert "not available on this plan" in reply.json()["errors"][0]["message"]
        assert (await submit(sandbox, "ibm_fez")).status_code == 200


async def test_dry_run_waits_for_nobody(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(background=5) as sandbox:
        dry = (await submit(sandbox, "mock_fez")).json()["id"]
        await sandbox.wait_for_status(dry, "Completed")
