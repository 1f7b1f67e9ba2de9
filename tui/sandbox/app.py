"""The web application: both faces on one port, and how refusals and slips are answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tui.sandbox import classic, platform
from tui.sandbox.base.errors import ApiError, no_route
from tui.sandbox.core.service import Service
from tui.sandbox.error_rendering import render
from tui.sandbox.faults.routes import PATH as FAULTS_PATH
from tui.sandbox.faults.routes import FaultControl
from tui.sandbox.lifecycle.info import LEASE_PATH
from tui.sandbox.lifecycle.leases import LeaseRoute
from tui.sandbox.server import circuit_links as storage

log = logging.getLogger(__name__)


def build(
    service: Service, lease: LeaseRoute | None = None, control: FaultControl | None = None
) -> Starlette:
    """The application around a service, which it starts and stops.

    Args:
        lease: where those who need the sandbox hold it, when it has a process of its own.
        control: where tests say what shall go wrong.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            await service.stop()

    app = Starlette(
        routes=[
            *platform.routes(),
            *classic.routes(),
            Route("/storage/transpiled/{job_id}", storage.transpiled, methods=["GET"]),
            *([Route(LEASE_PATH, lease)] if lease is not None else []),
            *([Route(FAULTS_PATH, control.endpoint, methods=["GET", "PUT"])] if control is not None else []),
        ],
        lifespan=lifespan,
        exception_handlers={ApiError: _refused, HTTPException: _not_routed, Exception: _slipped},
    )
    # A path with a slash too many is another path: a redirect could carry a token elsewhere.
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return render(request.url.path, error)


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return render(request.url.path, no_route())
    headers = dict(error.headers or {})
    return render(
        request.url.path, ApiError(error.status_code, error.status_code, error.detail, headers=headers)
    )


async def _slipped(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return render(request.url.path, ApiError(500, 1010, "Internal error.", "Try again."))
