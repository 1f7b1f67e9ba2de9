"""The circuits of a job as they ran, behind a signed, short-lived link, as object storage does it."""

from __future__ import annotations

import hmac
import json
import secrets
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import forbidden, no_route
from tui.sandbox.base.http import answer
from tui.sandbox.base.tokens import same
from tui.sandbox.core.service import Service
from tui.sandbox.db.models import Face

LINK_SECONDS = 900
_SECRET = secrets.token_bytes(32)


def link(request: Request, service: Service, face: Face, job_id: str) -> str:
    """A link that gives `{"circuits": [OpenQASM 3, ...]}` without a token for 15 minutes.

    Raises:
        ApiError: 404 when the job has no such circuits (not a finished sampler or estimator, or private).
    """
    job = service.job(face, job_id)
    if job.private or service.store.jobs.part(job_id, "transpiled") is None:
        raise no_route()
    expires = int(service.clock.now().timestamp()) + LINK_SECONDS
    base = f"{request.url.scheme}://{request.url.netloc}"
    return (
        f"{base}/storage/transpiled/{job_id}?expires={expires}&signature={_signature(job_id, str(expires))}"
    )


async def transpiled(request: Request) -> Response:
    """What a link leads to."""
    service: Service = request.app.state.service
    job_id, expires = request.path_params["job_id"], request.query_params.get("expires", "")
    if not same(request.query_params.get("signature", ""), _signature(job_id, expires)):
        raise forbidden()
    if int(expires) < service.clock.now().timestamp():
        raise forbidden()
    circuits = service.store.jobs.part(job_id, "transpiled")
    if circuits is None:
        raise no_route()
    return answer({"circuits": json.loads(circuits)})


def _signature(job_id: str, expires: str) -> str:
    return hmac.new(_SECRET, f"{job_id}:{expires}".encode(), sha256).hexdigest()
