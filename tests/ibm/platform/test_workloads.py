"""The list of sessions: whatever is open is in it, and it costs few requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import InstantClock, Network, service
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.api.service import QuantumService
from tui.ibm.platform import workloads

PAGE = 50
OPEN = {"pending", "in_progress"}


class Platform(Network):
    """Lists workloads as the contract says (5.13), newest first.

    `filters`: whether it knows `status`; a service that does not may ignore or refuse it.
    """

    def __init__(self, items: Iterable[dict[str, Any]], filters: str = "known") -> None:
        super().__init__()
        self.items = list(items)
        self.filters = filters
        self.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
        self.on("GET", "/api/v1/workloads", self._listed)

    def _listed(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        wanted = set(asked.get_list("status"))
        if wanted and self.filters == "refused":
            return httpx.Response(400, json={"errors": [{"code": 1208, "message": "status is unknown"}]})
        if self.filters != "known":
            wanted = set()
        chosen = [
            item
            for item in self.items
            if asked.get("mode") in {None, item["mode"]} and (not wanted or item["status"] in wanted)
        ]
        at = int(asked.get("next", "0"))
        body: dict[str, Any] = {"workloads": chosen[at : at + PAGE], "total_count": len(chosen)}
        if at + PAGE < len(chosen):
            body["next"] = {"href": f"https://elsewhere.example/workloads?next={at + PAGE}"}
        return httpx.Response(200, json=body)

    @property
    def asked(self) -> int:
        """Requests for workloads so far."""
        return self.count("GET", "/api/v1/workloads")


def items(mode: str, status: str, count: int) -> list[dict[str, Any]]:
    """Workloads of one kind."""
    named = f"{mode}-{status}"
    return [{"id": f"{named}-{at}", "mode": mode, "status": status, "backend": "b"} for at in range(count)]


async def signed_in(network: Platform, clock: InstantClock | None = None) -> QuantumService:
    made = service(network, clock)
    await made.sign_in()
    return made


async def open_ids(made: QuantumService) -> set[str]:
    return {session.id for session in await made.sessions() if session.takes_jobs}


async def test_open_session_is_listed_behind_closed_ones() -> None:
    network = Platform(
        [
            *items("batch", "completed", 200),
            *items("session", "canceled", 200),
            *items("session", "in_progress", 1),
            *items("batch", "pending", 1),
        ]
    )
    made = await signed_in(network)
    assert await open_ids(made) == {"session-in_progress-0", "batch-pending-0"}
    listed = await made.sessions()
    assert len(listed) == 102, "and the newest closed ones of each mode"


async def test_usual_listing_is_one_request_with_cached_closed_sessions() -> None:
    clock = InstantClock()
    network = Platform([*items("batch", "completed", 2), *items("session", "in_progress", 1)])
    made = await signed_in(network, clock)
    assert len(await made.sessions()) == 3
    first = network.asked
    for _ in range(5):
        assert len(await made.sessions()) == 3
    assert (first, network.asked) == (3, first + 5)
    clock.passed += workloads.CLOSED_EVERY
    network.items = [*items("batch", "failed", 1), *network.items]
    assert len(await made.sessions()) == 4
    assert network.asked == first + 5 + 3


async def test_session_closed_since_is_not_listed_as_open() -> None:
    network = Platform(items("session", "in_progress", 1))
    made = await signed_in(network)
    assert await open_ids(made) == {"session-in_progress-0"}
    network.items[0]["status"] = "completed"
    assert await open_ids(made) == set()


async def test_open_session_is_listed_behind_many_waiting_jobs() -> None:
    clock = InstantClock()
    network = Platform([*items("job", "pending", 300), *items("session", "in_progress", 120)])
    made = await signed_in(network, clock)
    assert len(await open_ids(made)) == 120
    asked = network.asked
    assert len(await open_ids(made)) == 120
    assert network.asked == asked + 4, "three pages of sessions and one of batches; the jobs are left out"
    network.items = items("session", "in_progress", 2)
    clock.passed += workloads.CLOSED_EVERY
    await made.sessions()
    asked = network.asked
    await made.sessions()
    assert network.asked == asked + 1, "when the jobs are gone one request is enough again"


@pytest.mark.parametrize("filters", ["ignored", "refused"])
async def test_listing_without_filter_ends_at_page_without_open_session(filters: str) -> None:
    network = Platform(
        [
            *items("session", "in_progress", 60),
            *items("session", "completed", 500),
            *items("batch", "completed", 500),
        ],
        filters,
    )
    made = await signed_in(network)
    assert len(await open_ids(made)) == 60
    for _ in range(3):
        assert len(await open_ids(made)) == 60
    assert network.asked < 30


async def test_pages_follow_cursor_up_to_a_limit() -> None:
    network = Platform([])

    def endless(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("next", "0"))
        item = {"id": f"s{at}", "mode": "session", "status": "in_progress", "backend": "b"}
        href = f"https://elsewhere.example/workloads?next={at + 1}"
        return httpx.Response(200, json={"workloads": [item], "next": {"href": href}})

    network.on("GET", "/api/v1/workloads", endless)
    made = await signed_in(network)
    assert len(await made.sessions()) == workloads.PAGES
    assert {sent.url.host for sent in network.sent} == {"127.0.0.1"}


async def test_failing_workload_list_raises() -> None:
    network = Platform([])
    network.on("GET", "/api/v1/workloads", httpx.Response(403, json={}))
    made = await signed_in(network)
    with pytest.raises(QdeckError) as caught:
        await made.sessions()
    assert caught.value.kind is ErrorKind.FORBIDDEN


async def test_workloads_of_every_page_that_cannot_be_read_are_told() -> None:
    wrong: list[dict[str, object]] = [{"id": 7, "mode": "batch", "status": "completed"}]
    closed = items("batch", "completed", 1)
    network = Platform([*items("session", "in_progress", 120), *wrong, *closed, *wrong])
    made = await signed_in(network)
    listed = await made.sessions()
    assert len(listed) == 121 and listed.unreadable
