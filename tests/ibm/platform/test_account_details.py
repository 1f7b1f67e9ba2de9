"""Details of an account: usage by instance and backend, plans, the version of the API."""

from __future__ import annotations

import httpx
import pytest

from tests.ibm.mock_network import (
    Network,
    classic_routes,
    fixture,
    response,
    service,
)
from tui.domain.accounts import AccountDetails, ApiVersion, Channel, Share, Spending
from tui.ibm.platform.service import API_VERSION


def grouped(request: httpx.Request) -> httpx.Response:
    """Two backends, the busier one second; and two instances, one of them idle."""
    if request.url.params["group_by"] == "backend":
        (recorded,) = fixture("gen2_analytics_usage_grouped")["responses"][0]["body"]["data"]
        return httpx.Response(
            200, json={"data": [recorded, {**recorded, "key": "ibm_torino", "usage": 190000}]}
        )
    shares = [{"key": "crn:1", "usage": 202000, "jobs": 8}, {"key": "crn:2", "usage": 0, "jobs": 0}]
    return httpx.Response(200, json={"data": shares})


async def test_account_details_match_recorded_responses() -> None:
    network = Network().on(
        "GET", "/api/v1/instances/configuration", response("gen2_instance_configuration_get")
    )
    network.on("GET", "/api/v1/accounts/0123", response("gen2_account_get"))
    network.on("GET", "/api/v1/analytics/usage", response("gen2_analytics_usage"))
    network.on("GET", "/api/v1/analytics/usage_grouped", grouped)
    network.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
    made = service(network)
    await made.sign_in()
    details = await made.account_details()
    (known,) = details.plans
    assert (known.name, known.allocated_seconds, known.max_ttl, known.interactive_ttl) == (
        "Open",
        600,
        28800,
        60,
    )
    assert details.instance_limit_seconds == 600
    assert details.spending == Spending(4, 12.0, 15.0, 30.0)
    assert details.by_backend == (Share("ibm_torino", 4, 190.0), Share("ibm_fez", 4, 12.0))
    assert details.by_instance == (Share("crn:1", 8, 202.0),)
    assert details.withheld == ()


async def test_account_details_leave_out_refused_parts() -> None:
    refusal = httpx.Response(403, json={"errors": [{"code": 1200, "message": "Not authorised."}]})
    network = Network().on("GET", "/api/v1/accounts/0123", refusal)
    network.on("GET", "/api/v1/analytics/usage", refusal)
    network.on("GET", "/api/v1/analytics/usage_grouped", httpx.Response(404))
    network.on("GET", "/api/v1/instances/configuration", response("gen2_instance_configuration_get"))
    network.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
    made = service(network)
    await made.sign_in()
    details = await made.account_details()
    assert (details.instance_limit_seconds, details.plans, details.spending) == (600, (), None)
    assert (details.by_backend, details.by_instance) == ((), ())
    assert len(details.withheld) == 4


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response("gen2_versions", 0), ApiVersion(API_VERSION, "live", "2026-04-15")),
        (response("gen2_versions", 1), ApiVersion(API_VERSION, "", "2025-05-01")),
    ],
)
async def test_api_version_state_and_newest(answer: httpx.Response, expected: ApiVersion) -> None:
    network = Network().on("GET", "/api/v1/versions", answer)
    assert await service(network).api_version() == expected
    assert "authorization" not in network.sent[0].headers


async def test_classic_service_has_no_version_and_no_details() -> None:
    made = service(classic_routes(Network()), channel=Channel.CLASSIC)
    assert await made.api_version() is None
    assert await made.account_details() == AccountDetails()
