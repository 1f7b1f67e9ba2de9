"""Files that somebody else made, read without waiting for a writer and without filling the memory."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

NOT_REGULAR = "it is not a regular file"
NOT_REGULAR_OR_PIPE = "it is neither a regular file nor a pipe"


class UnsuitableFile(OSError):
    """A file that is not read because of its kind or its size; `strerror` says which."""


def read_file(path: Path, most: int, *, pipes: bool = False) -> bytes:
    """Read a file of which nothing is known: a FIFO, a device or an endless file may have its name.

    Args:
        most: bytes that are read at most.
        pipes: take a FIFO, too, and wait for its writer.

    Returns:
        The whole content.

    Raises:
        OSError: it cannot be read; an `UnsuitableFile`: it is of another kind, which is found out before it
            is opened, or has more than `most` bytes.
    """
    _require(path.stat(), pipes=pipes)
    # Another file may have its name by now: opening a FIFO must not wait for a writer.
    flags = os.O_RDONLY | os.O_CLOEXEC | (0 if pipes else os.O_NONBLOCK)
    with os.fdopen(os.open(path, flags), "rb") as file:
        _require(os.fstat(file.fileno()), pipes=pipes)
        return read_stream(file, most)


def read_stdin(most: int) -> bytes:
    """Read standard input: a file, a pipe, a socket or a terminal.

    Raises:
        OSError: as `read_file`.
    """
    mode = os.fstat(0).st_mode
    if not (stat.S_ISSOCK(mode) or os.isatty(0)):
        _require(os.fstat(0), pipes=True)
    return read_stream(sys.stdin.buffer, most)


def mode_of(path: Path) -> int:
    """Return the file's mode (`st_mode`); 0 when there is none, or a folder above it hides it.

    `Path.exists` and its like raise an error for the latter.
    """
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def require_readable(path: Path) -> None:
    """Refuse what would make somebody else's reading of the file wait, or never end.

    Raises:
        OSError: there is no such file; an `UnsuitableFile`: it is neither a regular file nor a folder.
    """
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        _require(found, pipes=False)


def read_stream(stream: BinaryIO, most: int) -> bytes:
    """Read a stream to its end.

    Raises:
        OSError: it cannot be read; an `UnsuitableFile`: it has more than `most` bytes.
    """
    data = stream.read(most + 1)
    if len(data) > most:
        raise UnsuitableFile(errno.EFBIG, f"it is larger than {_size(most)}")
    return data


def _require(found: os.stat_result, *, pipes: bool) -> None:
    mode = found.st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISREG(mode) or (pipes and stat.S_ISFIFO(mode)):
        return
    raise UnsuitableFile(errno.EINVAL, NOT_REGULAR_OR_PIPE if pipes else NOT_REGULAR)


def _size(size: int) -> str:
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size} bytes"
