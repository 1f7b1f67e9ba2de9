"""Files that are either the old or the new one, never something between."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterable
from pathlib import Path

_STALE_SECONDS = 3600.0
_TEMPORARY = ".writing-"


def replace_file(
    path: Path,
    chunks: Iterable[bytes],
    *,
    mode: int = 0o600,
    keep_mode: bool = False,
    durable_name: bool = True,
) -> None:
    """Write `chunks` so that `path` holds all of it or what it held before, also after a power cut.

    A temporary file with a name of its own in the same folder is written, synced to the disk and renamed
    over `path`. A symbolic link is replaced, too: resolve it first to write the file it points to.

    Args:
        mode: permissions of the file, less the umask.
        keep_mode: give it the permissions of the file that it replaces, when there is one.
        durable_name: sync the folder at the end, so that the rename itself is durable.

    Raises:
        OSError: it could not be written; `path` is as it was and no temporary file is left.
    """
    temporary = path.with_name(f"{_prefix(path)}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            if keep_mode:
                with contextlib.suppress(FileNotFoundError):
                    os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable_name:
        sync_folder(path.parent)


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make the folder and those above it that are missing, all with `mode`, so that their names are durable.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, mode=mode)
    try:
        folder.mkdir(mode=mode, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error
    # A folder that may be written but not read is none that can be synced.
    with contextlib.suppress(PermissionError):
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Remove temporary files of writers that were killed before their rename, an hour ago or longer."""
    limit = time.time() - _STALE_SECONDS
    for leftover in path.parent.glob(f"{_prefix(path)}*"):
        with contextlib.suppress(OSError):
            if leftover.stat().st_mtime < limit:
                leftover.unlink()


def _prefix(path: Path) -> str:
    # A file's name may be as long as names can be.
    return f".{path.name[:40]}{_TEMPORARY}"
