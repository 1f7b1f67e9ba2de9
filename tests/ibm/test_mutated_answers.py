"""Answers bent out of shape: every call ends in a value or in a `QdeckError`, never in anything else."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ibm.support import InstantClock, Network, classic_routes, fixture, service
from tests.ibm.test_secrets import every_call
from tui.domain.accounts import Channel
from tui.domain.errors import QdeckError
from tui.domain.jobs import JobQuery
from tui.domain.submissions import Primitive, Submission
from tui.ibm.codec_results import decode_result
from tui.ibm.service import QuantumService

SUBMISSION = Submission(Primitive.SAMPLER, "b", "OPENQASM 3;")
Ask = Callable[[QuantumService], Awaitable[object]]
CALLS: dict[str, tuple[str, str, Ask]] = {
    "gen2_jobs_list": ("GET", "/api/v1/jobs", lambda s: s.jobs(JobQuery())),
    "gen2_job_get": ("GET", "/api/v1/jobs/x", lambda s: s.job("x", with_params=True)),
    "gen2_job_metrics": ("GET", "/api/v1/jobs/x/metrics", lambda s: s.metrics("x")),
    "gen2_job_create_sampler_rest": ("POST", "/api/v1/jobs", lambda s: s.submit(SUBMISSION)),
    "gen2_session_get": ("GET", "/api/v1/sessions/x", lambda s: s.session("x")),
    "gen2_workloads": ("GET", "/api/v1/workloads", lambda s: s.sessions()),
    "gen2_backends_list": ("GET", "/api/v1/backends", lambda s: s.backends()),
    "gen2_instance_usage": ("GET", "/api/v1/instances/usage", lambda s: s.usage()),
    "gen2_global_search": ("POST", "/global-search/v3/resources/search", lambda s: s.instances()),
    "gen2_iam_token": ("POST", "/identity/token", lambda s: s.renew()),
    "gen2_job_results_sampler_rest": ("GET", "/api/v1/jobs/x/results", lambda s: s.result("x")),
    "gen2_job_results_estimator_qiskit": ("GET", "/api/v1/jobs/x/results", lambda s: s.result("x")),
}
NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["\x1b[31m", "‮abc", "2026-99-99T00:00:00Z", "0x" + "f" * 400, "[red]", "../.."]),
    st.just([]),
    st.just({}),
    st.just([[[[1]]]]),
    st.just({"__type__": "ndarray", "__value__": "eJw="}),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*at, key))
    return found


@st.composite
def bent(draw: st.DrawFn, whole: Any) -> Any:
    """The value with up to three places dropped, replaced or nested."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(places(value)))
        if not at:
            return copy.deepcopy(draw(NASTY))
        holder = value
        for key in at[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["drop", "replace", "nest"])):
            case "drop":
                del holder[at[-1]]
            case "replace":
                holder[at[-1]] = copy.deepcopy(draw(NASTY))
            case _:
                holder[at[-1]] = [holder[at[-1]]]
    return value


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_answer_makes_anything_but_a_value_or_a_qdeck_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CALLS)))
    method, place, ask = CALLS[name]
    answer = data.draw(st.sampled_from(fixture(name)["responses"]))
    changed = data.draw(bent(answer["body"]))
    network = Network().on(method, place, httpx.Response(answer["status"], content=json.dumps(changed)))
    made = service(network, InstantClock())
    try:
        await ask(made)
    except QdeckError as error:
        assert error.message
    await made.aclose()


@given(content=st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_bytes_make_anything_else_of_any_call(content: bytes) -> None:
    for channel in Channel:
        good = classic_routes(Network())

        def answer(request: httpx.Request, good: Network = good) -> httpx.Response:
            signing = request.url.path.startswith(("/identity", "/auth", "/api/Network"))
            return good(request) if signing else httpx.Response(200, content=content)

        made = service(answer, InstantClock(), channel)
        for call in every_call(made):
            try:
                await call()
            except QdeckError as error:
                assert error.message
        await made.aclose()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_bent_result_is_kept_raw(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(
            [
                "gen2_job_results_sampler_qiskit",
                "gen2_job_results_estimator_qiskit",
                "gen2_job_results_sampler_rest",
                "gen2_job_results_estimator_rest",
                "gen1_job_results_v1_sampler",
                "gen1_job_results_v1_estimator",
                "gen2_job_results_executor",
            ]
        )
    )
    content = json.dumps(data.draw(bent(fixture(name)["responses"][0]["body"]))).encode()
    result = decode_result(content)
    assert result.raw == content
    assert result.note or result.pubs or b'"results"' in content or b"[]" in content
