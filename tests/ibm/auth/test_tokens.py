from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.ibm.mock_network import (
    ACCESS,
    CRN,
    InstantClock,
    Network,
    classic_routes,
    iam_token,
    response,
    service,
)
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.domain.accounts import Channel
from tui.domain.jobs import JobQuery
from tui.ibm.auth.tokens import AccessToken, TokenManager


class Issuer:
    """Issues numbered tokens of an hour, or fails as scripted."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.issued = 0
        self.errors: list[QdeckError] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> AccessToken:
        self.issued += 1
        number = self.issued
        if self.gate is not None:
            await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        now = self.clock.now()
        return AccessToken(Secret(f"t{number}"), now, now + timedelta(hours=1))


async def turns() -> None:
    """Let what runs in the background come to its next wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_token_is_renewed_at_80_percent_of_its_life() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    clock.passed = 3600 * 0.79
    assert await tokens.get() is first
    clock.passed = 3600 * 0.8
    assert await tokens.get() is first, "it serves: nobody waits for the new one"
    await turns()
    assert (await tokens.get()).value == Secret("t2")
    assert issuer.issued == 2


async def test_hanging_renewal_returns_old_token() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    issuer.gate = asyncio.Event()
    clock.passed = 3000
    for _ in range(5):
        assert await tokens.get() is first
        await turns()
    assert issuer.issued == 2, "one renewal is in flight"
    clock.passed = 3600
    late = asyncio.create_task(tokens.get())
    await turns()
    assert not late.done(), "the old one is over: now the new one is waited for"
    issuer.gate.set()
    assert (await late).value == Secret("t2")
    assert issuer.issued == 2


@pytest.mark.parametrize(
    ("kind", "pause"), [(ErrorKind.NETWORK, 120), (ErrorKind.PROTOCOL, 120), (ErrorKind.WRONG_KEY, 600)]
)
async def test_renewal_pause_begins_at_end_of_failure(kind: ErrorKind, pause: float) -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    issuer.gate, issuer.errors = asyncio.Event(), [QdeckError(kind, "no")] * 2
    clock.passed = 2900
    assert await tokens.get() is first
    await turns()
    clock.passed = 2900 + 120  # that long it hung
    issuer.gate.set()
    await turns()
    for waited in (0, min(pause - 1, 500)):
        clock.passed = 3020 + waited
        assert await tokens.get() is first
        await turns()
    assert issuer.issued == 2
    if pause < 580:
        clock.passed = 3020 + pause
        assert await tokens.get() is first
        await turns()
        assert issuer.issued == 3
    clock.passed = 3700
    issuer.errors = [QdeckError(kind, "no")]
    with pytest.raises(QdeckError) as caught:
        await tokens.get()
    assert caught.value.kind is kind, "what failed in the background is raised when the token is over"


async def test_drop_cancels_background_renewal() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    await tokens.get()
    issuer.gate = asyncio.Event()
    clock.passed = 3000
    await tokens.get()
    await turns()
    tokens.drop()
    await turns()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "token renewal"] == []
    assert tokens.current is None


async def test_replaced_token_is_ended_once() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    ended: list[AccessToken] = []

    async def end(token: AccessToken) -> None:
        ended.append(token)
        raise QdeckError(ErrorKind.NETWORK, "down")

    tokens = TokenManager(issuer, clock, end=end)
    first = await tokens.get()
    clock.passed = 3000
    await tokens.get()
    await turns()
    second = await tokens.get()
    await tokens.wait_ended()
    assert (ended, second.value) == ([first], Secret("t2"))
    third = await tokens.replace(second)
    await tokens.wait_ended()
    assert ended == [first, second] and third is tokens.current
    clock.passed = 20_000
    await tokens.get()
    await tokens.wait_ended()
    assert ended == [first, second], "one that is over needs no ending"


async def test_renewal_is_single_flight() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    issuer.gate = asyncio.Event()
    tokens = TokenManager(issuer, clock)
    waiting = [asyncio.create_task(tokens.get()) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    issuer.gate.set()
    received = await asyncio.gather(*waiting[1:])
    assert (len(set(map(id, received))), issuer.issued) == (1, 1)
    assert waiting[0].cancelled()


async def test_renewal_failure_reaches_all_waiters_and_next_get_retries() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    issuer.errors = [QdeckError(ErrorKind.WRONG_KEY, "no")]
    tokens = TokenManager(issuer, clock)
    outcomes = await asyncio.gather(*(tokens.get() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, QdeckError) for outcome in outcomes)
    assert (await tokens.get()).value == Secret("t2")


async def test_failing_renewal_returns_valid_token() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    clock.passed = 3000
    issuer.errors = [QdeckError(ErrorKind.NETWORK, "down")] * 3
    for _ in range(10):
        assert await tokens.get() is first
        await turns()
    assert issuer.issued == 2, "it is not asked for at every request"
    clock.passed = 3700
    with pytest.raises(QdeckError):
        await tokens.get()


@pytest.mark.parametrize("by", [timedelta(days=365), -timedelta(days=365)])
async def test_clock_jump_costs_one_renewal(by: timedelta) -> None:
    clock = FakeClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    await tokens.get()
    await clock.set_wall(by)
    await tokens.get()
    await turns()
    renewed = await tokens.get()
    assert renewed.value == Secret("t2") and await tokens.get() is renewed
    await clock.advance(3600 * 0.8)
    await tokens.get()
    await turns()
    assert (await tokens.get()).value == Secret("t3")


async def test_clock_set_back_does_not_delay_next_renewal() -> None:
    clock = FakeClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    await clock.advance(3000)
    issuer.errors = [QdeckError(ErrorKind.NETWORK, "down")]
    assert await tokens.get() is first
    await turns()
    await clock.set_wall(-timedelta(days=1))
    await clock.advance(121)
    await tokens.get()
    await turns()
    assert await tokens.get() is not first


async def test_replace_fetches_once_for_all_whose_token_was_refused() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    second = await tokens.replace(first)
    assert (second.value, issuer.issued) == (Secret("t2"), 2)
    assert await tokens.replace(first) is second and await tokens.get() is second
    assert issuer.issued == 2, "another request was refused with the first one: the second may serve"
    assert (await tokens.replace(second)).value == Secret("t3")


async def test_replace_fetches_nothing_after_drop() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    tokens = TokenManager(issuer, clock)
    first = await tokens.get()
    assert tokens.drop() is first and tokens.drop() is None and tokens.current is None
    with pytest.raises(QdeckError) as caught:
        await tokens.replace(first)
    assert (caught.value.kind, issuer.issued) == (ErrorKind.EXPIRED, 1)
    tokens.reopen()
    assert (await tokens.replace(first)).value == Secret("t2")


async def test_drop_raises_for_waiters() -> None:
    clock = InstantClock()
    issuer = Issuer(clock)
    issuer.gate = asyncio.Event()
    tokens = TokenManager(issuer, clock)
    waiting = asyncio.create_task(tokens.get())
    await asyncio.sleep(0)
    tokens.drop()
    with pytest.raises(QdeckError) as caught:
        await waiting
    assert caught.value.kind is ErrorKind.EXPIRED
    with pytest.raises(QdeckError):
        await tokens.get()
    assert tokens.current is None


def jobs_for(*good: str) -> Network:
    """Lists jobs for the given tokens; any other is refused."""
    network = Network()

    def answer(request: httpx.Request) -> httpx.Response:
        recorded = request.headers.get("authorization", "") or request.headers.get("x-access-token", "")
        return response("gen2_jobs_list") if recorded in good else response("gen2_backends_list", 3)

    return network.on("GET", "/api/v1/jobs", answer).on("GET", "/runtime/jobs", answer)


async def test_refused_token_is_renewed_and_request_repeated() -> None:
    network = jobs_for("Bearer second")
    tokens = iter(["first", "second"])
    network.on("POST", "/identity/token", lambda _: iam_token(next(tokens)))
    platform = service(network)
    page = await platform.jobs(JobQuery())
    assert page.jobs
    assert network.count("POST", "/identity/token") == 2
    assert network.count("GET", "/api/v1/jobs") == 2


async def test_refused_fresh_token_is_forbidden() -> None:
    network = jobs_for()
    with pytest.raises(QdeckError) as caught:
        await service(network).jobs(JobQuery())
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert "instance" in caught.value.advice
    assert network.count("GET", "/api/v1/jobs") == 2


async def test_refused_fresh_token_names_clock_skew() -> None:
    refused = response("gen2_backends_list", 3)
    refused.headers["Date"] = "Sun, 01 Mar 2026 13:00:00 GMT"
    network = Network().on("GET", "/api/v1/jobs", refused)
    with pytest.raises(QdeckError) as caught:
        await service(network).jobs(JobQuery())
    assert "60 minutes behind" in caught.value.advice


async def test_classic_logs_in_again_after_401() -> None:
    network = classic_routes(jobs_for("second"))
    tokens = iter(["first", "second"])
    network.on(
        "POST", "/auth/api/users/loginWithToken", lambda _: httpx.Response(200, json={"id": next(tokens)})
    )
    classic = service(network, channel=Channel.CLASSIC)
    assert (await classic.jobs(JobQuery())).jobs
    assert network.count("POST", "/auth/api/users/loginWithToken") == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response("gen2_iam_token", 1), ErrorKind.WRONG_KEY),
        (response("gen2_iam_token", 2), ErrorKind.WRONG_KEY),
        (httpx.Response(401, json={"errorCode": "BXNIM0999E", "errorMessage": "no"}), ErrorKind.WRONG_KEY),
        (httpx.Response(200, json={"token_type": "Bearer"}), ErrorKind.PROTOCOL),
        (httpx.Response(200, json={"access_token": 7}), ErrorKind.PROTOCOL),
        (httpx.Response(200, json=[]), ErrorKind.PROTOCOL),
        (httpx.Response(503), ErrorKind.SERVER),
    ],
)
async def test_iam_token_responses(answer: httpx.Response, kind: ErrorKind) -> None:
    with pytest.raises(QdeckError) as caught:
        await service(Network().on("POST", "/identity/token", answer)).sign_in()
    assert caught.value.kind is kind


@pytest.mark.parametrize("seconds", [10**15, 10**30, 0, -5])
async def test_iam_token_with_impossible_life_lives_an_hour(seconds: int) -> None:
    network = jobs_for(f"Bearer {ACCESS}")
    network.on(
        "POST", "/identity/token", httpx.Response(200, json={"access_token": ACCESS, "expires_in": seconds})
    )
    clock = InstantClock()
    identity = await service(network, clock).sign_in()
    assert identity.expires == clock.now() + timedelta(hours=1)


@pytest.mark.parametrize(("index", "kind"), [(1, ErrorKind.WRONG_KEY), (2, ErrorKind.FORBIDDEN)])
async def test_classic_login_responses(index: int, kind: ErrorKind) -> None:
    network = classic_routes(Network())
    network.on("POST", "/auth/api/users/loginWithToken", response("gen1_auth_login_with_token", index))
    with pytest.raises(QdeckError) as caught:
        await service(network, channel=Channel.CLASSIC).sign_in()
    assert caught.value.kind is kind


async def test_iam_request_follows_contract() -> None:
    network = jobs_for(f"Bearer {ACCESS}")
    await service(network).jobs(JobQuery())
    asked = network.sent[0]
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey" in asked.content
    assert network.sent[1].headers["ibm-api-version"] == "2026-04-15"
    assert "service-crn" not in network.sent[1].headers, "not before an instance is chosen"
    signed_in = service(network)
    network.on("POST", "/global-search/v3/resources/search", response("gen2_global_search"))
    await signed_in.sign_in()
    assert network.sent[-1].headers.get("service-crn", CRN) == CRN
