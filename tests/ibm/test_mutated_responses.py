"""Responses bent out of shape: every call ends in a value or in a `QdeckError`, never in anything else."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ibm.mock_network import InstantClock, Network, classic_routes, fixture, service
from tests.ibm.test_secrets import every_call
from tui.common.errors import QdeckError
from tui.domain.accounts import Channel
from tui.domain.jobs import JobPage, JobQuery, Primitive
from tui.domain.sessions import Session, SessionState
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.results.decoder import decode_result
from tui.widgets.text.format import duration

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
    "gen2_backend_configuration": ("GET", "/api/v1/backends/b/configuration", lambda s: s.backend("b")),
    "gen2_backend_properties": ("GET", "/api/v1/backends/b/properties", lambda s: s.backend("b")),
    "gen2_account_get": ("GET", "/api/v1/accounts/0123", lambda s: s.account_details()),
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
async def test_mutated_json_gives_value_or_qdeck_error(data: st.DataObject) -> None:
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


NUMBERS = st.one_of(
    st.sampled_from(["NaN", "nan", "inf", "-inf", "Infinity", "1e400", "-1", "1e15", "1e30", "0x10", "½"]),
    st.sampled_from([-1, -1.5, 0, 10**15, 10**30, -(10**30), 1e15, 1e18, 1e100, 1e308, -1e308]),
    st.integers(15, 308).map(lambda power: float(f"1e{power}")),
    st.floats(allow_nan=False, allow_infinity=False),
)
"""What may stand where a number is due, and is none that can be."""


def numbers(value: Any) -> list[tuple[Any, ...]]:
    """The places of the numbers in a JSON value; of a list's items, the first."""
    found = []
    for at in places(value):
        inline = value
        for key in at:
            inline = inline[key]
        listed = at and isinstance(at[-1], int) and at[-1] > 0
        if isinstance(inline, (int, float)) and not isinstance(inline, bool) and not listed:
            found.append(at)
    return found


NUMBER_FIELDS = [
    (name, number, at)
    for name in sorted(CALLS)
    for number, answer in enumerate(fixture(name)["responses"])
    for at in numbers(answer["body"])
    if "samples" not in at and "metadata" not in at
]


def used(value: object) -> None:
    """Do with an answer what the screens do with it: whatever it is, they must not fall over it."""
    if isinstance(value, tuple):
        for item in value:
            used(item)
    elif isinstance(value, Session):
        now = InstantClock().now()
        value.ends()
        value.loses_place(now)
        replace(value, state=SessionState.ACTIVE).loses_place(now)
    elif isinstance(value, JobPage):
        used(value.jobs)
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            recorded = getattr(value, field.name)
            if isinstance(recorded, (int, float)) and not isinstance(recorded, bool):
                assert math.isfinite(recorded) and abs(recorded) <= 1e18, field.name
                duration(recorded)


@pytest.mark.parametrize(("name", "number", "at"), NUMBER_FIELDS, ids=str)
@given(nasty=NUMBERS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_mutated_numbers_give_value_or_qdeck_error(
    name: str, number: int, at: tuple[Any, ...], nasty: Any
) -> None:
    method, place, ask = CALLS[name]
    answer = fixture(name)["responses"][number]
    changed = copy.deepcopy(answer["body"])
    holder = changed
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = nasty
    network = Network().on(method, place, httpx.Response(answer["status"], content=json.dumps(changed)))
    made = service(network, InstantClock())
    try:
        used(await ask(made))
    except QdeckError as error:
        assert error.message
    await made.aclose()


HEADERS = {
    "Date": ["", "x", "Sun, 99 Foo 2026 99:99:99 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "\xff"],
    "Retry-After": ["", "-1", "soon", "1.5", "999999", "Sun, 06 Nov 1994 08:49:37 GMT"],
    "Content-Type": ["", "text/plain", "text/html", "application/json; charset=klingon", "\xe9"],
    "Content-Length": ["0", "1", "999999", "x"],
    "Content-Encoding": ["", "identity", "gzip", "deflate", "klingon"],
}


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
async def test_mutated_headers_give_value_or_qdeck_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CALLS)))
    method, place, ask = CALLS[name]
    answer = data.draw(st.sampled_from(fixture(name)["responses"]))
    status = data.draw(st.sampled_from([answer["status"], 200, 204, 429, 503]))
    bent_headers = [
        (header.encode(), data.draw(st.sampled_from(values)).encode("latin-1"))
        for header, values in HEADERS.items()
        if data.draw(st.booleans())
    ]
    content = json.dumps(answer["body"]).encode()

    def answered(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=bent_headers, stream=httpx.ByteStream(content))

    made = service(Network().on(method, place, answered), InstantClock())
    try:
        await ask(made)
    except QdeckError as error:
        assert error.message
    await made.aclose()


@given(content=st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_arbitrary_bytes_give_value_or_qdeck_error(content: bytes) -> None:
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
def test_mutated_result_is_kept_raw(data: st.DataObject) -> None:
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
