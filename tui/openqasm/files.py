"""Circuits as files: read with every way it can fail in words, written so that a crash loses nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tui.common.atomic_file import replace_file
from tui.common.bounded_read import UnsuitableFile, read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain

MAX_BYTES = 4_000_000
"""The largest file that is opened: about 100,000 lines, past which editing is no pleasure."""
SUFFIXES = (".qasm", ".qasm2", ".qasm3", ".inc", ".txt")
"""What a circuit's file is usually called; only these are suggested."""
MAX_SUGGESTIONS = 200


def read_circuit(path: Path) -> str:
    """Read a circuit's file, UTF-8 with or without a byte-order mark.

    Returns:
        The text, without the byte-order mark.

    Raises:
        QdeckError: `STORAGE`, with the reason: missing, a folder, not readable, too large, not text.
    """
    name = plain(str(path))
    try:
        data = read_file(path, MAX_BYTES)
    except IsADirectoryError:
        raise QdeckError(ErrorKind.STORAGE, f"{name} is a folder.", "Choose a file in it.") from None
    except UnsuitableFile as error:
        raise _unsuitable(name, error) from None
    except OSError as error:
        raise QdeckError(ErrorKind.STORAGE, f"{name} cannot be read: {_reason(error)}.") from error
    except ValueError as error:
        raise QdeckError(ErrorKind.STORAGE, f"{name} is not a file name: {error}.") from error
    if b"\0" in data:
        raise QdeckError(
            ErrorKind.STORAGE, f"{name} is a binary file, not OpenQASM text.", "Export QPY files as OpenQASM."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"{name} is not UTF-8 text: byte {error.start} cannot be read.",
            "Convert it to UTF-8 first.",
        ) from error


def save_circuit(path: Path, text: str) -> None:
    """Write the file whole or not at all: a temporary file beside it takes its place.

    A symbolic link stays a link: the file it points to is replaced. The permissions are kept.

    Raises:
        QdeckError: `STORAGE`, with the reason; the old file is then as it was.
    """
    name = plain(str(path))
    try:
        target = path.resolve()
        if target.is_dir():
            raise QdeckError(ErrorKind.STORAGE, f"{name} is a folder.", "Add a file name to it.")
        replace_file(target, [text.encode("utf-8")], mode=0o666, keep_mode=True, durable_name=False)
    except (OSError, ValueError) as error:
        raise QdeckError(
            ErrorKind.STORAGE,
            f"{name} cannot be written: {_reason(error)}.",
            "The text is still in the editor: choose another place.",
        ) from error


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
