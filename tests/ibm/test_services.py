"""Services on odd responses, which the sandbox does not give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import (
    ACCESS,
    CRN,
    KEY,
    URL,
    InstantClock,
    Network,
    account,
    body,
    classic_routes,
    fixture,
    response,
    service,
)
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.ibm.factory import make_service

SUBMISSION = Submission(Primitive.SAMPLER, "ibm_fez", "OPENQASM 3.0;", shots=10)
ITEM: Any = fixture("gen2_global_search")["responses"][0]["body"]["items"][0]


async def refused(call: Any) -> QdeckError:
    with pytest.raises(QdeckError) as caught:
        await call
    return caught.value


def platform_routes() -> Network:
    network = Network().on("GET", "/api/v1/jobs", response("gen2_jobs_list"))
    network.on("POST", "/global-search/v3/resources/search", response("gen2_global_search"))
    return network.on(
        "GET",
        f"/globalcatalog/api/v1/{ITEM['service_plan_unique_id']}",
        response("gen2_global_catalog_entry"),
    )


async def test_submitted_job_has_fields_of_submission() -> None:
    network = platform_routes().on("POST", "/api/v1/jobs", response("gen2_job_create_sampler_rest", 1))
    job = await service(network).submit(SUBMISSION)
    assert (job.id, job.session_id, job.private) == ("d2emu0c8gtr0008v1q5g", "d2emu0c8gtr0008v1q60", True)


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        (2, ErrorKind.INVALID),
        (3, ErrorKind.FORBIDDEN),
        (4, ErrorKind.FORBIDDEN),
        (5, ErrorKind.CONFLICT),
        (6, ErrorKind.RATE_LIMITED),
    ],
)
async def test_submit_errors_from_recorded_refusals(index: int, kind: ErrorKind) -> None:
    network = platform_routes().on("POST", "/api/v1/jobs", response("gen2_job_create_sampler_rest", index))
    error = await refused(service(network).submit(SUBMISSION))
    assert error.kind is kind
    assert network.count("POST", "/api/v1/jobs") == (2 if index == 3 else 1)
    assert error.retry_after == (60 if index == 6 else None)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={}),
        httpx.Response(504, text="<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, json={"no": "id"}),
        httpx.Response(200, text='{"id": "d2em'),
        httpx.Response(200, text="<html>", headers={"content-type": "text/html"}),
    ],
)
async def test_ambiguous_submit_is_unconfirmed_and_not_repeated(answer: httpx.Response) -> None:
    network = platform_routes().on("POST", "/api/v1/jobs", answer)
    error = await refused(service(network).submit(SUBMISSION))
    assert error.kind is ErrorKind.UNCONFIRMED
    assert network.count("POST", "/api/v1/jobs") == 1


async def test_sign_in_survives_failed_instance_name() -> None:
    network = platform_routes().on("POST", "/global-search/v3/resources/search", httpx.Response(403))
    identity = await service(network).sign_in()
    assert (identity.instance, identity.instance_name) == (CRN, "11111111")


async def test_platform_usage_with_and_without_limit() -> None:
    recorded = fixture("gen2_instance_usage")["responses"][0]["body"]
    network = platform_routes().on("GET", "/api/v1/instances/usage", response("gen2_instance_usage"))
    usage = await service(network).usage()
    assert (usage.consumed_seconds, usage.limit_seconds, usage.remaining_seconds, usage.plan) == (
        12,
        600,
        588,
        "Open",
    )
    del recorded["usage_limit_seconds"], recorded["usage_allocation_seconds"], recorded["plan_id"]
    network.on("GET", "/api/v1/instances/usage", httpx.Response(200, json=recorded))
    assert (await service(network).usage()).remaining_seconds is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response("gen2_job_results_sampler_rest", 1), ErrorKind.NOT_FOUND),
        (response("gen2_job_results_sampler_rest", 2), ErrorKind.CONFLICT),
    ],
)
async def test_missing_result_is_not_found(answer: httpx.Response, kind: ErrorKind) -> None:
    network = Network().on("GET", "/api/v1/jobs/x/results", answer)
    assert (await refused(service(network).result("x"))).kind is kind


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
@pytest.mark.parametrize("place", ["results", "logs"])
async def test_web_page_is_neither_result_nor_log(place: str, kind: str) -> None:
    page = httpx.Response(200, text="<!DOCTYPE html><p>Log in", headers={"content-type": kind})
    made = service(Network().on("GET", f"/api/v1/jobs/x/{place}", page))
    error = await refused(made.result("x") if place == "results" else made.logs("x"))
    assert error.kind is ErrorKind.PROTOCOL


async def test_read_once_result_is_requested_once() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone", request=request)

    network = Network().on("GET", "/api/v1/jobs/x/results", breaks)
    error = await refused(service(network).result("x", once=True))
    assert error.kind is ErrorKind.UNCONFIRMED
    assert network.count("GET", "/api/v1/jobs/x/results") == 1


async def test_result_beyond_limit_is_too_large() -> None:
    network = Network().on("GET", "/api/v1/jobs/x/results", response("gen2_job_results_sampler_rest"))
    assert (await refused(service(network).result("x", limit=10))).kind is ErrorKind.TOO_LARGE
    assert (await service(network).result("x", limit=1_000_000)).pubs


async def test_logs_are_sanitized_and_may_be_missing() -> None:
    network = Network().on("GET", "/api/v1/jobs/x/logs", httpx.Response(200, text="a\x1b[2J\nb\t<html>"))
    assert await service(network).logs("x") == "a␛[2J\nb    <html>"
    network.on("GET", "/api/v1/jobs/x/logs", response("gen2_job_logs", 1))
    network.on("GET", "/api/v1/jobs/x", response("gen2_job_get"))
    assert await service(network).logs("x") == ""
    network.on("GET", "/api/v1/jobs/x", response("gen2_job_get", 7))
    assert (await refused(service(network).logs("x"))).kind is ErrorKind.NOT_FOUND


async def test_large_bodies_are_decoded_in_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    real = asyncio.to_thread

    async def to_thread(work: Callable[..., Any], *given: Any) -> Any:
        threads.append("used")
        return await real(work, *given)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    job = json.loads(body("gen2_job_get"))
    job["params"]["pubs"] = [["OPENQASM 3; " + "x $0; " * 60_000]]
    network = Network().on("GET", "/api/v1/jobs/x", httpx.Response(200, json=job))
    network.on("GET", "/api/v1/jobs/x/logs", httpx.Response(200, text="\x1b[31m" * 100_000))
    made = service(network)
    for ask in (made.job("x", with_params=True), made.submitted("x"), made.logs("x")):
        threads.clear()
        assert await ask
        assert threads


async def test_sign_in_at_web_page_is_a_protocol_error() -> None:
    network = Network().on("GET", "/api/v1/backends", httpx.Response(200, text="{}"))
    error = await refused(service(network).backends())
    assert error.kind is ErrorKind.PROTOCOL
    assert "GET /backends" in error.message and "devices" in error.message


async def test_classic_jobs_send_hub_group_project_and_provider() -> None:
    network = classic_routes(Network()).on("POST", "/runtime/jobs", response("gen1_job_create_v2_sampler"))
    network.on("GET", "/runtime/jobs", response("gen1_jobs_list"))
    network.on("POST", "/runtime/sessions", response("gen1_session_create"))
    classic = service(network, channel=Channel.CLASSIC)
    await classic.sign_in()
    assert (await classic.submit(SUBMISSION)).id == "cq0emu00000000000j01"
    sent = json.loads(network.sent[-1].content)
    assert (sent["hub"], sent["group"], sent["project"]) == ("ibm-q", "open", "main")
    assert network.sent[-1].headers["x-access-token"] == ACCESS
    assert network.sent[-1].headers["x-qx-client-application"].startswith("qiskit-version-2/0.39.2/")
    await classic.jobs(JobQuery())
    assert network.sent[-1].url.params["provider"] == "ibm-q/open/main"
    session = await classic.open_session("ibm_brisbane", SessionMode.BATCH, 60)
    assert json.loads(network.sent[-1].content) == {
        "mode": "batch",
        "backend": "ibm_brisbane",
        "instance": "ibm-q/open/main",
        "max_session_ttl": 60,
    }
    assert (session.max_ttl, session.mode) == (60, SessionMode.BATCH)


async def test_classic_uses_default_project_with_notice() -> None:
    identity = await service(classic_routes(Network()), channel=Channel.CLASSIC, instance="").sign_in()
    assert identity.instance == "ibm-q/open/main"
    assert "2 instances" in identity.notice


async def test_classic_instances_from_runtime_without_network() -> None:
    network = classic_routes(Network()).on("GET", "/api/Network", httpx.Response(404))
    network.on("GET", "/runtime/users/me", response("gen1_runtime_users_me"))
    classic = service(network, channel=Channel.CLASSIC, instance="")
    assert (await classic.sign_in()).instance == "ibm-q/open/main"


async def test_classic_usage_of_instance() -> None:
    network = classic_routes(Network()).on("GET", "/runtime/usage", response("gen1_usage"))
    classic = service(network, channel=Channel.CLASSIC)
    await classic.sign_in()
    usage = await classic.usage()
    assert (usage.consumed_seconds, usage.limit_seconds) == (12, 600)
    network.on("GET", "/runtime/usage", httpx.Response(200, json={}))
    assert (await classic.usage()).consumed_seconds is None


async def test_classic_backends_survive_one_failing_status() -> None:
    network = classic_routes(Network()).on("GET", "/runtime/backends", response("gen1_backends_list"))
    network.on("GET", "/runtime/backends/ibm_kyiv/status", response("gen1_backend_status"))
    network.on("GET", "/runtime/backends/ibm_kyiv/configuration", response("gen1_backend_configuration"))
    classic = service(network, channel=Channel.CLASSIC)
    await classic.sign_in()
    found = {backend.name: backend for backend in await classic.backends()}
    assert set(found) == {"ibm_brisbane", "ibm_kyiv", "ibm_sherbrooke"}
    assert (found["ibm_kyiv"].operational, found["ibm_brisbane"].operational) == (True, False)
    await classic.backends()
    assert network.count("GET", "/runtime/backends/ibm_kyiv/configuration") == 1


async def test_classic_sends_no_token_to_wrong_auth_host() -> None:
    network = classic_routes(Network()).on("GET", "/auth/api/version", httpx.Response(200, json={"x": 1}))
    error = await refused(service(network, channel=Channel.CLASSIC).sign_in())
    assert error.kind is ErrorKind.PROTOCOL
    assert not any(KEY.encode() in sent.content for sent in network.sent)


async def test_classic_sends_no_token_to_runtime_on_other_host() -> None:
    network = classic_routes(Network())
    urls = {"http": "https://evil.example/api", "services": {"runtime": "https://evil.example/runtime"}}
    network.on("GET", "/auth/api/users/me", httpx.Response(200, json={"urls": urls}))
    network.on("GET", "/runtime/users/me", response("gen1_runtime_users_me"))
    identity = await service(network, channel=Channel.CLASSIC).sign_in()
    assert identity.instance == "ibm-q/open/main"
    assert {sent.url.host for sent in network.sent} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("first", "second", "proven"),
    [(204, 401, True), (401, 401, True), (204, 204, False), (500, 401, False), (204, 500, False)],
)
async def test_sign_out_report_of_classic(first: int, second: int, proven: bool) -> None:
    network = classic_routes(Network())
    statuses = iter([first, second])
    network.on("POST", "/auth/api/users/logout", lambda _: httpx.Response(next(statuses)))
    classic = service(network, channel=Channel.CLASSIC)
    await classic.sign_in()
    report = await classic.sign_out()
    assert report.proven is proven
    assert (report.valid_until is None) is proven
    assert (await refused(classic.usage())).kind is ErrorKind.EXPIRED


async def test_make_service_refuses_unencrypted_host() -> None:

    bad = replace(account(), endpoints=replace(account().endpoints, search="http://search.example"))
    with pytest.raises(QdeckError) as caught:
        make_service(bad, InstantClock())
    assert caught.value.kind is ErrorKind.SETTINGS


async def test_backend_details_from_list_of_names() -> None:
    network = Network().on("GET", "/api/v1/backends", response("gen2_backends_list", 2))
    network.on("GET", "/api/v1/backends/ibm_fez/configuration", response("gen2_backend_configuration"))
    network.on("GET", "/api/v1/backends/ibm_fez/properties", response("gen2_backend_properties"))
    found = await service(network).backend("ibm_fez")
    assert found.qubits == json.loads(body("gen2_backend_configuration"))["n_qubits"]
    assert URL.startswith("http://127")


async def test_tag_search_respects_length_limits() -> None:
    network = platform_routes().on("GET", "/api/v1/tags", httpx.Response(200, json={"tags": ["vqe", "[b]"]}))
    made = service(network)
    await made.sign_in()
    assert await made.tags("vqe&x") == ("vqe", "[b]")
    assert dict(network.sent[-1].url.params) == {"type": "job", "search": "vqe&x"}
    sent = len(network.sent)
    assert await made.tags("vq") == await made.tags("v" * 101) == ()
    assert len(network.sent) == sent
    assert await service(classic_routes(Network()), channel=Channel.CLASSIC).tags("vqe") == ()


async def test_tag_search_without_tags_is_a_protocol_error() -> None:
    network = platform_routes().on("GET", "/api/v1/tags", httpx.Response(200, json={"tags": [1]}))
    made = service(network)
    await made.sign_in()
    assert (await refused(made.tags("vqe"))).kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_web_page_with_401_does_not_renew_token(channel: Channel) -> None:
    page = httpx.Response(401, text="<html>Log in to our wifi", headers={"content-type": "text/html"})
    network = classic_routes(Network()).on("GET", "/api/v1/jobs", response("gen2_jobs_list"))
    for base in ("/api/v1", "/runtime"):
        network.on("GET", f"{base}/jobs/x", page)
    made = service(network, channel=channel)
    await made.sign_in()
    before = len(network.sent)
    with pytest.raises(QdeckError) as caught:
        await made.job("x")
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert "login page" in caught.value.message
    assert len(network.sent) == before + 1


async def test_web_page_with_401_does_not_prove_sign_out() -> None:
    page = httpx.Response(401, text="<html>Log in to our wifi", headers={"content-type": "text/html"})
    made = service(
        classic_routes(Network()).on("POST", "/auth/api/users/logout", page), channel=Channel.CLASSIC
    )
    await made.sign_in()
    assert not (await made.sign_out()).proven


async def test_job_asked_for_once_is_counted_while_under_way_and_limited_in_size() -> None:
    path, seen = "/api/v1/jobs/d2emu0c8gtr0008v1q5g", list[int]()
    network = platform_routes()
    asking = service(network)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(asking.under_way)
        return response("gen2_job_get") if len(seen) == 1 else httpx.Response(503)

    network.on("GET", path, answer)
    job_id = path.rpartition("/")[2]
    await asking.job(job_id, with_params=True, once=True, limit=1_000_000)
    assert (await refused(asking.job(job_id, once=True))).kind is ErrorKind.SERVER
    assert seen == [1, 1] and asking.under_way == 0
    network.on("GET", path, response("gen2_job_get"))
    assert (await refused(asking.job(job_id, once=True, limit=100))).kind is ErrorKind.TOO_LARGE
