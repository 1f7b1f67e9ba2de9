"""`/identity/token`: an API key for a bearer token of one hour."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import iam_body
from tui.sandbox.base.http import answer, form
from tui.sandbox.base.tokens import JWT_SECONDS
from tui.sandbox.core.service import Service

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


async def token(request: Request) -> Response:
    service: Service = request.app.state.service
    fields = await form(request)
    url = str(request.url.replace(query=""))
    if not fields.get("grant_type"):
        return answer(iam_body("BXNIM0109E", "Property missing or empty: grant_type", url), 400)
    if fields["grant_type"] != GRANT:
        return answer(iam_body("BXNIM0420E", "The grant type is not supported here.", url), 400)
    if not fields.get("apikey"):
        return answer(iam_body("BXNIM0109E", "Property missing or empty: apikey", url), 400)
    if not service.iam.knows_key(fields["apikey"]):
        return answer(iam_body("BXNIM0415E", "Provided API key could not be found.", url), 400)
    access_token, expiration = service.iam.issue()
    return answer(
        {
            "access_token": access_token,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": JWT_SECONDS,
            "expiration": expiration,
            "scope": "ibm openid",
        }
    )
