"""Every recorded exchange is known here: read by the client, sent by it, or named as not used."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.ibm.mock_network import (
    CRN,
    FIXTURES,
    KEY,
    URL,
    InstantClock,
    Network,
    classic_routes,
    fixture,
    raw,
    response,
    service,
)
from tui.common.errors import QdeckError
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService

Ask = Callable[[QuantumService], Awaitable[Any]]
QASM = fixture("gen2_job_get")["responses"][0]["body"]["params"]["pubs"][0][0]
SAMPLER = Submission(Primitive.SAMPLER, "ibm_fez", QASM, 4)
ESTIMATOR = Submission(Primitive.ESTIMATOR, "ibm_fez", QASM, observables=("ZZ",))
PLATFORM: dict[str, tuple[str, Ask]] = {
    "gen2_iam_token": ("/identity/token", lambda s: s.renew()),
    "gen2_versions": ("/api/v1/versions", lambda s: s.api_version()),
    "gen2_global_search": ("/global-search/v3/resources/search", lambda s: s.instances()),
    "gen2_global_catalog_entry": (
        "/globalcatalog/api/v1/850b3d3e-0000-4000-8000-000000000001",
        lambda s: s.instances(),
    ),
    "gen2_account_get": ("/api/v1/accounts/0123", lambda s: s.account_details()),
    "gen2_analytics_usage": ("/api/v1/analytics/usage", lambda s: s.account_details()),
    "gen2_analytics_usage_grouped": ("/api/v1/analytics/usage_grouped", lambda s: s.account_details()),
    "gen2_instance_configuration_get": ("/api/v1/instances/configuration", lambda s: s.account_details()),
    "gen2_instance_usage": ("/api/v1/instances/usage", lambda s: s.usage()),
    "gen2_backends_list": ("/api/v1/backends", lambda s: s.backends()),
    "gen2_backend_configuration": ("/api/v1/backends/b/configuration", lambda s: s.backend_data("b")),
    "gen2_backend_properties": ("/api/v1/backends/b/properties", lambda s: s.backend_data("b")),
    "gen2_job_create_sampler_rest": ("/api/v1/jobs", lambda s: s.submit(SAMPLER)),
    "gen2_job_create_sampler_qiskit": ("/api/v1/jobs", lambda s: s.submit(SAMPLER)),
    "gen2_job_create_estimator_rest": ("/api/v1/jobs", lambda s: s.submit(ESTIMATOR)),
    "gen2_job_create_estimator_qiskit": ("/api/v1/jobs", lambda s: s.submit(ESTIMATOR)),
    "gen2_job_create_executor": ("/api/v1/jobs", lambda s: s.submit(SAMPLER)),
    "gen2_jobs_list": ("/api/v1/jobs", lambda s: s.jobs(JobQuery())),
    "gen2_job_get": ("/api/v1/jobs/j", lambda s: s.submitted("j")),
    "gen2_job_delete": ("/api/v1/jobs/j", lambda s: s.delete("j")),
    "gen2_job_cancel": ("/api/v1/jobs/j/cancel", lambda s: s.cancel("j")),
    "gen2_job_tags_put": ("/api/v1/jobs/j/tags", lambda s: s.set_tags("j", ("demo",))),
    "gen2_job_logs": ("/api/v1/jobs/j/logs", lambda s: s.logs("j")),
    "gen2_job_metrics": ("/api/v1/jobs/j/metrics", lambda s: s.metrics("j")),
    **{
        f"gen2_job_results_{form}": ("/api/v1/jobs/j/results", lambda s: s.result("j"))
        for form in ("estimator_qiskit", "estimator_rest", "executor", "sampler_qiskit", "sampler_rest")
    },
    "gen2_session_create": ("/api/v1/sessions", lambda s: s.open_session("ibm_fez", SessionMode.BATCH, 60)),
    "gen2_session_get": ("/api/v1/sessions/s", lambda s: s.session("s")),
    "gen2_session_patch": ("/api/v1/sessions/s", lambda s: s.drain_session("s")),
    "gen2_session_close": ("/api/v1/sessions/s/close", lambda s: s.close_session("s")),
    "gen2_workloads": ("/api/v1/workloads", lambda s: s.sessions()),
    "gen2_tags_search": ("/api/v1/tags", lambda s: s.tags("dem")),
}
CLASSIC: dict[str, tuple[str, Ask]] = {
    "gen1_auth_version": ("/auth/api/version", lambda s: s.sign_in()),
    "gen1_auth_login_with_token": ("/auth/api/users/loginWithToken", lambda s: s.sign_in()),
    "gen1_auth_users_me": ("/auth/api/users/me", lambda s: s.sign_in()),
    "gen1_auth_logout": ("/auth/api/users/logout", lambda s: s.sign_out()),
    "gen1_network": ("/api/Network", lambda s: s.instances()),
    "gen1_runtime_users_me": ("/runtime/users/me", lambda s: s.instances()),
    "gen1_usage": ("/runtime/usage", lambda s: s.usage()),
    "gen1_backends_list": ("/runtime/backends", lambda s: s.backends()),
    "gen1_backend_status": ("/runtime/backends/b/status", lambda s: s.backend("b")),
    "gen1_backend_configuration": ("/runtime/backends/b/configuration", lambda s: s.backend_data("b")),
    "gen1_backend_properties": ("/runtime/backends/b/properties", lambda s: s.backend_data("b")),
    "gen1_job_create_v1_sampler_qasm": ("/runtime/jobs", lambda s: s.submit(SAMPLER)),
    "gen1_job_create_v2_sampler": ("/runtime/jobs", lambda s: s.submit(SAMPLER)),
    "gen1_job_create_v2_estimator": ("/runtime/jobs", lambda s: s.submit(ESTIMATOR)),
    "gen1_jobs_list": ("/runtime/jobs", lambda s: s.jobs(JobQuery())),
    "gen1_job_get": ("/runtime/jobs/j", lambda s: s.submitted("j")),
    "gen1_job_delete": ("/runtime/jobs/j", lambda s: s.delete("j")),
    "gen1_job_cancel": ("/runtime/jobs/j/cancel", lambda s: s.cancel("j")),
    "gen1_job_tags": ("/runtime/jobs/j/tags", lambda s: s.set_tags("j", ("demo",))),
    "gen1_job_logs": ("/runtime/jobs/j/logs", lambda s: s.logs("j")),
    "gen1_job_metrics": ("/runtime/jobs/j/metrics", lambda s: s.metrics("j")),
    **{
        f"gen1_job_results_{form}": ("/runtime/jobs/j/results", lambda s: s.result("j"))
        for form in ("v1_estimator", "v1_sampler", "v2_estimator_rest", "v2_sampler_rest")
    },
    "gen1_session_create": ("/runtime/sessions", lambda s: s.open_session("ibm_fez", SessionMode.BATCH, 60)),
    "gen1_session_get": ("/runtime/sessions/s", lambda s: s.session("s")),
    "gen1_session_patch": ("/runtime/sessions/s", lambda s: s.drain_session("s")),
    "gen1_session_close": ("/runtime/sessions/s/close", lambda s: s.close_session("s")),
    "gen1_transpile_submit": ("/transpile", lambda s: s.cloud_transpile(QASM, "b", TranspileOptions())),
    "gen1_transpile_result": ("/transpile/t", lambda s: s.cloud_transpile(QASM, "b", TranspileOptions())),
}
NOT_SPOKEN = {
    # Gone from the platform; what was recorded of a sampler and an estimator is an empty text.
    "gen1_job_interim_results", "gen2_job_interim_results",
    # The URL of a storage of others, which is no host of the account: nothing is sent there. The circuit
    # that was submitted is the one that ran: a job's circuits are made for the device before.
    "gen1_job_transpiled_circuits", "gen2_job_transpiled_circuits",
    # Pulse is gone.
    "gen1_backend_defaults", "gen2_backend_defaults",
    # AI passes one by one, for programs that build a pass manager of them: /transpile does all of them.
    # What their answers share with a transpilation is read in test_transpiler.
    *(f"gen1_{kind}_{part}" for part in ("submit", "result")
      for kind in ("clifford", "linear_functions", "pauli_network", "permutations", "routing")),
    "gen1_transpiler_backends", "gen1_transpiler_health", "gen1_transpiler_version",
    # The list of backends and the usage tell the same.
    "gen2_backend_status", "gen2_instance_get",
    # Statistics by day, and changing an instance's limit: nothing here shows or does that.
    "gen2_analytics_filters", "gen2_analytics_usage_grouped_by_date",
    "gen2_instance_configuration_put",
}  # fmt: skip
ELSEWHERE = {
    # An instance by its name: test_live_services. All error bodies: test_failures. The file: test_accounts.
    "gen2_resource_controller_instances", "gen2_error_bodies", "qiskit-ibm",
    # Programs of the executor with their results: results/test_recorded_programs.
    "gen2_executor_plain_v0_1", "gen2_executor_plain_v0_2",
    "gen2_executor_sampler_v1_0", "gen2_executor_sampler_v1_1", "gen2_executor_sampler_v2_0",
    "gen2_executor_estimator_v1_1", "gen2_executor_estimator_v2_0",
}  # fmt: skip


WITHHELD = {
    "gen2_account_get", "gen2_analytics_usage", "gen2_analytics_usage_grouped",
    "gen2_instance_configuration_get",
}  # fmt: skip
"""What a key may not see is left out, not an error."""


def test_every_recorded_exchange_has_a_reader() -> None:
    recorded = {file.stem for file in FIXTURES.glob("*.json")}
    places = [set(PLATFORM), set(CLASSIC), NOT_SPOKEN, ELSEWHERE]
    assert recorded == set().union(*places)
    assert sum(map(len, places)) == len(recorded), "each has one place"


def around(channel: Channel) -> Network:
    """What a call needs besides the answer that is looked at."""
    network = classic_routes(Network()) if channel is Channel.CLASSIC else Network()
    states = [recorded["body"]["state"] for recorded in fixture("gen1_transpile_result")["responses"]]
    for task in ("t", fixture("gen1_transpile_submit")["responses"][0]["body"]["task_id"]):
        done = response("gen1_transpile_result", states.index("SUCCESS"))
        network.on("GET", f"/transpile/{task}", done)
    network.on("POST", "/transpile", httpx.Response(200, json={"task_id": "t"}))
    network.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
    network.on("GET", "/runtime/users/me", response("gen1_runtime_users_me"))
    network.on("POST", "/global-search/v3/resources/search", response("gen2_global_search"))
    for base in ("/api/v1", "/runtime"):
        network.on("GET", f"{base}/backends/b/configuration", httpx.Response(200, json={}))
        network.on("GET", f"{base}/backends/b/properties", httpx.Response(200, json={}))
        network.on("GET", f"{base}/jobs/j", response("gen2_job_get"))
    return network


@pytest.mark.parametrize("name", [*PLATFORM, *CLASSIC])
async def test_every_recorded_response_is_read(name: str) -> None:
    channel = Channel.PLATFORM if name in PLATFORM else Channel.CLASSIC
    place, ask = (PLATFORM | CLASSIC)[name]
    method = fixture(name)["_meta"]["method"]
    for recorded in fixture(name)["responses"]:
        network = around(channel)
        made = service(network, InstantClock(), channel)
        if not place.startswith(("/auth", "/identity")) or name == "gen1_auth_logout":
            await made.sign_in()
        if name == "gen1_runtime_users_me":
            network.on("GET", "/api/Network", httpx.Response(404))
        asked = network.count(method, place)
        headers = dict(recorded.get("headers") or {})
        network.on(
            method, place, httpx.Response(recorded["status"], content=raw(recorded["body"]), headers=headers)
        )
        try:
            await ask(made)
        except QdeckError as error:
            ended = recorded["body"].get("state", "") if isinstance(recorded["body"], dict) else ""
            nothing = recorded["status"] == 204 or ended in {"PENDING", "FAILURE"}
            assert recorded["status"] >= 400 or nothing, error
            assert error.message
        else:
            quiet = name in {"gen1_auth_logout", "gen1_job_logs", "gen2_job_logs"}
            assert recorded["status"] < 400 or quiet or name in WITHHELD
        assert network.count(method, place) > asked
        await made.aclose()


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("gen2_jobs_list", PLATFORM["gen2_jobs_list"][1]),
        ("gen2_job_tags_put", PLATFORM["gen2_job_tags_put"][1]),
        ("gen2_session_patch", PLATFORM["gen2_session_patch"][1]),
        ("gen2_job_cancel", PLATFORM["gen2_job_cancel"][1]),
        ("gen2_session_create", PLATFORM["gen2_session_create"][1]),
        ("gen1_session_create", CLASSIC["gen1_session_create"][1]),
    ],
)
async def test_sent_body_has_recorded_members(name: str, ask: Ask) -> None:
    exchange = fixture(name)
    channel = Channel.PLATFORM if name.startswith("gen2") else Channel.CLASSIC
    network = around(channel)
    made = service(network, InstantClock(), channel)
    await made.sign_in()
    with contextlib.suppress(QdeckError):
        await ask(made)
    sent = network.sent[-1]
    assert sent.method == exchange["_meta"]["method"]
    allowed = set(exchange["request"].get("query_all", {})) | set(exchange["request"].get("query", {}))
    allowed |= {key for key, _ in parse_qsl(urlsplit(exchange["_meta"]["url"]).query)}
    assert not allowed or set(sent.url.params) <= allowed | {"exclude_params"}
    recorded = exchange["request"].get("body")
    if recorded:
        assert set(json.loads(sent.content)) <= set(recorded) | {
            "max_ttl",
            "max_session_ttl",
            "instance",
            "mode",
        }
    wanted = {name.lower() for name in exchange["request"].get("headers", {})} - {
        "accept",
        "content-type",
        "parent-job-id",
    }
    assert wanted <= set(sent.headers)
    assert URL in str(sent.url) and (channel is Channel.CLASSIC or sent.headers["service-crn"] == CRN)


CIRCUIT = "OPENQASM 3.0; // as recorded"


@pytest.mark.parametrize(
    ("name", "ask", "body"),
    [
        ("gen1_auth_login_with_token", lambda s: s.sign_in(), {"apiToken": KEY}),
        ("gen2_global_search", lambda s: s.instances(), "recorded"),
        (
            "gen1_transpile_submit",
            lambda s: s.cloud_transpile(CIRCUIT, "b", TranspileOptions()),
            {"qasm_circuits": [CIRCUIT]},
        ),
        ("gen2_job_tags_put", lambda s: s.set_tags("j", ("demo", "bell")), "recorded"),
        ("gen1_job_tags", lambda s: s.set_tags("j", ("demo", "bell")), "recorded"),
        ("gen2_session_patch", lambda s: s.drain_session("s"), "recorded"),
        ("gen1_session_patch", lambda s: s.drain_session("s"), "recorded"),
        (
            "gen2_session_create",
            lambda s: s.open_session("ibm_fez", SessionMode.DEDICATED, 28800),
            "recorded",
        ),
        (
            "gen1_session_create",
            lambda s: s.open_session("ibm_brisbane", SessionMode.DEDICATED, 28800),
            "recorded",
        ),
    ],
)
async def test_sent_body_equals_recorded_body(name: str, ask: Ask, body: Any) -> None:
    """Member for member and value for value; where a key or a circuit stands, that of this test."""
    recorded = fixture(name)["request"]["body"]
    expected = recorded if body == "recorded" else body
    assert set(expected) == set(recorded)
    assert {key: type(value) for key, value in expected.items()} == {
        key: type(value) for key, value in recorded.items()
    }
    assert await sent_body(name, ask) == expected


@pytest.mark.parametrize(
    ("name", "submission"),
    [
        ("gen2_job_create_sampler_rest", SAMPLER),
        ("gen1_job_create_v2_sampler", SAMPLER),
        ("gen2_job_create_estimator_rest", ESTIMATOR),
        ("gen1_job_create_v2_estimator", ESTIMATOR),
    ],
)
async def test_submission_body_matches_recorded_one(name: str, submission: Submission) -> None:
    """The members are recorded ones, of the same kind; options are left to the service."""
    sent = await sent_body(name, lambda s: s.submit(submission))
    recorded = fixture(name)["request"]["body"]
    assert set(sent) <= set(recorded)
    assert {"program_id", "backend", "params"} <= set(sent)
    assert sent["program_id"] == recorded["program_id"]
    params, like = sent["params"], recorded["params"]
    # These two are always said, for their defaults are told in two ways.
    assert set(params) <= set(like) | {"version", "support_qiskit"}
    assert (params["version"], params["support_qiskit"]) == (2, False)
    ((circuit, *further),) = params["pubs"]
    (as_recorded, *others) = like["pubs"][-1]
    assert type(circuit) is type(as_recorded) and len(further) <= len(others)
    if submission.primitive is Primitive.SAMPLER:
        assert further == [None, 4]
    else:
        # A list of observables, where the recorded ones are one sum of them (contract 5.6: either).
        assert further == [["ZZ"]] and isinstance(others[0], dict)


async def sent_body(name: str, ask: Ask) -> Any:
    """The body of the recorded request, as the client sends it."""
    recorded = fixture(name)
    channel = Channel.PLATFORM if name.startswith("gen2") else Channel.CLASSIC
    network = around(channel)
    made = service(network, InstantClock(), channel)
    if "login" not in name:
        await made.sign_in()
    with contextlib.suppress(QdeckError):
        await ask(made)
    place = (PLATFORM | CLASSIC)[name][0]
    sent = [each for each in network.sent if each.url.path == place]
    assert sent and sent[-1].method == recorded["_meta"]["method"]
    return json.loads(sent[-1].content)
