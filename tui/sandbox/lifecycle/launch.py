"""The client's side of the sandbox process: joins the one that runs, or starts one (std-lib only)."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import importlib.util
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tui.common.environment import worker_environment
from tui.sandbox.lifecycle.child_process import SandboxChild
from tui.sandbox.lifecycle.info import (
    LEASE_PATH,
    NONCE_HEADER,
    PROOF_HEADER,
    RunningSandbox,
    SandboxInfo,
    proof,
    read_running_file,
)

__all__ = ["HINT", "NEEDED", "SandboxInfo", "SandboxProcess", "SandboxUnavailable", "join", "launch"]

NEEDED = ("starlette", "uvicorn", "qiskit", "qiskit_aer", "qiskit_ibm_runtime", "stim")
HINT = 'pip install "qdeck[local]"'
IN_USE = 3
"""Exit status of a sandbox whose folder another one uses."""
_START_SECONDS = 30.0
_JOIN_SECONDS = 15.0
_RESPONSE_SECONDS = 5.0
_HEAD_BYTES = 16_384


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot run here; the message says why and what helps."""


class _InUse(SandboxUnavailable):
    """Another sandbox uses the folder."""


class SandboxProcess(RunningSandbox, Protocol):
    """A running sandbox with its process."""

    @property
    def pid(self) -> int:
        """Process id of the sandbox."""

    async def wait(self) -> int | None:
        """Wait for its end, and return the exit status where this process can know it."""


async def launch(
    state_dir: Path,
    *,
    queue: int = 0,
    pace: float = 1.0,
    limits: str = "none",
    recalibrate: float | None = None,
) -> SandboxProcess:
    """Return the sandbox of a state folder: the one that runs on it already, or a new one once it listens.

    Args:
        state_dir: the folder.
        queue: jobs of others ahead of ours on every device; of a new one, as are the next three.
        pace: simulated seconds in a real second.
        limits: "none" or "ibm".
        recalibrate: simulated hours from one drifted calibration to the next; 0: the recorded ones stay in
            force; `None`: as usual.

    Raises:
        SandboxUnavailable: packages are missing, or it does not start; with the end of its standard error.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxUnavailable(f"The sandbox needs {', '.join(missing)}. Install with: {HINT}")
    joined = await join(state_dir)
    if joined is not None:
        return joined
    options = ["--queue", str(queue), "--pace", str(pace), "--limits", limits]
    options += [] if recalibrate is None else ["--recalibrate", str(recalibrate)]
    try:
        return await _start(state_dir, options)
    except _InUse:
        # Another qdeck was a moment quicker: its sandbox may still be starting.
        joined = await _join_soon(state_dir)
        if joined is None:
            raise
        return joined


async def _start(state_dir: Path, options: list[str]) -> SandboxChild:
    # -P: a json.py in the folder qdeck was started from must not be imported.
    command = [sys.executable, "-P", "-m", "tui.sandbox", "--state", str(state_dir), "--parent-pipe"]
    child = await SandboxChild.spawn([*command, *options], _environment())
    try:
        line = await asyncio.wait_for(child.read_first_line(), _START_SECONDS)
        child.follow(SandboxInfo.from_line(line))
        return child
    except (TimeoutError, ValueError):
        status = await child.end()
        errors = await child.stderr_tail()
        await child.stop()
        kind = _InUse if status == IN_USE else SandboxUnavailable
        raise kind(f"The sandbox did not start. {errors or 'It said nothing.'}") from None
    except BaseException:
        await child.end()
        await child.stop()
        raise


def _environment() -> dict[str, str]:
    """Return a worker's environment, with a PYTHONPATH by which the child imports this very package."""
    root = str(Path(__file__).resolve().parents[3])
    found = os.environ.get("PYTHONPATH", "")
    return {**worker_environment(os.environ), "PYTHONPATH": f"{root}{os.pathsep}{found}" if found else root}


class JoinedSandbox:
    """A running sandbox that is not this process's child. Held until `stop`, or until this process ends."""

    def __init__(
        self, info: SandboxInfo, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.info = info
        self.pid = pid
        self._writer = writer
        self._end = asyncio.create_task(_end_of_stream(reader), name="sandbox lease")

    @property
    def running(self) -> bool:
        """False once it has ended or was released."""
        return not self._end.done()

    async def wait(self) -> int | None:
        """Wait for its end, and return None: its exit status is its parent's to know."""
        await asyncio.shield(self._end)
        return None

    async def stop(self) -> None:
        """Release it: it ends when nobody else holds it. Twice is no error."""
        self._writer.close()
        self._end.cancel()
        await asyncio.gather(self._end, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def join(folder: Path) -> JoinedSandbox | None:
    """Hold the sandbox that runs on a state folder.

    Returns:
        None when there is none, or it does not prove that it is the one.
    """
    found = read_running_file(folder)
    if found is None:
        return None
    info, pid = found
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_RESPONSE_SECONDS):
            url = urlsplit(info.url)
            reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=_HEAD_BYTES)
            if await _acquire_lease(info, url.netloc, reader, writer):
                return JoinedSandbox(info, pid, reader, writer)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        # Stale, or no sandbox of ours: the caller starts one.
        pass
    if writer is not None:
        writer.close()
    return None


async def _join_soon(state_dir: Path) -> JoinedSandbox | None:
    deadline = time.monotonic() + _JOIN_SECONDS
    while True:
        joined = await join(state_dir)
        if joined is not None or time.monotonic() > deadline:
            return joined
        await asyncio.sleep(0.2)


async def _acquire_lease(
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


async def _end_of_stream(reader: asyncio.StreamReader) -> None:
    """Return when the other side has closed the connection; nothing that matters comes before."""
    with contextlib.suppress(OSError):
        while await reader.read(4096):
            pass
