"""IBM Cloud IAM: an API key for an access token (contract 4.1)."""

from __future__ import annotations

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.domain.accounts import Account
from tui.ibm.auth.tokens import AccessToken, send_key
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.request import Request, Value

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_LIFE = 3600


class _TokenBody(msgspec.Struct, frozen=True):
    access_token: Secret
    expires_in: int | None = None


async def fetch_token(account: Account, http: HttpClient, clock: Clock) -> AccessToken:
    """Get a new access token. Asking twice creates nothing, so the request may be repeated.

    Returns:
        The token; one whose life IAM does not give is taken to live an hour.

    Raises:
        QdeckError: `WRONG_KEY` for a key IAM does not know; network errors.
    """
    if not account.token:
        raise QdeckError(ErrorKind.WRONG_KEY, "No API key was given.", "Type or paste the key.")
    form: dict[str, Value] = {"grant_type": GRANT, "apikey": account.token, "response_type": "cloud_iam"}
    asked = clock.now()
    response = await send_key(
        http,
        Request(account.endpoints.iam, "POST /identity/token", form=form),
        _refused,
        "IBM Cloud did not take the API key",
        "Check that it was copied whole and is not locked or deleted.",
    )
    body = response.decode(_TokenBody)
    return AccessToken.lasting(body.access_token, asked, body.expires_in, _LIFE)


def _refused(error: QdeckError) -> bool:
    # Whatever the code: IAM was asked one thing, whether it takes this key.
    return error.status in {400, 401, 403} and error.kind not in {ErrorKind.WRONG_KEY, ErrorKind.PROTOCOL}
