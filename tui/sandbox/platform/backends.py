"""`/backends`: the devices and what is known of each."""

from __future__ import annotations

from starlette.responses import Response

from tui.sandbox.base.http import answer, many
from tui.sandbox.core import devices
from tui.sandbox.platform.guard import Call
from tui.sandbox.server.device_status import device_view, status_view


async def backends(call: Call) -> Response:
    """Device objects; only names when the API version is missing or unknown, as the real service does."""
    if not call.version:
        return answer({"devices": list(devices.DEVICES)})
    wanted = ",".join(many(call.request, "fields", "fields[]"))
    wait_time = "wait_time_seconds" in wanted
    views = [device_view(call.service, name, wait_time=wait_time) for name in devices.DEVICES]
    return answer({"devices": views})


async def configuration(call: Call) -> Response:
    return answer(call.service.device(call.path("name")).configuration())


async def properties(call: Call) -> Response:
    return answer(call.service.device(call.path("name")).properties())


async def status(call: Call) -> Response:
    return answer(status_view(call.service, call.service.device(call.path("name")).name))


async def defaults(call: Call) -> Response:
    """Pulse is gone: an empty object, for a device that exists."""
    call.service.device(call.path("name"))
    return answer({})
