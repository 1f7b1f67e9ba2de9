"""The classic auth host: an API token for an access token, who am I, and a sign-out that really ends it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import auth_body
from tui.sandbox.base.http import answer, form, nothing
from tui.sandbox.base.tokens import ACCESS_TOKEN_SECONDS
from tui.sandbox.classic.guard import Call, access_token
from tui.sandbox.core.identity import CLASSIC_INSTANCE, GROUP, HUB, PROJECT
from tui.sandbox.core.service import Service

EMAIL = "sandbox@localhost"


async def version(_request: Request) -> Response:
    """IBM's client goes on only when `api-auth` is among the members."""
    return answer({"api-auth": "1.42.0", "api-app": "1.10.0", "api-utils": "1.5.0"})


async def login(request: Request) -> Response:
    """`users/loginWithToken`, as JSON or as a form."""
    service: Service = request.app.state.service
    fields = await form(request)
    if not service.classic.knows_api_token(fields.get("apiToken", "")):
        return answer(auth_body(401, "Login failed.", "3446"), 401)
    service.expect_transpiling()
    return answer(
        {
            "id": service.classic.issue(),
            "ttl": ACCESS_TOKEN_SECONDS,
            "created": iso(service.clock.now(), 3),
            "userId": service.identity.classic_user_id,
        }
    )


async def me(call: Call) -> Response:
    """The user, and where the other hosts are."""
    base = f"{call.request.url.scheme}://{call.request.url.netloc}"
    return answer(
        {
            "id": call.service.identity.classic_user_id,
            "email": EMAIL,
            "urls": {
                "http": f"{base}/auth/api",
                "ws": f"ws://{call.request.url.netloc}/",
                "services": {"runtime": f"{base}/runtime"},
            },
        }
    )


async def logout(call: Call) -> Response:
    """The access token is dead from here on: the next call with it answers 401."""
    call.service.classic.revoke(access_token(call.request))
    return nothing()


async def network(_call: Call) -> Response:
    """All hubs with their groups and projects: one of each."""
    project = {"name": PROJECT, "isDefault": True}
    return answer([{"name": HUB, "groups": {GROUP: {"name": GROUP, "projects": {PROJECT: project}}}}])


async def runtime_me(call: Call) -> Response:
    """`users/me` of the runtime: the instances."""
    return answer(
        {
            "id": call.service.identity.classic_user_id,
            "email": EMAIL,
            "instances": [{"name": CLASSIC_INSTANCE, "plan": "open"}],
        }
    )
