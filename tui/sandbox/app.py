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

from tui.sandbox import classic, platform, storage
from tui.sandbox.errors import ApiError, auth_body, no_route, runtime_body
from tui.sandbox.http import answer
from tui.sandbox.info import LEASE_PATH
from tui.sandbox.leases import LeaseRoute
from tui.sandbox.service import Service

log = logging.getLogger(__name__)


def build(service: Service, lease: LeaseRoute | None = None) -> Starlette:
    """The application around a service, which it starts and stops.

    Args:
        lease: where those who need the sandbox hold it, when it has a process of its own.
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
        ],
        lifespan=lifespan,
        exception_handlers={ApiError: _refused, HTTPException: _not_routed, Exception: _slipped},
    )
    # A path with a slash too many is another path: a redirect could carry a token elsewhere.
    app.router.redirect_slashes = False
    app.state.service = service
    return app


def _render(request: Request, error: ApiError) -> Response:
    """In the dialect of the host that the path stands for."""
    path = request.url.path
    if path.startswith("/auth/"):
        body = auth_body(error.status, error.message, str(error.code))
    elif classic.is_transpiler(path):
        body = {"detail": error.message}
    else:
        body = runtime_body(error)
    return answer(body, error.status, error.headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _render(request, error)


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _render(request, no_route())
    headers = dict(error.headers or {})
    return _render(request, ApiError(error.status_code, error.status_code, error.detail, headers=headers))


async def _slipped(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _render(request, ApiError(500, 1010, "Internal error.", "Try again."))
