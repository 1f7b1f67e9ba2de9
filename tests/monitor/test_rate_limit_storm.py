"""A service that answers every creation of a job with 429, for minutes: few requests, one job afterwards."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from tests.ibm.mock_network import account, classic_routes
from tests.monitor.fakes import BELL
from tests.monitor.test_circuit_breaker import ACCOUNT, MINUTE, Remote
from tui.domain.accounts import Channel

pytestmark = pytest.mark.usefixtures("history_synced_rarely")

SKEWS = [timedelta(), timedelta(hours=5), timedelta(hours=-5)]


def date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


class Storm(Remote):
    """A service whose clock is `skew` ahead, and that refuses with a `Retry-After` while `header` is set."""

    def __init__(self, root: Path, skew: timedelta = timedelta()) -> None:
        super().__init__(root)
        self.skew = skew
        self.header: str | None = None
        self.storming = False
        self.created = 0
        self.fault = self._limited

    def _limited(self, request: httpx.Request) -> httpx.Response:
        creates = request.method == "POST" and request.url.path.endswith("/jobs")
        headers = {"Date": date(self.clock.true_time() + self.skew)}
        if self.storming and creates:
            if self.header is not None:
                headers["Retry-After"] = self.header
            return httpx.Response(429, json={"errors": [{"code": 1202, "message": "Wait."}]}, headers=headers)
        if creates:
            self.created += 1
            return httpx.Response(200, json={"id": f"new-{self.created}", "backend": "b"}, headers=headers)
        answer = self.network(request)
        answer.headers["Date"] = headers["Date"]
        return answer

    @property
    def posts(self) -> int:
        """Requests to create a job so far."""
        return sum(path.endswith("/jobs") for path in self.posted)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("skew", SKEWS, ids=str)
@pytest.mark.parametrize("asked", [None, "0", "-5", "soon", "30", "past", "later"])
async def test_storm_of_429_on_creations_costs_few_requests_and_ends_in_one_job(
    tmp_path: Path, asked: str | None, skew: timedelta, channel: Channel
) -> None:
    storm = Storm(tmp_path, skew)
    if channel is Channel.CLASSIC:
        classic_routes(storm.network).on(
            "GET", "/runtime/jobs", httpx.Response(200, json={"jobs": [], "count": 0})
        )
    await storm.enter(ACCOUNT if channel is Channel.PLATFORM else account(Channel.CLASSIC))
    there = storm.clock.true_time() + skew
    dates = {"past": date(there - timedelta(hours=1)), "later": date(there + timedelta(minutes=9))}
    storm.header = dates.get(asked or "", asked)
    storm.storming = True
    sent = asyncio.ensure_future(storm.services.outbox.submit(BELL))
    for _ in range(10):
        await storm.clock.advance(MINUTE)
        storm.services.polling.user_active()
        (waiting,) = storm.services.outbox.queue.waiting()
        assert waiting.due is not None and "wait" in waiting.why, "the wait is told"
        assert timedelta(seconds=-1) <= waiting.due - storm.clock.now() <= timedelta(minutes=10)
    assert storm.posts <= 25, f"{storm.posts} requests in ten minutes"
    storm.storming = False
    await storm.clock.run_until(sent.done, seconds=10 * MINUTE)
    assert sent.result().id == "new-1"
    await storm.clock.advance(10 * MINUTE)
    assert storm.created == 1
    await storm.services.aclose()
