"""Locks on files against other processes: the kernel's `flock`, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock
    from filelock import Timeout as LockTimeout

__all__ = ["FileLock", "LockTimeout", "file_lock", "is_locked"]


def __getattr__(name: str) -> object:
    """Return what is imported from `filelock` when it is needed: the first picture needs no lock."""
    if name == "FileLock":
        from filelock import FileLock

        return FileLock
    if name == "LockTimeout":
        # Another process holds the lock for longer than was to be waited; an `OSError`.
        from filelock import Timeout

        return Timeout
    raise AttributeError(name)


def file_lock(path: Path, seconds: float, *, poll_seconds: float = 0.05, native: bool = False) -> FileLock:
    """Return a lock on `path`, not yet acquired; the file is made with mode 0600 and stays after the release.

    Args:
        seconds: longest time to wait for another process; 0: none.
        poll_seconds: time between two attempts.
        native: fail where the file system has no `flock`, instead of using a marker file, which a killed
            process leaves behind.

    Returns:
        A context manager, and re-entrant; any thread may release it. Acquiring it raises `LockTimeout` when
        another process holds it for longer, and `OSError` when the file cannot be made or locked.
    """
    from filelock import FileLock

    return FileLock(
        path,
        timeout=seconds,
        mode=0o600,
        thread_local=False,
        poll_interval=poll_seconds,
        fallback_to_soft=not native,
    )


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock of the file; one that cannot be tried counts as held.

    Raw `flock`: `filelock` only knows exclusive locks, and two processes that ask at once would take each
    other for the holder.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
