"""The texts in the editor, kept on the disk while they are typed, and found again at the next start."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import shorten
from tui.domain.circuits import TranspileOptions
from tui.openqasm.drafts import Change, Choices, Draft, DraftFile, DraftFolder, DraftHead
from tui.openqasm.files import note_recent, recent_files
from tui.screens.workspace import Buffer, Workspace

WRITE_AFTER = 0.3
"""Seconds after a change until it is on its way to the disk, together with those that came meanwhile."""


class DraftKeeper:
    """Keeps the texts under edit as drafts.

    Args:
        folder: where the drafts of all processes are.
        workspace: gets the texts and the choices that are found again.
    """

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        self._folder = DraftFolder(folder)
        self._recent = folder.parent / "recent.json"
        self._workspace = workspace
        self._files: dict[Buffer, DraftFile] = {}
        self._writing = asyncio.Lock()
        self._failed = False
        self.found: dict[str, Draft] = {}
        """Drafts that the processes before left, by the names of their files, and nobody opened yet."""

    async def take_over(self) -> str:
        """Find what was open last, and what was in no file when it ended.

        The buffers get the texts that the drafts begin with; their changes are the editor's to make.

        Returns:
            A sentence about changes that are in no file; empty: there are none.

        Raises:
            QdeckError: `STORAGE`, the folder cannot be used.
        """
        try:
            choices, self.found = await asyncio.to_thread(self._folder.take_over)
        except OSError as error:
            raise _failure(error) from error
        meanwhile = self._changes_of_front()
        self._take_choices(choices)
        self._reopen(choices)
        changed = [one for one in self._workspace.buffers if one.draft is not None and one.dirty]
        told = f"{_unsaved(changed)}{meanwhile}"
        if others := len(self.found):
            told = f"{told} {others} more from before: ctrl+o in the editor lists {_them(others)}.".lstrip()
        return told

    def _changes_of_front(self) -> str:
        """Make the changes of the file that the user named; what to tell when it was changed elsewhere."""
        front = self._workspace.front
        same = [name for name, draft in self.found.items() if _changes_of(draft, front.path)]
        if not same or front.dirty:
            return ""
        on_disk = front.text
        self._fill(front, same[0])
        return "" if on_disk == front.saved else " The file itself was changed meanwhile."

    def _take_choices(self, choices: Choices) -> None:
        workspace = self._workspace
        if choices.backend and not workspace.backend_picked:
            workspace.backend, workspace.backend_picked = choices.backend, True
        if choices.level is not None and 0 <= choices.level <= 3:
            workspace.options = TranspileOptions(choices.level, seed=choices.seed)
            workspace.search = choices.search

    def _reopen(self, choices: Choices) -> None:
        """Open what was open, behind what the user was quick to type, or named."""
        workspace = self._workspace
        at_hand = None if workspace.front.blank else workspace.front
        made: dict[str, Buffer] = {}
        for name in [name for name in choices.order if name in self.found] or list(self.found)[:1]:
            draft = self.found[name]
            path = Path(draft.head.path) if draft.head.path else None
            if not _changed(draft) and (
                workspace.buffer_of(path) is not None or not (path or draft.head.text)
            ):
                del self.found[name]
                self._folder.file_of(name, draft).remove()
            else:
                made[name] = self.reopen(name)
        workspace.front = at_hand or made.get(choices.current) or next(iter(made.values()), workspace.front)

    def reopen(self, name: str) -> Buffer:
        """Put a draft that was found in front.

        Args:
            name: one of `found`.

        Returns:
            Its buffer.
        """
        workspace = self._workspace
        buffer = workspace.front if workspace.front.blank else workspace.add(Buffer())
        self._fill(buffer, name)
        workspace.front = buffer
        return buffer

    def _fill(self, buffer: Buffer, name: str) -> None:
        draft = self.found.pop(name)
        head = draft.head
        self.drop(buffer)
        buffer.name, buffer.path = head.name, Path(head.path) if head.path else None
        buffer.text, buffer.saved = head.text, head.text if head.saved is None else head.saved
        self._files[buffer], buffer.draft = self._folder.file_of(name, draft), draft

    def begin(self, buffer: Buffer) -> None:
        """Begin with a buffer's text: it was opened, or saved."""
        if buffer not in self._files:
            self._files[buffer] = self._folder.new_file()
        text = buffer.text
        saved = None if buffer.saved == text else buffer.saved
        self._files[buffer].begin(DraftHead(buffer.name, str(buffer.path or ""), text, saved))
        buffer.draft = None

    def changed(self, buffer: Buffer, change: Change) -> None:
        """Note a change of a buffer's text in the editor."""
        if (file := self._files.get(buffer)) is not None:
            file.add(change, lambda: buffer.text)

    def moved(self, buffer: Buffer, cursor: tuple[int, int]) -> None:
        """Note where the cursor is."""
        if (file := self._files.get(buffer)) is not None:
            file.move(cursor)

    def drop(self, buffer: Buffer) -> None:
        """Keep a buffer no longer: it was closed, and what was not saved was given up."""
        if (file := self._files.pop(buffer, None)) is not None:
            file.remove()

    async def recent(self) -> tuple[Path, ...]:
        """Return the files opened last, by any qdeck, the newest first."""
        return await asyncio.to_thread(recent_files, self._recent)

    async def note_recent(self, path: Path) -> None:
        """Note that a file was opened or saved; a list that cannot be kept is missed by nobody."""
        with contextlib.suppress(OSError):
            await asyncio.to_thread(note_recent, self._recent, path)

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
        workspace = self._workspace
        files = [(one, self._files[one]) for one in list(workspace.buffers) if one in self._files]
        for _, file in files:
            file.write()
        backend = workspace.backend if workspace.backend_picked else ""
        if files or backend:
            order = tuple(file.path.name for _, file in files)
            current = next((file.path.name for one, file in files if one is workspace.front), "")
            level, seed = workspace.options.optimization_level, workspace.options.seed
            self._folder.keep(Choices(order, current, backend, level, seed, workspace.search))


def _changed(draft: Draft) -> bool:
    """Whether it has changes that are in no file."""
    return bool(draft.changes) or draft.head.saved is not None


def _changes_of(draft: Draft, path: Path | None) -> bool:
    """Whether the draft has changes of that file."""
    return _changed(draft) and path is not None and draft.head.path == str(path)


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _unsaved(buffers: Sequence[Buffer]) -> str:
    """Say in a sentence which have changes that are in no file; empty: none."""
    if not buffers:
        return ""
    if len(buffers) > 1:
        return f"{len(buffers)} texts have changes that are in no file: F3 shows them as they were left."
    name = shorten(buffers[0].name, 40)
    return f"{name} has changes that are in no file: F3 shows them as they were left."


def _failure(error: OSError) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"What is typed cannot be kept for the next start: {error.strerror or error}.",
        "Save it to a file: ctrl+s.",
    )
