"""Handlers of single backends, the same on both faces."""

from __future__ import annotations

from starlette.responses import Response

from tui.sandbox.base.http import json_response, query_time
from tui.sandbox.core.devices import Device
from tui.sandbox.server.routing import Call


def device_of(call: Call) -> Device:
    """Return the device that the path names.

    Raises:
        ApiError: 404 when there is no such device, or none with the `calibration_id` of the query.
    """
    return call.service.device(call.path("name"), call.query("calibration_id"))


async def get_configuration(call: Call) -> Response:
    """GET /backends/{name}/configuration: 200 with the recorded configuration.

    Raises:
        ApiError: 404 unknown backend or calibration.
    """
    return json_response(device_of(call).configuration())


async def get_properties(call: Call) -> Response:
    """GET /backends/{name}/properties: 200 with the calibration in force, or in force at `updated_before`.

    Raises:
        ApiError: 404 unknown backend or calibration, or none so early; 400 for a time that is none.
    """
    before = query_time(call.request, "updated_before")
    found = call.service.device(call.path("name"), call.query("calibration_id"), before)
    return json_response(found.properties())


async def get_status(call: Call) -> Response:
    """GET /backends/{name}/status: 200 with the state of the device and the length of its queue.

    Raises:
        ApiError: 404 unknown backend.
    """
    device = device_of(call)
    return json_response(
        {
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": call.service.scheduler.queue_length(device.name),
            "backend_version": device.configuration().get("backend_version", ""),
        }
    )
