"""Requests with the access token: a refused token is renewed once, and a second refusal is `FORBIDDEN`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.auth.token_manager import AccessToken, TokenManager
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.errors import token_refused
from tui.ibm.transport.request import Request, Response, Value

_SKEW = 300.0
_NO_ANSWER = {ErrorKind.PROTOCOL, ErrorKind.UNCONFIRMED}


class TokenAuth:
    """Sends requests to the services of one account, each with its access token.

    Not an `httpx.Auth`: httpx reads the refused response whole, decompressed without a limit, before it sends
    the second request; and a renewal would count into the time and the attempts of the request.

    Args:
        http: sends the requests.
        tokens: gives and renews the token.
        headers: makes the headers that every request carries for a token.

    Attributes:
        answers: how many responses there were so far, refusals too; not those of a service that is unwell.
    """

    def __init__(
        self, http: HttpClient, tokens: TokenManager, headers: Callable[[AccessToken], Mapping[str, Value]]
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._headers = headers
        self.answers = 0

    async def send(self, request: Request) -> Response:
        """Send a request; a 401 renews the token and sends it once more (it was not carried out).

        Returns:
            The response, whose status is 2xx.

        Raises:
            QdeckError: as `HttpClient.send`; `FORBIDDEN` when even a fresh token is refused.
        """
        token = await self._tokens.get()
        try:
            return await self._send_with(request, token)
        except QdeckError as error:
            if not token_refused(error):
                raise
        fresh = await self._tokens.replace(token)
        try:
            return await self._send_with(request, fresh)
        except QdeckError as error:
            if not token_refused(error):
                raise
            refused = error
        raise self._no_access(refused)

    async def _send_with(self, request: Request, token: AccessToken) -> Response:
        try:
            response = await self._http.send(request.with_headers(self._headers(token)))
        except QdeckError as error:
            if error.kind not in _NO_ANSWER and not error.worth_retrying and error.status is not None:
                self.answers += 1
            raise
        self.answers += 1
        return response

    def _no_access(self, refused: QdeckError) -> QdeckError:
        skew = self._http.skew or 0.0
        advice = "Check the instance, and whether this key has access to it."
        if abs(skew) > _SKEW:
            minutes = f"{abs(skew) / 60:.0f} minutes {'behind' if skew > 0 else 'ahead of'}"
            advice = f"This machine's clock is {minutes} the service's: set it right."
        message = f"The key is good, but the service refuses it here: {refused.message}"
        return refused.reworded(ErrorKind.FORBIDDEN, message, advice)
