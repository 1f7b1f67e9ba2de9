from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.ibm.mock_network import ACCESS, KEY, URL, InstantClock, response
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.ibm.transport.client import HttpClient, HttpOptions, Timeouts
from tui.ibm.transport.request import Idempotency, Request, RetryPolicy, origin

OK = httpx.Response(200, json={"fine": True})
SOON = timedelta(seconds=8)
Outcome = httpx.Response | Exception


class Script:
    """Answers with one outcome after the other, the last one for ever."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        outcome = self.outcomes[min(len(self.sent), len(self.outcomes) - 1)]
        self.sent.append(request)
        if isinstance(outcome, Exception):
            raise outcome
        return httpx.Response(outcome.status_code, content=outcome.content, headers=dict(outcome.headers))


def client(
    script: Callable[[httpx.Request], httpx.Response],
    clock: InstantClock,
    *,
    policy: RetryPolicy | None = None,
    max_body: int = 1_000_000,
) -> HttpClient:
    return HttpClient(
        {origin(URL)},
        clock,
        HttpOptions(
            policy=policy or RetryPolicy(),
            max_body=max_body,
            chance=lambda: 1.0,
            transport=httpx.MockTransport(script),
        ),
    )


def get() -> Request:
    return Request(URL, "GET /jobs")


def create() -> Request:
    return Request(
        URL,
        "POST /jobs",
        idempotency=Idempotency.CREATES,
        headers={"Authorization": Secret(f"Bearer {ACCESS}")},
    )


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={"errors": [{"code": 1, "message": "no"}]}, headers=headers)


PASSING = [
    status(500),
    status(502),
    status(503),
    status(504),
    status(429),
    httpx.Response(502, text="<html>Bad gateway</html>", headers={"content-type": "text/html"}),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.ReadTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
]


@pytest.mark.parametrize("outcome", PASSING, ids=repr)
async def test_read_request_is_repeated_until_it_works(outcome: Outcome) -> None:
    script, clock = Script(outcome, outcome, OK), InstantClock()
    answer = await client(script, clock).send(get())
    assert answer.body == OK.content
    assert len(script.sent) == 3
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("outcome", PASSING, ids=repr)
async def test_read_request_is_given_up_after_all_attempts(outcome: Outcome) -> None:
    script, clock = Script(outcome), InstantClock()
    with pytest.raises(QdeckError) as caught:
        await client(script, clock).send(get())
    assert caught.value.worth_retrying
    assert len(script.sent) == 4
    assert caught.value.__context__ is None, "httpx's own errors hold the request with its headers"


@pytest.mark.parametrize("outcome", PASSING, ids=repr)
async def test_read_that_nobody_waits_for_is_sent_once(outcome: Outcome) -> None:
    script, clock = Script(outcome), InstantClock()
    with pytest.raises(QdeckError) as caught:
        await client(script, clock).send(replace(get(), idempotency=Idempotency.READS_ONCE))
    assert caught.value.worth_retrying and caught.value.kind is not ErrorKind.UNCONFIRMED
    assert len(script.sent) == 1 and clock.slept == []


@pytest.mark.parametrize("outcome", PASSING, ids=repr)
async def test_creating_request_is_sent_once_and_may_be_unconfirmed(outcome: Outcome) -> None:
    script = Script(outcome)
    with pytest.raises(QdeckError) as caught:
        await client(script, InstantClock()).send(create())
    assert len(script.sent) == 1
    never_sent = isinstance(outcome, (httpx.ConnectError, httpx.ConnectTimeout))
    refused = isinstance(outcome, httpx.Response) and outcome.status_code == 429
    if never_sent or refused:
        assert caught.value.kind is not ErrorKind.UNCONFIRMED
    else:
        assert caught.value.kind is ErrorKind.UNCONFIRMED


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, ErrorKind.INVALID),
        (403, ErrorKind.FORBIDDEN),
        (404, ErrorKind.NOT_FOUND),
        (409, ErrorKind.CONFLICT),
        (422, ErrorKind.INVALID),
        (418, ErrorKind.INVALID),
    ],
)
async def test_refusal_is_not_repeated(code: int, kind: ErrorKind) -> None:
    for call in (get(), create()):
        script = Script(status(code))
        with pytest.raises(QdeckError) as caught:
            await client(script, InstantClock()).send(call)
        assert (caught.value.kind, caught.value.status, len(script.sent)) == (kind, code, 1)


async def test_changing_request_is_sent_once() -> None:
    script = Script(status(503))
    with pytest.raises(QdeckError) as caught:
        await client(script, InstantClock()).send(
            Request(URL, "DELETE /jobs/x", idempotency=Idempotency.CHANGES)
        )
    assert (caught.value.kind, len(script.sent)) == (ErrorKind.SERVER, 1)


async def test_retry_after_as_seconds_and_date() -> None:
    clock = InstantClock()
    date = "Sun, 01 Mar 2026 12:00:10 GMT"
    script = Script(status(429, **{"Retry-After": "7"}), status(503, **{"Retry-After": date}), OK)
    await client(script, clock).send(get())
    assert clock.slept == [7.0, 3.0]


async def test_long_retry_after_is_raised_at_once() -> None:
    script, clock = Script(status(429, **{"Retry-After": "600"})), InstantClock()
    with pytest.raises(QdeckError) as caught:
        await client(script, clock).send(get())
    assert (caught.value.retry_after, clock.slept, len(script.sent)) == (600.0, [], 1)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_retry_after_date_uses_clock_of_service(minutes: int) -> None:
    clock = InstantClock()
    there = clock.now() + timedelta(minutes=minutes)
    dates = {"Date": format_datetime(there, True), "Retry-After": format_datetime(there + SOON, True)}
    await client(Script(status(503, **dates), OK), clock).send(get())
    assert clock.slept == [SOON.total_seconds()]


@pytest.mark.parametrize("header", ["Date", "Retry-After"])
@pytest.mark.parametrize(
    "date",
    ["Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 01 Jan 0001 00:00:00 +2300"],
)
async def test_extreme_header_dates_are_harmless(header: str, date: str) -> None:
    with pytest.raises(QdeckError) as caught:
        await client(Script(status(503, **{header: date})), InstantClock()).send(get())
    assert caught.value.kind is ErrorKind.SERVER
    assert (caught.value.retry_after or 0.0) <= 86_400


async def test_retry_budget_limits_requests_to_dead_service() -> None:
    script, clock = Script(status(503)), InstantClock()
    http = client(script, clock, policy=RetryPolicy(burst=3, refill=30))
    for _ in range(20):
        with pytest.raises(QdeckError):
            await http.send(get())
    assert len(script.sent) <= 20 + 3 + 1


async def test_retry_patience_limits_total_wait() -> None:
    script, clock = Script(status(503, **{"Retry-After": "15"})), InstantClock()
    http = client(script, clock, policy=RetryPolicy(attempts=100, patience=40, burst=100))
    with pytest.raises(QdeckError):
        await http.send(get())
    assert clock.passed <= 40


@pytest.mark.parametrize("idempotency", [Idempotency.READS, Idempotency.CREATES])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(code: int, idempotency: Idempotency) -> None:
    script = Script(httpx.Response(code, headers={"Location": "http://elsewhere.example/steal"}))
    call = Request(URL, "POST /x", idempotency=idempotency, headers={"Authorization": Secret(ACCESS)})
    with pytest.raises(QdeckError) as caught:
        await client(script, InstantClock()).send(call)
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert [str(sent.url) for sent in script.sent] == [f"{URL}/x"]


async def test_request_to_foreign_origin_is_refused() -> None:
    script = Script(OK)
    for url in ("http://127.0.0.1:10/x", "https://127.0.0.1:9/x", "http://elsewhere.example/x"):
        with pytest.raises(QdeckError) as caught:
            await client(script, InstantClock()).send(Request(url.removesuffix("/x"), "GET /x"))
        assert caught.value.kind is ErrorKind.SETTINGS
    assert script.sent == []


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(
            200, text="<!DOCTYPE html><p>Welcome to our wifi", headers={"content-type": "text/html"}
        ),
        httpx.Response(200, text="  <html><body>log in", headers={"content-type": "text/plain"}),
        httpx.Response(511, text="<html>log in", headers={"content-type": "text/html"}),
    ],
)
async def test_web_page_is_a_protocol_error(page: httpx.Response) -> None:
    with pytest.raises(QdeckError) as caught:
        await client(Script(page), InstantClock()).send(get())
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert "login page" in caught.value.message


@pytest.mark.parametrize(
    ("text", "headers", "ray"),
    [
        ("<html>blocked", {}, None),
        ("<html>blocked", {"cf-ray": "8f3aa1b2c3d4e5f6-FRA"}, "8f3aa1b2c3d4e5f6-FRA"),
        (
            "<!DOCTYPE html><p>Cloudflare Ray ID: <strong>8f3aa1b2c3d4e5f6</strong>",
            {},
            "8f3aa1b2c3d4e5f6",
        ),
        ("<html>Ray ID: 8f3aa1b2c3d4e5f6 &bull; Your IP", {}, "8f3aa1b2c3d4e5f6"),
        ("<html>Ray ID: \x1b[31mred", {"cf-ray": "\x1b[2J"}, "?"),
    ],
)
@pytest.mark.parametrize("call", [get(), create()], ids=["read", "create"])
async def test_page_of_a_gateway_that_refuses_is_no_refusal_of_the_service(
    text: str, headers: dict[str, str], ray: str | None, call: Request
) -> None:
    page = httpx.Response(403, text=text, headers={"content-type": "text/html; charset=utf-8", **headers})
    script, clock = Script(page), InstantClock()
    with pytest.raises(QdeckError) as caught:
        await client(script, clock).send(call)
    error = caught.value
    assert (error.kind, error.status, error.worth_retrying) == (ErrorKind.PROTOCOL, 403, False)
    assert len(script.sent) == 1 and clock.slept == []
    assert "gateway" in error.message and "not sent again" in error.advice and "\x1b" not in str(error)
    if ray != "?":
        assert (f"Ray ID {ray}" in error.message) is (ray is not None)


async def test_response_that_never_ends_times_out() -> None:
    class Hanging(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # an async generator of bytes
            yield b"{"
            await asyncio.Event().wait()

    http = HttpClient(
        {origin(URL)},
        InstantClock(),
        HttpOptions(
            policy=RetryPolicy(attempts=2),
            timeouts=Timeouts(whole=0.05),
            transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Hanging())),
        ),
    )
    with pytest.raises(QdeckError) as caught:
        await http.send(get())
    assert caught.value.kind is ErrorKind.TIMEOUT


@pytest.mark.parametrize("token", ["line\nbreak", "zwölf", "nul\x00", "tab\t"])
async def test_unsendable_token_is_refused_without_showing_it(token: str) -> None:
    script = Script(OK)
    call = Request(URL, "GET /jobs", headers={"Authorization": Secret(token)})
    with pytest.raises(QdeckError) as caught:
        await client(script, InstantClock()).send(call)
    assert caught.value.kind is ErrorKind.WRONG_KEY
    assert token not in repr(caught.value)
    assert script.sent == []


async def test_error_message_masks_repeated_token() -> None:
    script = Script(httpx.Response(400, json={"errors": [{"code": 9, "message": f"bad token {ACCESS}"}]}))
    with pytest.raises(QdeckError) as caught:
        await client(script, InstantClock()).send(create())
    assert caught.value.message == "bad token …."


async def test_skew_from_date_header() -> None:
    dated = httpx.Response(200, json={}, headers={"Date": "Sun, 01 Mar 2026 12:10:00 GMT"})
    http = client(Script(dated), InstantClock())
    await http.send(get())
    assert http.skew == 600


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


async def test_debug_log_has_no_requests(debug_log: pytest.LogCaptureFixture) -> None:
    await client(Script(response("gen2_jobs_list")), InstantClock()).send(
        Request(URL, "GET /jobs", headers={"Authorization": Secret(f"Bearer {KEY}")})
    )
    assert debug_log.text == ""


def test_request_escapes_ids_and_refuses_dots() -> None:
    assert Request(URL, "GET /jobs/{id}", ("a/../b?c#d",)).url == f"{URL}/jobs/a%2F..%2Fb%3Fc%23d"
    for climbing in ("", ".", ".."):
        with pytest.raises(QdeckError):
            Request(URL, "POST /jobs/{id}/cancel", (climbing,))


async def test_closed_client_sends_nothing() -> None:
    script = Script(OK)
    http = client(script, InstantClock())
    await http.send(get())
    await http.aclose()
    with pytest.raises(QdeckError):
        await http.send(get())
    assert len(script.sent) == 1
