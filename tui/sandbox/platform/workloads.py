"""`/workloads`: jobs, sessions and batches in one list, paged by cursors."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from starlette.responses import Response

from tui.sandbox.base.errors import invalid_query
from tui.sandbox.base.http import answer, many, moment, number
from tui.sandbox.core.session_state import active_seconds
from tui.sandbox.db.workloads import Workload, WorkloadQuery
from tui.sandbox.platform.guard import FACE, Call
from tui.sandbox.server.views import NEW_USAGE

_STATUSES = frozenset({"completed", "canceled", "failed", "pending", "in_progress"})


async def workloads(call: Call) -> Response:
    query = _query(call)
    found, more, total = call.service.store.workloads.page(query)
    body: dict[str, Any] = {
        "workloads": [_view(call, workload) for workload in found],
        "total_count": total,
        "limit": query.limit,
    }
    if found and (more or query.before is not None):
        body["next"] = {"href": _href(call, "next", found[-1])}
    if found and ((more and query.before is not None) or query.after is not None):
        body["previous"] = {"href": _href(call, "previous", found[0])}
    return answer(body)


def _query(call: Call) -> WorkloadQuery:
    statuses = many(call.request, "status", "status[]")
    if not _STATUSES.issuperset(statuses):
        raise invalid_query(f"status must be one of {', '.join(sorted(_STATUSES))}")
    if call.query("mode") not in (None, "job", "session", "batch"):
        raise invalid_query("mode must be one of job, session, batch")
    return WorkloadQuery(
        face=FACE,
        limit=number(call.query("limit"), 10, 1, 50),
        oldest_first=call.query("sort") == "createdAt",
        backend=call.query("backend"),
        search=call.query("search"),
        statuses=statuses,
        mode=call.query("mode"),
        created_after=moment(call.request, "created_after"),
        created_before=moment(call.request, "created_before"),
        tags=many(call.request, "tags", "tags[]"),
        after=_cursor(call.query("next")),
        before=_cursor(call.query("previous")),
    )


def _view(call: Call, workload: Workload) -> dict[str, Any]:
    seconds = workload.qpu_seconds
    if seconds is None:
        session = call.service.sessions.get(FACE, workload.id)
        seconds = active_seconds(session, call.service.clock)
    used = round(seconds, 3)
    final = workload.status not in ("pending", "in_progress")
    accepting = workload.accepting_jobs
    view: dict[str, Any] = {
        "id": workload.id,
        "created": workload.created,
        "backend": workload.backend,
        "instance": call.service.identity.crn,
        "user_id": call.service.identity.user_id,
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
    raw = json.dumps([workload.created, workload.id]).encode()
    cursor = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    url = call.request.url.remove_query_params(["next", "previous"])
    return str(url.include_query_params(**{name: cursor}))


def _cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        created, workload_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, TypeError) as error:
        raise invalid_query("the cursor is not one of ours") from error
    return str(created), str(workload_id)
