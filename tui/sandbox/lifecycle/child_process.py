"""A sandbox that this process started: its pipes, and its end or its transfer to others (std-lib only)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from tui.sandbox.lifecycle.info import SandboxInfo

RELEASED_LINE = b"held\n"
"""Line that the sandbox writes to its standard output when its parent releases it, but others hold it."""
_STOP_SECONDS = 6.0
_TAIL_BYTES = 4000
# Held by others, but still children of this process: kept so that their end can be reaped.
_transferred: list[subprocess.Popen[bytes]] = []


class SandboxChild:
    """A started sandbox. It also ends when this process ends, however that happens, unless others hold it.

    Not a process of asyncio's, which would kill it when the event loop ends.
    """

    info: SandboxInfo

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._error_tail = bytearray()
        self._released = False
        self._transports: list[asyncio.ReadTransport] = []
        self._following: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, command: Sequence[str], environment: Mapping[str, str]) -> SandboxChild:
        """Start the process; `read_first_line` comes next.

        Raises:
            OSError: when it cannot be started.
        """
        process = subprocess.Popen(  # noqa: ASYNC220 - see the class: asyncio's own would be killed with the loop
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own session: Ctrl+C in the terminal is for this process, which ends the child itself.
            start_new_session=True,
            env=dict(environment),
        )
        return cls(process)

    async def read_first_line(self) -> bytes:
        """Return the line that it writes when it listens; empty when it ends before that."""
        assert self._process.stdout is not None and self._process.stderr is not None
        errors = await self._reader(self._process.stderr)
        self._drain = asyncio.create_task(self._read_errors(errors))
        self._output = await self._reader(self._process.stdout)
        return await self._output.readline()

    def follow(self, info: SandboxInfo) -> None:
        """Follow its standard output from here on, now that it listens."""
        self.info = info
        self._following = asyncio.create_task(self._until_output_ends(), name="sandbox child")

    @property
    def pid(self) -> int:
        """Process id of the sandbox."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """False once it has ended or was released to others."""
        return not self._released and self._process.poll() is None

    async def wait(self) -> int | None:
        """Wait for its end.

        Returns:
            The exit status; None when others hold it.
        """
        if self._following is not None:
            await asyncio.shield(self._following)
        return None if self._released else await self._reaped()

    async def stderr_tail(self) -> str:
        """Return the end of its standard error, at most 4000 bytes; call it after its end."""
        if self._drain is not None:
            await asyncio.wait({self._drain}, timeout=1.0)
        return bytes(self._error_tail).decode("utf-8", "replace").strip()

    async def stop(self) -> None:
        """Release it. It ends with all that it started, unless others hold it; by force when it hangs."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._following is not None:
            await asyncio.wait({self._following}, timeout=_STOP_SECONDS)
        if self._released:
            if self._process not in _transferred:
                _transferred.append(self._process)
        else:
            await self.end()
        self._close()

    async def end(self) -> int:
        """End it, even while others hold it, by a signal or by force, and return the exit status."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._process.poll() is None and not (self._following is not None and self._following.done()):
            self._process.terminate()
        try:
            return await asyncio.wait_for(self._reaped(), _STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            return await self._reaped()

    async def _reaped(self) -> int:
        # Once its output is closed it ends within moments; a library cannot use SIGCHLD.
        while (status := self._process.poll()) is None:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
        return status

    async def _until_output_ends(self) -> None:
        while line := await self._output.readline():
            if line == RELEASED_LINE:
                self._released = True
                return

    async def _reader(self, pipe: IO[bytes]) -> asyncio.StreamReader:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._transports.append(transport)
        return reader

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        """Read on so that the pipe never fills; keep the end for an error message."""
        while chunk := await stream.read(4096):
            self._error_tail += chunk
            del self._error_tail[:-_TAIL_BYTES]

    def _close(self) -> None:
        for task in (self._drain, self._following):
            if task is not None:
                task.cancel()
        for transport in self._transports:
            transport.close()
