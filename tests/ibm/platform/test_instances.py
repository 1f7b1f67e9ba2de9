"""Instances of an account, and the one that is used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import (
    CRN,
    InstantClock,
    Network,
    account,
    classic_routes,
    service,
)
from tests.ibm.test_services import ITEM, platform_routes, refused
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, Preferences
from tui.domain.jobs import Primitive
from tui.domain.submissions import Submission
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions


async def test_instances_have_plans_over_all_pages() -> None:
    network = platform_routes()
    pages = iter(
        [
            {"items": [ITEM | {"crn": CRN + "b", "name": "b"}, ITEM | {"doc": {}}], "search_cursor": "next"},
            {"items": [ITEM | {"crn": CRN + "a", "name": "a"}]},
        ]
    )
    network.on("POST", "/global-search/v3/resources/search", lambda _: httpx.Response(200, json=next(pages)))
    found = await service(network).instances()
    assert [(instance.name, instance.plan) for instance in found] == [("a", "Open"), ("b", "Open")]
    assert [json.loads(sent.content) for sent in network.sent if "search" in sent.url.path][1] == {
        "search_cursor": "next"
    }


async def test_archived_plan_has_no_name() -> None:
    network = platform_routes().on(
        "GET", f"/globalcatalog/api/v1/{ITEM['service_plan_unique_id']}", httpx.Response(403)
    )
    (instance,) = await service(network).instances()
    assert instance.plan == ""


async def test_sign_in_with_several_instances_has_notice() -> None:
    network = platform_routes()
    items = {"items": [ITEM | {"crn": CRN, "name": "one"}, ITEM | {"crn": CRN + "2", "name": "two"}]}
    network.on("POST", "/global-search/v3/resources/search", httpx.Response(200, json=items))
    identity = await service(network, instance="").sign_in()
    assert (identity.instance, identity.instance_name) == (CRN, "one")
    assert "2 instances" in identity.notice


async def test_sign_in_without_instances_is_forbidden() -> None:
    network = platform_routes().on(
        "POST", "/global-search/v3/resources/search", httpx.Response(200, json={"items": []})
    )
    error = await refused(service(network, instance="").sign_in())
    assert (error.kind, "CRN" in error.advice) == (ErrorKind.FORBIDDEN, True)


def search(*items: dict[str, Any]) -> httpx.Response:
    """Instances as the search tells them."""
    known = [{"doc": {"extensions": {}}, "tags": [], **item} for item in items]
    return httpx.Response(200, json={"items": known})


def plan(name: str, pricing: str) -> httpx.Response:
    """A plan as the catalog tells it."""
    return httpx.Response(
        200, json={"overview_ui": {"en": {"display_name": name}}, "metadata": {"pricing": {"type": pricing}}}
    )


def crn(region: str, number: int) -> str:
    return f"crn:v1:bluemix:public:quantum-computing:{region}:a/0:{number}::"


@pytest.mark.parametrize(
    ("wish", "chosen"),
    [
        (Preferences(), 2),
        (Preferences(plans=("premium", "open")), 1),
        (Preferences(region="eu-de"), 3),
        (Preferences(tags=("Team-A",)), 1),
        (Preferences(plans=("flex",)), None),
    ],
)
@pytest.mark.parametrize("named", ["", "auto"])
async def test_sign_in_chooses_preferred_instance(wish: Preferences, chosen: int | None, named: str) -> None:
    network = Network()
    network.on(
        "POST",
        "/global-search/v3/resources/search",
        search(
            {"crn": crn("us-east", 1), "name": "a", "service_plan_unique_id": "p", "tags": ["team-a", "x"]},
            {"crn": crn("us-east", 2), "name": "b", "service_plan_unique_id": "o"},
            {"crn": crn("eu-de", 3), "name": "c", "service_plan_unique_id": "p"},
        ),
    )
    network.on("GET", "/globalcatalog/api/v1/p", plan("Premium", "subscription"))
    network.on("GET", "/globalcatalog/api/v1/o", plan("Open", "free"))
    network.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
    who = replace(account(instance=named), preferences=wish)
    made = make_service(who, InstantClock(), HttpOptions(transport=httpx.MockTransport(network)))
    if chosen is None:
        with pytest.raises(QdeckError, match="flex"):
            await made.sign_in()
    else:
        assert (await made.sign_in()).instance.split(":")[7] == str(chosen)


async def test_chosen_instance_stays_at_next_sign_in() -> None:
    first = crn("us-east", 1)
    network = Network()
    network.on("POST", "/global-search/v3/resources/search", search({"crn": first, "name": "b"}))
    network.on("GET", "/api/v1/jobs", httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}))
    made = service(network, instance="auto")
    assert (await made.sign_in()).instance == first
    network.on("POST", "/global-search/v3/resources/search", search({"crn": crn("us-east", 2), "name": "a"}))
    again = await made.sign_in()
    assert (again.instance, again.instance_name) == (first, "b")


async def test_auto_instance_without_search_is_a_settings_error() -> None:
    plain_hosts = replace(account().endpoints, search="", catalog="", resources="")
    who = replace(account(instance="auto"), endpoints=plain_hosts)
    made = make_service(who, InstantClock(), HttpOptions(transport=httpx.MockTransport(Network())))
    error = await refused(made.sign_in())
    assert error.kind is ErrorKind.SETTINGS and "no search" in error.message


async def test_auto_instance_of_classic_is_default_project() -> None:
    named = service(classic_routes(Network()), channel=Channel.CLASSIC, instance="")
    auto = service(classic_routes(Network()), channel=Channel.CLASSIC, instance="auto")
    assert (await auto.sign_in()).instance == (await named.sign_in()).instance


async def test_forbidden_instance_is_named() -> None:
    refusal = httpx.Response(403, json={"errors": [{"code": 1200, "message": "Not authorised."}]})
    network = platform_routes().on("GET", "/api/v1/jobs", refusal)
    error = await refused(service(network).sign_in())
    assert (error.kind, error.code) == (ErrorKind.FORBIDDEN, "1200")
    assert CRN in error.message and "Not authorised." in error.message


@pytest.mark.parametrize(
    ("jobs", "backends", "chosen"),
    [
        ({}, {1: []}, 2),
        ({1: 403}, {}, 2),
        ({1: 404, 2: 403}, {}, 3),
        ({}, {1: [], 2: [], 3: []}, 1),
        ({1: 403}, {2: [], 3: []}, 2),
        ({}, {1: 403}, 2),
        ({}, {1: 503}, 1),
        ({1: 403, 2: 403, 3: 403}, {}, None),
        ({1: 503}, {}, None),
    ],
)
async def test_archived_or_refused_instance_does_not_stand_before_the_others(
    jobs: dict[int, int], backends: dict[int, Any], chosen: int | None
) -> None:
    """Of three instances the numbered ones answer with a status, or list those backends."""
    network = Network()
    found = [{"crn": crn("us-east", number), "name": f"{number}"} for number in (1, 2, 3)]
    network.on("POST", "/global-search/v3/resources/search", search(*found))

    def number_of(request: httpx.Request) -> int:
        return int(request.headers["Service-CRN"].split(":")[7])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/jobs"):
            return httpx.Response(jobs.get(number_of(request), 200), json={"jobs": []})
        told = backends.get(number_of(request), [{"name": "ibm_fez"}])
        return httpx.Response(told) if isinstance(told, int) else httpx.Response(200, json={"devices": told})

    network.on("GET", "/api/v1/jobs", answer)
    network.on("GET", "/api/v1/backends", answer)
    made = service(network, instance="auto")
    if chosen is None:
        error = await refused(made.sign_in())
        assert error.kind is (ErrorKind.SERVER if 503 in jobs.values() else ErrorKind.FORBIDDEN)
        jobs.clear()
        chosen = 1
    identity = await made.sign_in()
    assert identity.instance == crn("us-east", chosen) and "3 instances" in identity.notice


async def test_gateway_that_refuses_the_catalog_stops_no_instance() -> None:
    page = httpx.Response(403, text="<html>Blocked", headers={"content-type": "text/html"})
    path = f"/globalcatalog/api/v1/{ITEM['service_plan_unique_id']}"
    network = platform_routes().on("GET", path, page)
    made = service(network)
    assert [instance.plan for instance in await made.instances()] == [""]
    assert network.count("GET", path) == 1


async def test_archived_instance_refuses_a_job_with_its_reason() -> None:
    reason = "The instance is archived: nothing new is accepted."
    refusal = httpx.Response(403, json={"errors": [{"code": 1200, "message": reason}]})
    network = platform_routes().on("POST", "/api/v1/jobs", refusal)
    submission = Submission(Primitive.SAMPLER, "ibm_fez", "OPENQASM 3.0;", shots=10)
    error = await refused(service(network).submit(submission))
    assert error.kind is ErrorKind.FORBIDDEN and reason in error.message
    assert network.count("POST", "/api/v1/jobs") == 1
