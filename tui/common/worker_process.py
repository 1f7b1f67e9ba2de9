"""Worker processes: the app's client for one, and the loop that serves requests inside of it.

Requests go to the worker's standard input, replies come from its standard output. Both are frames: the length
in four bytes, big-endian, then so many bytes. A worker ends when its standard input is closed, in the middle
of work too, so that it cannot outlive the app however that ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import select
import signal
import struct
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from tui.common.environment import worker_environment

MAX_FRAME: Final = 1024 * 1024 * 1024
"""Bytes of the longest request or reply: as large as the largest result that is fetched."""
LEAST_MEMORY: Final = 4 * 1024**3
"""Bytes of addresses a worker may always have; warm with Qiskit it has 1.6 GB, of which 0.2 GB are memory."""
_LENGTH: Final = struct.Struct(">I")
_ROOT: Final = str(Path(__file__).resolve().parents[2])
# The package is found where the app has found it, before other installed versions of it. A checkout goes
# first, since some packages install a `tests` of their own; installed packages stay where they are, so that
# none hides a standard module.
_PROGRAM: Final = """\
import os, sys
root = sys.argv.pop(1)
installed = os.path.basename(root) in ("site-packages", "dist-packages")
installed and root in map(os.path.realpath, sys.path) or sys.path.insert(0, root)
from {} import main
main()
"""
_WRITTEN_AT_ONCE: Final = 1024 * 1024
_STDERR_KEPT: Final = 4_000
_DYING_SECONDS: Final = 5.0

Handler = Callable[[bytes], Iterable[bytes]]
"""Makes the frames of the reply to a request."""


class WorkerDied(Exception):
    """The worker ended before it answered, or sent what is no frame. The text says how, as far as is known.

    Attributes:
        status: exit status, negative for the number of a signal; `None` when it sent what is no frame.
        signal: name of the signal that ended it; empty when none did.
        last_line: last line of its standard error.
    """

    def __init__(self, reason: str = "", *, status: int | None = None, last_line: str = "") -> None:
        self.status, self.last_line = status, last_line
        self.signal = _signal_name(-status) if status is not None and status < 0 else ""
        super().__init__(reason or self._reason())

    def _reason(self) -> str:
        if self.signal == "SIGKILL" and not self.last_line:
            return "it was killed, perhaps because memory ran out"
        how = f"was ended by signal {self.signal}" if self.signal else f"ended with status {self.status}"
        return f"it {how}: {self.last_line}" if self.last_line else f"it {how}"


class WorkerProcess:
    """A running worker, which answers one request at a time. Made by `WorkerProcess.open`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self._stderr_tail = b""
        self._reading_stderr = asyncio.create_task(self._read_stderr(process.stderr), name="worker stderr")

    @classmethod
    async def open(
        cls,
        module: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> WorkerProcess:
        """Start a worker.

        Args:
            module: name of the module whose `main` calls `serve`.
            arguments: its `sys.argv[1:]`.
            environment: all variables it gets; `None`: as `worker_environment` gives them.
            pass_fds: file descriptors it inherits, under the same numbers.

        Raises:
            OSError: the system refuses another process.
        """
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *worker_command(module, *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # Never inherited: Textual replaces sys.stderr, and a stray line would spoil its screen.
                stderr=asyncio.subprocess.PIPE,
                env=worker_environment(os.environ) if environment is None else environment,
                pass_fds=pass_fds,
                # Ctrl+C in a terminal is for the app, which ends its workers itself.
                start_new_session=True,
            )
        )
        try:
            # asyncio may wait for ever when the start of a process is cancelled, so it is not.
            return cls(await asyncio.shield(starting))
        except asyncio.CancelledError:
            await cls(await starting).close()
            raise

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """False as soon as asyncio has noticed the worker's end."""
        return self._process.returncode is None

    async def send(self, body: bytes) -> None:
        """Send a request.

        Raises:
            WorkerDied: the worker ended before it had read it.
            ValueError: it is longer than `MAX_FRAME`.
        """
        try:
            # The length goes with the first bytes: a short request is one write, which wakes the worker once.
            self._stdin.write(_header(body) + body[:_WRITTEN_AT_ONCE])
            await self._stdin.drain()
            for start in range(_WRITTEN_AT_ONCE, len(body), _WRITTEN_AT_ONCE):
                self._stdin.write(body[start : start + _WRITTEN_AT_ONCE])
                await self._stdin.drain()
        except ConnectionError as error:
            raise await self._died() from error

    async def receive(self) -> bytes:
        """Return the next frame of the reply. When this is cancelled the worker is of no more use.

        Raises:
            WorkerDied: the worker ended before it answered, or the frame is longer than `MAX_FRAME`.
        """
        try:
            return await self._stdout.readexactly(_length(await self._stdout.readexactly(_LENGTH.size)))
        except ValueError as error:
            raise WorkerDied("it sent a frame that is too long") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died() from error

    async def close(self) -> None:
        """Kill the worker, whatever it does, and wait until it is gone."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        # asyncio calls a process ended when its pipes are, and a pipe is when all in it has been read.
        while await self._stdout.read(1 << 16):
            pass
        await self._process.wait()
        await self._reading_stderr
        self._stdin.close()

    async def _read_stderr(self, stream: asyncio.StreamReader) -> None:
        while words := await stream.read(4096):
            self._stderr_tail = (self._stderr_tail + words)[-_STDERR_KEPT:]

    async def _died(self) -> WorkerDied:
        # Its output has ended, so it is ending; killing it now would take its real status from asyncio.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DYING_SECONDS):
                await self._process.wait()
        await self.close()
        last_line = self._stderr_tail.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return WorkerDied(status=self._process.returncode or 0, last_line=last_line)


def worker_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `main` of a module of this package.

    `-P` keeps the folder that qdeck was started in, with whatever modules lie in it, off the worker's path.
    """
    return [sys.executable, "-P", "-c", _PROGRAM.format(module), _ROOT, *arguments]


def serve(prepare: Callable[[], Handler], *, niceness: int = 0, memory_share: float | None = None) -> None:
    """Answer requests until standard input closes. Called in the worker, before its costly imports.

    What libraries print goes to standard error: the channel of the replies is a copy of file descriptor 1
    that nothing else knows.

    Args:
        prepare: does the imports and returns the handler of the requests.
        niceness: added to the worker's.
        memory_share: part of the machine's memory that it may have, 4 GiB of addresses at least: what wants
            more ends it, not its neighbours. `None`: no limit.
    """
    _kill_when_stdin_closes()
    requests, replies = _channel()
    os.nice(niceness)
    if memory_share is not None:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = max(LEAST_MEMORY, int(machine * memory_share))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    handler = prepare()
    while len(header := requests.read(_LENGTH.size)) == _LENGTH.size:
        body = requests.read(length := _length(header))
        if len(body) < length:
            return
        for frame in handler(body):
            replies.write(_header(frame))
            replies.write(frame)
        replies.flush()


class Frames:
    """The channel of a worker that is asked several things at a time: frames in any order."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests, self._replies = requests, replies

    async def receive(self) -> bytes | None:
        """Return the next frame; `None` when there will be none."""
        return await asyncio.to_thread(self._read)

    def send(self, body: bytes) -> None:
        """Send a frame."""
        self._replies.write(_header(body) + body)
        self._replies.flush()

    def _read(self) -> bytes | None:
        header = self._requests.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            return None
        body = self._requests.read(length := _length(header))
        return body if len(body) == length else None


def serve_frames(run: Callable[[Frames], Coroutine[Any, Any, None]]) -> None:
    """Let a coroutine exchange frames with the app, several requests at a time; else as `serve`."""
    _kill_when_stdin_closes()
    asyncio.run(run(Frames(*_channel())))


@contextlib.contextmanager
def memory_headroom(more: int) -> Iterator[None]:
    """Let this process have at most `more` further bytes of addresses for a while, where Linux can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    except OSError:
        yield
        return
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + more
    least = min((limit for limit in (wanted, soft, hard) if limit != resource.RLIM_INFINITY), default=wanted)
    resource.setrlimit(resource.RLIMIT_AS, (least, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _kill_when_stdin_closes() -> None:
    """Make this process end when its standard input is closed, in the middle of its work too.

    Simulators and compilers hold the interpreter's lock while they work, so that no thread could notice. A
    small child, forked before the costly imports, watches standard input and kills this process when it is
    hung up.
    """
    here, there = os.pipe()
    worker = os.getpid()
    if os.fork() != 0:
        os.close(here)
        return
    os.close(there)
    os.dup2(2, 1)
    watch = select.poll()
    watch.register(0, 0)
    watch.register(here, 0)
    gone = {descriptor for descriptor, _ in watch.poll()}
    # `here` hangs up when the worker itself has ended: then its id may already belong to another.
    if here not in gone:
        os.kill(worker, signal.SIGKILL)
    os._exit(0)


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """Take requests and replies to file descriptors that nothing else knows."""
    replies, requests = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return requests, replies


def _header(body: bytes) -> bytes:
    if len(body) > MAX_FRAME:
        raise ValueError(f"a message of {len(body):,} bytes is too long")
    return _LENGTH.pack(len(body))


def _length(header: bytes) -> int:
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME:
        raise ValueError(f"a message of {length:,} bytes is too long")
    return int(length)


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in signal.valid_signals() else str(number)
