"""Which files of one folder run, in what order: a profile hook for every thread of a process.

Standard library only, so that a process which is to be measured can load it before anything else.

A file runs when one of its functions is called, when a coroutine of it goes on after a wait, or when a call
that it made comes back to it. What never counts: the body of a module, and all that runs while one is
imported; and a coroutine that is resumed only to hand on to the one it awaits, or that only hands a wait
outwards. Library code in between does not count either.
"""

from __future__ import annotations

import dis
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

_RESUME: Final = dis.opmap["RESUME"]
_YIELD_VALUE: Final = dis.opmap["YIELD_VALUE"]
_WAITS: Final = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR
_IMPORTING: Final = "<frozen importlib._bootstrap>"


class Visit(NamedTuple):
    """A file runs.

    Attributes:
        at: nanoseconds of the machine's monotonic clock, which all processes share.
        thread: process and thread.
        file: relative to the folder's parent.
        entered: by a call or a coroutine that goes on; else a call that it made came back.
    """

    at: int
    thread: str
    file: str
    entered: bool

    def to_line(self) -> str:
        """One line of text, with its end."""
        return f"{self.at}\t{self.thread}\t{self.file}\t{int(self.entered)}\n"

    @classmethod
    def from_line(cls, text: str) -> Visit:
        """What `to_line` wrote."""
        at, thread, file, entered = text.rstrip("\n").split("\t")
        return cls(int(at), thread, file, entered == "1")


class Tracer:
    """Tells `take` of every visit while `on`.

    Args:
        folder: a package's folder; files outside of it are not told.
        take: what is told.

    Attributes:
        on: whether visits are told.
    """

    def __init__(self, folder: Path, take: Callable[[Visit], None]) -> None:
        if sys.version_info[:2] != (3, 11):
            raise SystemExit("This reads CPython's instructions as 3.11 has them: run it with Python 3.11.")
        self.on = False
        self._base = f"{folder.parent}{os.sep}"
        self._inside = f"{folder}{os.sep}"
        self._take = take
        self._names: dict[str, str] = {}
        self._resumed: dict[int, FrameType] = {}
        """By thread: the coroutine resumed just now, of which is not known yet whether it hands on."""
        self._woken: dict[int, FrameType] = {}
        """By thread: the innermost coroutine of the folder that was resumed and has not run yet."""
        self._quiet: set[int] = set()

    def install(self) -> None:
        """Hook this thread and all that are started from now on."""
        threading.setprofile(self._hook)
        sys.setprofile(self._hook)

    def start(self) -> None:
        """Tell visits from now on; the first is of the file that called this, where that is in the folder."""
        self._resumed.clear()
        self._woken.clear()
        self.on = True
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self._name(frame):
            frame = frame.f_back
        if frame is not None:
            self._visit(frame, entered=False)

    def stop(self) -> None:
        """Tell no more."""
        self.on = False

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """What this thread does meanwhile, without waiting for anything, is not told."""
        self._quiet.add(threading.get_ident())
        try:
            yield
        finally:
            self._quiet.discard(threading.get_ident())

    def _hook(self, frame: FrameType, event: str, arg: object) -> None:
        if not self.on:
            return
        thread = threading.get_ident()
        if thread in self._quiet:
            return
        resumed = self._resumed.pop(thread, None)
        if event == "call":
            self._called(thread, frame, resumed)
            return
        if resumed is not None:
            self._visit(resumed, entered=True)
        if event == "return":
            self._returned(thread, frame)

    def _called(self, thread: int, frame: FrameType, resumed: FrameType | None) -> None:
        goes_on = bool(frame.f_code.co_flags & _WAITS) and _instruction(frame) != (_RESUME, 0)
        if resumed is not None and not (goes_on and frame.f_back is resumed):
            self._visit(resumed, entered=True)
        if not self._name(frame):
            return
        if goes_on:
            self._resumed[thread] = self._woken[thread] = frame
        else:
            self._visit(frame, entered=True)

    def _returned(self, thread: int, frame: FrameType) -> None:
        if self._woken.get(thread) is frame:
            del self._woken[thread]
        caller = frame.f_back
        if caller is not None and not _waits(frame) and self._name(caller):
            self._visit(caller, entered=self._woken.get(thread) is caller)

    def _visit(self, frame: FrameType, *, entered: bool) -> None:
        outer: FrameType | None = frame
        while outer is not None:
            if outer.f_code.co_filename == _IMPORTING:
                return
            outer = outer.f_back
        thread = threading.get_ident()
        if self._woken.get(thread) is frame:
            del self._woken[thread]
        self._take(Visit(time.monotonic_ns(), f"{os.getpid()}.{thread}", self._name(frame), entered))

    def _name(self, frame: FrameType) -> str:
        """Its file, relative to the folder's parent; empty outside of the folder."""
        path = frame.f_code.co_filename
        name = self._names.get(path)
        if name is None:
            name = path.removeprefix(self._base) if path.startswith(self._inside) else ""
            self._names[path] = name
        return name


def _instruction(frame: FrameType) -> tuple[int, int]:
    code, at = frame.f_code.co_code, frame.f_lasti
    return (code[at], code[at + 1]) if at >= 0 else (_RESUME, 0)


def _waits(frame: FrameType) -> bool:
    """Whether it is left to wait, and not because it has ended."""
    return bool(frame.f_code.co_flags & _WAITS) and _instruction(frame)[0] == _YIELD_VALUE


def trace_into(folder: str, log: str) -> None:
    """Trace this process to its end.

    Args:
        folder: as for `Tracer`.
        log: a file to which a line is added for each visit, at once.
    """
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(visit: Visit) -> None:
        os.write(file, visit.to_line().encode())

    tracer = Tracer(Path(folder), write)
    tracer.on = True
    tracer.install()
