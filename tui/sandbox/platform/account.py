"""Handlers of the account: IAM, the IBM Cloud services that lead to the instance, its plan and usage."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import (
    ApiError,
    forbidden,
    iam_body,
    invalid_body,
    invalid_query,
    not_found,
    usage_exceeded,
)
from tui.sandbox.base.http import MAX_INTEGER, form, json_object, json_response, no_content
from tui.sandbox.base.tokens import JWT_SECONDS
from tui.sandbox.core import devices
from tui.sandbox.core.instance import (
    ARCHIVE_NAME,
    INSTANCE_NAME,
    PLAN_ID,
    REGION,
    RESOURCE_ID,
    SUBSCRIPTION_ID,
    archive_crn,
)
from tui.sandbox.core.service import INTERACTIVE_TTL, Service
from tui.sandbox.server.routing import Call
from tui.sandbox.server.sessions import DEFAULT_MAX_TTL

_GRANT = "urn:ibm:params:oauth:grant-type:apikey"


async def issue_token(request: Request) -> Response:
    """POST /identity/token: 200 with a bearer token of one hour for an API key; 400 for anything else."""
    service: Service = request.app.state.service
    fields = await form(request)
    refusal = _refusal(fields, service)
    if refusal is not None:
        return json_response(iam_body(*refusal, str(request.url.replace(query=""))), 400)
    access_token, expiration = service.iam.issue()
    return json_response(
        {
            "access_token": access_token,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": JWT_SECONDS,
            "expiration": expiration,
            "scope": "ibm openid",
        }
    )


def _refusal(fields: dict[str, str], service: Service) -> tuple[str, str] | None:
    """IBM's code and text for a form that gets no token."""
    for name in ("grant_type", "apikey"):
        if not fields.get(name):
            return "BXNIM0109E", f"Property missing or empty: {name}"
        if name == "grant_type" and fields[name] != _GRANT:
            return "BXNIM0420E", "The grant type is not supported here."
    if not service.iam.is_api_key(fields["apikey"]):
        return "BXNIM0415E", "Provided API key could not be found."
    return None


async def search_resources(call: Call) -> Response:
    """POST /global-search/v3/resources/search: 200 with the instances, which need no second page.

    Raises:
        ApiError: 400 for a body that is no JSON object.
    """
    body = await json_object(call.request, empty=True)
    items = [
        {
            "crn": crn,
            "name": name,
            "service_plan_unique_id": PLAN_ID,
            "tags": [],
            "doc": {"extensions": _extensions(call)},
        }
        for name, crn in _instances(call).items()
    ]
    query = str(body.get("query") or "quantum-computing")
    return json_response({"items": items if "quantum-computing" in query else [], "limit": 100})


async def get_plan(call: Call) -> Response:
    """GET /globalcatalog/api/v1/{plan_id}: 200 with name and price of the plan.

    Raises:
        ApiError: 404 unknown plan.
    """
    if call.path("plan_id") != PLAN_ID:
        raise not_found()
    return json_response(
        {
            "id": PLAN_ID,
            "name": "open",
            "overview_ui": {"en": {"display_name": "Open"}},
            "metadata": {"pricing": {"type": "free"}},
        }
    )


async def list_resource_instances(call: Call) -> Response:
    """GET /resource-controller/v2/resource_instances: 200 with the instances that match."""
    resources = [
        {
            "id": crn,
            "guid": crn.split(":")[7],
            "crn": crn,
            "name": name,
            "resource_id": RESOURCE_ID,
            "resource_plan_id": PLAN_ID,
            "state": "active",
            "region_id": REGION,
            "extensions": _extensions(call),
        }
        for name, crn in _instances(call).items()
    ]
    filters = ("name", "guid", "resource_id")
    resources = [
        found for found in resources if all(call.query(name) in (None, found[name]) for name in filters)
    ]
    return json_response({"rows_count": len(resources), "next_url": None, "resources": resources})


def _instances(call: Call) -> dict[str, str]:
    """The instances of the account: name and CRN."""
    identity = call.service.identity
    found = {INSTANCE_NAME: identity.crn}
    if call.service.archive is not None:
        found[ARCHIVE_NAME] = archive_crn(identity)
    return found


def _extensions(call: Call) -> dict[str, Any]:
    usage = call.service.usage
    return {
        "backends": ["ANY"],
        "instance_limit_seconds": usage.limit(),
        "usage_allocation_seconds": usage.allocation,
    }


async def get_instance(call: Call) -> Response:
    """GET /instance: 200 with the plan; seconds are strings here, as in the schema."""
    usage = call.service.usage
    limit = usage.limit() or usage.allocation
    return json_response(
        {
            "backends": ["ANY"],
            "instance_limit": limit,
            "instance_limit_seconds": str(limit),
            "plan_id": PLAN_ID,
            "usage_allocation_seconds": str(usage.allocation),
        }
    )


async def get_configuration(call: Call) -> Response:
    """GET /instances/configuration: 200 with the limit in force, in QPU seconds."""
    usage = call.service.usage
    return json_response({"instance_limit": usage.limit() or usage.allocation})


async def set_configuration(call: Call) -> Response:
    """PUT /instances/configuration: set the limit, or clear it with null; 204.

    Raises:
        ApiError: 400 when it is neither null nor an integer of at least 1; 409 when more is used already.
    """
    body = await json_object(call.request)
    limit = body.get("instance_limit")
    if "instance_limit" not in body or (
        limit is not None
        and (not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_INTEGER)
    ):
        raise invalid_body("instance_limit must be null or an integer of at least 1")
    if limit is not None and call.service.usage.consumed(call.face) > limit:
        raise usage_exceeded()
    call.service.usage.set_limit(limit)
    return no_content()


async def get_usage(call: Call) -> Response:
    """GET /instances/usage: 200 with the usage of the running 28 days.

    `usage_limit_seconds` is among the members only when a limit is in force.
    """
    usage = call.service.usage
    start, end = usage.period()
    limit = usage.limit()
    if limit is None and call.service.limits.enforced:
        limit = usage.allocation
    body = {
        "instance_id": call.crn,
        "plan_id": PLAN_ID,
        "usage_period": {"start_time": iso(start, 3), "end_time": iso(end, 3)},
        "usage_consumed_seconds": round(usage.consumed(call.face), 3),
        "usage_allocation_seconds": usage.allocation,
        "usage_limit_reached": usage.limit_reached(call.face),
    }
    if limit is not None:
        body["usage_limit_seconds"] = limit
    return json_response(body)


async def get_account(call: Call) -> Response:
    """GET /accounts/{account_id}: 200 with the plans of the account.

    Raises:
        ApiError: 403 another account; 404 unknown plan.
    """
    if call.path("account_id").removeprefix("a/") != call.service.identity.account:
        raise forbidden()
    usage = call.service.usage
    if call.query("plan_id") not in (None, PLAN_ID):
        raise ApiError(404, 1200, "Plan not found.")
    now = call.service.clock.now()
    plan = {
        "plan_id": PLAN_ID,
        "subscription_id": SUBSCRIPTION_ID,
        "subscription_name": "Open",
        "usage_allocation_seconds": usage.allocation,
        "usage_limit_seconds": usage.limit() or usage.allocation,
        "backends": list(devices.DEVICES),
        "max_ttl": DEFAULT_MAX_TTL,
        "active_ttl": DEFAULT_MAX_TTL,
        "interactive_ttl": INTERACTIVE_TTL,
        "start_time": f"{now.year}-01-01T00:00:00.000Z",
        "end_time": f"{now.year}-12-31T00:00:00.000Z",
        "functions": [],
        "unallocated_usage_seconds": 0,
    }
    return json_response({"plans": [plan]})


async def search_tags(call: Call) -> Response:
    """GET /tags: 200 with the tags of jobs that contain a text of 3 to 100 characters.

    Raises:
        ApiError: 400 for a text of another length, or another type than `job`.
    """
    search = call.query("search") or ""
    if call.query("type") != "job":
        raise invalid_query("type must be job")
    if not 3 <= len(search) <= 100:
        raise invalid_query("search must be 3 to 100 characters long")
    return json_response({"tags": call.service.database.jobs.tags_like(call.face, search)})
