"""Which process owns a submission, and what one that ended has noted for whoever takes over."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import json
import math
import os
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tui.common.atomic_file import make_folder
from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import file_lock, is_locked
from tui.common.timing import Clock
from tui.store.records.models import PendingState, PendingSubmission

if TYPE_CHECKING:
    from tui.common.file_lock import FileLock

SENDING_AT_MOST = timedelta(minutes=8)
"""After this a submission that another living process is sending counts as orphaned."""
SENDING_ELSEWHERE = timedelta(minutes=15)
"""The same for a process of another machine, whose clock may be some minutes off."""
STALE = timedelta(days=1)
"""What is queued for longer than this without its process is not sent unasked: it would cost QPU time
unexpectedly."""
LOCK_SECONDS = 10.0
LIVENESS_SECONDS = 1.0
"""How long the liveness of another process is cached."""
_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HEX = re.compile(r"[0-9a-f]+")
_LEFTOVER_SECONDS = 10.0
_LEFTOVER_LONG_SECONDS = 86_400.0
_ATTEMPTS = 3
_MOST_NOTES = 1 << 20
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK})


class Ownership:
    """One outbox among those of all processes of this user.

    Args:
        lock: the file that is locked while submissions change hands; beside it are those of the processes.
    """

    def __init__(self, clock: Clock, lock: Path) -> None:
        self._clock = clock
        self._lock = lock
        self._process = ProcessLock(lock.parent / "owners")
        self._ended: set[str] = set()
        self._liveness: dict[str, tuple[float, bool | None]] = {}
        self._gate = asyncio.Lock()

    @property
    def name(self) -> str:
        """The owner that submissions of this process name, from `register` on; unique for all time."""
        return self._process.name

    def another_has(self, pending: PendingSubmission) -> bool:
        """Return whether another process queues or sends the submission and is alive, as far as known."""
        held = pending.state in {PendingState.PREPARED, PendingState.SENDING}
        if not held or pending.owner in {"", self.name}:
            return False
        lives = self._lives(pending.owner)
        if lives is False:
            return False
        if pending.state is PendingState.SENDING:
            at_most = SENDING_AT_MOST if lives else SENDING_ELSEWHERE
            return self._clock.now() - (pending.sent or pending.created) <= at_most
        return lives is True or self._clock.now() - pending.last_changed <= STALE

    async def register(self) -> None:
        """Be seen as alive from now on; before anything is written down as ours.

        Raises:
            QdeckError: `STORAGE`: the lock cannot be had.
        """
        async with self._gate:
            if self._process.held:
                return
            try:
                await asyncio.to_thread(self._process.acquire)
            except OSError as error:
                raise self._not_written(error) from error

    def leave(self, in_doubt: Collection[str] = ()) -> None:
        """Be seen as gone: nothing is ours any more.

        Args:
            in_doubt: own tags of the submissions that stay in this process's name, for others to go by.
        """
        self._process.release(in_doubt)

    def note_request(self, tag: str, until: float = math.inf) -> None:
        """Note beside the history, for whoever takes over, that a request of it may be under way.

        The history alone does not prove that there was none: it may be an old copy.

        Args:
            until: monotonic time from which on the service's word counts that there is no such job; while the
                request lasts that is not known.

        Raises:
            QdeckError: `STORAGE`: it cannot be written.
        """
        try:
            self._process.note(tag, until)
        except OSError as error:
            raise self._not_written(error) from error

    def forget_request(self, tag: str) -> None:
        """Note that no request of this submission is under way any more."""
        with contextlib.suppress(OSError):
            self._process.note(tag, None)

    def request_until(self, pending: PendingSubmission) -> float:
        """Return until when a request of a process that ended may still be under way for the submission.

        Returns:
            Monotonic time; `-math.inf`: none is; `math.inf`: that is not known.
        """
        return self._process.noted(pending.owner, pending.tag) if pending.owner else -math.inf

    @contextlib.asynccontextmanager
    async def takeover(self) -> AsyncIterator[None]:
        """Be alone among all processes, as long as it lasts: only then may a submission change hands.

        Raises:
            QdeckError: `STORAGE`: the lock cannot be had.
        """
        lock = file_lock(self._lock, LOCK_SECONDS)
        try:
            await asyncio.to_thread(lock.acquire)
        except OSError as error:
            raise QdeckError(
                ErrorKind.STORAGE, f"The submissions in line cannot be locked: {error}."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _not_written(self, error: OSError) -> QdeckError:
        text = f"{self._process.folder} cannot be written: {error.strerror or error}."
        return QdeckError(ErrorKind.STORAGE, text, "Make room or check the permissions.")

    def _lives(self, name: str) -> bool | None:
        """Return whether that process lives; `None`: nobody here can know."""
        if name in self._ended:
            return False
        now = self._clock.monotonic()
        if name not in self._liveness or now - self._liveness[name][0] >= LIVENESS_SECONDS:
            self._liveness[name] = now, self._process.lives(name)
        lives = self._liveness[name][1]
        if lives is False:
            # For good: the name is not given to another one.
            self._ended.add(name)
        return lives


class ProcessLock:
    """A lock on a file of its own that this process holds until its end, and those of other processes.

    The kernel lets go of a lock however its process ends. A name is `host:pid:token:machine:boot`; the host
    and the process number are for people to read, the token makes it unique, and the last two decide
    whether a lock that is not held proves anything: it does when both processes run on one machine. Where the
    file system has no locks, the name becomes `host:pid:token`, and the process number is what others go by.

    The file holds notes for others to read when the process has ended, as one line of JSON: which requests
    may be under way, by own tag, until which monotonic time. They outlive a kill, not a crash of the machine,
    and count for processes of the same boot alone, whose monotonic time is the same.

    Args:
        folder: folder of the files; made when it is first needed.

    Attributes:
        held: whether others see this process.
        name: unique name of this process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held = False
        self._machine, self._boot = this_machine()
        token = secrets.token_hex(6)
        self._file = self._path(self._machine, token)
        self._lock: FileLock | None = None
        self._notes: dict[str, float] = {}
        host = socket.gethostname().replace(":", "-")
        self._short = f"{host}:{os.getpid()}:{token}"
        self.name = f"{self._short}:{self._machine}:{self._boot}"

    def acquire(self) -> None:
        """Take the lock, once, until `release` or the end of the process. Blocks.

        Raises:
            OSError: it cannot be had.
        """
        make_folder(self.folder)
        lock = file_lock(self._file, 0, native=True)
        try:
            lock.acquire()
            # Another process may have taken the file for a killed one's, between its creation and the lock.
            for _ in range(_ATTEMPTS):
                if is_locked(self._file):
                    break
                lock.release()
                lock.acquire()
        except OSError as error:
            self._file.unlink(missing_ok=True)
            if error.errno not in _NO_LOCKS:
                raise
            self.name = self._short
        else:
            self._lock = lock
            # Where the disk refuses it, the file stays without a line, and tells nobody anything.
            with contextlib.suppress(OSError):
                self._write_notes()
            self._remove_leftovers()
        self.held = True

    def release(self, keep: Collection[str] = ()) -> None:
        """Give the lock back and remove its file, unless it has notes of the submissions `keep`."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                if not self._notes.keys() & set(keep):
                    self._file.unlink()
            self._lock.release()
            self._lock = None

    def note(self, tag: str, until: float | None) -> None:
        """Write down until when a request may be under way; `None`: none is.

        Raises:
            OSError: it cannot be written.
        """
        if until is None:
            self._notes.pop(tag, None)
        else:
            self._notes[tag] = until
        if self._lock is not None:
            self._write_notes()

    def noted(self, name: str, tag: str) -> float:
        """Return what a process that ended has noted of a submission.

        Returns:
            Monotonic time until which a request of it may be under way; `-math.inf`: none is; `math.inf`:
            that is not known.
        """
        _, _, token, machine, boot, *_ = [*name.split(":"), "", "", "", ""]
        if not (_HEX.fullmatch(token) and _HEX.fullmatch(machine)) or not boot or boot != self._boot:
            return math.inf
        try:
            line, end, _ = read_file(self._path(machine, token), _MOST_NOTES).partition(b"\n")
            return float(json.loads(line)["requests"].get(tag, -math.inf)) if end else math.inf
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return math.inf

    def _write_notes(self) -> None:
        line = json.dumps({"requests": self._notes}).encode() + b"\n"
        handle = os.open(self._file, os.O_WRONLY | os.O_CLOEXEC)
        try:
            # One write: all of it or nothing, when killed. What is left of a longer line is not read.
            if os.pwrite(handle, line, 0) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)

    def lives(self, name: str) -> bool | None:
        """Return whether the process of that name lives.

        Returns:
            `None` when it is another machine's and cannot be seen.
        """
        host, _, rest = name.partition(":")
        pid, *ids = rest.split(":")
        if len(ids) < 3:
            # An earlier qdeck gave such names, too.
            return pid.isdigit() and (_runs(int(pid)) if host == socket.gethostname() else None)
        token, machine, boot = ids[:3]
        if _HEX.fullmatch(token) and _HEX.fullmatch(machine) and is_locked(self._path(machine, token)):
            return True
        here = machine == self._machine or (boot != "" and boot == self._boot)
        return False if here else None

    def _path(self, machine: str, token: str) -> Path:
        return self.folder / f"{machine}-{token}.lock"

    def _remove_leftovers(self) -> None:
        """Remove the files of killed processes."""
        for path in self.folder.glob("*.lock"):
            # A young one may be about to be locked; another machine's proves nothing unless it is locked; one
            # with notes is read by who takes over.
            with contextlib.suppress(OSError):
                found = path.stat()
                here = path.name.startswith(f"{self._machine}-") and not found.st_size
                seconds = _LEFTOVER_SECONDS if here else _LEFTOVER_LONG_SECONDS
                if time.time() - found.st_mtime > seconds and not is_locked(path):
                    path.unlink()


def this_machine() -> tuple[str, str]:
    """Return digests of this machine (its name and `machine-id(5)`) and of its boot, of 8 hex digits each.

    Containers on one machine differ in the first and have the second in common.

    Returns:
        The second is empty where the kernel does not name the boot.
    """
    machine = _digest(f"{socket.gethostname()}\n{_read(_MACHINE_ID)}")
    boot = _read(_BOOT_ID)
    return machine, _digest(boot) if boot else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
