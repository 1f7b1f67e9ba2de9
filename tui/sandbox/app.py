"""The web application: both faces on one port, and the responses to errors."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tui.sandbox.base.errors import ApiError, not_found
from tui.sandbox.base.http import error_response
from tui.sandbox.classic.routes import routes as classic_routes
from tui.sandbox.core.service import Service
from tui.sandbox.faults.plan import FAULTS_PATH, FaultControl
from tui.sandbox.lifecycle.info import LEASE_PATH
from tui.sandbox.lifecycle.leases import LeaseRoute
from tui.sandbox.platform.routes import routes as platform_routes
from tui.sandbox.server.jobs import download_transpiled

log = logging.getLogger(__name__)


def build_app(
    service: Service, lease: LeaseRoute | None = None, control: FaultControl | None = None
) -> Starlette:
    """Return the application of a service, which it starts and stops.

    Args:
        service: the service behind both faces.
        lease: the route by which clients hold a sandbox that has a process of its own.
        control: the route by which tests change the faults.
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
            *platform_routes(),
            *classic_routes(),
            Route("/storage/transpiled/{job_id}", download_transpiled, methods=["GET"]),
            *([Route(LEASE_PATH, lease)] if lease is not None else []),
            *([Route(FAULTS_PATH, control.endpoint, methods=["GET", "PUT"])] if control is not None else []),
        ],
        lifespan=lifespan,
        exception_handlers={ApiError: _on_api_error, HTTPException: _on_http_error, Exception: _on_exception},
    )
    # A path with a slash too many is another path: a redirect could carry a token elsewhere.
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _on_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(request.url.path, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return error_response(request.url.path, not_found())
    api_error = ApiError(
        error.status_code, error.status_code, error.detail, headers=dict(error.headers or {})
    )
    return error_response(request.url.path, api_error)


async def _on_exception(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(request.url.path, ApiError(500, 1010, "Internal error.", "Try again."))
