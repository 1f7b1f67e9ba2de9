"""Members and JSON types of the sandbox's bodies against those of recorded and documented ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.http.conftest import BELL, Sandbox

FIXTURES = Path(__file__).parents[2] / "fixtures" / "api"
OPTIONAL = {
    "physical_qubits",
    "clops",
    "two_q_error_layered",
    "num_qubits",
    "circuit_depths",
    "next",
    "estimated_running_time_seconds",
    "deleted",
    "caller",
    "input_allowed",
}
"""Optional members for which the sandbox has no true value (or not in every state)."""
NOT_COMPARED = {"params", "revision"}
"""Members that the test itself sent in another form, or that recordings hold as a string or as a number."""


def fixture(name: str, when: str | None = None) -> Any:
    """Return the body of a fixture's response: the first, or the one with that `when`."""
    responses = json.loads((FIXTURES / f"{name}.json").read_text())["responses"]
    return next(item["body"] for item in responses if when is None or item.get("when") == when)


def differences(recorded: Any, body: Any, path: str = "") -> list[str]:
    """Return members that are missing in body, and values of another JSON type. Null fits everything."""
    if recorded is None or body is None:
        return []
    if isinstance(recorded, dict):
        if not isinstance(body, dict):
            return [f"{path}: not an object"]
        found = []
        for name, value in recorded.items():
            if name in NOT_COMPARED:
                continue
            if name in body:
                found += differences(value, body[name], f"{path}.{name}")
            elif name not in OPTIONAL:
                found.append(f"{path}.{name}: missing")
        return found
    if isinstance(recorded, list):
        if not isinstance(body, list):
            return [f"{path}: not an array"]
        return differences(recorded[0], body[0], f"{path}[0]") if recorded and body else []
    numbers = (int, float)
    if isinstance(recorded, numbers) and not isinstance(recorded, bool):
        fits = isinstance(body, numbers) and not isinstance(body, bool)
    else:
        fits = type(body) is type(recorded)
    return [] if fits else [f"{path}: {type(body).__name__} instead of {type(recorded).__name__}"]


@pytest.fixture
async def sandbox_with_jobs(sandbox: Sandbox) -> tuple[Sandbox, str, str]:
    """A sandbox with a finished job and a batch with one more in it; their ids."""
    body = {"mode": "batch", "backend": "ibm_fez"}
    batch = str((await sandbox.platform("POST", "/sessions", json=body)).json()["id"])
    sandbox.clock.advance(1)
    job_id = await sandbox.submitted_id(tags=["demo"])
    inside = await sandbox.submitted_id(session_id=batch, backend="ibm_fez")
    await sandbox.wait_for_status(job_id, "Completed")
    await sandbox.wait_for_status(inside, "Completed")
    sandbox.clock.advance(1)
    return sandbox, job_id, batch


@pytest.mark.parametrize(
    ("path", "name", "when"),
    [
        ("/versions", "gen2_versions", None),
        ("/backends", "gen2_backends_list", None),
        ("/backends?fields=wait_time_seconds", "gen2_backends_list", "?fields=wait_time_seconds"),
        ("/backends/ibm_fez/configuration", "gen2_backend_configuration", None),
        ("/backends/ibm_fez/properties", "gen2_backend_properties", None),
        ("/backends/ibm_fez/status", "gen2_backend_status", None),
        ("/backends/none/configuration", "gen2_backend_configuration", "unknown"),
        ("/jobs", "gen2_jobs_list", None),
        ("/jobs/{job}", "gen2_job_get", "Completed, API version 2026-04-15"),
        ("/jobs/none", "gen2_job_get", "unknown id (recorded)"),
        ("/jobs/{job}/metrics", "gen2_job_metrics", "IBM-API-Version 2026-04-15"),
        ("/sessions/{batch}", "gen2_session_get", None),
        ("/sessions/none", "gen2_session_get", "unknown"),
        ("/instance", "gen2_instance_get", None),
        ("/instances/configuration", "gen2_instance_configuration_get", None),
        ("/workloads", "gen2_workloads", None),
        ("/tags?type=job&search=dem", "gen2_tags_search", None),
        ("/analytics/usage", "gen2_analytics_usage", None),
        ("/analytics/usage_grouped?group_by=backend", "gen2_analytics_usage_grouped", None),
        ("/analytics/usage_grouped_by_date?group_by=instance", "gen2_analytics_usage_grouped_by_date", None),
        ("/analytics/filters", "gen2_analytics_filters", None),
        ("/accounts/{account}", "gen2_account_get", None),
    ],
)
async def test_platform_body_has_members_and_types_of_the_recorded_one(
    sandbox_with_jobs: tuple[Sandbox, str, str], path: str, name: str, when: str | None
) -> None:
    sandbox, job, batch = sandbox_with_jobs
    place = path.format(job=job, batch=batch, account=sandbox.service.identity.account)
    assert differences(fixture(name, when), (await sandbox.platform("GET", place)).json()) == []


async def test_instance_usage_has_its_limit_when_one_is_set(
    sandbox_with_jobs: tuple[Sandbox, str, str],
) -> None:
    sandbox, _, _ = sandbox_with_jobs
    await sandbox.platform("PUT", "/instances/configuration", json={"instance_limit": 600})
    usage = (await sandbox.platform("GET", "/instances/usage")).json()
    assert differences(fixture("gen2_instance_usage"), usage) == []


async def test_job_in_an_old_version_has_members_of_the_recorded_one(
    sandbox_with_jobs: tuple[Sandbox, str, str],
) -> None:
    sandbox, job, _ = sandbox_with_jobs
    old = (await sandbox.platform("GET", f"/jobs/{job}", version="2025-05-01")).json()
    assert differences(fixture("gen2_job_get", "Completed, API version before 2026-03-15"), old) == []
    metrics = (await sandbox.platform("GET", f"/jobs/{job}/metrics", version="2025-05-01")).json()
    assert differences(fixture("gen2_job_metrics", "2025-05-01 and earlier"), metrics) == []


async def test_every_documented_platform_submission_is_accepted(sandbox: Sandbox) -> None:
    for name in ("sampler_rest", "sampler_qiskit", "estimator_rest", "estimator_qiskit"):
        request = json.loads((FIXTURES / f"gen2_job_create_{name}.json").read_text())["request"]
        bodies = {key: value for key, value in request.items() if "body" in key and isinstance(value, dict)}
        assert bodies
        for key, body in bodies.items():
            body = {**body, "backend": "ibm_fez"}
            body.pop("session_id", None)
            reply = await sandbox.platform("POST", "/jobs", json=body)
            assert reply.status_code == 200, (name, key, reply.text)


@pytest.mark.parametrize(
    ("path", "name", "when"),
    [
        ("/auth/api/version", "gen1_auth_version", None),
        ("/auth/api/users/me", "gen1_auth_users_me", None),
        ("/auth/api/Network", "gen1_network", None),
        ("/runtime/users/me", "gen1_runtime_users_me", None),
        ("/runtime/usage", "gen1_usage", None),
        ("/runtime/backends", "gen1_backends_list", None),
        ("/runtime/backends/ibm_fez/status", "gen1_backend_status", None),
        ("/runtime/backends/ibm_peekskill/configuration", "gen1_backend_configuration", None),
        ("/runtime/backends/ibm_peekskill/properties", "gen1_backend_properties", None),
        ("/runtime/backends/ibm_peekskill/defaults", "gen1_backend_defaults", None),
        ("/runtime/jobs", "gen1_jobs_list", None),
        ("/runtime/jobs/{job}", "gen1_job_get", None),
        ("/runtime/jobs/{job}/metrics", "gen1_job_metrics", None),
        ("/runtime/sessions/{session}", "gen1_session_get", None),
        ("/health", "gen1_transpiler_health", None),
        ("/version", "gen1_transpiler_version", None),
        ("/backends", "gen1_transpiler_backends", None),
    ],
)
async def test_classic_body_has_members_and_types_of_the_recorded_one(
    sandbox: Sandbox, path: str, name: str, when: str | None
) -> None:
    headers = {
        "x-access-token": await sandbox.log_in(),
        "x-qx-client-application": "qiskit-version-2/0.39.2/app",
    }
    opened = await sandbox.http.post("/runtime/sessions", headers=headers, json={"backend": "ibm_peekskill"})
    session = opened.json()["id"]
    body = {
        "program_id": "sampler",
        "backend": "ibm_peekskill",
        "session_id": session,
        "runtime": "image:1",
        "tags": ["demo"],
        "params": {"circuits": BELL},
    }
    job = (await sandbox.http.post("/runtime/jobs", headers=headers, json=body)).json()["id"]
    await sandbox.wait_for_status(job, "Completed")
    reply = await sandbox.http.get(path.format(job=job, session=session), headers=headers)
    assert differences(fixture(name, when), reply.json()) == []
