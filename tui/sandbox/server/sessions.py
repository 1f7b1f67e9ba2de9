"""Handlers of sessions that are the same on both faces, and the members of their bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.responses import Response

from tui.sandbox.base.clock import iso, iso_or_none
from tui.sandbox.base.errors import invalid_body
from tui.sandbox.base.http import MAX_INTEGER, json_object, json_response, no_content, parse_bool
from tui.sandbox.core.sessions import charged_seconds, time_left
from tui.sandbox.db.models import Mode, Session
from tui.sandbox.server.routing import Call

DEFAULT_MAX_TTL = 28_800


async def get_session(call: Call) -> Response:
    """GET /sessions/{session_id}: 200 with the session object.

    Raises:
        ApiError: 404 unknown session.
    """
    return json_response(session_view(call, call.service.sessions.get(call.face, call.path("session_id"))))


async def update_session(call: Call) -> Response:
    """PATCH /sessions/{session_id}: set `accepting_jobs`; 204.

    Raises:
        ApiError: 404 unknown session; 400 when the member is missing or no boolean.
    """
    accepting = parse_bool((await json_object(call.request)).get("accepting_jobs"))
    if accepting is None:
        raise invalid_body("accepting_jobs must be a boolean")
    call.service.sessions.set_accepting(call.face, call.path("session_id"), accepting)
    return no_content()


async def close_session(call: Call) -> Response:
    """DELETE /sessions/{session_id}/close: drop queued jobs and close; 204.

    Raises:
        ApiError: 404 unknown session.
    """
    call.service.sessions.close(call.face, call.path("session_id"))
    return no_content()


def session_view(call: Call, session: Session) -> dict[str, Any]:
    """Return a session object; `backend_name` is null until its first job starts."""
    clock = call.service.clock
    started = session.started_at is not None
    left = time_left(session, clock) if started and session.state != "closed" else session.max_ttl
    running = session.state in ("open", "active")
    view: dict[str, Any] = {
        "id": session.id,
        "backend_name": session.backend if started else None,
        "started_at": iso_or_none(session.started_at, 3),
        "activated_at": iso_or_none(session.activated_at, 3),
        "last_job_started": iso_or_none(session.last_job_started, 3),
        "last_job_completed": iso_or_none(session.last_job_completed, 3),
        "interactive_ttl": session.interactive_ttl,
        "max_ttl": session.max_ttl,
        "active_ttl": max(0, int(left)),
        "state": session.state,
        "accepting_jobs": session.accepting_jobs,
        "mode": session.mode,
        "timestamps": [{"status": status, "timestamp": at} for status, at in session.timestamps],
        "user_id": call.user_id,
        "elapsed_time": None if running else round(charged_seconds(session, clock), 3),
    }
    if session.closed_at is not None:
        view["closed_at"] = iso(session.closed_at, 3)
    if session.state_reason:
        view["state_reason"] = session.state_reason
    return view


def parse_mode(body: Mapping[str, Any], default: Mode | None = None) -> Mode:
    """Validate the mode of a new session.

    Args:
        body: the body; unknown members are ignored.
        default: mode when the body has none.

    Raises:
        ApiError: 400 when it is missing (and has no default) or unknown.
    """
    mode = body.get("mode") or default
    if mode is None:
        raise invalid_body("mode is required")
    if mode not in ("dedicated", "batch"):
        raise invalid_body("mode must be one of dedicated, batch")
    return cast(Mode, mode)


def parse_backend(body: Mapping[str, Any]) -> str:
    """Validate the backend of a new session.

    Returns:
        Its name, "" when the first job decides.

    Raises:
        ApiError: 400 when it is no string.
    """
    name = body.get("backend") or body.get("backend_name") or ""
    if not isinstance(name, str):
        raise invalid_body("backend must be a string")
    return name


def parse_seconds(body: Mapping[str, Any], *names: str) -> int | None:
    """Validate a duration that may have several names.

    Returns:
        The first that is present, in seconds; None when there is none.

    Raises:
        ApiError: 400 when it is no integer of at least 1.
    """
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_INTEGER:
            raise invalid_body(f"{name} must be an integer of at least 1")
        return value
    return None
