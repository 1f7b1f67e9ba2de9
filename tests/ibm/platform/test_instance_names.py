"""Names that are only shown, of instances and plans, hold up nothing when their hosts do not answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.ibm.mock_network import CRN, InstantClock, Network, account, fixture, response
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.platform import instances
from tui.ibm.platform import service as platform
from tui.ibm.transport.client import HttpOptions

SEARCH = "/global-search/v3/resources/search"
USAGE = fixture("gen2_instance_usage")["responses"][0]["body"]
PLAN = f"/globalcatalog/api/v1/{USAGE['plan_id']}"


class Firewall(Network):
    """Lets no answer of some paths through until it is opened."""

    def __init__(self, *blocked: str) -> None:
        super().__init__()
        self.blocked = blocked
        self.opened = asyncio.Event()
        self.on("GET", "/api/v1/jobs", response("gen2_jobs_list"))
        self.on("GET", "/api/v1/instances/usage", response("gen2_instance_usage"))
        self.on("GET", PLAN, response("gen2_global_catalog_entry"))
        item = fixture("gen2_global_search")["responses"][0]["body"]["items"][0]
        named = item | {"crn": CRN, "name": "lab"}
        self.on("POST", SEARCH, httpx.Response(200, json={"items": [named]}))

    async def through(self, request: httpx.Request) -> httpx.Response:
        """The answer, when it comes."""
        answer = self(request)
        if request.url.path in self.blocked:
            await self.opened.wait()
        return answer

    def service(self, clock: InstantClock | None = None) -> QuantumService:
        """A service behind it."""
        return make_service(
            account(),
            clock or InstantClock(),
            HttpOptions(chance=lambda: 1.0, transport=httpx.MockTransport(self.through)),
        )


async def test_sign_in_does_not_wait_for_instance_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "NAME_SECONDS", 0.01)
    network = Firewall(SEARCH)
    made = network.service()
    identity = await asyncio.wait_for(made.sign_in(), 5)
    assert (identity.instance, identity.instance_name) == (CRN, "11111111")
    network.opened.set()
    (naming,) = [task for task in asyncio.all_tasks() if task.get_name() == "name of the instance"]
    await naming
    assert (await made.renew()).instance_name == "lab", "it is shown when it comes"
    await made.sign_in()
    assert network.count("POST", SEARCH) == 1
    await made.aclose()


async def test_failed_instance_name_is_asked_once() -> None:
    network = Firewall()
    network.on("POST", SEARCH, httpx.Response(503))
    clock = InstantClock()
    made = network.service(clock)
    assert (await made.sign_in()).instance_name == "11111111"
    assert (network.count("POST", SEARCH), clock.slept) == (1, [])
    await made.aclose()


async def test_close_cancels_instance_name_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "NAME_SECONDS", 0.01)
    made = Firewall(SEARCH).service()
    await made.sign_in()
    await made.aclose()
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "name of the instance"]


async def test_usage_does_not_wait_for_plan_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "PATIENCE", 0.01)
    network, clock = Firewall(PLAN), InstantClock()
    made = network.service(clock)
    for _ in range(3):
        usage = await asyncio.wait_for(made.usage(), 5)
        assert (usage.consumed_seconds, usage.plan) == (12, "")
        clock.passed += 300
    assert network.count("GET", PLAN) == 1, "an answer that did not come is not asked for every time"
    network.opened.set()
    clock.passed += instances.UNANSWERED_FOR
    assert (await made.usage()).plan == "Open"
    assert (await made.usage()).plan == "Open"
    assert network.count("GET", PLAN) == 2


async def test_failed_catalog_spends_no_retry_budget() -> None:
    network, clock = Firewall(), InstantClock()
    network.on("GET", PLAN, httpx.Response(503))
    made = network.service(clock)
    for _ in range(2):
        assert (await made.usage()).plan == ""
        clock.passed += 300
    assert (network.count("GET", PLAN), clock.slept) == (1, [])
