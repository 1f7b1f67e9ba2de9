"""The members and JSON types of our bodies against those of recorded and documented ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.http.conftest import BELL, Box

FIXTURES = Path(__file__).parents[2] / "fixtures" / "api"
PRIVATE_TO_THE_REAL = {
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
"""Members that are optional, and that the sandbox has nothing true to say about (or not in every state)."""
AS_SENT = {"params", "revision"}
"""What the test itself sent in another form, and what recorded data holds as a string or as a number."""


def fixture(name: str, when: str | None = None) -> Any:
    """The body of a fixture's answer: the first, or the one with that `when`."""
    answers = json.loads((FIXTURES / f"{name}.json").read_text())["responses"]
    return next(item["body"] for item in answers if when is None or item.get("when") == when)


def differences(real: Any, ours: Any, path: str = "") -> list[str]:
    """Members that are missing in ours, and values of another JSON type. Null fits everything."""
    if real is None or ours is None:
        return []
    if isinstance(real, dict):
        if not isinstance(ours, dict):
            return [f"{path}: not an object"]
        found = []
        for name, value in real.items():
            if name in AS_SENT:
                continue
            if name in ours:
                found += differences(value, ours[name], f"{path}.{name}")
            elif name not in PRIVATE_TO_THE_REAL:
                found.append(f"{path}.{name}: missing")
        return found
    if isinstance(real, list):
        if not isinstance(ours, list):
            return [f"{path}: not an array"]
        return differences(real[0], ours[0], f"{path}[0]") if real and ours else []
    numbers = (int, float)
    if isinstance(real, numbers) and not isinstance(real, bool):
        fits = isinstance(ours, numbers) and not isinstance(ours, bool)
    else:
        fits = type(ours) is type(real)
    return [] if fits else [f"{path}: {type(ours).__name__} instead of {type(real).__name__}"]


@pytest.fixture
async def used_box(box: Box) -> tuple[Box, str, str]:
    """A box with a finished job, and a batch with one more in it."""
    body = {"mode": "batch", "backend": "ibm_fez"}
    batch = str((await box.platform("POST", "/sessions", json=body)).json()["id"])
    box.clock.advance(1)
    job_id = await box.submitted(tags=["demo"])
    inside = await box.submitted(session_id=batch, backend="ibm_fez")
    await box.until_status(job_id, "Completed")
    await box.until_status(inside, "Completed")
    box.clock.advance(1)
    return box, job_id, batch


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
async def test_platform_bodies(
    used_box: tuple[Box, str, str], path: str, name: str, when: str | None
) -> None:
    box, job, batch = used_box
    place = path.format(job=job, batch=batch, account=box.service.identity.account)
    assert differences(fixture(name, when), (await box.platform("GET", place)).json()) == []


async def test_usage_names_its_limit_when_there_is_one(used_box: tuple[Box, str, str]) -> None:
    box, _, _ = used_box
    await box.platform("PUT", "/instances/configuration", json={"instance_limit": 600})
    usage = (await box.platform("GET", "/instances/usage")).json()
    assert differences(fixture("gen2_instance_usage"), usage) == []


async def test_old_versions_of_a_job(used_box: tuple[Box, str, str]) -> None:
    box, job, _ = used_box
    old = (await box.platform("GET", f"/jobs/{job}", version="2025-05-01")).json()
    assert differences(fixture("gen2_job_get", "Completed, API version before 2026-03-15"), old) == []
    metrics = (await box.platform("GET", f"/jobs/{job}/metrics", version="2025-05-01")).json()
    assert differences(fixture("gen2_job_metrics", "2025-05-01 and earlier"), metrics) == []


async def test_every_platform_submission_that_is_documented_is_taken(box: Box) -> None:
    for name in ("sampler_rest", "sampler_qiskit", "estimator_rest", "estimator_qiskit"):
        request = json.loads((FIXTURES / f"gen2_job_create_{name}.json").read_text())["request"]
        bodies = {key: value for key, value in request.items() if "body" in key and isinstance(value, dict)}
        assert bodies
        for key, body in bodies.items():
            body = {**body, "backend": "ibm_fez"}
            body.pop("session_id", None)
            reply = await box.platform("POST", "/jobs", json=body)
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
async def test_classic_bodies(box: Box, path: str, name: str, when: str | None) -> None:
    headers = {"x-access-token": await box.login(), "x-qx-client-application": "qiskit-version-2/0.39.2/app"}
    opened = await box.http.post("/runtime/sessions", headers=headers, json={"backend": "ibm_peekskill"})
    session = opened.json()["id"]
    body = {
        "program_id": "sampler",
        "backend": "ibm_peekskill",
        "session_id": session,
        "runtime": "image:1",
        "tags": ["demo"],
        "params": {"circuits": BELL},
    }
    job = (await box.http.post("/runtime/jobs", headers=headers, json=body)).json()["id"]
    await box.until_status(job, "Completed")
    reply = await box.http.get(path.format(job=job, session=session), headers=headers)
    assert differences(fixture(name, when), reply.json()) == []
