"""Changes of sessions whose responses are lost: a change that was made is no failure, nor the reverse."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.ibm.mock_network import Network, classic_routes, fixture, service
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel
from tui.domain.sessions import SessionMode
from tui.ibm.api.service import QuantumService

CLOSE, SESSION = "/api/v1/sessions/s1/close", "/api/v1/sessions/s1"
TOLD = fixture("gen2_session_get")["responses"][0]["body"] | {"id": "s1"}


def recorded(state: str, *, accepting: bool = True) -> httpx.Response:
    return httpx.Response(200, json=TOLD | {"state": state, "accepting_jobs": accepting})


def refusal(status: int) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"code": 1, "message": "no"}]})


def lost_then(status: int) -> Iterator[httpx.Response]:
    """An answer that is lost on its way, then a refusal."""
    yield httpx.Response(502)
    while True:
        yield refusal(status)


async def end(made: QuantumService, method: str) -> None:
    await (made.close_session("s1") if method == "DELETE" else made.drain_session("s1"))


def network(method: str, answers: Iterator[httpx.Response], session: httpx.Response) -> Network:
    made = Network().on(method, CLOSE if method == "DELETE" else SESSION, lambda _: next(answers))
    return made.on("GET", SESSION, session)


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("status", "session"),
    [(409, recorded("closed")), (404, recorded("closed")), (404, refusal(404)), (409, refusal(404))],
)
async def test_repeated_session_change_already_done_succeeds(
    method: str, status: int, session: httpx.Response
) -> None:
    hosts = network(method, lost_then(status), session)
    await end(service(hosts), method)
    assert hosts.count("GET", SESSION) == 1


async def test_repeated_drain_of_draining_session_succeeds() -> None:
    await end(service(network("PATCH", lost_then(409), recorded("active", accepting=False))), "PATCH")


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_repeated_session_change_not_done_raises(method: str) -> None:
    for session in (recorded("active"), httpx.Response(403, json={})):
        with pytest.raises(QdeckError) as caught:
            await end(service(network(method, lost_then(409), session)), method)
        assert caught.value.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("status", [404, 409])
async def test_refused_first_session_change_raises(method: str, status: int) -> None:
    hosts = network(method, iter([refusal(status)]), recorded("closed"))
    with pytest.raises(QdeckError) as caught:
        await end(service(hosts), method)
    assert caught.value.status == status
    assert hosts.count("GET", SESSION) == 0


@pytest.mark.parametrize("answer", [httpx.Response(502), httpx.Response(200, json={"no": "id"})])
async def test_unconfirmed_session_has_advice(answer: httpx.Response) -> None:
    made = service(Network().on("POST", "/api/v1/sessions", answer))
    with pytest.raises(QdeckError) as caught:
        await made.open_session("ibm_fez", SessionMode.BATCH, 600)
    assert caught.value.kind is ErrorKind.UNCONFIRMED
    assert "list of sessions" in caught.value.advice
    hosts = classic_routes(Network()).on("POST", "/runtime/sessions", answer)
    classic = service(hosts, channel=Channel.CLASSIC)
    await classic.sign_in()
    for life, words in ((600, "10 min"), (None, "time to live")):
        with pytest.raises(QdeckError) as caught:
            await classic.open_session("ibm_fez", SessionMode.BATCH, life)
        assert caught.value.kind is ErrorKind.UNCONFIRMED
        assert words in caught.value.advice and "no list" in caught.value.advice
