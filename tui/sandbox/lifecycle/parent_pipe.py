"""The pipe from the process that started the sandbox: when it closes, the parent has let go or is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from typing import Protocol

from tui.sandbox.lifecycle.child_process import HELD
from tui.sandbox.lifecycle.leases import Leases

# Ending must not hang on an open connection or a stuck worker: nobody may be left to notice.
_GRACE = 8.0
_FAILED = 1


class Ending(Protocol):
    """A server that can be told to end."""

    def end(self) -> None: ...


class Parent:
    """The parent's lease: given back at the end of standard input."""

    def __init__(self, leases: Leases, server: Ending) -> None:
        self._leases = leases
        self._server = server
        self._heard = threading.Event()
        self._over = threading.Event()

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch the pipe."""
        self._ending = loop.create_task(self._until_over(), name="sandbox end")
        threading.Thread(target=self._watch, args=(loop,), daemon=True).start()

    async def _until_over(self) -> None:
        await self._leases.over()
        self._over.set()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the end of standard input, then let go; end by force what does not end by itself."""
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._let_go)
        if self._heard.wait(_GRACE):
            self._over.wait()
            threading.Event().wait(_GRACE)
        os._exit(_FAILED)

    def _let_go(self) -> None:
        if self._leases.give_back():
            with contextlib.suppress(OSError):
                os.write(1, HELD)
            # Nobody reads these pipes any more; a message must not become an error.
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            os.close(nothing)
        self._heard.set()
