"""Who keeps the sandbox running: it ends when the last one has gone, however that happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from tui.sandbox.base.errors import forbidden
from tui.sandbox.base.tokens import same
from tui.sandbox.lifecycle.info import NONCE_HEADER, PROOF_HEADER, proof


class Leases:
    """Counts the holders.

    Args:
        on_last: called when the last one lets go.
    """

    def __init__(self, on_last: Callable[[], None]) -> None:
        self._on_last = on_last
        self._held = 0
        self._over = asyncio.Event()

    def take(self) -> bool:
        """Hold the sandbox; False when it is ending already."""
        if self._over.is_set():
            return False
        self._held += 1
        return True

    def give_back(self) -> bool:
        """Let go. Whether others go on holding it; when not, it ends."""
        self._held -= 1
        if self._held > 0:
            return True
        self.end()
        self._on_last()
        return False

    def end(self) -> None:
        """The sandbox ends: nobody holds it any more, and nobody can."""
        self._over.set()

    async def over(self) -> None:
        """Return when the sandbox ends."""
        await self._over.wait()


class LeaseRoute:
    """A request that is answered for as long as its sender wants the sandbox to run.

    A connection is closed by the system when its process ends, also by kill -9: no holder is forgotten.
    Both sides prove that they know the API key without sending it, since another program may listen
    on the port of a sandbox that is gone.
    """

    def __init__(self, leases: Leases, api_key: str) -> None:
        self._leases = leases
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one holder.

        Raises:
            ApiError: 403 when it does not know the key.
        """
        request = Request(scope, receive)
        nonce = request.headers.get(NONCE_HEADER, "")
        expected = proof(self._api_key, "holder", nonce)
        if not nonce or not same(request.headers.get(PROOF_HEADER, ""), expected):
            raise forbidden()
        if not self._leases.take():
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            ours = proof(self._api_key, "sandbox", nonce)
            headers = [(PROOF_HEADER.encode(), ours.encode()), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"held\n", "more_body": True})
            await self._until_gone(receive)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._leases.give_back()

    async def _until_gone(self, receive: Receive) -> None:
        over = asyncio.create_task(self._leases.over())
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({over, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            gone.cancel()
            await asyncio.gather(over, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
