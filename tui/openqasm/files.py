"""Circuits as files: read with every way it can fail in words, written so that a crash loses nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import UnsuitableFile, mode_of, read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain

MAX_BYTES = 4_000_000
"""The largest file that is opened: about 100,000 lines, past which editing is no pleasure."""
SUFFIXES = (".qasm", ".qasm2", ".qasm3", ".inc", ".txt", ".qpy")
"""What a circuit's file is usually called; only these are suggested."""
MAX_SUGGESTIONS = 200
MOST_RECENT = 20
_BYTE_ORDER_MARK = "\ufeff"


def is_qpy(data: bytes) -> bool:
    """Return whether a file's bytes are Qiskit's binary form of circuits, of any version."""
    return data.startswith(b"QISKIT")


def read_circuit(path: Path) -> str:
    """Read a circuit's file, UTF-8 with or without a byte-order mark.

    Returns:
        The text, without the byte-order mark.

    Raises:
        QdeckError: `STORAGE`, with the reason: missing, a folder, not readable, too large, not text.
    """
    return _text(plain(str(path)), read_bytes(path))


def read_circuit_or_qpy(path: Path) -> str | bytes:
    """Read a circuit's file as `read_circuit` does; of one in Qiskit's binary form return the bytes.

    Raises:
        QdeckError: as of `read_circuit`.
    """
    data = read_bytes(path)
    return data if is_qpy(data) else _text(plain(str(path)), data)


def read_bytes(path: Path) -> bytes:
    """Read a circuit's file, whatever is in it.

    Raises:
        QdeckError: `STORAGE`, with the reason: missing, a folder, not readable, too large.
    """
    name = plain(str(path))
    try:
        return read_file(path, MAX_BYTES)
    except IsADirectoryError:
        raise QdeckError(ErrorKind.STORAGE, f"{name} is a folder.", "Choose a file in it.") from None
    except UnsuitableFile as error:
        raise _unsuitable(name, error) from None
    except OSError as error:
        raise QdeckError(ErrorKind.STORAGE, f"{name} cannot be read: {_reason(error)}.") from error
    except ValueError as error:
        raise QdeckError(ErrorKind.STORAGE, f"{name} is not a file name: {error}.") from error


def _text(name: str, data: bytes) -> str:
    if b"\0" in data:
        raise QdeckError(
            ErrorKind.STORAGE, f"{name} is a binary file, not OpenQASM text.", "QPY is opened by ctrl+o."
        )
    try:
        # Not by "utf-8-sig", which counts the bytes from behind the mark.
        return data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"{name} is not UTF-8 text: byte {error.start} cannot be read.",
            "Convert it to UTF-8 first.",
        ) from error


def save_circuit(path: Path, text: str) -> None:
    """Write the file whole or not at all: a temporary file beside it takes its place.

    A symbolic link stays a link: the file it points to is replaced. Permissions and byte-order mark are kept.

    Raises:
        QdeckError: `STORAGE`, with the reason; the old file is then as it was.
    """
    name = plain(str(path))
    try:
        target = path.resolve()
        if target.is_dir():
            raise QdeckError(ErrorKind.STORAGE, f"{name} is a folder.", "Add a file name to it.")
        if (mode := mode_of(target)) and not stat.S_ISREG(mode):
            raise QdeckError(ErrorKind.STORAGE, f"{name} is not a regular file.", "Choose another name.")
        data = text.encode("utf-8")
        if mode and _has_mark(target):
            data = _BYTE_ORDER_MARK.encode() + data
        replace_file(target, [data], mode=0o666, keep_mode=True, durable_name=False)
    except (OSError, ValueError) as error:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"{name} cannot be written: {_reason(error)}.",
            "The text is still in the editor: choose another place.",
        ) from error


def _has_mark(path: Path) -> bool:
    """Whether the file begins with a byte-order mark."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(3) == _BYTE_ORDER_MARK.encode()
    return False


class FileStamp(NamedTuple):
    """What tells one state of a file from another: device, number, nanoseconds of its last change, bytes."""

    device: int
    inode: int
    changed: int
    size: int


def stamp_of(path: Path) -> FileStamp | None:
    """Return the file's stamp as it is now; `None`: there is no such file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return FileStamp(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def recent_files(listed: Path) -> tuple[Path, ...]:
    """Return the files opened last that are still there, the newest first.

    Args:
        listed: the file that `note_recent` keeps.
    """
    try:
        names = msgspec.json.decode(read_file(listed, MAX_BYTES), type=list[str])
    except (OSError, ValueError):
        return ()
    return tuple(path for path in map(Path, names[:MOST_RECENT]) if stat.S_ISREG(mode_of(path)))


def note_recent(listed: Path, path: Path) -> None:
    """Put a file at the front of the list of those opened last.

    Raises:
        OSError: the list cannot be written.
    """
    others = [str(one) for one in recent_files(listed) if one != path]
    make_folder(listed.parent)
    replace_file(listed, [msgspec.json.encode([str(path), *others][:MOST_RECENT])], durable_name=False)


def suggest(typed: str, folder: Path) -> tuple[str, ...]:
    """List paths that begin as `typed` does.

    Args:
        typed: a path as typed so far, relative to `folder`, absolute, or below `~`.
        folder: where relative paths start.

    Returns:
        At most `MAX_SUGGESTIONS` paths: folders (ending in `/`) first, then circuit files, by name.
    """
    head, slash, start = typed.rpartition("/")
    try:
        place = folder / Path(f"{head}{slash}").expanduser() if slash else folder
        with os.scandir(place) as entries:
            found = [
                (not entry.is_dir(), entry.name)
                for entry in entries
                if entry.name.startswith(start)
                and (start.startswith(".") or not entry.name.startswith("."))
                and (entry.is_dir() or entry.name.lower().endswith(SUFFIXES))
            ]
    except (OSError, RuntimeError, ValueError):
        return ()  # no such folder, or none to be read: nothing to suggest
    ordered = sorted(found)[:MAX_SUGGESTIONS]
    return tuple(f"{head}{slash}{name}{'' if is_file else '/'}" for is_file, name in ordered)


def _unsuitable(name: str, error: UnsuitableFile) -> QdeckError:
    if error.errno == errno.EFBIG:
        return QdeckError(
            ErrorKind.STORAGE,
            f"{name} is larger than {MAX_BYTES // 1_000_000} MB, too large to edit here.",
            "Run it without the editor: qdeck run FILE.",
        )
    return QdeckError(ErrorKind.STORAGE, f"{name} is not a regular file.", "Choose a text file.")


def _reason(error: OSError | ValueError) -> str:
    """The system's words for it, without the path (it is already named)."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return plain(words[:1].lower() + words[1:])
