"""qdeck in a pseudo-terminal for hours: keys in, the screen when it is asked for, memory and CPU."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.job_table import cpu_seconds
from tests.support.emulator import Terminal
from tests.support.processes import children

ROOT = Path(__file__).parents[2]
COLUMNS, ROWS = 120, 40
NAMED = {
    "enter": b"\r",
    "esc": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pgup": b"\x1b[5~",
    "pgdn": b"\x1b[6~",
    "bs": b"\x7f",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    "f6": b"\x1b[17~",
    "f7": b"\x1b[18~",
    "f8": b"\x1b[19~",
    "f9": b"\x1b[20~",
    "ctrl+l": b"\x0c",
    "ctrl+n": b"\x0e",
    "ctrl+o": b"\x0f",
    "ctrl+p": b"\x10",
    "ctrl+q": b"\x11",
    "ctrl+t": b"\x14",
}
"""What a terminal sends for a key; any other name is text."""
ESCAPE_SECONDS = 0.15
_REDRAW_SECONDS = 5.0
_QUIET = 0.25


class Program:
    """qdeck with a terminal of its own, in the running event loop; what it writes is read and let go.

    Attributes:
        pid: process id of the app, not of its workers.
        written: bytes that it wrote so far.
        status: wait status once it has ended; `None` while it runs.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        self.started = time.monotonic()
        self.written = 0
        self.status: int | None = None
        self._screen: Terminal | None = None
        self._last = self.started
        command = [sys.executable, "-m", "tui", *words]
        self.pid, terminal = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(command[0], command, dict(environ))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.set_blocking(terminal, False)
        self._fd: int | None = terminal
        asyncio.get_running_loop().add_reader(terminal, self._read, terminal)

    async def press(self, *keys: str, pause: float = 0.05) -> None:
        """Send keys, one after the other; see `NAMED`."""
        for key in keys:
            if self._fd is not None:
                with contextlib.suppress(OSError):
                    os.write(self._fd, NAMED.get(key, key.encode()))
            # What follows an escape at once is taken for one key with it.
            await asyncio.sleep(max(pause, ESCAPE_SECONDS) if key == "esc" else pause)

    async def screen(self) -> str:
        """The screen, which is sent anew for it."""
        self._screen = terminal = Terminal(COLUMNS, ROWS)
        await self.press("ctrl+l")
        deadline = time.monotonic() + _REDRAW_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(_QUIET)
            silent = time.monotonic() - self._last > _QUIET
            if self.status is not None or (silent and terminal.text().strip()):
                break
        self._screen = None
        return terminal.text()

    async def see(self, text: str, seconds: float = 60.0) -> bool:
        """Wait until a text is on the screen; whether it came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.running:
            if text in await self.screen():
                return True
            await asyncio.sleep(0.3)
        return False

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the app, not to its workers."""
        if self.running:
            os.kill(self.pid, number)

    async def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> float:
        """End it by a signal (SIGKILL after `seconds`); seconds until it had ended."""
        began = time.monotonic()
        self.send(number)
        while self.running:
            if time.monotonic() - began > seconds:
                self.send(signal.SIGKILL)
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        if self._fd is not None:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
        return took

    def _read(self, terminal: int) -> None:
        try:
            data = os.read(terminal, 65536)
        except BlockingIOError:
            return
        except OSError:  # Linux answers EIO when the other end is closed
            asyncio.get_running_loop().remove_reader(terminal)
            return
        self.written += len(data)
        self._last = time.monotonic()
        if self._screen is not None:
            self._screen.write(data.decode(errors="replace"))


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes); 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


class Report:
    """Figures of a run: a line in a file as soon as it is known.

    Args:
        path: the file, which is begun anew.
        clock: seconds since the run began.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def line(self, text: str) -> None:
        """Add a line, with the minute before it."""
        with self._path.open("a") as file:
            file.write(f"{self.seconds / 60:7.2f} min  {text}\n")


class Sampler:
    """Memory and CPU of a program, added to a report at regular intervals.

    Args:
        report: where the figures go.
        program: which program there is now; it may be another one after a restart.
        name: what it is called in the report.
        more: further figures for each line.
        every: seconds between two lines.
    """

    def __init__(
        self,
        report: Report,
        program: Callable[[], Program],
        name: str = "app",
        *,
        more: Callable[[], str] = str,
        every: float = 60.0,
    ) -> None:
        self._report = report
        self._program = program
        self._name = name
        self._more = more
        self._every = every

    async def run(self) -> None:
        """Sample until cancelled."""
        before: tuple[int, float, float] | None = None
        while True:
            program = self._program()
            if program.running:
                pid, now = program.pid, time.monotonic()
                cpu = cpu_seconds(pid)
                share = ""
                if before is not None and before[0] == pid:
                    share = f"  CPU {100 * (cpu - before[1]) / (now - before[2]):5.2f} %"
                before = (pid, cpu, now)
                workers = sum(map(resident_mb, children(pid)))
                self._report.line(
                    f"{self._name} {pid}: RSS {resident_mb(pid):6.1f} MB  workers {workers:6.1f} MB{share}"
                    f"  {program.written / 1e6:6.2f} MB to the terminal  {self._more()}".rstrip()
                )
            await asyncio.sleep(self._every)
