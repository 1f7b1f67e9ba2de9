"""Texts under edit, kept on the disk as they are typed: what was in no file is back after a crash.

Each text is a file of JSON lines: a head with a text, then every change made to it since, each a line. A line
that a crash left torn is the last one and is not read. One process holds a folder of such files, by a lock
that ends with it; the next to start takes them over.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import read_file
from tui.common.file_lock import file_lock
from tui.common.values import Value

if TYPE_CHECKING:
    from tui.common.file_lock import FileLock

SUFFIX = ".draft"
LOCK = "lock"
CHOICES = "choices.json"
MOST_BYTES = 64_000_000
MOST_DRAFTS = 50
"""Texts that are taken over at most: the newest."""
CHECKPOINT_CHANGES = 1_000
"""Changes after which the text is noted, so that a file begins with at most twice as many before its end."""
CHECKPOINT_BYTES = 1_000_000

Place = tuple[int, int]
"""Line and column, from 0."""


class ChangeKind(StrEnum):
    """How a text changed."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


class Change(Value, frozen=True, array_like=True, tag="change"):
    """One change of a text.

    Attributes:
        start, end: what was replaced, for an edit.
        text: what took its place.
        begins: the edit began a new step of what undo takes back.
    """

    kind: ChangeKind
    start: Place = (0, 0)
    end: Place = (0, 0)
    text: str = ""
    begins: bool = True


class Cursor(Value, frozen=True, array_like=True, tag="cursor"):
    """Where the cursor is."""

    line: int = 0
    column: int = 0


class DraftHead(Value, frozen=True):
    """The first line of a draft's file.

    Attributes:
        name: the circuit's name.
        path: its file; empty: none yet.
        text: the text that the changes start from.
        saved: the text as last opened or saved; `None`: the same as `text`.
    """

    name: str
    path: str
    text: str
    saved: str | None = None


class Draft(Value, frozen=True):
    """A text as it is found again: `head`, the changes since, and where the cursor was."""

    head: DraftHead
    changes: tuple[Change, ...] = ()
    cursor: Cursor = Cursor()


class Choices(Value, frozen=True):
    """What else was chosen beside the texts.

    Attributes:
        order: the drafts by the names of their files, as they were shown.
        current: the one that was shown.
        backend: the backend chosen by hand; empty: none.
        level: optimization level.
        seed: the transpiler's; `None`: any.
        search: the best of many is looked for instead.
    """

    order: tuple[str, ...] = ()
    current: str = ""
    backend: str = ""
    level: int | None = None
    seed: int | None = None
    search: bool = True


class DraftFile:
    """Writes one text's file. `add` keeps in memory, `write` brings it to the disk; any thread may call them.

    Args:
        path: the file; made by the first `write`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._pending: list[bytes] = []
        self._anew = False
        """The file is to begin anew with what is pending."""
        self._since: list[bytes] = []
        """Changes since the noted text."""
        self._noted: DraftHead | None = None
        self._bytes = 0
        self._cursor = self._written_cursor = Cursor()

    @property
    def pending(self) -> bool:
        """True while something is in memory alone."""
        return bool(self._pending) or self._cursor != self._written_cursor

    def begin(self, head: DraftHead) -> None:
        """Begin with another text: opened, or saved."""
        with self._guard:
            self._pending, self._anew = [_line(head)], True
            self._noted, self._since, self._bytes = head, [], 0

    def resume(self, draft: Draft) -> None:
        """Go on with a draft that was read from it."""
        changes = [_line(change) for change in draft.changes]
        with self._guard:
            self._pending, self._anew = [_line(draft.head), *changes], True
            self._noted, self._since, self._bytes = draft.head, changes, sum(map(len, changes))
            self._cursor = draft.cursor

    def add(self, change: Change, text: Callable[[], str]) -> None:
        """Note a change.

        Args:
            change: the change, made already.
            text: the whole text after it; asked now and then, so that the file does not grow without end.
        """
        line = _line(change)
        with self._guard:
            self._pending.append(line)
            self._since.append(line)
            self._bytes += len(line)
            if len(self._since) >= CHECKPOINT_CHANGES or self._bytes >= CHECKPOINT_BYTES:
                self._checkpoint(text())

    def move(self, cursor: Place) -> None:
        """Note where the cursor is."""
        self._cursor = Cursor(*cursor)

    def write(self) -> None:
        """Bring what is pending to the disk, durably.

        Raises:
            OSError: it cannot be written; it stays pending.
        """
        with self._guard:
            lines, anew = self._pending, self._anew
            cursor = self._cursor
            if cursor != self._written_cursor or anew:
                lines = [*lines, _line(cursor)]
            if not lines:
                return
            if anew:
                make_folder(self.path.parent)
                replace_file(self.path, lines)
            else:
                _append(self.path, lines)
            self._pending, self._anew, self._written_cursor = [], False, cursor

    def remove(self) -> None:
        """Remove the file: the text is not under edit any more."""
        with self._guard, contextlib.suppress(OSError):
            self._pending, self._anew = [], False
            self._written_cursor = self._cursor
            self.path.unlink()

    def _checkpoint(self, text: str) -> None:
        """Let the file begin with the text noted before, and note this one."""
        noted = self._noted
        if noted is None:
            return
        self._pending, self._anew = [_line(noted), *self._since], True
        saved = noted.saved if noted.saved is not None else noted.text
        self._noted = DraftHead(noted.name, noted.path, text, saved if saved != text else None)
        self._since, self._bytes = [], 0


class DraftFolder:
    """The drafts of this process.

    Args:
        parent: the folder in which each process has its own.
    """

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._own = parent / f"{os.getpid():x}-{secrets.token_hex(4)}"
        self._lock: FileLock | None = None
        self._choices = Choices()

    def new_file(self) -> DraftFile:
        """Return a file for another text."""
        return DraftFile(self._own / f"{secrets.token_hex(8)}{SUFFIX}")

    def take_over(self) -> tuple[Choices, dict[str, Draft]]:
        """Take over the drafts of processes that ended.

        Returns:
            The newest choices, and the drafts by the names of their files, which are now this process's:
            those with changes that are in no file, and those that the newest of the processes had open.

        Raises:
            OSError: the folder cannot be made or locked.
        """
        self._hold()
        found = [folder for folder in self._parent.iterdir() if folder.is_dir() and folder != self._own]
        choices, drafts = Choices(), dict[str, Draft]()
        for newest, folder in enumerate(sorted(found, key=_modified, reverse=True)):
            lock = file_lock(folder / LOCK, 0, native=True)
            try:
                lock.acquire()
            except OSError:
                continue  # its process lives
            try:
                if not newest or not drafts:
                    choices = _read_choices(folder)
                self._take(folder, drafts, keep_unchanged=choices.order)
            finally:
                lock.release()
            with contextlib.suppress(OSError):
                for name in (CHOICES, LOCK):
                    (folder / name).unlink(missing_ok=True)
                folder.rmdir()
        return choices, drafts

    def file_of(self, name: str, draft: Draft) -> DraftFile:
        """Return the file of a draft that was taken over."""
        file = DraftFile(self._own / name)
        file.resume(draft)
        return file

    def keep(self, choices: Choices) -> None:
        """Keep the choices.

        Raises:
            OSError: they cannot be written.
        """
        if choices != self._choices:
            self._hold()
            replace_file(self._own / CHOICES, [msgspec.json.encode(choices)], durable_name=False)
            self._choices = choices

    def close(self) -> None:
        """Let the next process have the drafts."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _hold(self) -> None:
        if self._lock is None:
            make_folder(self._own)
            self._lock = file_lock(self._own / LOCK, 0, native=True)
            self._lock.acquire()

    def _take(self, folder: Path, drafts: dict[str, Draft], keep_unchanged: tuple[str, ...]) -> None:
        for path in sorted(folder.glob(f"*{SUFFIX}"), key=_modified, reverse=True):
            draft = read_draft(path)
            wanted = draft is not None and (draft.changes or draft.head.saved is not None)
            with contextlib.suppress(OSError):
                if draft is None:
                    path.rename(path.with_suffix(".damaged"))
                elif len(drafts) < MOST_DRAFTS and (wanted or path.name in keep_unchanged):
                    path.rename(self._own / path.name)
                    drafts[path.name] = draft
                elif not wanted:
                    path.unlink()


def read_draft(path: Path) -> Draft | None:
    """Read a draft.

    Returns:
        The draft up to the first line that cannot be read; `None` where its head cannot.
    """
    try:
        lines = read_file(path, MOST_BYTES).split(b"\n")
        head = msgspec.json.decode(lines[0], type=DraftHead)
    except (OSError, ValueError):
        return None
    changes: list[Change] = []
    cursor = Cursor()
    for line in lines[1:]:
        try:
            entry = _decoder.decode(line)
        except msgspec.DecodeError:
            break  # torn by a crash: nothing follows it
        if isinstance(entry, Change):
            changes.append(entry)
        else:
            cursor = entry
    return Draft(head, tuple(changes), cursor)


_decoder = msgspec.json.Decoder(Change | Cursor)


def _line(entry: DraftHead | Change | Cursor) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


def _append(path: Path, lines: list[bytes]) -> None:
    """Append whole lines, durably, or nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        before = os.fstat(descriptor).st_size
        try:
            left = memoryview(b"".join(lines))
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _read_choices(folder: Path) -> Choices:
    try:
        return msgspec.json.decode(read_file(folder / CHOICES, MOST_BYTES), type=Choices)
    except (OSError, ValueError):
        return Choices()
