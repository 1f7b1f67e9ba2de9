"""Who may call the classic hosts, and for which hub, group and project."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import ApiError, auth_body, bad_credentials, forbidden, invalid
from tui.sandbox.base.http import answer, bearer
from tui.sandbox.core.identity import CLASSIC_INSTANCE
from tui.sandbox.core.service import Service

FACE: Literal["classic"] = "classic"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    request: Request
    service: Service

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])


Handler = Callable[[Call], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def access_token(request: Request) -> str:
    return request.headers.get("x-access-token", "").strip()


def known(request: Request, service: Service) -> bool:
    """Whether the request carries a living access token, or the API token as a bearer."""
    if access_token(request):
        return service.classic.valid(access_token(request))
    scheme, credentials = bearer(request)
    if scheme != "bearer" or not credentials:
        return False
    return service.classic.knows_api_token(credentials) or service.classic.valid(credentials)


def auth_host(handler: Handler) -> Endpoint:
    """An endpoint of the auth host, which takes access tokens only and refuses in its own words."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        if not service.classic.valid(access_token(request)):
            return answer(auth_body(401, "Authorization Required", "AUTHORIZATION_REQUIRED"), 401)
        return await handler(Call(request, service))

    return endpoint


def runtime(handler: Handler) -> Endpoint:
    """An endpoint of the runtime."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        if not known(request, service):
            raise bad_credentials()
        check_provider(request.query_params.get("provider"))
        return await handler(Call(request, service))

    return endpoint


def transpiler(handler: Handler) -> Endpoint:
    """An endpoint of the cloud transpiler."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        if not known(request, service):
            raise ApiError(401, 401, "Invalid authentication credentials")
        return await handler(Call(request, service))

    return endpoint


def check_provider(provider: str | None) -> None:
    """Raises ApiError 403 for a hub/group/project that is not the user's."""
    if provider and provider != CLASSIC_INSTANCE:
        raise forbidden()


def check_tenant(body: Mapping[str, Any]) -> None:
    """Hub, group and project of a body: all three or none.

    Raises:
        ApiError: 400 when some are missing, 403 when they are not the user's.
    """
    parts = [body.get(name) for name in ("hub", "group", "project")]
    if any(parts):
        if not all(isinstance(part, str) and part for part in parts):
            raise invalid("hub, group and project are needed together")
        check_provider("/".join(str(part) for part in parts))
