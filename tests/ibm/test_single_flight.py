"""Lists that background workers ask for keep one request under way at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import Network, classic_routes, response, service
from tui.domain.accounts import Channel


class Counting:
    """A network in which every answer takes a turn of the loop, and that counts what is under way."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.under_way = self.most = self.sent = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.under_way += 1
        self.sent += 1
        self.most = max(self.most, self.under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        self.under_way -= 1
        return self.network(request)


@pytest.mark.parametrize("channel", Channel)
async def test_session_and_backend_lists_send_one_request_at_a_time(channel: Channel) -> None:
    network = classic_routes(Network()) if channel is Channel.CLASSIC else Network()
    devices = {"devices": ["ibm_fez", "ibm_cusco", "ibm_kyiv"]}
    network.on("GET", "/runtime/backends", httpx.Response(200, json=devices))
    network.on("GET", "/api/v1/workloads", response("gen2_workloads"))
    network.on("GET", "/api/v1/backends", response("gen2_backends_list"))
    counting = Counting(network)
    asynchronous: Any = counting
    made = service(asynchronous, channel=channel)
    if channel is Channel.CLASSIC:
        await made.sign_in()
    counting.most = counting.sent = 0
    await made.sessions()
    await made.backends()
    assert counting.most == 1 and counting.sent >= 3
    await made.aclose()
