"""The parent's side of the sandbox: joins the one that runs, or starts one (std-lib only)."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import Protocol

from tui.sandbox.lifecycle.child_process import SandboxChild
from tui.sandbox.lifecycle.info import SandboxInfo
from tui.sandbox.lifecycle.join import JoinedSandbox, join

__all__ = ["HINT", "NEEDED", "SandboxInfo", "SandboxProcess", "SandboxUnavailable", "launch"]

NEEDED = ("starlette", "uvicorn", "qiskit", "qiskit_aer", "qiskit_ibm_runtime")
HINT = 'pip install "qdeck[local]"'
IN_USE = 3
"""Exit status of a sandbox whose folder another one keeps."""
_START_SECONDS = 30.0
_JOIN_SECONDS = 15.0


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot run here; the message says why and what helps."""


class _InUse(SandboxUnavailable):
    """Another sandbox keeps the folder."""


class SandboxProcess(Protocol):
    """A running sandbox that this process started or joined."""

    @property
    def info(self) -> SandboxInfo: ...

    @property
    def pid(self) -> int: ...

    @property
    def running(self) -> bool: ...

    async def wait(self) -> int | None:
        """Wait for its end; the exit status where this process can know it."""

    async def stop(self) -> None:
        """Let go of it: it ends when nobody else holds it. Twice is no error."""


async def launch(
    state_dir: Path, *, queue: int = 0, pace: float = 1.0, limits: str = "none"
) -> SandboxProcess:
    """The sandbox of a state folder: the one that runs on it already, or a new one once it listens.

    Args:
        queue: jobs of others ahead of ours on every device; of a new one, as are the next two.
        pace: simulated seconds in a real second.
        limits: "none" or "ibm".

    Raises:
        SandboxUnavailable: when packages are missing, or it does not start; with the end of what it said.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxUnavailable(f"The sandbox needs {', '.join(missing)}. Install with: {HINT}")
    joined = await join(state_dir)
    if joined is not None:
        return joined
    options = ["--queue", str(queue), "--pace", str(pace), "--limits", limits]
    try:
        return await _start(state_dir, options)
    except _InUse:
        # Another qdeck was a moment quicker: its sandbox may still be on its way up.
        joined = await _join_soon(state_dir)
        if joined is None:
            raise
        return joined


async def _start(state_dir: Path, options: list[str]) -> SandboxChild:
    # -P: a json.py in the folder qdeck was started from must not be imported.
    command = [sys.executable, "-P", "-m", "tui.sandbox", "--state", str(state_dir), "--parent-pipe"]
    child = await SandboxChild.spawn([*command, *options], _environment())
    try:
        line = await asyncio.wait_for(child.first_line(), _START_SECONDS)
        child.begin(SandboxInfo.from_line(line))
        return child
    except (TimeoutError, ValueError):
        status = await child.end()
        said = await child.last_words()
        await child.stop()
        kind = _InUse if status == IN_USE else SandboxUnavailable
        raise kind(f"The sandbox did not start. {said or 'It said nothing.'}") from None
    except BaseException:
        await child.end()
        await child.stop()
        raise


async def _join_soon(state_dir: Path) -> JoinedSandbox | None:
    deadline = time.monotonic() + _JOIN_SECONDS
    while True:
        joined = await join(state_dir)
        if joined is not None or time.monotonic() > deadline:
            return joined
        await asyncio.sleep(0.2)


def _environment() -> dict[str, str]:
    """Ours, with the place this package was imported from, so that the child finds the same one."""
    root = str(Path(__file__).resolve().parents[3])
    found = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{found}" if found else root}
