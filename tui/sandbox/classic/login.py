"""Handlers of the classic auth host: access tokens for the API token, the user, and a real sign-out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import ApiError
from tui.sandbox.base.http import form, json_response, no_content
from tui.sandbox.base.tokens import ACCESS_TOKEN_SECONDS
from tui.sandbox.core.instance import CLASSIC_INSTANCE, GROUP, HUB, PROJECT
from tui.sandbox.core.service import Service
from tui.sandbox.server.routing import Call

_EMAIL = "sandbox@localhost"


def access_token(request: Request) -> str:
    """Return the access token of a request, "" when it has none."""
    return request.headers.get("x-access-token", "").strip()


async def get_version(_request: Request) -> Response:
    """GET /auth/api/version: 200; IBM's client goes on only when `api-auth` is among the members."""
    return json_response({"api-auth": "1.42.0", "api-app": "1.10.0", "api-utils": "1.5.0"})


async def log_in(request: Request) -> Response:
    """POST /auth/api/users/loginWithToken, as JSON or as a form: 200 with an access token.

    Raises:
        ApiError: 401 (code 3446) for an API token that is not the user's.
    """
    service: Service = request.app.state.service
    fields = await form(request)
    if not service.classic.is_api_token(fields.get("apiToken", "")):
        raise ApiError(401, 3446, "Login failed.")
    service.prepare_transpiler()
    return json_response(
        {
            "id": service.classic.issue(),
            "ttl": ACCESS_TOKEN_SECONDS,
            "created": iso(service.clock.now(), 3),
            "userId": service.identity.classic_user_id,
        }
    )


async def get_user(call: Call) -> Response:
    """GET /auth/api/users/me: 200 with the user and the URLs of the other hosts."""
    return json_response(
        {
            "id": call.user_id,
            "email": _EMAIL,
            "urls": {
                "http": f"{call.base_url}/auth/api",
                "ws": f"ws://{call.request.url.netloc}/",
                "services": {"runtime": f"{call.base_url}/runtime"},
            },
        }
    )


async def log_out(call: Call) -> Response:
    """POST /auth/api/users/logout: revoke the access token; 204, and 401 to the next call with it."""
    call.service.classic.revoke(access_token(call.request))
    return no_content()


async def get_network(_call: Call) -> Response:
    """GET /auth/api/Network: 200 with all hubs, their groups and projects: one of each."""
    project = {"name": PROJECT, "isDefault": True}
    return json_response([{"name": HUB, "groups": {GROUP: {"name": GROUP, "projects": {PROJECT: project}}}}])


async def get_runtime_user(call: Call) -> Response:
    """GET /runtime/users/me: 200 with the user and the instances."""
    instances = [{"name": CLASSIC_INSTANCE, "plan": "open"}]
    return json_response({"id": call.user_id, "email": _EMAIL, "instances": instances})
