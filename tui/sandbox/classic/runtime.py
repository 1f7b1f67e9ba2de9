"""Handlers of the classic runtime that differ from the platform's: hub, group and project, old members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import forbidden, invalid_body
from tui.sandbox.base.http import json_object, json_response
from tui.sandbox.core import devices
from tui.sandbox.core.instance import CLASSIC_INSTANCE, GROUP, HUB, PROJECT
from tui.sandbox.db.models import Job
from tui.sandbox.server import jobs, sessions
from tui.sandbox.server.backends import device_of
from tui.sandbox.server.routing import Call


def check_provider(provider: str | None) -> None:
    """Accept the user's own hub/group/project, or none.

    Raises:
        ApiError: 403 for any other.
    """
    if provider and provider != CLASSIC_INSTANCE:
        raise forbidden()


def _check_tenant(body: Mapping[str, Any]) -> None:
    """Accept hub, group and project of a body: all three or none, otherwise 400 or 403."""
    parts = [body.get(name) for name in ("hub", "group", "project")]
    if any(parts):
        if not all(isinstance(part, str) and part for part in parts):
            raise invalid_body("hub, group and project are needed together")
        check_provider("/".join(str(part) for part in parts))


async def list_backends(_call: Call) -> Response:
    """GET /runtime/backends: 200 with the names of the devices."""
    return json_response({"devices": list(devices.DEVICES)})


async def get_defaults(call: Call) -> Response:
    """GET /runtime/backends/{name}/defaults: 200 with the measured frequencies, and no pulses.

    Raises:
        ApiError: 404 unknown backend.
    """
    qubits = device_of(call).properties()["qubits"]
    frequencies = [
        next((item["value"] for item in qubit if item["name"] == "frequency"), 0.0) for qubit in qubits
    ]
    body = {"qubit_freq_est": frequencies, "meas_freq_est": [0.0] * len(qubits), "buffer": 0}
    return json_response({**body, "pulse_library": [], "cmd_def": []})


async def create_job(call: Call) -> Response:
    """POST /runtime/jobs: 200 with the id.

    Raises:
        ApiError: 400, 403, 404, 409 or 429, see `jobs.submit`; 403 also for another hub, group or project.
    """
    body = await json_object(call.request)
    _check_tenant(body)
    return jobs.submit(call, body, ("session_id", "private"))


async def list_jobs(call: Call) -> Response:
    """GET /runtime/jobs: 200 with a page of job objects under hub, group and project.

    Raises:
        ApiError: 400 for a time that is none.
    """
    return await jobs.list_jobs(call, _render_job)


async def get_job(call: Call) -> Response:
    """GET /runtime/jobs/{job_id}: 200 with the job object under hub, group and project.

    Raises:
        ApiError: 404 unknown job.
    """
    return await jobs.get_job(call, _render_job)


async def create_session(call: Call) -> Response:
    """POST /runtime/sessions: 200 with the id alone; the mode may be missing.

    Raises:
        ApiError: 400 for a member that is wrong; 404 unknown backend; 403 another instance, or a dedicated
            session where the plan has none.
    """
    body = await json_object(call.request)
    check_provider(str(body.get("instance") or ""))
    session = call.service.open_session(
        call.face,
        sessions.parse_mode(body, "dedicated"),
        sessions.parse_backend(body),
        sessions.parse_seconds(body, "max_session_ttl", "max_ttl") or sessions.DEFAULT_MAX_TTL,
    )
    return json_response({"id": session.id})


async def get_usage(call: Call) -> Response:
    """GET /runtime/usage: 200 with used and allowed seconds of the instance."""
    usage = call.service.usage
    start, end = usage.period()
    instance = {
        "instance": CLASSIC_INSTANCE,
        "quota": usage.limit() or usage.allocation,
        "usage": round(usage.consumed(call.face), 3),
        "pendingJobs": len(call.service.database.jobs.pending(face=call.face)),
        "maxPendingJobs": call.service.limits.pending,
    }
    return json_response({"period": {"start": iso(start, 3), "end": iso(end, 3)}, "byInstance": [instance]})


def _render_job(call: Call, job: Job, with_params: bool) -> dict[str, Any]:
    view = jobs.render_job(call, job, with_params)
    # The classic service wrote this member its own way; the schema's way is there as well.
    if job.reason_code is not None:
        view["state"]["reasonCode"] = job.reason_code
    return {"hub": HUB, "group": GROUP, "project": PROJECT, **view}
