"""Authorized requests, and the routes that lead to their handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tui.sandbox.core.instance import archive_crn
from tui.sandbox.core.service import Service
from tui.sandbox.db.models import Face


@dataclass(frozen=True, slots=True)
class Call:
    """An authorized request.

    Attributes:
        request: the HTTP request, its body not yet read.
        service: the service behind both faces.
        face: the face it came in by.
        user_id: the user's id on that face.
        version: API version; "", which is older than all, when missing or unknown or on the classic face.
    """

    request: Request
    service: Service
    face: Face
    user_id: str
    version: str = ""

    @property
    def crn(self) -> str:
        """CRN of the instance that the request is for."""
        identity = self.service.identity
        return archive_crn(identity) if self.face == "archive" else identity.crn

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        """Return a parameter of the query, None when it is missing or empty."""
        return self.request.query_params.get(name) or None

    @property
    def base_url(self) -> str:
        """Scheme and host by which the client reached the sandbox."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"


Handler = Callable[[Call], Awaitable[Response]]
Authorize = Callable[[Request, Service], Call]
RouteTable = tuple[tuple[str, str, Handler], ...]
"""Method, path and handler of each route."""


def authorized_routes(authorize: Authorize, table: RouteTable) -> list[BaseRoute]:
    """Return routes whose requests are authorized before their handlers see them.

    Args:
        authorize: makes a call of a request, or raises `ApiError`.
        table: the routes.
    """
    return [Route(path, _endpoint(authorize, handler), methods=[method]) for method, path, handler in table]


def _endpoint(authorize: Authorize, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await handler(authorize(request, request.app.state.service))

    return endpoint
