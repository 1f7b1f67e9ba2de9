"""A sandbox that this process started: its pipes, its end, or its being left to others (std-lib only)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from tui.sandbox.lifecycle.info import SandboxInfo

HELD = b"held\n"
"""What the sandbox says on its standard output when its parent lets go, but others hold it."""
_STOP_SECONDS = 6.0
_TAIL_BYTES = 4000
# Left to others, but still children of this process: kept so that their end can be reaped.
_left: list[subprocess.Popen[bytes]] = []


class SandboxChild:
    """A started sandbox. It also ends when this process ends, however that happens, unless others hold it.

    Not a process of asyncio's, which would kill it when the event loop ends.
    """

    info: SandboxInfo

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._tail = bytearray()
        self._handed_over = False
        self._transports: list[asyncio.ReadTransport] = []
        self._follow: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, command: Sequence[str], environment: Mapping[str, str]) -> SandboxChild:
        """Start the process; `first_line` comes next."""
        process = subprocess.Popen(  # noqa: ASYNC220 - see the class: asyncio's own would be killed with the loop
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own session: Ctrl+C in the terminal is for us, and we end it in our own time.
            start_new_session=True,
            env=dict(environment),
        )
        return cls(process)

    async def first_line(self) -> bytes:
        """What it says when it listens; empty when it ends before that."""
        assert self._process.stdout is not None and self._process.stderr is not None
        errors = await self._reader(self._process.stderr)
        self._drain = asyncio.create_task(self._keep_tail(errors))
        self._said = await self._reader(self._process.stdout)
        return await self._said.readline()

    def begin(self, info: SandboxInfo) -> None:
        """It listens: follow it from here on."""
        self.info = info
        self._follow = asyncio.create_task(self._until_gone(), name="sandbox child")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return not self._handed_over and self._process.poll() is None

    async def wait(self) -> int | None:
        """Wait for its end; the exit status, None when it was left to others."""
        if self._follow is not None:
            await asyncio.shield(self._follow)
        return None if self._handed_over else await self._reaped()

    async def last_words(self) -> str:
        """The end of what it said on its standard error, after its end."""
        if self._drain is not None:
            await asyncio.wait({self._drain}, timeout=1.0)
        return bytes(self._tail).decode("utf-8", "replace").strip()

    async def stop(self) -> None:
        """Let go of it. It ends with all that it started, unless others hold it; by force when it hangs."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._follow is not None:
            await asyncio.wait({self._follow}, timeout=_STOP_SECONDS)
        if self._handed_over:
            if self._process not in _left:
                _left.append(self._process)
        else:
            await self.end()
        self._close()

    async def end(self) -> int:
        """End it whoever holds it: a signal, then by force. The exit status."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._process.poll() is None and not (self._follow is not None and self._follow.done()):
            self._process.terminate()
        try:
            return await asyncio.wait_for(self._reaped(), _STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            return await self._reaped()

    async def _reaped(self) -> int:
        # Once its output is closed it is gone within moments; no signal tells a library of a child's end.
        while (status := self._process.poll()) is None:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
        return status

    async def _until_gone(self) -> None:
        while line := await self._said.readline():
            if line == HELD:
                self._handed_over = True
                return

    async def _reader(self, pipe: IO[bytes]) -> asyncio.StreamReader:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._transports.append(transport)
        return reader

    async def _keep_tail(self, stream: asyncio.StreamReader) -> None:
        """Read on so that the pipe never fills; keep the end for an error message."""
        while chunk := await stream.read(4096):
            self._tail += chunk
            del self._tail[:-_TAIL_BYTES]

    def _close(self) -> None:
        for task in (self._drain, self._follow):
            if task is not None:
                task.cancel()
        for transport in self._transports:
            transport.close()
