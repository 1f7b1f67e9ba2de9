"""Every answer that the service gives, bent out of shape: a value or a `QdeckError`, never anything else."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.api_calls import CALLS, ApiCall
from tests.faults.sandbox import FaultySandbox, faulty_sandbox
from tests.faults.test_matrix import matches
from tests.ibm.mock_network import InstantClock
from tui.common.errors import QdeckError
from tui.common.safe_text import Secret
from tui.sandbox.faults.plan import Fault, FaultKind

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = [
    "\x1b[31mred\x1b]52;c;AAAA\x07",
    "\u202ereversed\u2066",
    "[red]markup[/] [@click=app.quit]x[/]",
    "\ud800",
    "\x00",
    "2026-99-99T99:99:99Z",
    "-0001-01-01T00:00:00Z",
    "0x" + "f" * 4000,
    "../../identity/token",
    "crn:v1:::::::::::",
    "NaN",
    "1e999",
    "é" * 200_000,
]
NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(HOSTILE),
    st.sampled_from(
        [[], {}, [[[[1]]]], [None] * 1000, {"": {}}, {"__type__": "ndarray", "__value__": "eJw="}]
    ),
)
RAW = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"",
            b"null",
            b"[" * 50_000,
            b'{"a":' * 50_000,
            b"\xff\xfe",
            b"1" * 5000,
            b'"\\ud800"',
            b"\xef\xbb\xbf{}",
        ]
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer."""

    status: int
    content_type: str
    body: bytes


Tape = dict[tuple[str, str], Answer]


class Recorder(httpx.AsyncHTTPTransport):
    """The network, with a copy of what it answered."""

    def __init__(self) -> None:
        super().__init__()
        self.tape: Tape = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        body = await response.aread()
        kind = response.headers.get("content-type", "")
        self.tape[request.method, request.url.path] = Answer(response.status_code, kind, body)
        return httpx.Response(response.status_code, headers={"content-type": kind}, content=body)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a call was answered, from signing in on, and the id it asked about."""

    sandbox: FaultySandbox = field(repr=False)
    prepared: str
    tape: Tape = field(repr=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[int, Recorded]]:
    """Every call of the table, asked once of a real sandbox."""
    tapes: dict[int, Recorded] = {}
    async with faulty_sandbox(tmp_path_factory.mktemp("recorded")) as sandbox:
        for number, call in enumerate(CALLS):
            sandbox.plan.set([Fault("GET", call.first, FaultKind.NOT_FOUND, 0)] if call.first else [])
            prepared, transport = await call.prepare(sandbox, call.channel), Recorder()
            made = sandbox.client(call.channel, transport=transport, account=call.account)
            if call.signed:
                await made.sign_in()
            await call.ask(made, prepared)
            await made.aclose()
            tapes[number] = Recorded(sandbox, prepared, transport.tape)
        yield tapes


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value; of a long array the first three and the last."""
    found = [at]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*at, key))
    elif isinstance(value, list):
        for index in sorted({*range(min(3, len(value))), len(value) - 1} - {-1}):
            found += places(value[index], (*at, index))
    return found


def retyped(value: Any) -> Any:
    """The same said in another type."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return len(value)
    return list(value.items()) if isinstance(value, dict) else {str(i): each for i, each in enumerate(value)}


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> bytes:
    """A body with up to three places dropped, replaced, nested or retyped; or no JSON at all."""
    try:
        value = json.loads(body)
    except ValueError:
        return draw(RAW)
    if draw(st.integers(0, 9)) == 0:
        return draw(RAW)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(places(value)))
        if not at:
            value = copy.deepcopy(draw(NASTY))
            continue
        holder = value
        for key in at[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["drop", "replace", "replace", "nest", "retype"])):
            case "drop":
                del holder[at[-1]]
            case "replace":
                holder[at[-1]] = copy.deepcopy(draw(NASTY))
            case "nest":
                holder[at[-1]] = draw(st.sampled_from([[holder[at[-1]]], {"x": holder[at[-1]]}]))
            case _:
                holder[at[-1]] = retyped(holder[at[-1]])
    return json.dumps(value).encode()


async def ask_with(call: ApiCall, known: Recorded, content: bytes, status: int | None = None) -> None:
    """Ask a service whose answer to the call is this; everything else is as recorded."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        recorded = known.tape.get((request.method, path))
        if matches(call, request.method, path):
            kind = recorded.content_type if recorded else "application/json"
            ended = status or (recorded.status if recorded else 200)
            return httpx.Response(
                200 if ended == 204 else ended, headers={"content-type": kind}, content=content
            )
        if recorded is None:
            return httpx.Response(404, json={"errors": [{"code": 1291, "message": "no such thing"}]})
        return httpx.Response(
            recorded.status,
            headers={"content-type": recorded.content_type},
            content=recorded.body,
        )

    made = known.sandbox.client(
        call.channel, InstantClock(), transport=httpx.MockTransport(answer), account=call.account
    )
    outcome: object = None
    try:
        if call.signed:
            await made.sign_in()
        outcome = await call.ask(made, known.prepared)
    except QdeckError as error:
        assert error.message
        outcome = str(error)
    finally:
        await made.aclose()
    secrets = (known.sandbox.info.api_key, known.sandbox.info.api_token)
    assert not any(secret in repr(outcome) for secret in secrets)
    assert not isinstance(outcome, Secret)


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
async def test_mutated_answer_of_any_call_raises_only_qdeck_errors(
    recorded: dict[int, Recorded], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(CALLS) - 1))
    call, known = CALLS[number], recorded[number]
    body = next(answer.body for sent, answer in known.tape.items() if matches(call, *sent))
    await ask_with(call, known, data.draw(mutated(body)))


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
async def test_mutated_refusal_of_any_call_raises_only_qdeck_errors(
    recorded: dict[int, Recorded], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(CALLS) - 1))
    status = data.draw(
        st.sampled_from([302, 400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 500, 503, 599])
    )
    shape = data.draw(
        st.sampled_from(
            [
                {"errors": [{"code": 1208, "message": "m", "solution": "s", "more_info": "u"}], "trace": "t"},
                {
                    "error": {
                        "status": 401,
                        "statusCode": 401,
                        "name": "Error",
                        "message": "m",
                        "code": "3446",
                    }
                },
                {"errorCode": "BXNIM0415E", "errorMessage": "m", "context": {"requestId": "r"}},
                {"detail": [{"loc": ["body"], "msg": "m", "input": "i", "type": "t"}]},
            ]
        )
    )
    content = data.draw(mutated(json.dumps(shape).encode()))
    await ask_with(CALLS[number], recorded[number], content, status)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("number", range(len(CALLS)), ids=lambda number: str(CALLS[number]))
async def test_many_mutated_answers_of_each_call(
    recorded: dict[int, Recorded], number: int, data: st.DataObject
) -> None:
    call, known = CALLS[number], recorded[number]
    body = next(answer.body for sent, answer in known.tape.items() if matches(call, *sent))
    await ask_with(call, known, data.draw(mutated(body)))
