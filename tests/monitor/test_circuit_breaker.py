"""A service that is down for an hour, with all pollers running: few requests, soon fresh again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.ibm.mock_network import CRN, KEY, URL, Network, response
from tests.monitor.fakes import BELL, FakeHost
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Account, Channel, Endpoints
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions
from tui.ibm.transport.request import RetryPolicy
from tui.monitor.polling.scheduler import BACKOFF

pytestmark = pytest.mark.usefixtures("history_synced_rarely")

MINUTE, HOUR = 60.0, 3600.0
SOON = BACKOFF.longest * 1.1 + 10
"""Seconds until everything is fresh again, at the latest: a back-off with its jitter, and repetitions."""
ACCOUNT = Account("work", Channel.PLATFORM, Secret(KEY), Endpoints(iam=URL, api=f"{URL}/api/v1"), CRN)
PLACES = {"jobs", "workloads", "backends", "usage"}
Fault = Callable[[httpx.Request], httpx.Response]


def unwell(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, json={"errors": [{"code": 1, "message": "maintenance"}]})


def gone(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


class Remote(MonitorHarness):
    """Services whose requests go over a stand-in network that can fail as a whole."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, FakeHost(FakeClock()))
        network = Network().on("GET", "/api/v1/jobs", response("gen2_jobs_list"))
        network.on("GET", "/api/v1/workloads", response("gen2_workloads"))
        network.on("GET", "/api/v1/backends", response("gen2_backends_list"))
        network.on("GET", "/api/v1/instances/usage", response("gen2_instance_usage"))
        self.network = network
        self.fault: Fault | None = None
        self.sent: list[tuple[float, str]] = []
        self.posted: list[str] = []
        self.refused: list[str] = []

    def _make(self, account: Account, clock: object) -> QuantumService:  # type: ignore[override]
        return make_service(
            account,
            self.clock,
            HttpOptions(chance=lambda: 0.5, transport=httpx.MockTransport(self._answer)),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((self.clock.monotonic(), request.url.path))
        answer = self.network(request) if self.fault is None else self.fault(request)
        if answer.status_code == 429:
            self.refused.append(request.url.path)
        if request.method == "POST":
            self.posted.append(request.url.path)
        return answer

    def asked(self, since: float, until: float = float("inf")) -> list[str]:
        """The paths asked for in that time."""
        return [path for at, path in self.sent if since <= at < until]

    def freshened(self, since: float) -> set[str]:
        """What was asked for in that time, by the last part of the path."""
        return {path.rpartition("/")[2] for path in self.asked(since)} & PLACES

    def busy(self) -> Remote:
        """Let a job run and a session be open: what is asked for most often."""
        job = {
            "id": "busy",
            "status": "Running",
            "state": {"status": "Running"},
            "backend": "ibm_fez",
            "program": {"id": "sampler"},
            "created": "2026-03-01T11:59:00Z",
            "session_id": "s",
        }
        listed = httpx.Response(200, json={"jobs": [job], "limit": 200, "offset": 0, "count": 1})
        self.network.on("GET", "/api/v1/jobs", listed)
        return self


@pytest.mark.parametrize(
    ("fault", "busy", "attended"),
    [(unwell, True, True), (unwell, False, False), (gone, True, False), (gone, False, True)],
)
async def test_service_down_costs_two_requests_a_minute_and_recovers_soon(
    tmp_path: Path, fault: Fault, busy: bool, attended: bool
) -> None:
    remote = Remote(tmp_path)
    await (remote.busy() if busy else remote).enter(ACCOUNT)
    await remote.clock.advance(MINUTE)
    assert remote.freshened(0.0) == PLACES
    remote.fault = fault
    down = remote.clock.monotonic()
    for _ in range(120):
        await remote.clock.advance(HOUR / 120)
        if attended:
            remote.services.polling.user_active()
    assert len(remote.asked(down, down + HOUR / 2)) <= 80
    assert len(remote.asked(down + HOUR / 2)) <= 60
    assert remote.services.connection.freshness.offline_since is not None

    remote.fault = None
    back = remote.clock.monotonic()
    await remote.clock.advance(SOON)
    assert remote.services.connection.freshness.offline_since is None
    assert remote.freshened(back) == PLACES
    await remote.services.aclose()


async def test_user_requests_pass_the_open_circuit_breaker(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    await remote.enter(ACCOUNT)
    remote.fault = unwell
    await remote.clock.advance(20 * MINUTE)
    pressed = remote.clock.monotonic()
    assert remote.asked(pressed - 1) == []
    refreshing = asyncio.ensure_future(remote.services.polling.refresh())
    await remote.clock.run_until(refreshing.done, seconds=20)
    assert isinstance(refreshing.exception(), QdeckError)
    assert remote.freshened(pressed) == PLACES

    submitting = asyncio.ensure_future(remote.services.outbox.submit(BELL))
    await remote.clock.settle()
    assert remote.posted[-1] == "/api/v1/jobs"
    remote.fault = None
    remote.network.on("POST", "/api/v1/jobs", httpx.Response(200, json={"id": "new", "backend": "b"}))
    back = remote.clock.monotonic()
    await remote.services.polling.refresh()
    assert remote.clock.monotonic() - back < 5
    await remote.clock.settle()
    assert remote.services.connection.freshness.offline_since is None
    assert remote.freshened(back) == PLACES
    submitting.cancel()
    await remote.services.aclose()


async def test_focus_lets_the_probe_ask_at_once(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    await remote.enter(ACCOUNT)
    remote.services.polling.focus_changed(False)
    remote.fault = unwell
    await remote.clock.advance(20 * MINUTE)
    remote.fault = None
    await remote.clock.advance(6)
    back = remote.clock.monotonic()
    remote.services.polling.focus_changed(True)
    await remote.clock.settle()
    assert remote.freshened(back) == PLACES
    assert remote.services.connection.freshness.offline_since is None
    await remote.services.aclose()


@pytest.mark.parametrize("place", sorted(PLACES))
async def test_retry_after_holds_all_workers(tmp_path: Path, place: str) -> None:
    remote = Remote(tmp_path)
    await remote.enter(ACCOUNT)
    await remote.clock.advance(MINUTE)
    wait = 900.0

    def limited(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(place):
            return httpx.Response(429, json={}, headers={"Retry-After": str(int(wait))})
        return remote.network(request)

    remote.fault = limited
    await remote.clock.run_until(lambda: bool(remote.refused), seconds=10 * MINUTE)
    remote.fault = None
    refused_at = remote.clock.monotonic()
    await remote.clock.advance(wait - 1)
    assert remote.asked(refused_at + 1) == []
    with pytest.raises(QdeckError) as caught:
        await remote.services.polling.refresh()
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    remote.services.polling.user_active()
    await remote.clock.advance(wait / 2)
    assert remote.freshened(refused_at + 1) == PLACES
    await remote.services.aclose()


async def test_one_failing_endpoint_does_not_stop_other_workers(tmp_path: Path) -> None:
    remote = Remote(tmp_path).busy()
    await remote.enter(ACCOUNT)

    def broken(request: httpx.Request) -> httpx.Response:
        return unwell(request) if request.url.path.endswith("backends") else remote.network(request)

    remote.fault = broken
    for _ in range(20):
        since = remote.clock.monotonic()
        await remote.clock.advance(2 * MINUTE)
        remote.services.polling.user_active()
        assert {"jobs", "workloads"} <= remote.freshened(since)
    asked = [path for path in remote.asked(since - HOUR / 2) if path.endswith("backends")]
    assert len(asked) <= 31 * RetryPolicy().attempts, "it was asked for once a minute at most"
    assert remote.services.connection.freshness.offline_since is None
    await remote.services.aclose()
