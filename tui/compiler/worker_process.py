"""One worker process: start it, ask it one thing at a time, end it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

import tui
from tui.compiler.messages import HEADER, LONGEST_FRAME, Reply, decode_reply

_ROOT: Final = str(Path(tui.__file__).resolve().parent.parent)
_BOOT: Final = "from tui.compiler.qiskit.worker_main import main; main()"
_BOOT_FROM: Final = f"import sys; sys.path.insert(0, sys.argv[1]); {_BOOT}"
_LAST_WORDS: Final = 2_000
_DYING_SECONDS: Final = 5.0


class LinkBroken(Exception):
    """The worker ended, or said what cannot be understood. The text says how, as far as is known."""


class Link:
    """A running worker. Made by `Link.open`; not for more than one question at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words = b""
        self._listening = asyncio.create_task(self._listen(), name="qdeck compiler stderr")

    @classmethod
    async def open(cls, environment: Mapping[str, str] | None = None) -> Link:
        """Start a worker.

        Args:
            environment: variables beside the app's own.

        Raises:
            OSError: the system refuses another process.
        """
        process = await asyncio.create_subprocess_exec(
            *worker_command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Never inherited: Textual replaces sys.stderr, and a stray line would spoil its screen.
            stderr=asyncio.subprocess.PIPE,
            env=worker_environment() | dict(environment or {}),
            # Ctrl+C in a terminal is for the app, which ends its workers itself.
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is running, as far as is known."""
        return self._process.returncode is None

    async def ask(self, frame: bytes) -> Reply:
        """Send a request, wait for its reply. When this is cancelled the link is of no more use.

        Raises:
            LinkBroken: the worker ended before it answered.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(frame)
            await self._process.stdin.drain()
            header = await self._process.stdout.readexactly(HEADER.size)
            (length,) = HEADER.unpack(header)
            if length > LONGEST_FRAME:
                raise LinkBroken("it sent a frame that is too long")
            return decode_reply(await self._process.stdout.readexactly(length))
        except msgspec.DecodeError as error:
            raise LinkBroken(f"its answer is not understood: {error}") from error
        except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError) as error:
            raise LinkBroken(await self._cause()) from error

    async def close(self) -> None:
        """End the worker now, whatever it does, and wait until it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        # asyncio calls a process ended when its pipes are, and a pipe is when all in it has been read.
        assert self._process.stdout is not None
        while await self._process.stdout.read(1 << 16):
            pass
        await self._process.wait()
        await self._listening
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while words := await self._process.stderr.read(4096):
            self._last_words = (self._last_words + words)[-_LAST_WORDS:]

    async def _cause(self) -> str:
        # Its output has ended, so it is ending; killing it now would take its real status from asyncio.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DYING_SECONDS):
                await self._process.wait()
        await self.close()
        status = self._process.returncode or 0
        words = self._last_words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if status == -signal.SIGKILL and not words:
            return "it was killed, perhaps because memory ran out"
        if status < 0:
            how = f"it was ended by signal {_signal_name(-status)}"
        else:
            how = f"it ended with status {status}"
        return f"{how}: {words}" if words else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def worker_command() -> list[str]:
    """How a worker is started: from this package, and never from the folder qdeck was started in.

    `-P` keeps that folder, with whatever modules lie in it, off the worker's path.
    """
    if _ROOT in (str(Path(entry).resolve()) for entry in sys.path if entry and "site-packages" in entry):
        return [sys.executable, "-P", "-c", _BOOT]
    return [sys.executable, "-P", "-c", _BOOT_FROM, _ROOT]


def worker_environment() -> dict[str, str]:
    """The app's environment, with Qiskit's threads kept off one core, which the interface needs."""
    environment = dict(os.environ)
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    for name, value in {
        "QISKIT_PARALLEL": "FALSE",
        "RAYON_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }.items():
        environment.setdefault(name, value)
    return environment
