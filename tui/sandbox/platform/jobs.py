"""`/jobs`: submit, list, look at, cancel, delete, and read what came out."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui.sandbox.base.errors import no_route
from tui.sandbox.base.http import answer, flag, json_object, nothing, text
from tui.sandbox.base.versions import qiskit_version
from tui.sandbox.core.submission import submission
from tui.sandbox.db.models import Job
from tui.sandbox.platform.guard import FACE, Call
from tui.sandbox.server import circuit_links as storage
from tui.sandbox.server import request_parsing as job_requests
from tui.sandbox.server.views import job_view, metrics_view

TRANSPILED_DROPPED = "2026-02-01"


async def create(call: Call) -> Response:
    asked = submission(await json_object(call.request))
    job = call.service.submit(FACE, asked, job_requests.caller(call.request))
    body: dict[str, Any] = {"id": job.id, "backend": job.backend}
    optional = {"session_id": job.session_id, "private": job.private, "calibration_id": job.calibration_id}
    body.update({name: value for name, value in optional.items() if value})
    return answer(body)


async def listing(call: Call) -> Response:
    query = job_requests.job_query(call.request, FACE)
    jobs, count = call.service.store.jobs.page(query)
    exclude = flag(call.query("exclude_params"), True)
    views = [_view(call, job, params=not exclude) for job in jobs]
    return answer({"jobs": views, "count": count, "limit": query.limit, "offset": query.offset})


async def get(call: Call) -> Response:
    job = call.service.job(FACE, call.path("job_id"))
    return answer(_view(call, job, params=not flag(call.query("exclude_params"), False)))


async def delete(call: Call) -> Response:
    call.service.delete(FACE, call.path("job_id"))
    return nothing()


async def results(call: Call) -> Response:
    return job_requests.results(call.service, FACE, call.path("job_id"))


async def logs(call: Call) -> Response:
    return job_requests.logs(call.service, FACE, call.path("job_id"))


async def metrics(call: Call) -> Response:
    job = call.service.job(FACE, call.path("job_id"))
    position = call.service.scheduler.position(job)
    return answer(metrics_view(job, call.version, position, qiskit_version()))


async def cancel(call: Call) -> Response:
    call.service.cancel(FACE, call.path("job_id"))
    return nothing()


async def tags(call: Call) -> Response:
    return await job_requests.retag(call.request, call.service, FACE, call.path("job_id"))


async def transpiled_circuits(call: Call) -> Response:
    """A link to the circuits as they ran; the endpoint is gone from API version 2026-02-01 on."""
    if call.version >= TRANSPILED_DROPPED:
        raise no_route()
    return answer({"url": storage.link(call.request, call.service, FACE, call.path("job_id"))})


async def interim_results(call: Call) -> Response:
    """Sampler and estimator have none: an empty text, only in the old API versions."""
    call.service.job(FACE, call.path("job_id"))
    if call.version >= TRANSPILED_DROPPED:
        raise no_route()
    return text("")


def _view(call: Call, job: Job, *, params: bool) -> dict[str, Any]:
    kept = call.service.store.jobs.part(job.id, "params") if params and not job.private else None
    return job_view(job, call.service.identity.user_id, call.version, kept)
