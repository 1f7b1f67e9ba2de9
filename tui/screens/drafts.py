"""The text in the editor, kept on the disk while it is typed, and found again at the next start."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import shorten
from tui.domain.circuits import TranspileOptions
from tui.openqasm.drafts import Change, Choices, Draft, DraftFile, DraftFolder, DraftHead
from tui.screens.workspace import Workspace

WRITE_AFTER = 0.3
"""Seconds after a change until it is on its way to the disk, together with those that came meanwhile."""


class DraftKeeper:
    """Keeps the workspace's text as a draft.

    Args:
        folder: where the drafts of all processes are.
        workspace: gets the text and the choices that are found again.
    """

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        self._folder = DraftFolder(folder)
        self._workspace = workspace
        self._file: DraftFile | None = None
        self._writing = asyncio.Lock()
        self._failed = False
        self.found: dict[str, Draft] = {}
        """Drafts that the processes before left, by the names of their files, and nobody opened yet."""
        self.reopened: Draft | None = None
        """The draft whose text is on the workspace since the start, until the editor has made its changes."""

    async def take_over(self) -> str:
        """Find what was open last, and what was in no file when it ended.

        The workspace gets the text that the draft begins with; its changes are the editor's to make.

        Returns:
            A sentence about changes that are in no file; empty: there are none.

        Raises:
            QdeckError: `STORAGE`, the folder cannot be used.
        """
        try:
            choices, self.found = await asyncio.to_thread(self._folder.take_over)
        except OSError as error:
            raise _failure(error) from error
        workspace = self._workspace
        same = [name for name, draft in self.found.items() if _changes_of(draft, workspace.path)]
        if same and not workspace.dirty:
            on_disk = workspace.qasm
            self.reopen(same[0])
            meanwhile = "" if on_disk == workspace.saved else " The file itself was changed meanwhile."
            return f"{_unsaved(workspace)}{meanwhile}"
        if workspace.qasm or workspace.path is not None:
            return ""  # the user was quicker, or named a file
        if choices.backend:
            workspace.backend, workspace.backend_picked = choices.backend, True
        if choices.level is not None and 0 <= choices.level <= 3:
            workspace.options = TranspileOptions(choices.level)
        name = choices.current if choices.current in self.found else next(iter(self.found), "")
        if not name:
            return ""
        self.reopen(name)
        changed = self.reopened is not None and bool(self.reopened.changes)
        told = _unsaved(workspace) if changed or workspace.dirty else ""
        if others := len(self.found):
            told = f"{told} {others} more from before: ctrl+o in the editor lists {_them(others)}.".lstrip()
        return told

    def reopen(self, name: str) -> None:
        """Put a draft that was found on the workspace.

        Args:
            name: one of `found`.
        """
        draft = self.found.pop(name)
        if self._file is not None:
            self._file.remove()  # what it held was saved, or given up
        head, workspace = draft.head, self._workspace
        workspace.name, workspace.path = head.name, Path(head.path) if head.path else None
        workspace.qasm, workspace.saved = head.text, head.text if head.saved is None else head.saved
        self._file, self.reopened = self._folder.file_of(name, draft), draft

    def begin(self) -> None:
        """Begin with the workspace's text: another was opened, or it was saved."""
        workspace = self._workspace
        if self._file is None:
            self._file = self._folder.new_file()
        text = workspace.qasm
        saved = None if workspace.saved == text else workspace.saved
        self._file.begin(DraftHead(workspace.name, str(workspace.path or ""), text, saved))
        self.reopened = None

    def begin_once(self) -> None:
        """Begin, if nothing has begun yet."""
        if self._file is None:
            self.begin()

    def changed(self, change: Change, text: Callable[[], str]) -> None:
        """Note a change of the text in the editor."""
        if self._file is not None:
            self._file.add(change, text)

    def moved(self, cursor: tuple[int, int]) -> None:
        """Note where the cursor is."""
        if self._file is not None:
            self._file.move(cursor)

    async def write(self) -> None:
        """Bring what was noted to the disk.

        Raises:
            QdeckError: `STORAGE`, the first time that it cannot be written; it stays noted.
        """
        async with self._writing:
            try:
                await asyncio.to_thread(self._write)
            except OSError as error:
                if not self._failed:
                    self._failed = True
                    raise _failure(error) from error
            else:
                self._failed = False

    def close(self) -> None:
        """Bring the last to the disk; the next process may have it."""
        with contextlib.suppress(OSError):
            self._write()
        self._folder.close()

    def _write(self) -> None:
        file, workspace = self._file, self._workspace
        if file is not None:
            file.write()
        backend = workspace.backend if workspace.backend_picked else ""
        if file is not None or backend:
            current = "" if file is None else file.path.name
            level = workspace.options.optimization_level
            self._folder.keep(Choices((current,) if current else (), current, backend, level))


def _changes_of(draft: Draft, path: Path | None) -> bool:
    """Whether the draft has changes of that file."""
    changed = bool(draft.changes) or draft.head.saved is not None
    return changed and path is not None and draft.head.path == str(path)


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _unsaved(workspace: Workspace) -> str:
    name = shorten(workspace.name, 40)
    return f"{name} has changes that are in no file: F3 shows them as they were left."


def _failure(error: OSError) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"What is typed cannot be kept for the next start: {error.strerror or error}.",
        "Save it to a file: ctrl+s.",
    )
