"""Handlers of the platform's runtime that differ from the classic one: versions, backends, workloads."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import invalid_query
from tui.sandbox.base.http import json_object, json_response, parse_bool, parse_int, query_time, query_values
from tui.sandbox.base.tokens import from_base64url, to_base64url
from tui.sandbox.core import devices
from tui.sandbox.core.sessions import active_seconds
from tui.sandbox.db.workloads import Workload, WorkloadQuery
from tui.sandbox.server import jobs, sessions
from tui.sandbox.server.backends import device_of
from tui.sandbox.server.job_views import NEW_USAGE
from tui.sandbox.server.routing import Call

VERSIONS = (
    "2024-01-01",
    "2025-01-01",
    "2025-05-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
_SUNSET = {version: f"{max(int(version[:4]) + 1, 2027)}{version[4:]}" for version in VERSIONS[:-1]}
_SUNSET.update(dict.fromkeys(VERSIONS[:3], "2027-01-01"))
# The mean of the jobs of other users that the scheduler invents, plus some change-over.
_SECONDS_PER_JOB = 5

_STATUSES = frozenset({"completed", "canceled", "failed", "pending", "in_progress"})


async def list_versions(_request: Request) -> Response:
    """GET /versions: 200 with all versions of the API, the newest alive; needs no token."""
    old = [
        {"version": version, "sunset_date": sunset, "status": "deprecated"}
        for version, sunset in _SUNSET.items()
    ]
    return json_response({"versions": [*old, {"version": VERSIONS[-1], "status": "live"}]})


async def list_backends(call: Call) -> Response:
    """GET /backends: 200 with device objects, none for an archived instance.

    Only with names when the API version is missing or unknown, as the real service does.
    """
    names = devices.DEVICES + (devices.MOCKS if _with_mocks(call) else ())
    if call.face == "archive":
        names = ()
    if not call.version:
        return json_response({"devices": list(names)})
    wait_time = "wait_time_seconds" in ",".join(query_values(call.request, "fields"))
    return json_response({"devices": [_device_view(call, name, wait_time) for name in names]})


def _with_mocks(call: Call) -> bool:
    return parse_bool(call.query("include_mocks"), False) or False


def _device_view(call: Call, name: str, wait_time: bool) -> dict[str, Any]:
    length = call.service.scheduler.queue_length(name)
    view = {**call.service.device(name).summary(), "queue_length": length}
    if wait_time:
        seconds = length * _SECONDS_PER_JOB
        view["wait_time_seconds"] = {"average": seconds, "p50": seconds, "p95": seconds * 2}
    return view


async def get_defaults(call: Call) -> Response:
    """GET /backends/{name}/defaults: 200 with an empty object, since pulses are gone.

    Raises:
        ApiError: 404 unknown backend.
    """
    device_of(call)
    return json_response({})


async def create_job(call: Call) -> Response:
    """POST /jobs: 200 with the id.

    Raises:
        ApiError: 400, 403, 404, 409 or 429, see `jobs.submit`.
    """
    body = await json_object(call.request)
    return jobs.submit(call, body, ("session_id", "private", "calibration_id"))


async def create_session(call: Call) -> Response:
    """POST /sessions: 200 with the session object.

    Raises:
        ApiError: 400 for a member that is wrong; 404 unknown backend; 403 a dedicated session where the plan
            has none.
    """
    body = await json_object(call.request)
    session = call.service.open_session(
        call.face,
        sessions.parse_mode(body),
        sessions.parse_backend(body),
        sessions.parse_seconds(body, "max_ttl", "active_ttl") or sessions.DEFAULT_MAX_TTL,
        sessions.parse_seconds(body, "interactive_ttl"),
    )
    return json_response(sessions.session_view(call, session))


async def list_workloads(call: Call) -> Response:
    """GET /workloads: 200 with jobs that stand alone, sessions and batches in one list, paged by cursors.

    Raises:
        ApiError: 400 for a filter or a cursor that is wrong.
    """
    query = _workload_query(call)
    found, more, total = call.service.database.workloads.page(query)
    body: dict[str, Any] = {
        "workloads": [_workload_view(call, workload) for workload in found],
        "total_count": total,
        "limit": query.limit,
    }
    if found and (more or query.before is not None):
        body["next"] = {"href": _href(call, "next", found[-1])}
    if found and ((more and query.before is not None) or query.after is not None):
        body["previous"] = {"href": _href(call, "previous", found[0])}
    return json_response(body)


def _workload_query(call: Call) -> WorkloadQuery:
    statuses = query_values(call.request, "status")
    if not _STATUSES.issuperset(statuses):
        raise invalid_query(f"status must be one of {', '.join(sorted(_STATUSES))}")
    if call.query("mode") not in (None, "job", "session", "batch"):
        raise invalid_query("mode must be one of job, session, batch")
    return WorkloadQuery(
        face=call.face,
        limit=parse_int(call.query("limit"), 10, 1, 50),
        oldest_first=call.query("sort") == "createdAt",
        backend=call.query("backend"),
        search=call.query("search"),
        statuses=statuses,
        mode=call.query("mode"),
        created_after=query_time(call.request, "created_after"),
        created_before=query_time(call.request, "created_before"),
        tags=query_values(call.request, "tags"),
        mocks=_with_mocks(call),
        after=_cursor(call.query("next")),
        before=_cursor(call.query("previous")),
    )


def _workload_view(call: Call, workload: Workload) -> dict[str, Any]:
    seconds = workload.qpu_seconds
    if seconds is None:
        session = call.service.sessions.get(call.face, workload.id)
        seconds = active_seconds(session, call.service.clock)
    used = round(seconds, 3)
    final = workload.status not in ("pending", "in_progress")
    accepting = workload.accepting_jobs
    view: dict[str, Any] = {
        "id": workload.id,
        "created": workload.created,
        "backend": workload.backend,
        "instance": call.crn,
        "user_id": call.user_id,
        "mode": workload.mode,
        "status": workload.status,
        "status_reason": workload.status_reason,
        "accepting_jobs": None if accepting is None else bool(accepting),
        "tags": json.loads(workload.tags),
        "usage_seconds": used,
    }
    if workload.ended is not None:
        view["ended"] = workload.ended
    if call.version >= NEW_USAGE:
        view["usage"] = {"qpu_charge_time_seconds": used, "status": "complete" if final else "pending"}
    return view


def _href(call: Call, name: str, workload: Workload) -> str:
    cursor = to_base64url(json.dumps([workload.created, workload.id]).encode())
    url = call.request.url.remove_query_params(["next", "previous"])
    return str(url.include_query_params(**{name: cursor}))


def _cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        created, workload_id = json.loads(from_base64url(text))
    except (ValueError, TypeError) as error:
        raise invalid_query("the cursor is not one of ours") from error
    return str(created), str(workload_id)
