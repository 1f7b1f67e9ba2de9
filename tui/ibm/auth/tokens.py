"""Access tokens of a session: kept alive in a single flight however many ask, and put on each request."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.errors import token_refused
from tui.ibm.transport.request import Request, Response, Value

RENEW_AT = 0.8
"""Share of its life after which a token is renewed (IBM's own SDK does the same, contract 4.1)."""
LONGEST_LIFE = 10 * 365 * 86_400
"""Seconds: what a service says of a longer life is not believed."""
_RETRY_AFTER = 120.0
_LONGEST_PAUSE = 600.0
"""Seconds until the next try when the key or token itself was refused: asking on would lock it."""
_SET_BACK = timedelta(minutes=1)


_SKEW = 300.0
_NO_ANSWER = {ErrorKind.PROTOCOL, ErrorKind.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token. Times UTC by this machine's clock, so that a skewed one does not matter.

    Attributes:
        value: the token itself.
        obtained: when it was asked for.
        expires: the end of its life; `None` where the service does not say.
    """

    value: Secret
    obtained: datetime
    expires: datetime | None

    @classmethod
    def lasting(
        cls, value: Secret, obtained: datetime, seconds: int | None, default: int | None
    ) -> AccessToken:
        """Return a token that lives `seconds` from `obtained` on.

        Args:
            value: the token itself.
            obtained: when it was asked for.
            seconds: its life as the service gives it; one beyond all reason counts as not given.
            default: its life where none is given; `None`: not known.
        """
        life = seconds if seconds is not None and 0 < seconds <= LONGEST_LIFE else default
        return cls(value, obtained, None if life is None else obtained + timedelta(seconds=life))

    def due(self, now: datetime) -> bool:
        """Return whether it is time for a new one.

        When the clock was set back, the age of the token by it is wrong: then a new one is due at once.
        """
        if self.expires is None:
            return False
        return (
            now >= self.obtained + (self.expires - self.obtained) * RENEW_AT
            or now < self.obtained - _SET_BACK
        )

    def over(self, now: datetime) -> bool:
        """Return whether the token's life has ended, so that the service would refuse it."""
        return self.expires is not None and now >= self.expires


async def send_key(
    http: HttpClient, request: Request, refused: Callable[[QdeckError], bool], message: str, advice: str
) -> Response:
    """Send a request that exchanges a key for an access token.

    Args:
        http: sends it.
        request: carries the key.
        refused: returns whether an error means that the service does not take the key.
        message: beginning of the message then; the service's own follows.
        advice: what to do then.

    Raises:
        QdeckError: `WRONG_KEY` where `refused` says so; else as `HttpClient.send`.
    """
    try:
        return await http.send(request)
    except QdeckError as caught:
        error = caught
    if refused(error):
        raise error.reworded(ErrorKind.WRONG_KEY, f"{message}: {error.message}", advice)
    raise error


class TokenManager:
    """The current access token of one account.

    Args:
        fetch: gets a new token from the service, raising `QdeckError`.
        clock: source of time.
        end: ends a token on the service when another took its place; `None` where a token cannot be ended.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[AccessToken]],
        clock: Clock,
        *,
        end: Callable[[AccessToken], Awaitable[None]] | None = None,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._end = end
        self._token: AccessToken | None = None
        self._renewal: asyncio.Task[AccessToken] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._not_before = -math.inf
        self._ended = False

    @property
    def current(self) -> AccessToken | None:
        """The token held now; `None`: there is none. Nothing is asked for."""
        return self._token

    async def get(self) -> AccessToken:
        """Return a token that can be used: the one held while it serves, else a new one.

        When most of its life is over, the new one is asked for in the background: a service that hangs or
        fails then holds up nobody. Its failure is reported when the old token is over, by asking again.

        Raises:
            QdeckError: there is none and none can be had.
        """
        token, now = self._token, self._clock.now()
        if token is None or token.over(now):
            return await self._renew()
        if token.due(now) and self._clock.monotonic() >= self._not_before:
            self._begin()
        return token

    async def replace(self, refused: AccessToken) -> AccessToken:
        """Return a token other than `refused`, which the service did not take.

        Raises:
            QdeckError: none can be had.
        """
        if self._token is not None and self._token is not refused:
            return self._token
        return await self._renew()

    def drop(self) -> AccessToken | None:
        """Forget the token and get no other until `reopen`.

        Returns:
            The token that was held; `None`: there was none.
        """
        self._ended = True
        token, self._token = self._token, None
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        return token

    def reopen(self) -> None:
        """Allow getting tokens again, after `drop`."""
        self._ended = False

    async def wait_ended(self) -> None:
        """Wait until the tokens that were replaced are ended on the service, as far as they can be."""
        if self._ending:
            await asyncio.wait(self._ending)

    async def _renew(self) -> AccessToken:
        if self._ended:
            raise QdeckError(ErrorKind.EXPIRED, "Signed out.", "Sign in again.")
        # Shielded: one waiter that is cancelled must not take the token from the others.
        try:
            return await asyncio.shield(self._begin())
        except asyncio.CancelledError:
            if self._ended and not _being_cancelled():
                raise QdeckError(ErrorKind.EXPIRED, "Signed out.", "Sign in again.") from None
            raise

    def _begin(self) -> asyncio.Task[AccessToken]:
        """Return the renewal in flight; begin one when there is none."""
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._run(), name="token renewal")
            self._renewal.add_done_callback(self._done)
        return self._renewal

    async def _run(self) -> AccessToken:
        try:
            token = await self._fetch()
        except Exception as error:
            # While the old one serves: asking again at every request would not help the service.
            self._not_before = self._clock.monotonic() + _pause(error)
            raise
        former, self._token, self._not_before = self._token, token, -math.inf
        if former is not None and former.value != token.value and self._end is not None:
            task = asyncio.create_task(self._end_former(former, self._end), name="ending a former token")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        return token

    async def _end_former(self, token: AccessToken, end: Callable[[AccessToken], Awaitable[None]]) -> None:
        """End a token that another took the place of; it holds up nobody when the service cannot."""
        if not token.over(self._clock.now()):
            with contextlib.suppress(QdeckError):
                await end(token)

    def _done(self, task: asyncio.Task[AccessToken]) -> None:
        """Read the outcome, should every waiter have gone: asyncio complains of one that nobody read."""
        if self._renewal is task:
            self._renewal = None
        if not task.cancelled():
            task.exception()


def _pause(error: Exception) -> float:
    """Return the seconds until a renewal that failed is tried again, while the old token serves."""
    if not isinstance(error, QdeckError):
        return _RETRY_AFTER
    if error.worth_retrying or error.kind is ErrorKind.PROTOCOL:
        return max(_RETRY_AFTER, min(error.retry_after or 0.0, _LONGEST_PAUSE))
    return _LONGEST_PAUSE


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


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
        under_way: how many requests are waited for now.
    """

    def __init__(
        self, http: HttpClient, tokens: TokenManager, headers: Callable[[AccessToken], Mapping[str, Value]]
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._headers = headers
        self.answers = 0
        self.under_way = 0

    async def send(self, request: Request) -> Response:
        """Send a request; a 401 renews the token and sends it once more (it was not carried out).

        Returns:
            The response, whose status is 2xx.

        Raises:
            QdeckError: as `HttpClient.send`; `FORBIDDEN` when even a fresh token is refused.
        """
        self.under_way += 1
        try:
            return await self._send(request)
        finally:
            self.under_way -= 1

    async def _send(self, request: Request) -> Response:
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


def bearer(token: AccessToken) -> Mapping[str, Value]:
    """Return the header that carries an IAM token."""
    return {"Authorization": type(token.value)(f"Bearer {token.value.reveal()}")}
