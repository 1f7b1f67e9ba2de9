"""A program in a pseudo-terminal, with the time at which its text appeared."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[@-Z\\-_])")


class Terminal:
    """Runs a command in a pseudo-terminal from construction to `close`; `output` is what it wrote so far."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, columns: int = 120, rows: int = 40
    ) -> None:
        self.started = time.perf_counter()
        self.output = bytearray()
        self._ended = False
        self.last_byte = self.started
        """When the last of the output came, as of `time.perf_counter`."""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), dict(environ))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_for(self, text: str, timeout: float = 60.0) -> float:
        """Seconds from launch until `text` was on the wire, escape sequences left out.

        Raises:
            TimeoutError: it did not come; the message holds the last of what came.
        """
        wanted = text.encode()
        deadline = self.started + timeout
        while (left := deadline - time.perf_counter()) > 0:
            if self._read(left) and wanted in _ESCAPES.sub(b"", self.output):
                return time.perf_counter() - self.started
        tail = _ESCAPES.sub(b"", self.output)[-400:].decode(errors="replace")
        raise TimeoutError(f"no {text!r} in {timeout} s; the last output was {tail!r}")

    def press(self, keys: bytes) -> None:
        """Send keys as the terminal would."""
        os.write(self._fd, keys)

    def burst(self, *, first: float = 5.0, quiet: float = 0.3) -> tuple[float, int]:
        """What comes from now on until nothing came for `quiet` seconds.

        Returns:
            Seconds until its last byte, and its bytes; 0 and 0 when nothing came within `first` seconds.

        Raises:
            TimeoutError: it did not end within a minute.
        """
        began = time.perf_counter()
        before, last, wait = len(self.output), began, first
        while True:
            come = len(self.output)
            if time.perf_counter() - began > 60:
                raise TimeoutError("the output does not end")
            if not self._read(wait) and time.perf_counter() - last >= wait:
                break
            if len(self.output) > come:
                last, wait = time.perf_counter(), quiet
        return last - began, len(self.output) - before

    def drain(self, seconds: float) -> None:
        """Read what comes within this time."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self._read(left)

    def wait_for_end(self, timeout: float = 10.0) -> None:
        """Read until the program closed its terminal.

        Raises:
            TimeoutError: it did not.
        """
        deadline = time.perf_counter() + timeout
        while not self._ended:
            if time.perf_counter() > deadline:
                raise TimeoutError("the program does not end")
            self._read(0.1)

    def close(self) -> int:
        """End the program with SIGTERM (SIGKILL after 5 s) and return its wait status."""
        status = 0
        try:
            os.kill(self.pid, signal.SIGTERM)
            deadline = time.perf_counter() + 5
            pid = 0
            while pid == 0 and time.perf_counter() < deadline:
                self._read(0.05)
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                os.kill(self.pid, signal.SIGKILL)
                _, status = os.waitpid(self.pid, 0)
        finally:
            os.close(self._fd)
        return status

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux answers EIO when the other end is closed
            self._ended = True
            return False
        self.output += data
        if data:
            self.last_byte = time.perf_counter()
        return bool(data)
