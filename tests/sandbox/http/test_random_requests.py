"""Hostile and random requests: never a server error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.http.conftest import BELL, Sandbox

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
MEMBERS = st.sampled_from(
    [
        "program_id",
        "backend",
        "params",
        "tags",
        "cost",
        "log_level",
        "session_id",
        "private",
        "start_session",
        "mode",
        "max_ttl",
        "accepting_jobs",
        "instance_limit",
        "hub",
        "qasm_circuits",
        "optimization_level",
        "ai",
        "backend_coupling_map",
        "qiskit_transpile_options",
    ]
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"program_id": NaN}',
        b'{"tags": ["\\ud800"], "program_id": "sampler"}',
        b"[" * 100_000,
    ],
)
async def test_body_that_is_no_json_object_is_400(sandbox: Sandbox, raw: bytes) -> None:
    for path in ("/jobs", "/sessions"):
        reply = await sandbox.platform("POST", path, content=raw)
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, 1208)


async def test_hostile_tags_are_returned_and_found_unchanged(sandbox: Sandbox) -> None:
    tags = ["[red]", "\x1b[31m", "a\u202eb", "'; DROP TABLE jobs; --", "%", '"', "日本"]
    job_id = await sandbox.submitted_id(tags=tags)
    assert (await sandbox.platform("GET", f"/jobs/{job_id}")).json()["tags"] == tags
    for tag in tags:
        listed = (await sandbox.platform("GET", "/jobs", params={"tags": tag})).json()
        assert listed["count"] == 1, tag


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(MEMBERS, JSON, max_size=6), query=st.dictionaries(MEMBERS, st.text(max_size=8)))
async def test_random_bodies_never_cause_a_server_error(
    sandbox: Sandbox, body: dict[str, Any], query: dict[str, str]
) -> None:
    content = json.dumps({"params": {"pubs": [[BELL]]}, "program_id": "sampler", **body}).encode()
    for method, path in (
        ("POST", "/api/v1/jobs"),
        ("POST", "/api/v1/sessions"),
        ("PUT", "/api/v1/instances/configuration"),
    ):
        headers = await sandbox.platform_headers()
        reply = await sandbox.http.request(method, path, headers=headers, content=content, params=query)
        assert reply.status_code < 500
    for path in ("/runtime/jobs", "/runtime/sessions", "/transpile", "/auth/api/users/loginWithToken"):
        reply = await sandbox.classic("POST", path, content=content, params=query)
        assert reply.status_code < 500, (path, reply.text)


NAMES = "limit offset pending sort tags created_after status mode next search group_by interval_start"
QUERIES = st.dictionaries(
    st.sampled_from(NAMES.split()),
    st.sampled_from(
        ["", "1", "-1", "9" * 30, "true", "ASC", "2026-01-01T00:00:00 00:00", "x", "eyJ9", "\x00"]
    )
    | st.text(max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
async def test_random_queries_never_cause_a_server_error(sandbox: Sandbox, query: dict[str, str]) -> None:
    headers = await sandbox.platform_headers()
    for path in (
        "/jobs",
        "/workloads",
        "/tags",
        "/analytics/usage",
        "/analytics/usage_grouped",
        "/analytics/usage_grouped_by_date",
        "/backends",
    ):
        reply = await sandbox.http.get(f"/api/v1{path}", headers=headers, params=query)
        assert reply.status_code < 500, (path, query, reply.text)
