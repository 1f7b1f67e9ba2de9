"""One worker process seen from the engine: asked one thing at a time, stopped by killing it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import tui
from tui.sandbox.simulator import frames
from tui.sandbox.simulator.base.values import EngineError

_STDERR_KEPT = 4000


class WorkerDied(EngineError):
    """The worker ended instead of answering; the message says how."""


class WorkerProcess:
    """A process of `tui.sandbox.simulator.worker_main`, started when first needed and again after an end.

    Calls are serialised. Cancelling a call that has begun kills the process (there is no other way to
    stop a simulation) and starts a fresh one, so that the next call finds it warm.
    """

    def __init__(self, warm: str) -> None:
        """`warm` is what to import at once: "run" or "transpile"."""
        self._warm = warm
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._stderr = b""
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the process unless it runs; does not wait for its imports."""
        if self._closed:
            raise EngineError("The engine is closed.")
        if self.pid is not None:
            return
        await self._reap()
        root = str(Path(tui.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        # -P: a json.py or qiskit.py in the folder qdeck was started from must not be imported.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "tui.sandbox.simulator.worker_main",
            self._warm,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._stderr = b""
        self._drain = asyncio.create_task(self._keep_stderr(self._process))

    async def call(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message, return the answer. Raises `WorkerDied`."""
        async with self._lock:
            await self.start()
            process = self._process
            if process is None or process.stdin is None or process.stdout is None:
                raise WorkerDied("The simulator could not be started.")
            try:
                process.stdin.write(frames.pack(message))
                await process.stdin.drain()
                return await frames.read(process.stdout)
            except asyncio.CancelledError:
                await self._kill()
                if not self._closed:
                    await self.start()
                raise
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise WorkerDied(await self._obituary()) from error

    async def aclose(self) -> None:
        """End the process for good."""
        self._closed = True
        await self._kill()

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._reap()

    async def _reap(self) -> None:
        process, self._process = self._process, None
        drain, self._drain = self._drain, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()
        if drain is not None:
            await drain

    async def _obituary(self) -> str:
        process = self._process
        await self._reap()
        code = process.returncode if process is not None else None
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in signal.valid_signals() else str(-code)
            how = f"it was ended by signal {name}"
            if name == "SIGKILL":
                how += ", as happens when memory runs out"
        else:
            how = f"exit status {code}"
        last = self._stderr.decode(errors="replace").strip().splitlines()
        return f"The simulator stopped unexpectedly: {how}." + (f" It said: {last[-1]}" if last else "")

    async def _keep_stderr(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr is not None and (chunk := await process.stderr.read(4096)):
            self._stderr = (self._stderr + chunk)[-_STDERR_KEPT:]
