"""The IBM Cloud services a client finds its instance with: search, catalog, resource controller."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui.sandbox.base.errors import no_route
from tui.sandbox.base.http import answer, json_object
from tui.sandbox.core.identity import INSTANCE_NAME, PLAN_ID, REGION, RESOURCE_ID
from tui.sandbox.platform.guard import Call


def _extensions(call: Call) -> dict[str, Any]:
    usage = call.service.usage
    return {
        "backends": ["ANY"],
        "instance_limit_seconds": usage.limit(),
        "usage_allocation_seconds": usage.allocation,
    }


async def search(call: Call) -> Response:
    """The one instance; it fits on the first page, so there is no cursor."""
    body = await json_object(call.request, empty=True)
    items = [
        {
            "crn": call.service.identity.crn,
            "name": INSTANCE_NAME,
            "service_plan_unique_id": PLAN_ID,
            "tags": [],
            "doc": {"extensions": _extensions(call)},
        }
    ]
    asked = str(body.get("query") or "quantum-computing")
    return answer({"items": items if "quantum-computing" in asked else [], "limit": 100})


async def catalog(call: Call) -> Response:
    """The plan's name and price."""
    if call.path("plan_id") != PLAN_ID:
        raise no_route()
    return answer(
        {
            "id": PLAN_ID,
            "name": "open",
            "overview_ui": {"en": {"display_name": "Open"}},
            "metadata": {"pricing": {"type": "free"}},
        }
    )


async def resource_instances(call: Call) -> Response:
    """The instance by name, by guid, or whatever there is."""
    identity = call.service.identity
    wanted = {"name": INSTANCE_NAME, "guid": identity.instance, "resource_id": RESOURCE_ID}
    matches = all(call.query(name) in (None, value) for name, value in wanted.items())
    resource = {
        "id": identity.crn,
        "guid": identity.instance,
        "crn": identity.crn,
        "name": INSTANCE_NAME,
        "resource_id": RESOURCE_ID,
        "resource_plan_id": PLAN_ID,
        "state": "active",
        "region_id": REGION,
        "extensions": _extensions(call),
    }
    resources = [resource] if matches else []
    return answer({"rows_count": len(resources), "next_url": None, "resources": resources})
