"""What both faces ask of jobs over HTTP: the filters of a list, the caller, the text of results and logs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import invalid, no_job
from tui.sandbox.base.http import flag, json_object, many, moment, nothing, number
from tui.sandbox.base.http import text as plain
from tui.sandbox.core.service import Service
from tui.sandbox.core.submission import tag_list
from tui.sandbox.db.jobs import JobQuery
from tui.sandbox.db.models import Face

MAX_LIMIT = 200


def job_query(request: Request, face: Face) -> JobQuery:
    """The filters of `GET /jobs`. Limits out of range silently become the default.

    Raises:
        ApiError: 400 for a time that is none.
    """
    query = request.query_params
    return JobQuery(
        face=face,
        limit=number(query.get("limit"), MAX_LIMIT, 1, MAX_LIMIT),
        offset=number(query.get("offset"), 0, 0),
        pending=flag(query.get("pending")),
        program=query.get("program") or None,
        backend=query.get("backend") or None,
        created_after=moment(request, "created_after"),
        created_before=moment(request, "created_before"),
        oldest_first=query.get("sort", "").upper() == "ASC",
        tags=many(request, "tags", "tags[]"),
        session_id=query.get("session_id") or None,
        search=query.get("search") or None,
    )


def caller(request: Request) -> str:
    """The client as it names itself, echoed in metrics."""
    return request.headers.get("x-qx-client-application", "")[:1000]


def results(service: Service, face: Face, job_id: str) -> Response:
    """The stored results body, 204 when there is none."""
    body = service.result(face, job_id)
    return nothing() if body is None else Response(body.encode(), media_type="application/json")


def logs(service: Service, face: Face, job_id: str) -> Response:
    """The log, after the end. Raises ApiError 404 before it, or when there is no job or no log."""
    job = service.job(face, job_id)
    body = service.store.jobs.part(job_id, "logs") if job.final else None
    if not body:
        raise no_job(job_id)
    return plain(body)


async def retag(request: Request, service: Service, face: Face, job_id: str) -> Response:
    """Replace the tags. Raises ApiError 400 for tags that break the limits."""
    body = await json_object(request)
    if "tags" not in body:
        raise invalid("body.tags is required")
    service.retag(face, job_id, tag_list(body["tags"]))
    return nothing()
