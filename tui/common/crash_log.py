"""The log of what qdeck did not expect: where it happened and what, with nothing that could be a secret."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tui.common.atomic_file import make_folder
from tui.common.safe_text import plain

_LONG_WORD = re.compile(r"[A-Za-z0-9+=_.-]{20,}")
"""Tokens, keys and signed strings are long runs of these; words and file names seldom are."""
_LIMIT = 1_000_000
"""Bytes after which the log starts anew, the old one kept beside it."""


def without_secrets(text: str) -> str:
    """`text` with every word hidden that is long enough to be a token or a key."""
    return _LONG_WORD.sub("[hidden]", text)


def describe(error: BaseException) -> str:
    """Type, place by place from the outermost call in, and the message, of the error and of its causes.

    No source lines, values or locals: they could hold what the user typed.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        message = without_secrets(plain(str(current), limit=500))
        lines.append(f"{type(current).__name__}: {message}".rstrip(": "))
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if current is not None:
            lines.append("because of")
    return "\n".join(lines)


class CrashLogHandler(logging.Handler):
    """Writes what is logged as an exception to `qdeck.log` in a folder; the terminal sees nothing of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(logging.ERROR)
        self._folder = folder

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's exception, when it has one and the log can be written."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            with contextlib.suppress(OSError):
                write_trouble(self._folder, error, datetime.now(UTC))


def write_trouble(folder: Path, error: BaseException, now: datetime) -> Path:
    """Add the error to `qdeck.log` in `folder` (mode 0600) and return the file.

    Raises:
        OSError: the log cannot be written.
    """
    make_folder(folder)
    path = folder / "qdeck.log"
    if path.exists() and path.stat().st_size > _LIMIT:
        path.replace(path.with_suffix(".log.old"))
    # Without waiting: a FIFO of that name may have no reader.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{now.isoformat(timespec='seconds')} {describe(error)}\n")
    return path
