"""Who may call the platform API, for which instance, in which version of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import bad_credentials, forbidden, instance_not_found, unauthenticated
from tui.sandbox.base.http import bearer
from tui.sandbox.core.service import Service

VERSIONS = (
    "2024-01-01",
    "2025-01-01",
    "2025-05-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
FACE: Literal["platform"] = "platform"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in.

    Attributes:
        version: the API version asked for; "" when missing or unknown, which is older than all.
    """

    request: Request
    service: Service
    version: str

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name) or None


Handler = Callable[[Call], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def authenticate(request: Request, service: Service) -> None:
    """Let in a JWT of ours, or the API key itself as IBM's client sends it when IAM fails.

    Raises:
        ApiError: 401.
    """
    scheme, credentials = bearer(request)
    if scheme == "apikey":
        if not service.iam.knows_key(credentials):
            raise bad_credentials()
    elif scheme != "bearer" or not service.iam.valid(credentials):
        raise unauthenticated()


def check_instance(request: Request, service: Service) -> None:
    """Raises ApiError 404 for another instance of the account, 403 for anything else."""
    crn = request.headers.get("service-crn", "").strip()
    if crn == service.identity.crn:
        return
    parts = crn.split(":")
    if len(parts) > 7 and parts[0] == "crn" and parts[6] == f"a/{service.identity.account}":
        raise instance_not_found()
    raise forbidden()


def guarded(handler: Handler, *, instance: bool = True) -> Endpoint:
    """An endpoint that asks for a token and, unless told otherwise, for our instance."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        authenticate(request, service)
        if instance:
            check_instance(request, service)
        version = request.headers.get("ibm-api-version", "").strip()
        return await handler(Call(request, service, version if version in VERSIONS else ""))

    return endpoint
