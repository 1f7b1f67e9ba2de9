"""Handlers of jobs, the same on both faces."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import forbidden, invalid_body, job_not_found, not_found
from tui.sandbox.base.http import (
    json_object,
    json_response,
    no_content,
    parse_bool,
    parse_int,
    query_time,
    query_values,
    text_response,
)
from tui.sandbox.base.tokens import equal_secrets
from tui.sandbox.core.service import Service
from tui.sandbox.core.submission import parse_submission, parse_tags
from tui.sandbox.db.jobs import JobQuery
from tui.sandbox.db.models import Job
from tui.sandbox.server.job_views import job_view, metrics_view
from tui.sandbox.server.routing import Call
from tui.sandbox.simulator.base.values import EngineError

_MAX_LIMIT = 200
_TRANSPILED_REMOVED = "2026-02-01"
_LINK_SECONDS = 900
_LINK_KEY = secrets.token_bytes(32)

JobRenderer = Callable[[Call, Job, bool], dict[str, Any]]


def render_job(call: Call, job: Job, with_params: bool) -> dict[str, Any]:
    """Return a job object in the API version of the call.

    Args:
        call: the request.
        job: the job.
        with_params: include its params, unless it is private.
    """
    params = call.service.database.jobs.part(job.id, "params") if with_params and not job.private else None
    return job_view(job, call.user_id, call.version, params)


def submit(call: Call, body: dict[str, Any], members: tuple[str, ...]) -> Response:
    """Submit a job and return the 200 with its id and backend.

    Args:
        call: the request.
        body: its body, not yet validated.
        members: further members of the response, left out where the job has none.

    Raises:
        ApiError: 400, 403, 404, 409 or 429, see `parse_submission` and `Service.submit`.
    """
    caller = call.request.headers.get("x-qx-client-application", "")[:1000]
    job = call.service.submit(call.face, parse_submission(body), caller)
    optional = {name: value for name in members if (value := getattr(job, name))}
    return json_response({"id": job.id, "backend": job.backend, **optional})


async def estimate_job(call: Call) -> Response:
    """POST /sandbox/estimates, which the real services have not: 200 with `seconds`, `refusal`, `trouble`.

    The body is that of POST /jobs. `seconds` is how long the simulation takes, null when not known; `refusal`
    is why the job would fail as too large, empty when it would not. `trouble` is why no estimate was made,
    left out where there is one, or the job itself will tell.

    Raises:
        ApiError: 400 or 404, see `parse_submission` and `Service.device`.
    """
    submission = parse_submission(await json_object(call.request))
    device = call.service.device(submission.backend, submission.calibration_id)
    try:
        estimate = await call.service.engine.estimate(submission.program_id, submission.params, device)
    except EngineError as error:
        return json_response({"seconds": None, "refusal": "", "trouble": str(error)})
    return json_response({"seconds": estimate.seconds, "refusal": estimate.refusal})


async def list_jobs(call: Call, render: JobRenderer = render_job) -> Response:
    """GET /jobs: 200 with a page of job objects; a limit out of range silently becomes the default.

    Raises:
        ApiError: 400 for a time that is none.
    """
    query = JobQuery(
        face=call.face,
        limit=parse_int(call.query("limit"), _MAX_LIMIT, 1, _MAX_LIMIT),
        offset=parse_int(call.query("offset"), 0, 0),
        pending=parse_bool(call.query("pending")),
        program=call.query("program"),
        backend=call.query("backend"),
        created_after=query_time(call.request, "created_after"),
        created_before=query_time(call.request, "created_before"),
        oldest_first=(call.query("sort") or "").upper() == "ASC",
        tags=query_values(call.request, "tags"),
        session_id=call.query("session_id"),
        search=call.query("search"),
        mocks=parse_bool(call.query("include_mocks"), False) or False,
    )
    jobs, count = call.service.database.jobs.page(query)
    with_params = not parse_bool(call.query("exclude_params"), True)
    views = [render(call, job, with_params) for job in jobs]
    return json_response({"jobs": views, "count": count, "limit": query.limit, "offset": query.offset})


async def get_job(call: Call, render: JobRenderer = render_job) -> Response:
    """GET /jobs/{job_id}: 200 with the job object, without its params if `exclude_params` is set.

    Raises:
        ApiError: 404 unknown job.
    """
    return json_response(render(call, _job(call), not parse_bool(call.query("exclude_params"), False)))


async def delete_job(call: Call) -> Response:
    """DELETE /jobs/{job_id}: 204.

    Raises:
        ApiError: 404 unknown job; 400 before its end.
    """
    call.service.delete(call.face, call.path("job_id"))
    return no_content()


async def cancel_job(call: Call) -> Response:
    """POST /jobs/{job_id}/cancel: 204.

    Raises:
        ApiError: 404 unknown job; 409 after its end.
    """
    call.service.cancel(call.face, call.path("job_id"))
    return no_content()


async def replace_tags(call: Call) -> Response:
    """PUT /jobs/{job_id}/tags: 204.

    Raises:
        ApiError: 404 unknown job; 400 for tags that are missing or break the limits.
    """
    body = await json_object(call.request)
    if "tags" not in body:
        raise invalid_body("body.tags is required")
    call.service.set_tags(call.face, call.path("job_id"), parse_tags(body["tags"]))
    return no_content()


async def get_results(call: Call) -> Response:
    """GET /jobs/{job_id}/results: 200 with the results, 204 when there are none.

    Raises:
        ApiError: 404 unknown job; 400 before its end.
    """
    body = call.service.result(call.face, call.path("job_id"))
    return no_content() if body is None else Response(body.encode(), media_type="application/json")


async def get_logs(call: Call) -> Response:
    """GET /jobs/{job_id}/logs: 200 with the log as plain text.

    Raises:
        ApiError: 404 unknown job, before its end, or no log.
    """
    job = _job(call)
    body = call.service.database.jobs.part(job.id, "logs") if job.final else None
    if not body:
        raise job_not_found(job.id)
    return text_response(body)


async def get_metrics(call: Call) -> Response:
    """GET /jobs/{job_id}/metrics: 200 with timestamps, usage and, in old versions, the place in the queue.

    Raises:
        ApiError: 404 unknown job.
    """
    job = _job(call)
    return json_response(metrics_view(job, call.version, call.service.scheduler.position(job)))


async def get_interim_results(call: Call) -> Response:
    """GET /jobs/{job_id}/interim_results: 200 with an empty text; sampler and estimator have none.

    Raises:
        ApiError: 404 unknown job, or an API version that no longer has this path.
    """
    _job(call)
    _check_not_removed(call)
    return text_response("")


async def get_transpiled_circuits(call: Call) -> Response:
    """GET /jobs/{job_id}/transpiled_circuits: 200 with a link to the circuits as they ran.

    The link is signed and good for 15 minutes without a token, as one to object storage.

    Raises:
        ApiError: 404 unknown job, not a finished sampler or estimator, private, or an API version that no
            longer has this path.
    """
    _check_not_removed(call)
    job = _job(call)
    if job.private or call.service.database.jobs.part(job.id, "transpiled") is None:
        raise not_found()
    expires = str(int(call.service.clock.now().timestamp()) + _LINK_SECONDS)
    query = f"expires={expires}&signature={_signature(job.id, expires)}"
    return json_response({"url": f"{call.base_url}/storage/transpiled/{job.id}?{query}"})


async def download_transpiled(request: Request) -> Response:
    """GET /storage/transpiled/{job_id}: 200 with `{"circuits": [OpenQASM 3, ...]}` for a signed link.

    Raises:
        ApiError: 403 forged or expired link; 404 when the job has been deleted.
    """
    service: Service = request.app.state.service
    job_id, expires = request.path_params["job_id"], request.query_params.get("expires", "")
    if not equal_secrets(request.query_params.get("signature", ""), _signature(job_id, expires)):
        raise forbidden()
    if int(expires) < service.clock.now().timestamp():
        raise forbidden()
    circuits = service.database.jobs.part(job_id, "transpiled")
    if circuits is None:
        raise not_found()
    return json_response({"circuits": json.loads(circuits)})


def _job(call: Call) -> Job:
    return call.service.job(call.face, call.path("job_id"))


def _check_not_removed(call: Call) -> None:
    if call.version >= _TRANSPILED_REMOVED:
        raise not_found()


def _signature(job_id: str, expires: str) -> str:
    return hmac.new(_LINK_KEY, f"{job_id}:{expires}".encode(), sha256).hexdigest()
