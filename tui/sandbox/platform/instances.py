"""`/instance`, `/instances/*`, `/accounts/{id}`, `/tags`: the account and what is left of its time."""

from __future__ import annotations

from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import ApiError, forbidden, invalid, invalid_query, usage_exceeded
from tui.sandbox.base.http import LARGEST, answer, json_object, nothing
from tui.sandbox.core import devices
from tui.sandbox.core.identity import PLAN_ID, SUBSCRIPTION_ID
from tui.sandbox.core.service import INTERACTIVE_TTL
from tui.sandbox.platform.guard import FACE, Call
from tui.sandbox.server.session_requests import DEFAULT_MAX_TTL


async def instance(call: Call) -> Response:
    """Seconds are strings here, as in the schema."""
    usage = call.service.usage
    limit = usage.limit() or usage.allocation
    return answer(
        {
            "backends": ["ANY"],
            "instance_limit": limit,
            "instance_limit_seconds": str(limit),
            "plan_id": PLAN_ID,
            "usage_allocation_seconds": str(usage.allocation),
        }
    )


async def configuration(call: Call) -> Response:
    usage = call.service.usage
    return answer({"instance_limit": usage.limit() or usage.allocation})


async def configure(call: Call) -> Response:
    """Set or, with null, clear the limit. A limit below what is used already is a conflict."""
    body = await json_object(call.request)
    limit = body.get("instance_limit")
    if "instance_limit" not in body or (
        limit is not None
        and (not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LARGEST)
    ):
        raise invalid("instance_limit must be null or an integer of at least 1")
    if limit is not None and call.service.usage.consumed(FACE) > limit:
        raise usage_exceeded()
    call.service.usage.set_limit(limit)
    return nothing()


async def usage(call: Call) -> Response:
    """What was used of the running 28 days. `usage_limit_seconds` is there only when a limit holds."""
    usage = call.service.usage
    start, end = usage.period()
    limit = usage.limit()
    if limit is None and call.service.limits.enforced:
        limit = usage.allocation
    body = {
        "instance_id": call.service.identity.crn,
        "plan_id": PLAN_ID,
        "usage_period": {"start_time": iso(start, 3), "end_time": iso(end, 3)},
        "usage_consumed_seconds": round(usage.consumed(FACE), 3),
        "usage_allocation_seconds": usage.allocation,
        "usage_limit_reached": usage.reached(FACE),
    }
    if limit is not None:
        body["usage_limit_seconds"] = limit
    return answer(body)


async def account(call: Call) -> Response:
    if call.path("account_id").removeprefix("a/") != call.service.identity.account:
        raise forbidden()
    usage = call.service.usage
    plan = call.query("plan_id")
    if plan not in (None, PLAN_ID):
        raise ApiError(404, 1200, "Plan not found.")
    now = call.service.clock.now()
    plans = [
        {
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
    ]
    return answer({"plans": plans})


async def tags(call: Call) -> Response:
    """Tags of jobs that contain a text of 3 to 100 characters."""
    search = call.query("search") or ""
    if call.query("type") != "job":
        raise invalid_query("type must be job")
    if not 3 <= len(search) <= 100:
        raise invalid_query("search must be 3 to 100 characters long")
    return answer({"tags": call.service.store.jobs.tags_like(FACE, search)})
