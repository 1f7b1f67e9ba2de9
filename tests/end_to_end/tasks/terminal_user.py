"""A user at a shell in a terminal: keys are pressed and counted, the screen is read."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from tests.soak.program import NAMED
from tests.support.emulator import Terminal
from tests.support.processes import children

INSTALLED = Path(sys.executable).parent
"""The folder in which installing put the command `qdeck`."""
PROMPT = "lab$"
PATIENCE = 120.0
"""Seconds after which what is waited for is not coming: far longer than anything takes."""
SENT = NAMED | {
    "backspace": b"\x7f",
    "delete": b"\x1b[3~",
    "left": b"\x1b[D",
    "right": b"\x1b[C",
    "space": b" ",
    "shift+tab": b"\x1b[Z",
    "shift+down": b"\x1b[1;2B",
    "ctrl+end": b"\x1b[1;5F",
    "ctrl+f": b"\x06",
    "ctrl+g": b"\x07",
    "ctrl+r": b"\x12",
    "ctrl+s": b"\x13",
    "ctrl+u": b"\x15",
    "ctrl+z": b"\x1a",
    "f10": b"\x1b[21~",
    "f12": b"\x1b[24~",
    "alt+a": b"\x1ba",
    "alt+g": b"\x1bg",
}
"""What a terminal sends for a key; any other name is text."""

_SCREENS = re.compile("(\x1b\\[\\?1049[hl])")
"""A program goes to the terminal's other screen, or comes back; the emulator has one screen alone."""


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    return [each for child in children(pid) for each in (child, *descendants(child))]


def command_line(pid: int) -> bytes:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


class TerminalUser:
    """Works at a shell by keys from construction to the end of the context.

    Args:
        environ: environment of the shell.
        size: columns and rows of the terminal.
        folder: where the shell is.

    Attributes:
        keys: how many keys were pressed so far; a paste counts as one.
        size: columns and rows of the terminal at first.
    """

    def __init__(self, environ: Mapping[str, str], size: tuple[int, int], folder: Path) -> None:
        self.keys = 0
        self.size = size
        self._terminal = Terminal(*size)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._escaped = self._ended = False
        path = f"{INSTALLED}{os.pathsep}{environ['PATH']}"
        shell = {**environ, "PATH": path, "PS1": f"{PROMPT} ", "BASH_SILENCE_DEPRECATION_WARNING": "1"}
        self._shell, self._fd = pty.fork()
        if self._shell == 0:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], shell)
        self.resize(*size)

    def __enter__(self) -> TerminalUser:
        self.see(PROMPT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The shell and what runs in it get SIGHUP, as when a window is closed.
        os.close(self._fd)
        os.waitpid(self._shell, 0)

    # --- hands ---------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys by their names (`SENT`); any other name is a letter.

        Raises:
            AssertionError: after esc nothing was waited for: terminals send esc and the key after it as one.
        """
        for key in keys:
            assert not self._escaped, "after esc, wait for what it does"
            self._escaped = key == "esc"
            self.keys += 1
            self._send(SENT.get(key, key.encode()))

    def type(self, text: str) -> None:
        """Type a text, a key a character."""
        self.press(*text)

    def run(self, command: str) -> None:
        """Type a command line and press enter."""
        self.press(*command, "enter")

    def paste(self, text: str) -> None:
        """Paste a text, which counts as one key."""
        self.keys += 1
        self._send(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal so large."""
        self._terminal.resize(columns, rows)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @contextmanager
    def busy_device(self) -> Iterator[None]:
        """Let the process stand still that simulates the sandbox's devices: jobs stay queued or running.

        It is the sandbox's first one; another checks what is submitted.
        """
        sandbox = next(pid for pid in descendants(self._shell) if b"tui.sandbox" in command_line(pid))
        first = children(sandbox)[0]
        simulators = [first, *descendants(first)]
        for pid in simulators:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in simulators:
                os.kill(pid, signal.SIGCONT)

    # --- eyes ----------------------------------------------------------------------------------------

    def see(self, *texts: str) -> str:
        """Wait until all of these texts are on the screen; the screen."""
        return self.wait(lambda screen: all(text in screen for text in texts), f"{texts}")

    def gone(self, text: str) -> str:
        """Wait until a text is not on the screen any more; the screen."""
        return self.wait(lambda screen: text not in screen, f"the end of {text!r}")

    def section(self, name: str, *texts: str) -> str:
        """Wait until this section is in front, with these texts; the screen."""
        return self.wait(
            lambda screen: (
                bool(re.search(rf"\[(F\d )?{name}\]", screen)) and all(text in screen for text in texts)
            ),
            f"section {name} with {texts}",
        )

    def see_jobs(self, name: str, count: int, *states: str) -> None:
        """Wait until so many jobs of a name in one of these states are in the table."""
        row = re.compile(rf"(?:{'|'.join(states)}) +{name} ")
        self.wait(lambda screen: len(row.findall(screen)) >= count, f"{count} of {name} {states}")

    @property
    def wide(self) -> bool:
        """Whether panes stand side by side that a narrow terminal shows one at a time."""
        return self.size[0] >= 110

    def cursor_line(self) -> str:
        """The line under the cursor of a table; empty when there is none."""
        return next((line for line in self.screen().splitlines() if line.startswith("▸")), "")

    def wait(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait until the screen fulfils a condition.

        Returns:
            The screen.

        Raises:
            AssertionError: it never did; with what was waited for and the screen.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition(screen := self.screen()):
            left = deadline - time.monotonic()
            assert left > 0 and not self._ended, f"waited in vain for {what}\n{screen}"
            self._read(left)
        self._escaped = False
        return screen

    def screen(self) -> str:
        """What the terminal shows, without what has not arrived yet."""
        return self._terminal.text()

    def _send(self, data: bytes) -> None:
        while data:
            # What is written must be read meanwhile: a terminal has room for a few kilobytes.
            readable, writable, _ = select.select([self._fd], [self._fd], [], PATIENCE)
            if readable:
                self._read(0)
            if writable:
                data = data[os.write(self._fd, data[:1024]) :]

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux answers EIO when the other end is closed
            data = b""
        self._ended = not data
        for part in _SCREENS.split(self._decoder.decode(data)):
            if _SCREENS.fullmatch(part):
                self._terminal.clear()
            else:
                self._terminal.write(part)
