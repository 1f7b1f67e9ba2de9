"""No key, API token or access token in any log, message, repr or traceback; no other host gets one."""

from __future__ import annotations

import logging
import os
import pickle
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import ACCESS, KEY, InstantClock, Network, account, classic_routes, service
from tests.support.sandbox import live_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.request import Idempotency, Request, origin
from tui.sandbox.lifecycle.launch import SandboxInfo

FAULTS: list[httpx.Response | Exception] = [
    httpx.Response(401, json={"errors": [{"code": 1219, "message": f"token {ACCESS} of {KEY} refused"}]}),
    httpx.Response(400, json={"errorCode": "X", "errorMessage": f"key {KEY}"}),
    httpx.Response(422, json={"detail": [{"input": KEY, "msg": f"Bearer {ACCESS}"}]}),
    httpx.Response(302, headers={"Location": f"http://evil.example/{ACCESS}"}),
    httpx.Response(500, text=KEY),
    httpx.Response(200, text=f'{{"access_token": "{ACCESS}", "id": ["{KEY}"]'),
    httpx.Response(200, json=[ACCESS, KEY]),
    httpx.ConnectError("no route"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("half"),
]


def every_call(made: QuantumService) -> list[Callable[[], Awaitable[Any]]]:
    """Every call that the protocol has."""
    submission = Submission(Primitive.SAMPLER, "b", "OPENQASM 3;")
    return [
        lambda: made.sign_in(),
        lambda: made.renew(),
        lambda: made.instances(),
        lambda: made.usage(),
        lambda: made.account_details(),
        lambda: made.api_version(),
        lambda: made.backends(),
        lambda: made.backend("b"),
        lambda: made.backend_data("b"),
        lambda: made.jobs(JobQuery()),
        lambda: made.job("x"),
        lambda: made.submit(submission),
        lambda: made.result("x"),
        lambda: made.metrics("x"),
        lambda: made.logs("x"),
        lambda: made.cancel("x"),
        lambda: made.delete("x"),
        lambda: made.set_tags("x", ("t",)),
        lambda: made.open_session("b", SessionMode.BATCH),
        lambda: made.session("x"),
        lambda: made.sessions(),
        lambda: made.drain_session("x"),
        lambda: made.close_session("x"),
        lambda: made.cloud_transpile("OPENQASM 3;", "b", TranspileOptions()),
    ]


def everything(error: BaseException) -> str:
    """All that a report of the error could show, with the locals of every frame."""
    assert error.__traceback__ is not None
    # Without this test's own frame, which knows the secrets.
    frames = error.__traceback__.tb_next
    report = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    context = repr(error.__context__) + repr(error.__cause__)
    return "".join(report.format()) + repr(error) + str(error) + repr(vars(error)) + context


@pytest.mark.parametrize("channel", list(Channel), ids=str)
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_errors_of_every_call_hide_secrets(
    channel: Channel, fault: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent: list[httpx.Request] = []
    good = classic_routes(Network())

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        asks_token = request.url.path in {"/identity/token", "/auth/api/users/loginWithToken"}
        # A body with a token in it comes where tokens are given out, and nowhere else.
        told_there_only = isinstance(fault, httpx.Response) and fault.is_success
        unsigned = request.url.path == "/auth/api/version"
        if unsigned or (asks_token and len(sent) % 3) or (told_there_only and not asks_token):
            return good(request)
        if isinstance(fault, Exception):
            raise fault
        return httpx.Response(fault.status_code, content=fault.content, headers=dict(fault.headers))

    made = service(answer, InstantClock(), channel)
    for call in every_call(made):
        try:
            recorded = repr(await call())
        except QdeckError as error:
            recorded = everything(error)
        assert KEY not in recorded
        assert ACCESS not in recorded
    assert KEY not in caplog.text
    assert ACCESS not in caplog.text
    assert {request.url.host for request in sent} == {"127.0.0.1"}
    assert not any(KEY in str(request.url) or ACCESS in str(request.url) for request in sent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"REQUESTS_CA_BUNDLE": "/no/such/file.pem"},
        {"HTTPS_PROXY": f"ftp://me:{KEY}@127.0.0.1:9"},
        {"HTTPS_PROXY": f"http://me:{KEY}@127.0.0.1:port"},
        {"ALL_PROXY": f"socks5://me:{KEY}@127.0.0.1:9"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_unusable_route_hides_secrets(wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    url = "https://quantum.company.test"
    http = HttpClient({origin(url)}, InstantClock())
    bearer, key = {"Authorization": Secret(f"Bearer {ACCESS}")}, {"apikey": Secret(KEY)}
    calls = [
        Request(url, "POST /jobs", idempotency=Idempotency.CREATES, headers=bearer, body={"a": 1}),
        Request(url, "POST /token", headers=bearer, form=key),
    ]
    for call in calls:
        with pytest.raises(QdeckError) as caught:
            await http.send(call)
        assert caught.value.kind is ErrorKind.SETTINGS
        assert next(iter(wrong)) in str(caught.value)
        recorded = everything(caught.value)
        assert KEY not in recorded
        assert ACCESS not in recorded
    await http.aclose()


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_logs_of_a_whole_run_hide_secrets(
    live_sandbox: SandboxInfo, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = make_service(live_account(live_sandbox, channel))
    said = [repr(made), repr(made.account), repr(vars(made))]
    for run in (made.sign_in, made.backends, made.usage, made.instances, made.sessions):
        ask: Callable[[], Awaitable[object]] = run
        said.append(repr(await ask()))
    said.append(repr(await made.jobs(JobQuery(limit=5))))
    said.append(repr(await made.sign_out()))
    await made.aclose()
    everything_said = "".join([*said, caplog.text])
    for secret in (live_sandbox.api_key, live_sandbox.api_token, "eyJ"):
        assert secret not in everything_said


def test_account_repr_and_pickle_hide_key() -> None:
    assert KEY not in repr(account())
    assert KEY not in f"{account()}"
    with pytest.raises(TypeError):
        pickle.dumps(account())
