"""Calls with the access token: a refused token is renewed once, and a second refusal is told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.auth.token_manager import AccessToken, TokenManager
from tui.ibm.transport.client import Answer, Call, HttpClient, Value
from tui.ibm.transport.errors import token_refused

_SKEW = 300.0
_NO_ANSWER = {ErrorKind.PROTOCOL, ErrorKind.UNCONFIRMED}


class TokenAuth:
    """Sends calls to the runtime of one account."""

    def __init__(
        self, http: HttpClient, keeper: TokenManager, headers: Callable[[AccessToken], Mapping[str, Value]]
    ) -> None:
        """`headers` gives what every call carries for a token."""
        self._http = http
        self._keeper = keeper
        self._headers = headers
        self.answers = 0
        """How many answers there were so far, refusals too; not those of a service that is unwell."""

    async def send(self, call: Call) -> Answer:
        """The answer; a 401 renews the token and sends the call once more (it was not carried out).

        Raises:
            QdeckError: as `HttpClient.send`; `FORBIDDEN` when even a fresh token is refused.
        """
        token = await self._keeper.get()
        try:
            return await self._sent(call, token)
        except QdeckError as error:
            if not token_refused(error):
                raise
        fresh = await self._keeper.replace(token)
        try:
            return await self._sent(call, fresh)
        except QdeckError as error:
            if not token_refused(error):
                raise
            refused = error
        raise self._no_access(refused)

    async def _sent(self, call: Call, token: AccessToken) -> Answer:
        try:
            answer = await self._http.send(call.with_headers(self._headers(token)))
        except QdeckError as error:
            if error.kind not in _NO_ANSWER and not error.worth_retrying and error.status is not None:
                self.answers += 1
            raise
        self.answers += 1
        return answer

    def _no_access(self, refused: QdeckError) -> QdeckError:
        skew = self._http.skew or 0.0
        if abs(skew) > _SKEW:
            advice = (
                f"This machine's clock is {abs(skew) / 60:.0f} minutes "
                f"{'behind' if skew > 0 else 'ahead of'} the service's: set it right."
            )
        else:
            advice = "Check the instance, and whether this key has access to it."
        return QdeckError(
            ErrorKind.FORBIDDEN,
            f"The key is good, but the service refuses it here: {refused.message}",
            advice,
            code=refused.code,
            status=refused.status,
        )
