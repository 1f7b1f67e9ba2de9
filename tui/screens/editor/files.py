"""The text in the editor and its files: open, save, begin anew; every change is kept as a draft."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import on, work
from textual.timer import Timer
from textual.widgets import TextArea

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.monitor.services import AppServices
from tui.openqasm.drafts import Change
from tui.openqasm.files import save_circuit
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Unsaved, UnsavedChoice
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.drafts import WRITE_AFTER, DraftKeeper
from tui.screens.workspace import Workspace
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextBlock


class EditorFiles(SectionScreen):
    """Holds the text; the workspace has it at every moment, so that no section works on an older one.

    Subclasses compose the title (`#title`) and the editor (`#qasm`).
    """

    _write_timer: Timer | None = None

    def __init__(self, services: AppServices, workspace: Workspace, drafts: DraftKeeper) -> None:
        super().__init__(services, workspace)
        self.drafts = drafts

    def _text_loaded(self) -> None:
        """Forget what was known of the text before: there is another."""

    # --- the text --------------------------------------------------------------------------------

    def _note_change(self, change: Change) -> None:
        """Keep the change: a crash shall not take what was typed a moment ago."""
        # At once, not when the message of the change arrives: till then another section would have its own.
        self._share_text()
        self.drafts.changed(change, lambda: self.workspace.qasm)
        self._moved()
        self._write_soon()

    def _share_text(self) -> None:
        document = self.query_one(QasmEditor).document
        self.workspace.edited(lambda: document.text)

    @on(TextArea.SelectionChanged, "#qasm")
    def _moved(self) -> None:
        self.drafts.moved(self.query_one(QasmEditor).cursor_location)

    def _write_soon(self) -> None:
        if self._write_timer is None:
            self._write_timer = self.set_timer(WRITE_AFTER, self._write_draft)

    def _write_draft(self) -> None:
        self._write_timer = None
        self.run_worker(self.drafts.write(), group="draft", exit_on_error=False)

    # --- files -----------------------------------------------------------------------------------

    @work(group="file-command", exit_on_error=False)
    async def action_open(self) -> None:
        """Open an example or a file, after asking what becomes of changes."""
        if not await self._may_leave():
            return
        opened = await self.app.push_screen_wait(OpenFile(self._folder(), self.drafts.found))
        if opened is not None and opened.draft:
            self.drafts.reopen(opened.draft)
            self._load_workspace()
        elif opened is not None:
            self._load(opened.text, opened.name, opened.path)

    @work(group="file-command", exit_on_error=False)
    async def action_new(self) -> None:
        """Start an empty circuit, after asking what becomes of changes."""
        if await self._may_leave():
            self._load("", "untitled", None)

    @work(group="file-command", exit_on_error=False)
    async def action_save(self) -> None:
        """Save the file; ask for a path when there is none."""
        await self._save()

    @work(group="file-command", exit_on_error=False)
    async def action_save_as(self) -> None:
        """Save under another path."""
        await self._save_as()

    async def _may_leave(self) -> bool:
        """Whether the text may go: it is saved, or its loss was agreed to."""
        if not self.workspace.dirty or not self.workspace.qasm.strip():
            return True
        choice = await self.app.push_screen_wait(Unsaved(self.workspace.name))
        if choice == UnsavedChoice.SAVE:
            return await self._save()
        return bool(choice == UnsavedChoice.DISCARD)

    async def _save(self) -> bool:
        if self.workspace.path is None:
            return await self._save_as()
        path, text = self.workspace.path, self.workspace.qasm
        try:
            await asyncio.to_thread(save_circuit, path, text)
        except QdeckError as error:
            self.shell.report(error)
            return False
        self._saved(path, text)
        return True

    async def _save_as(self) -> bool:
        text = self.workspace.qasm
        suggestion = str(self.workspace.path or f"{self.workspace.name}.qasm")
        path = await self.app.push_screen_wait(SaveAs(text, suggestion, self._folder()))
        if path is None:
            return False
        self.workspace.path, self.workspace.name = path, path.stem
        self._saved(path, text)
        return True

    def _saved(self, path: Path, text: str) -> None:
        self.workspace.saved, self.workspace.touched = text, True
        self.drafts.begin()
        self._write_soon()
        self._show_title()
        self.shell.show_notice(f"Saved {plain(str(path), limit=200)}")

    def _folder(self) -> Path:
        return self.workspace.path.parent if self.workspace.path is not None else Path.cwd()

    def _load(self, text: str, name: str, path: Path | None) -> None:
        area = self.query_one(QasmEditor)
        area.load_text(text)
        # Textual's document may join lines with other line ends than the file had: that is no edit.
        self.workspace.qasm = self.workspace.saved = area.text
        self.workspace.name, self.workspace.path = name, path
        self.workspace.opened += 1
        self._text_loaded()
        self.drafts.begin()
        self._write_soon()
        area.focus()
        self._show_title()

    def _load_workspace(self) -> None:
        """Show what is on the workspace."""
        area = self.query_one(QasmEditor)
        if area.text != self.workspace.qasm:
            area.load_text(self.workspace.qasm)
            if self.workspace.saved == self.workspace.qasm:
                self.workspace.saved = area.text  # lines may be joined with other line ends than the file had
            self.workspace.qasm = area.text
            self._text_loaded()
            if self.drafts.reopened is None:
                self.drafts.begin()
                self._write_soon()
        if (draft := self.drafts.reopened) is not None:
            self.drafts.reopened = None
            area.replay(draft.changes)
            self._share_text()
            area.move_cursor((draft.cursor.line, draft.cursor.column), center=True)
        if self.workspace.line:
            area.move_cursor((self.workspace.line - 1, 0), center=True)
            self.workspace.line = 0
        self._show_title()

    def _show_title(self, *, typing: bool = False) -> None:
        workspace = self.workspace
        place = plain(str(workspace.path), limit=200) if workspace.path is not None else ""
        area = self.query_one(QasmEditor)
        # Whether it is another text is seen when typing pauses: a long one is not compared at each key.
        changed = workspace.touched if typing else workspace.dirty
        mark = ("● ", TextStyle.WARNING) if changed else "  "
        facts = ["" if area.document.empty else f"OpenQASM {area.version}", place]
        facts.append("not saved" if changed else "")
        text = " · ".join(fact for fact in facts if fact)
        self.query_one("#title", TextBlock).show(
            [line(mark, (plain(workspace.name, limit=60), TextStyle.STRONG), (f"  {text}", TextStyle.MUTED))]
        )
