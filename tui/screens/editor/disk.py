"""The files of the texts under edit as others change them, and the user's own editor for a text."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from textual.app import App

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.openqasm.files import FileStamp, read_circuit, save_circuit, stamp_of
from tui.screens.workspace import Buffer

_TAKES_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "kak", "joe", "micro", "ne", "mg", "jed"})
"""Editors that take `+LINE` before the file."""


class FileWatch:
    """Tells whether the files of texts are as they were last read, written or looked at."""

    def __init__(self) -> None:
        self._seen: dict[Buffer, FileStamp | None] = {}

    async def changed(self, buffer: Buffer) -> str | None:
        """Look whether another has changed the file.

        Returns:
            The text that the file has now; `None`: it is what was opened or saved, or the user knows.

        Raises:
            QdeckError: `STORAGE`, the first time that the file is gone, or cannot be read.
        """
        path = buffer.path
        if path is None:
            return None
        stamp = await asyncio.to_thread(stamp_of, path)
        if buffer in self._seen and self._seen[buffer] == stamp:
            return None
        known = buffer in self._seen
        self._seen[buffer] = stamp
        if stamp is None:
            if not known and not buffer.saved:
                return None  # a new file, which is made when it is saved
            name = plain(str(path), limit=200)
            raise QdeckError(ErrorKind.STORAGE, f"{name} is gone from the disk.", "Saving makes it anew.")
        text = await asyncio.to_thread(read_circuit, path)
        return None if text in (buffer.saved, buffer.text) else text

    async def save(self, buffer: Buffer, path: Path, text: str) -> None:
        """Write the text, and know the file as it is then.

        Raises:
            QdeckError: `STORAGE`, it cannot be written.
        """
        await asyncio.to_thread(save_circuit, path, text)
        self.know(buffer, path)

    def know(self, buffer: Buffer, path: Path) -> None:
        """Take the file as it is for known."""
        self._seen[buffer] = stamp_of(path)

    def forget(self, buffer: Buffer) -> None:
        """Forget a text that was closed, or got another file."""
        self._seen.pop(buffer, None)


async def edit_outside(
    app: App[Any], buffer: Buffer, line: int, environ: Mapping[str, str] = os.environ
) -> str | None:
    """Give the terminal to the user's editor, with a copy of the text, until that ends.

    Everything else goes on meanwhile; nothing is drawn.

    Args:
        line: where the cursor is to be, from 1, for editors that are known to take it.
        environ: has `VISUAL` and `EDITOR`.

    Returns:
        The text as it was left; `None`: the editor ended with an error, which discards it.

    Raises:
        QdeckError: `SETTINGS`, there is no such editor; `STORAGE`, what it left is no text.
        SuspendNotSupported: the app has no terminal to give.
    """
    command = _command(environ)
    with tempfile.TemporaryDirectory(prefix="qdeck-") as folder:
        path = Path(folder) / _file_name(buffer)
        save_circuit(path, buffer.text)
        if Path(command[0]).name in _TAKES_LINE:
            command = [*command, f"+{line}"]
        with app.batch_update(), app.suspend(), _interrupts_ignored():
            process = await asyncio.create_subprocess_exec(*command, str(path))
            try:
                status = await process.wait()
            finally:
                if process.returncode is None:
                    process.terminate()
        return await asyncio.to_thread(read_circuit, path) if status == 0 else None


def _command(environ: Mapping[str, str]) -> list[str]:
    given = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        command = shlex.split(given)
    except ValueError:
        command = []
    if not command or shutil.which(command[0]) is None:
        raise QdeckError(
            ErrorKind.SETTINGS,
            f"There is no editor {plain(given, limit=100)}.",
            "Set EDITOR or VISUAL to one, for example: export EDITOR=nano",
        )
    return command


def _file_name(buffer: Buffer) -> str:
    name = buffer.path.name if buffer.path is not None else f"{buffer.name}.qasm"
    return "".join(one if one.isalnum() or one in "._- " else "_" for one in name)[-80:].lstrip("-. ") or "x"


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Leave ctrl+c to the editor: in its terminal mode the terminal sends the signal to both."""
    # A handler, not SIG_IGN: that one the editor would inherit.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
