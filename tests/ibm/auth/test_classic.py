"""Tokens of the classic service are ended when they are not used any more: they live for two weeks."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.ibm.mock_network import URL, InstantClock, Network, account, classic_routes, response, service
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel
from tui.domain.jobs import JobQuery
from tui.ibm.api.service import QuantumService
from tui.ibm.auth import classic
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions

LOGIN, ME, LOGOUT = "/auth/api/users/loginWithToken", "/auth/api/users/me", "/auth/api/users/logout"


class AuthHost(Network):
    """Issues t1, t2, ... and takes only those that live; a logout ends one."""

    def __init__(self) -> None:
        super().__init__()
        self.issued = 0
        self.alive: set[str] = set()
        self.ended: list[str] = []
        self.logged_out = asyncio.Event()
        classic_routes(self)
        self._me = self.routes["GET", ME]
        self.on("POST", LOGIN, self._log_in).on("POST", LOGOUT, self._log_out)
        self.on("GET", ME, lambda request: self.signed(request, self._me))
        self.on("GET", "/runtime/jobs", lambda request: self.signed(request, response("gen1_jobs_list")))

    def signed(self, request: httpx.Request, answer: object) -> httpx.Response:
        """The answer to who holds a token that lives."""
        if request.headers.get("x-access-token") not in self.alive:
            return httpx.Response(401, json={"error": {"message": "no", "code": "AUTHORIZATION_REQUIRED"}})
        assert isinstance(answer, httpx.Response)
        return httpx.Response(answer.status_code, content=answer.content)

    def _log_in(self, _: httpx.Request) -> httpx.Response:
        self.issued += 1
        self.alive.add(f"t{self.issued}")
        return httpx.Response(200, json={"id": f"t{self.issued}", "ttl": 1209600})

    def _log_out(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["x-access-token"]
        refused = self.signed(request, httpx.Response(204))
        self.alive.discard(token)
        self.ended.append(token)
        self.logged_out.set()
        return refused


def classic_service(host: AuthHost, clock: InstantClock | None = None) -> QuantumService:
    return service(host, clock, Channel.CLASSIC)


async def test_close_logs_out_once() -> None:
    host = AuthHost()
    signed_in = classic_service(host)
    await signed_in.sign_in()
    await signed_in.aclose()
    assert (host.alive, host.ended) == (set(), ["t1"])
    out = classic_service(host)
    await out.sign_in()
    assert (await out.sign_out()).proven
    asked = len(host.sent)
    await out.aclose()
    assert len(host.sent) == asked, "what is signed out already is not ended again"


async def test_failed_sign_in_logs_out_its_token() -> None:
    host = AuthHost()
    host.on("GET", "/api/Network", httpx.Response(403, json={"errors": [{"code": 1200, "message": "no"}]}))
    refused = classic_service(host)
    with pytest.raises(QdeckError):
        await refused.sign_in()
    await refused.aclose()
    assert host.issued == 1 and host.alive == set()


async def test_renewal_logs_out_former_token() -> None:
    host, clock = AuthHost(), InstantClock()
    signed_in = classic_service(host, clock)
    await signed_in.sign_in()
    clock.passed = 1209600 * 0.9
    await signed_in.renew()
    await asyncio.wait_for(host.logged_out.wait(), 5)
    assert (host.alive, host.ended) == ({"t2"}, ["t1"])
    assert (await signed_in.jobs(JobQuery())).jobs
    await signed_in.aclose()
    assert host.alive == set()


async def test_close_does_not_wait_for_unreachable_host(monkeypatch: pytest.MonkeyPatch) -> None:
    host = AuthHost()
    hangs = asyncio.Event()

    async def network(request: httpx.Request) -> httpx.Response:
        if request.url.path == LOGOUT:
            await hangs.wait()
        return host(request)

    monkeypatch.setattr(classic, "ENDING_SECONDS", 0.01)
    signed_in = make_service(
        account(Channel.CLASSIC), InstantClock(), HttpOptions(transport=httpx.MockTransport(network))
    )
    await signed_in.sign_in()
    await asyncio.wait_for(signed_in.aclose(), 5)
    assert host.ended == []


async def test_sign_in_replaces_token_that_was_revoked() -> None:
    host = AuthHost()
    signed_in = classic_service(host)
    await signed_in.sign_in()
    host.alive.clear()
    identity = await signed_in.sign_in()
    assert identity.instance == "ibm-q/open/main" and host.issued == 2
    assert host.count("GET", ME) == 3


async def test_fresh_token_refused_at_users_me_is_forbidden() -> None:
    host = AuthHost()
    host.on("GET", ME, httpx.Response(401, json={"error": {"message": "no"}}))
    with pytest.raises(QdeckError) as caught:
        await classic_service(host).sign_in()
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert (host.issued, host.count("GET", ME)) == (2, 2)
    assert URL not in str(caught.value)
