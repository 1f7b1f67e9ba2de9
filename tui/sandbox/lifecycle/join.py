"""Joining a sandbox that another qdeck started: found, proven to be it, and held (std-lib only)."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from tui.sandbox.lifecycle.info import LEASE_PATH, NONCE_HEADER, PROOF_HEADER, SandboxInfo, announced, proof

_ANSWER_SECONDS = 5.0
_HEAD_BYTES = 16_384


class JoinedSandbox:
    """A running sandbox that is not this process's child. Held until `stop`, or until this process ends."""

    def __init__(
        self, info: SandboxInfo, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.info = info
        self.pid = pid
        self._writer = writer
        self._end = asyncio.create_task(_drained(reader), name="sandbox lease")

    @property
    def running(self) -> bool:
        """Whether it still answers, and is still held."""
        return not self._end.done()

    async def wait(self) -> int | None:
        """Wait for its end; the exit status is its parent's to know."""
        await asyncio.shield(self._end)
        return None

    async def stop(self) -> None:
        """Let go of it: it ends when nobody else holds it. Twice is no error."""
        self._writer.close()
        self._end.cancel()
        await asyncio.gather(self._end, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def join(folder: Path) -> JoinedSandbox | None:
    """Hold the sandbox that runs on a state folder; None when there is none that proves to be it."""
    found = announced(folder)
    if found is None:
        return None
    info, pid = found
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            where = urlsplit(info.url)
            reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=_HEAD_BYTES)
            if await _held(info, where.netloc, reader, writer):
                return JoinedSandbox(info, pid, reader, writer)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        # Stale, or no sandbox of ours: the caller starts one.
        pass
    if writer is not None:
        writer.close()
    return None


async def _held(
    info: SandboxInfo, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    nonce = secrets.token_hex(16)
    writer.write(
        f"GET {LEASE_PATH} HTTP/1.1\r\nHost: {host}\r\n{NONCE_HEADER}: {nonce}\r\n"
        f"{PROOF_HEADER}: {proof(info.api_key, 'holder', nonce)}\r\n\r\n".encode()
    )
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, _, lines = head.partition("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines.split("\r\n") if ": " in line)
    expected = proof(info.api_key, "sandbox", nonce)
    return " 200 " in f"{status} " and hmac.compare_digest(headers.get(PROOF_HEADER, ""), expected)


async def _drained(reader: asyncio.StreamReader) -> None:
    """Return when the other side has gone; nothing that matters comes before."""
    with contextlib.suppress(OSError):
        while await reader.read(4096):
            pass
