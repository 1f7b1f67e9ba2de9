"""The parent's side of the sandbox: starts its process, reads what it says, ends it (std-lib only)."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

NEEDED = ("starlette", "uvicorn", "qiskit", "qiskit_aer", "qiskit_ibm_runtime")
HINT = 'pip install "qdeck[local]"'
_START_SECONDS = 30.0
_STOP_SECONDS = 6.0
_TAIL_BYTES = 4000


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot run here; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """Where a sandbox listens and what opens it. The key and the token never show in its repr."""

    url: str
    api_key: str = field(repr=False)
    crn: str
    api_token: str = field(repr=False)
    instance: str
    auth: str
    runtime: str
    transpiler: str

    @classmethod
    def from_line(cls, line: str | bytes) -> SandboxInfo:
        """Read the first line of `python -m tui.sandbox`.

        Raises:
            ValueError: when it is not that line.
        """
        try:
            said = json.loads(line)
            names = ("url", "api_key", "crn", "api_token", "instance")
            hosts = {name: str(said["classic"][name]) for name in ("auth", "runtime", "transpiler")}
            return cls(**{name: str(said[name]) for name in names}, **hosts)
        except (KeyError, TypeError) as error:
            raise ValueError("this is not the first line of a sandbox") from error


class SandboxProcess:
    """A running sandbox. It also ends by itself when this process ends, however that happens."""

    def __init__(
        self, info: SandboxInfo, process: asyncio.subprocess.Process, drain: asyncio.Task[None]
    ) -> None:
        self.info = info
        self._process = process
        self._drain = drain

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end; the exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it and everything it started; by force when it does not follow. Twice is no error."""
        await _end(self._process)
        self._drain.cancel()
        await asyncio.gather(self._drain, return_exceptions=True)


async def launch(
    state_dir: Path, *, queue: int = 0, pace: float = 1.0, limits: str = "none"
) -> SandboxProcess:
    """Start a sandbox that keeps its state in a folder; returns once it listens.

    Args:
        queue: jobs of others ahead of ours on every device.
        pace: simulated seconds in a real second.
        limits: "none" or "ibm".

    Raises:
        SandboxUnavailable: when packages are missing, or it does not start; with the end of what it said.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxUnavailable(f"The sandbox needs {', '.join(missing)}. Install with: {HINT}")
    # -P: a json.py in the folder qdeck was started from must not be imported.
    command = [sys.executable, "-P", "-m", "tui.sandbox", "--state", str(state_dir), "--parent-pipe"]
    command += ["--queue", str(queue), "--pace", str(pace), "--limits", limits]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Its own session: Ctrl+C in the terminal is for us, and we end it in our own time.
        start_new_session=True,
        env=_environment(),
    )
    assert process.stdout is not None and process.stderr is not None
    tail = bytearray()
    drain = asyncio.create_task(_keep_tail(process.stderr, tail))
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        return SandboxProcess(SandboxInfo.from_line(line), process, drain)
    except (TimeoutError, ValueError):
        await _end(process)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(drain, 1.0)
        said = bytes(tail).decode("utf-8", "replace").strip()
        raise SandboxUnavailable(f"The sandbox did not start. {said or 'It said nothing.'}") from None
    except BaseException:
        await _end(process)
        drain.cancel()
        raise


def _environment() -> dict[str, str]:
    """Ours, with the place this package was imported from, so that the child finds the same one."""
    root = str(Path(__file__).resolve().parents[2])
    found = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{found}" if found else root}


async def _keep_tail(stream: asyncio.StreamReader, tail: bytearray) -> None:
    """Read on so that the pipe never fills; keep the end for an error message."""
    while chunk := await stream.read(4096):
        tail += chunk
        del tail[:-_TAIL_BYTES]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
