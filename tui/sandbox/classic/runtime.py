"""The classic runtime: backends, jobs and usage under hub, group and project."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.http import answer, flag, json_object, nothing, text
from tui.sandbox.base.versions import qiskit_version
from tui.sandbox.classic.guard import FACE, Call, check_tenant
from tui.sandbox.core import devices
from tui.sandbox.core.identity import CLASSIC_INSTANCE, GROUP, HUB, PROJECT
from tui.sandbox.core.submission import submission
from tui.sandbox.db.models import Job
from tui.sandbox.server import circuit_links as storage
from tui.sandbox.server import request_parsing as job_requests
from tui.sandbox.server.device_status import status_view
from tui.sandbox.server.views import job_view, metrics_view


async def backends(_call: Call) -> Response:
    return answer({"devices": list(devices.DEVICES)})


async def configuration(call: Call) -> Response:
    return answer(call.service.device(call.path("name")).configuration())


async def properties(call: Call) -> Response:
    return answer(call.service.device(call.path("name")).properties())


async def defaults(call: Call) -> Response:
    """Pulse defaults: the frequencies that were measured, and no pulses."""
    qubits = call.service.device(call.path("name")).properties()["qubits"]
    frequencies = [
        next((item["value"] for item in qubit if item["name"] == "frequency"), 0.0) for qubit in qubits
    ]
    return answer(
        {
            "qubit_freq_est": frequencies,
            "meas_freq_est": [0.0] * len(qubits),
            "buffer": 0,
            "pulse_library": [],
            "cmd_def": [],
        }
    )


async def status(call: Call) -> Response:
    return answer(status_view(call.service, call.service.device(call.path("name")).name))


async def create(call: Call) -> Response:
    body = await json_object(call.request)
    check_tenant(body)
    job = call.service.submit(FACE, submission(body), job_requests.caller(call.request))
    created: dict[str, Any] = {"id": job.id, "backend": job.backend}
    optional = {"session_id": job.session_id, "private": job.private}
    created.update({name: value for name, value in optional.items() if value})
    return answer(created)


async def listing(call: Call) -> Response:
    query = job_requests.job_query(call.request, FACE)
    jobs, count = call.service.store.jobs.page(query)
    exclude = flag(call.request.query_params.get("exclude_params"), True)
    views = [_view(call, job, params=not exclude) for job in jobs]
    return answer({"jobs": views, "count": count, "limit": query.limit, "offset": query.offset})


async def get(call: Call) -> Response:
    job = call.service.job(FACE, call.path("job_id"))
    return answer(_view(call, job, params=not flag(call.request.query_params.get("exclude_params"), False)))


async def delete(call: Call) -> Response:
    call.service.delete(FACE, call.path("job_id"))
    return nothing()


async def results(call: Call) -> Response:
    return job_requests.results(call.service, FACE, call.path("job_id"))


async def interim_results(call: Call) -> Response:
    """Sampler and estimator have none: an empty text."""
    call.service.job(FACE, call.path("job_id"))
    return text("")


async def logs(call: Call) -> Response:
    return job_requests.logs(call.service, FACE, call.path("job_id"))


async def metrics(call: Call) -> Response:
    job = call.service.job(FACE, call.path("job_id"))
    return answer(metrics_view(job, "", call.service.scheduler.position(job), qiskit_version()))


async def transpiled_circuits(call: Call) -> Response:
    return answer({"url": storage.link(call.request, call.service, FACE, call.path("job_id"))})


async def cancel(call: Call) -> Response:
    call.service.cancel(FACE, call.path("job_id"))
    return nothing()


async def tags(call: Call) -> Response:
    return await job_requests.retag(call.request, call.service, FACE, call.path("job_id"))


async def usage(call: Call) -> Response:
    """Used and allowed seconds of the instance."""
    used = call.service.usage
    start, end = used.period()
    instance = {
        "instance": CLASSIC_INSTANCE,
        "quota": used.limit() or used.allocation,
        "usage": round(used.consumed(FACE), 3),
        "pendingJobs": len(call.service.store.jobs.pending(face=FACE)),
        "maxPendingJobs": call.service.limits.pending,
    }
    return answer({"period": {"start": iso(start, 3), "end": iso(end, 3)}, "byInstance": [instance]})


def _view(call: Call, job: Job, *, params: bool) -> dict[str, Any]:
    kept = call.service.store.jobs.part(job.id, "params") if params and not job.private else None
    view = job_view(job, call.service.identity.classic_user_id, "", kept)
    # The classic service wrote this member its own way; the schema's way is there as well.
    if job.reason_code is not None:
        view["state"]["reasonCode"] = job.reason_code
    return {"hub": HUB, "group": GROUP, "project": PROJECT, **view}
