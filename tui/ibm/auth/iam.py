"""IBM Cloud IAM: an API key for an access token (contract 4.1)."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.secret import Secret
from tui.domain.accounts import Account
from tui.ibm.auth.token_manager import LONGEST_LIFE, AccessToken
from tui.ibm.codec.decoding import decode
from tui.ibm.transport.client import Call, HttpClient

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_LIFE = 3600
_WHERE = "POST /identity/token"


class _TokenBody(msgspec.Struct, frozen=True):
    access_token: Secret
    expires_in: int | None = None


async def fetch_token(account: Account, http: HttpClient, clock: Clock) -> AccessToken:
    """A new access token. Asking twice creates nothing, so it may be repeated.

    Raises:
        QdeckError: `WRONG_KEY` for a key IAM does not know; network errors.
    """
    if not account.token:
        raise QdeckError(ErrorKind.WRONG_KEY, "No API key was given.", "Type or paste the key.")
    call = Call(
        "POST",
        f"{account.endpoints.iam}/identity/token",
        _WHERE,
        form={"grant_type": GRANT, "apikey": account.token, "response_type": "cloud_iam"},
    )
    asked = clock.now()
    try:
        answer = await http.send(call)
    except QdeckError as error:
        refused = error
    else:
        body = decode(answer.body, _TokenBody, _WHERE)
        told = body.expires_in
        life = told if told is not None and 0 < told <= LONGEST_LIFE else _LIFE
        return AccessToken(body.access_token, asked, asked + timedelta(seconds=life))
    if refused.status in {400, 401, 403} and refused.kind not in {ErrorKind.WRONG_KEY, ErrorKind.PROTOCOL}:
        # Whatever the code: IAM was asked one thing, whether it takes this key.
        raise QdeckError(
            ErrorKind.WRONG_KEY,
            f"IBM Cloud did not take the API key: {refused.message}",
            "Check that it was copied whole and is not locked or deleted.",
            code=refused.code,
            status=refused.status,
        )
    raise refused
