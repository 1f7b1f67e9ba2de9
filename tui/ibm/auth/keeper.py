"""Keeps one access token alive: renewed at 80 % of its life, one renewal in flight however many wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret

RENEW_AT = 0.8
"""Share of its life after which a token is renewed (IBM's own SDK does the same, contract 4.1)."""
_RETRY_AFTER = 30.0
_SET_BACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token. Times UTC by this machine's clock, so that a skewed one does not matter.

    `expires` is `None` where the service does not say.
    """

    value: Secret
    obtained: datetime
    expires: datetime | None

    def due(self, now: datetime) -> bool:
        """Whether it is time for a new one.

        When the clock was set back, what it says of the token's age is wrong: then a new one is got at once.
        """
        if self.expires is None:
            return False
        return (
            now >= self.obtained + (self.expires - self.obtained) * RENEW_AT
            or now < self.obtained - _SET_BACK
        )

    def over(self, now: datetime) -> bool:
        """Whether the service would refuse it."""
        return self.expires is not None and now >= self.expires


class TokenKeeper:
    """The current access token of one account."""

    def __init__(self, fetch: Callable[[], Awaitable[AccessToken]], clock: Clock) -> None:
        """`fetch` gets a new token from the service, raising `QdeckError`."""
        self._fetch = fetch
        self._clock = clock
        self._token: AccessToken | None = None
        self._renewal: asyncio.Task[AccessToken] | None = None
        self._not_before = -math.inf
        self._ended = False

    @property
    def current(self) -> AccessToken | None:
        """The token held now, without asking for one."""
        return self._token

    async def get(self) -> AccessToken:
        """A token that can be used: the one held, or a new one when most of its life is over.

        Raises:
            QdeckError: there is none and none can be had.
        """
        token, now = self._token, self._clock.now()
        if token is not None and not token.due(now):
            return token
        if token is not None and not token.over(now):
            if self._clock.monotonic() < self._not_before:
                return token
            try:
                return await self._renew()
            except QdeckError as error:
                # The old one still serves: asking again at every request would not help the service.
                if not error.worth_retrying:
                    raise
                self._not_before = self._clock.monotonic() + _RETRY_AFTER
                return token
        return await self._renew()

    async def replace(self, refused: AccessToken) -> AccessToken:
        """A token other than `refused`, which the service did not take."""
        if self._token is not None and self._token is not refused:
            return self._token
        return await self._renew()

    def drop(self) -> AccessToken | None:
        """Forget the token and get no other; returns the one that was held."""
        self._ended = True
        token, self._token = self._token, None
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        return token

    def reopen(self) -> None:
        """Allow getting tokens again, after `drop`."""
        self._ended = False

    async def _renew(self) -> AccessToken:
        if self._ended:
            raise QdeckError(ErrorKind.EXPIRED, "Signed out.", "Sign in again.")
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._run(), name="token renewal")
            self._renewal.add_done_callback(_seen)
        # Shielded: one waiter that is cancelled must not take the token from the others.
        try:
            return await asyncio.shield(self._renewal)
        except asyncio.CancelledError:
            if self._ended and not _being_cancelled():
                raise QdeckError(ErrorKind.EXPIRED, "Signed out.", "Sign in again.") from None
            raise

    async def _run(self) -> AccessToken:
        try:
            self._token = await self._fetch()
            self._not_before = -math.inf
            return self._token
        finally:
            self._renewal = None


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _seen(task: asyncio.Task[AccessToken]) -> None:
    """Take note of the outcome, should every waiter have gone."""
    if not task.cancelled():
        task.exception()
