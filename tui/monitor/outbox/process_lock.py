"""That a process lives, as others see it: it holds the lock of a file of its own until its end."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import socket
import time
from pathlib import Path

from tui.common.file_lock import FileLock, file_lock, is_locked

_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HEX = re.compile(r"[0-9a-f]+")
_LEFTOVER_SECONDS = 86_400.0
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK})


class ProcessLock:
    """The lock of this process, and those of others.

    The kernel lets go of a lock however its process ends. A name is `host:pid:token:machine:boot`; the host
    and the process number are for people to read, the token makes it one of a kind, and the last two tell
    whether a lock that is not held proves anything: it does when both processes run on one machine. Where the
    file system has no locks, the name becomes `host:pid:token`, and the process number is what others go by.

    Args:
        folder: where the files are; made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._machine, self._boot = this_machine()
        self._token = secrets.token_hex(6)
        self._lock: FileLock | None = None
        self.begun = False
        """Whether others see this process."""
        host = socket.gethostname().replace(":", "-")
        self._short = f"{host}:{os.getpid()}:{self._token}"
        self.name = f"{self._short}:{self._machine}:{self._boot}"

    def begin(self) -> None:
        """Take the lock, once, until `end` or the end of the process. Blocks.

        Raises:
            OSError: it cannot be had.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(self._machine, self._token)
        lock = file_lock(path, 0, native=True)
        try:
            lock.acquire()
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno not in _NO_LOCKS:
                raise
            self.name = self._short
        else:
            self._lock = lock
            self._sweep()
        self.begun = True

    def end(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._path(self._machine, self._token).unlink()
            self._lock.release()
            self._lock = None

    def lives(self, name: str) -> bool | None:
        """Whether the process of that name lives; `None`: it is another machine's and cannot be seen."""
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

    def _sweep(self) -> None:
        """Remove what killed processes of this machine left behind."""
        for path in self.folder.glob(f"{self._machine}-*.lock"):
            with contextlib.suppress(OSError):
                # A young one may be about to be locked.
                if time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS and not is_locked(path):
                    path.unlink()


def this_machine() -> tuple[str, str]:
    """Short digests of what this machine is (its name and `machine-id(5)`), and of its boot where told.

    Containers on one machine are told apart by the first and have the second in common.
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
