"""A mock network that serves recorded responses, services on it, and a clock that does not wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tui.common.safe_text import Secret
from tui.domain.accounts import Account, Channel
from tui.ibm.api.service import QuantumService
from tui.ibm.credentials.discovery import sandbox_account
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions
from tui.ibm.transport.request import RetryPolicy

FIXTURES = Path(__file__).parents[1] / "fixtures" / "api"
URL = "http://127.0.0.1:9"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:11111111-2222-4333-8444-555555555555::"
KEY = "key-that-must-never-be-seen-0123456789abcdef"
ACCESS = "access-token-that-must-never-be-seen"
Handler = Callable[[httpx.Request], httpx.Response]


class InstantClock:
    """A clock on which every wait is over at once; `slept` holds the waits."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The wall-clock time."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


def fixture(name: str) -> dict[str, Any]:
    """One recorded exchange."""
    data: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return data


def body(name: str, index: int = 0) -> bytes:
    """The body of one response of a recorded exchange."""
    return raw(fixture(name)["responses"][index]["body"])


def raw(value: object) -> bytes:
    """The bytes of a recorded body: JSON, text or nothing."""
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def response(name: str, index: int = 0) -> httpx.Response:
    """One recorded response."""
    recorded = fixture(name)["responses"][index]
    return httpx.Response(
        recorded["status"], content=raw(recorded["body"]), headers=recorded.get("headers") or {}
    )


def account(channel: Channel = Channel.PLATFORM, **changes: Any) -> Account:
    """An account whose hosts nobody listens on."""
    instance = CRN if channel is Channel.PLATFORM else "ibm-q/open/main"
    return sandbox_account(channel, Secret(KEY), changes.get("instance", instance), URL)


class Network:
    """A stand-in for the network: answers by (method, path), and keeps what was sent."""

    def __init__(self, **answers: httpx.Response | Handler) -> None:
        self.sent: list[httpx.Request] = []
        self.routes: dict[tuple[str, str], httpx.Response | Handler] = {}

    def on(self, method: str, path: str, answer: httpx.Response | Handler) -> Network:
        """Answer `path` so."""
        self.routes[method, path] = answer
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self.routes.get((request.method, request.url.path))
        if answer is None and request.url.path == "/identity/token":
            return iam_token()
        if answer is None:
            return httpx.Response(404, json={"errors": [{"code": 404, "message": "no such route"}]})
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))
        return answer(request)

    def count(self, method: str, path: str) -> int:
        """How often that was asked."""
        return sum(1 for sent in self.sent if (sent.method, sent.url.path) == (method, path))


def iam_token(value: str = ACCESS, seconds: int = 3600) -> httpx.Response:
    """A new IAM token."""
    return httpx.Response(200, json={"access_token": value, "expires_in": seconds, "token_type": "Bearer"})


def classic_routes(network: Network) -> Network:
    """The calls of a classic sign-in, answered as recorded."""
    urls = {"http": f"{URL}/api", "ws": "", "services": {"runtime": f"{URL}/runtime"}}
    network.on("GET", "/auth/api/version", response("gen1_auth_version"))
    network.on(
        "POST", "/auth/api/users/loginWithToken", httpx.Response(200, json={"id": ACCESS, "ttl": 1209600})
    )
    network.on("GET", "/auth/api/users/me", httpx.Response(200, json={"urls": urls}))
    return network.on("GET", "/api/Network", response("gen1_network"))


def service(
    network: Handler,
    clock: InstantClock | None = None,
    channel: Channel = Channel.PLATFORM,
    *,
    policy: RetryPolicy | None = None,
    max_body: int = 10_000_000,
    instance: str | None = None,
) -> QuantumService:
    """A service over the stand-in network; repetitions wait as long as they may."""
    who = account(channel) if instance is None else account(channel, instance=instance)
    return make_service(
        who,
        clock or InstantClock(),
        HttpOptions(
            policy=policy or RetryPolicy(),
            max_body=max_body,
            chance=lambda: 1.0,
            transport=httpx.MockTransport(network),
        ),
    )
