"""Leases on the sandbox process: it ends with its last holder, however that one ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from tui.sandbox.base.errors import forbidden
from tui.sandbox.base.http import disconnected
from tui.sandbox.base.tokens import equal_secrets
from tui.sandbox.lifecycle.child_process import RELEASED_LINE
from tui.sandbox.lifecycle.info import NONCE_HEADER, PROOF_HEADER, proof

# Ending must not hang on an open connection or a stuck worker: nobody may be left to notice.
_GRACE = 8.0
_FAILED = 1


class Leases:
    """Counts the holders.

    Args:
        on_last: called when the last one releases the sandbox.
    """

    def __init__(self, on_last: Callable[[], None]) -> None:
        self._on_last = on_last
        self._count = 0
        self._ended = asyncio.Event()

    def acquire(self) -> bool:
        """Hold the sandbox.

        Returns:
            False when it is ending already.
        """
        if self._ended.is_set():
            return False
        self._count += 1
        return True

    def release(self) -> bool:
        """Release the sandbox, which ends it when nobody else holds it.

        Returns:
            True when others still do.
        """
        self._count -= 1
        if self._count > 0:
            return True
        self.end()
        self._on_last()
        return False

    def end(self) -> None:
        """End all leases: the sandbox ends, and nobody can acquire it any more."""
        self._ended.set()

    async def wait_ended(self) -> None:
        """Return when the sandbox ends."""
        await self._ended.wait()


class LeaseRoute:
    """GET /sandbox/lease: a response that goes on for as long as its client wants the sandbox to run.

    A connection is closed by the system when its process ends, also by kill -9: no holder is forgotten.
    Both sides prove that they know the API key without sending it, since another program may listen
    on the port of a sandbox that is gone.
    """

    def __init__(self, leases: Leases, api_key: str) -> None:
        self._leases = leases
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the sandbox for one client: 200 until it disconnects, 503 when the sandbox is ending.

        Raises:
            ApiError: 403 when the client does not know the key.
        """
        request = Request(scope, receive)
        nonce = request.headers.get(NONCE_HEADER, "")
        expected = proof(self._api_key, "holder", nonce)
        if not nonce or not equal_secrets(request.headers.get(PROOF_HEADER, ""), expected):
            raise forbidden()
        if not self._leases.acquire():
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            own_proof = proof(self._api_key, "sandbox", nonce)
            headers = [(PROOF_HEADER.encode(), own_proof.encode()), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"held\n", "more_body": True})
            await self._until_ended(receive)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._leases.release()

    async def _until_ended(self, receive: Receive) -> None:
        ended = asyncio.create_task(self._leases.wait_ended())
        gone = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait({ended, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            gone.cancel()
            await asyncio.gather(ended, gone, return_exceptions=True)


class ParentPipe:
    """The lease of the process that started the sandbox: released at the end of standard input."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._released = threading.Event()
        self._ended = threading.Event()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to read standard input, in a thread of its own."""
        self._ending = loop.create_task(self._until_ended(), name="sandbox end")
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()

    async def _until_ended(self) -> None:
        await self._leases.wait_ended()
        self._ended.set()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the end of standard input, then release; end by force what does not end by itself."""
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._release)
        if self._released.wait(_GRACE):
            self._ended.wait()
            threading.Event().wait(_GRACE)
        os._exit(_FAILED)

    def _release(self) -> None:
        if self._leases.release():
            with contextlib.suppress(OSError):
                os.write(1, RELEASED_LINE)
            # Nobody reads these pipes any more; a message must not become an error.
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.close(null)
        self._released.set()
