"""The texts in the editor and their files: open, save, close; every change is kept as a draft."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from textual import events, on, work
from textual.app import SuspendNotSupported
from textual.content import Content
from textual.timer import Timer
from textual.widgets import TextArea

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.monitor.services import AppServices
from tui.openqasm.drafts import Change
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import ChangedOnDisk, DiskChoice, Unsaved, UnsavedChoice
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.drafts import WRITE_AFTER, DraftKeeper
from tui.screens.editor.buffers import SPLIT_WIDTH, BufferPane, BufferTabs
from tui.screens.editor.disk import FileWatch, edit_outside
from tui.screens.workspace import Buffer, Workspace
from tui.widgets.circuit.large_document import LargeDocument
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the file, and without a key before one may lead to a question."""


class EditorFiles(SectionScreen):
    """Holds the texts; the workspace has them at every moment, so that no section works on an older one.

    Subclasses compose the title (`#title`) and `self.tabs` and `self.buffers`.
    """

    _write_timer: Timer | None = None
    _moved_at = 0.0
    """When the text or its cursor was moved last, as of `time.monotonic`."""

    def __init__(
        self, services: AppServices, workspace: Workspace, drafts: DraftKeeper, placeholder: Content
    ) -> None:
        super().__init__(services, workspace)
        self.drafts = drafts
        self.watch_files = FileWatch()
        self.tabs = BufferTabs(workspace)
        self.buffers = BufferPane(workspace, placeholder, self._prepare, id="buffers")

    def _on_mount(self, event: events.Mount) -> None:
        """Look at the file when the terminal gets the focus again, and now and then: not all tell of that."""
        super()._on_mount(event)
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.set_interval(LOOK_EVERY, self._look_between_keys)

    def on_screen_resume(self) -> None:
        """Look at the file: meanwhile another may have changed it."""
        self._look_at_file()

    def _terminal_focused(self, focused: bool) -> None:
        if focused:
            self._look_at_file()

    def _look_between_keys(self) -> None:
        """Look at the file, but let no question come between the keys of one who types."""
        if self.workspace.path is not None and time.monotonic() - self._moved_at > LOOK_EVERY:
            self._look_at_file()

    @property
    def area(self) -> QasmEditor:
        """The editor of the text in front."""
        return self.buffers.front

    def _text_loaded(self) -> None:
        """Forget what was known of the text before: another is in front."""

    # --- the texts -------------------------------------------------------------------------------

    def _prepare(self, buffer: Buffer, area: QasmEditor) -> None:
        """Load a text into its editor: just opened, found again, or set by another section."""
        if area.text != buffer.text:
            area.load_text(buffer.text)
        buffer.attach(lambda: area.document.text)
        area.on_change = lambda change: self._note_change(buffer, area, change)
        if buffer.path is not None:
            self._note_recent(buffer.path)
        draft, buffer.draft = buffer.draft, None
        if draft is None:
            self.drafts.begin(buffer)
            self._write_soon()
            return
        area.replay(draft.changes)
        buffer.touched = True
        area.move_cursor((draft.cursor.line, draft.cursor.column), center=True)

    def _note_change(self, buffer: Buffer, area: QasmEditor, change: Change) -> None:
        """Keep the change: a crash shall not take what was typed a moment ago."""
        buffer.touched, self._moved_at = True, time.monotonic()
        self.drafts.changed(buffer, change)
        self.drafts.moved(buffer, area.cursor_location)
        self._write_soon()

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        if event.text_area is self.area:
            self._moved_at = time.monotonic()
            self.drafts.moved(self.workspace.front, self.area.cursor_location)

    def _write_soon(self) -> None:
        if self._write_timer is None:
            self._write_timer = self.set_timer(WRITE_AFTER, self._write_draft)

    def _write_draft(self) -> None:
        self._write_timer = None
        self.run_worker(self.drafts.write(), group="draft", exit_on_error=False)

    def _note_recent(self, path: Path) -> None:
        self.run_worker(self.drafts.note_recent(path), group="recent", exit_on_error=False)

    # --- several of them -------------------------------------------------------------------------

    def _show_front(self, *, focus: bool = True) -> None:
        """Show the text that is in front now."""
        before = self._shown
        self.buffers.sync()
        self.set_class(self.buffers.beside is not None, "-split")
        front, area = self.workspace.front, self.area
        if front.line:
            area.move_cursor((front.line - 1, 0), center=True)
            front.line = 0
        self.drafts.moved(front, area.cursor_location)
        if before is not area.document:
            self._shown = area.document
            self._text_loaded()
            area.post_message(TextArea.Changed(area))
            self._write_soon()
            self._look_at_file()
        if focus:
            area.focus()
        self._show_title()

    _shown: object = None
    """The document in front, as far as it was taken notice of."""

    def action_buffer(self, step: int) -> None:
        """Show the next text, or the one before."""
        buffers = self.workspace.buffers
        self._put_in_front(buffers[(buffers.index(self.workspace.front) + step) % len(buffers)])

    @on(BufferTabs.Picked)
    def _tab_picked(self, message: BufferTabs.Picked) -> None:
        self._put_in_front(self.workspace.buffers[message.place])

    @on(BufferPane.Focused)
    def _side_focused(self, message: BufferPane.Focused) -> None:
        if message.buffer in self.workspace.buffers:
            self._put_in_front(message.buffer)

    def _put_in_front(self, buffer: Buffer) -> None:
        self.workspace.front = buffer
        self._show_front()

    def action_split(self) -> None:
        """Show the next text beside this one, or this one alone again."""
        buffers = self.workspace.buffers
        if self.buffers.beside is not None:
            self.buffers.split(None)
        elif len(buffers) < 2:
            self.shell.show_notice("There is only one text: ctrl+o opens another.")
        elif self.size.width < SPLIT_WIDTH:
            self.shell.show_notice(f"Two texts side by side need {SPLIT_WIDTH} columns.")
        else:
            self.buffers.split(buffers[(buffers.index(self.workspace.front) + 1) % len(buffers)])
        self._show_front()

    def on_resize(self) -> None:
        """Two texts have room side by side, or not."""
        self._show_front(focus=False)

    @work(group="file-command", exit_on_error=False)
    async def action_close(self) -> None:
        """Close the text, after asking what becomes of changes."""
        buffer = self.workspace.front
        if await self._may_close(buffer):
            self.workspace.close(buffer)
            self.drafts.drop(buffer)
            self.watch_files.forget(buffer)
            self._show_front()

    async def _may_close(self, buffer: Buffer) -> bool:
        """Whether the text may go: it is saved, or its loss was agreed to."""
        if not buffer.dirty or not buffer.text.strip():
            return True
        choice = await self.app.push_screen_wait(Unsaved(buffer.name))
        if choice == UnsavedChoice.SAVE:
            return await self._save()
        return bool(choice == UnsavedChoice.DISCARD)

    # --- files -----------------------------------------------------------------------------------

    @work(group="file-command", exit_on_error=False)
    async def action_open(self) -> None:
        """Open an example or a file, beside what is open."""
        recent = await self.drafts.recent()
        read_qpy = self.services.compiler.read_qpy
        opened = await self.app.push_screen_wait(
            OpenFile(self._folder(), read_qpy, self.drafts.found, recent=recent)
        )
        if opened is None:
            return
        first, *_ = [
            self.drafts.reopen(one.draft) if one.draft else self.workspace.open(one.name, one.text, one.path)
            for one in (opened, *opened.others)
        ]
        self._put_in_front(first)

    def action_new(self) -> None:
        """Start an empty circuit, beside what is open."""
        self.workspace.open("untitled", "")
        self._show_front()

    @work(group="file-command", exit_on_error=False)
    async def action_save(self) -> None:
        """Save the file; ask for a path when there is none."""
        await self._save()

    @work(group="file-command", exit_on_error=False)
    async def action_save_as(self) -> None:
        """Save under another path."""
        await self._save_as()

    async def _save(self) -> bool:
        buffer = self.workspace.front
        if buffer.path is None:
            return await self._save_as()
        if not await self._agreed_on(buffer, saving=True):
            return False
        path, text = buffer.path, buffer.text
        try:
            await self.watch_files.save(buffer, path, text)
        except QdeckError as error:
            self.shell.report(error)
            return False
        self._saved(buffer, path, text)
        return True

    async def _save_as(self) -> bool:
        buffer = self.workspace.front
        text = buffer.text
        suggestion = str(buffer.path or f"{buffer.name}.qasm")
        path = await self.app.push_screen_wait(SaveAs(text, suggestion, self._folder()))
        if path is None:
            return False
        buffer.path, buffer.name = path, path.stem
        self.watch_files.know(buffer, path)
        self._saved(buffer, path, text)
        return True

    def _saved(self, buffer: Buffer, path: Path, text: str) -> None:
        buffer.saved, buffer.touched = text, True
        self.drafts.begin(buffer)
        self._write_soon()
        self._note_recent(path)
        self._show_title()
        self.shell.show_notice(f"Saved {plain(str(path), limit=200)}")

    # --- what others change ----------------------------------------------------------------------

    def _look_at_file(self) -> None:
        if self.app.screen is self:
            self.run_worker(self._agreed_on(self.workspace.front), group="disk", exit_on_error=False)

    async def _agreed_on(self, buffer: Buffer, *, saving: bool = False) -> bool:
        """Look whether another has changed the file; ask then what is to become of it.

        Returns:
            True when the text may be written to the file.
        """
        try:
            on_disk = await self.watch_files.changed(buffer)
        except QdeckError as error:
            if not saving:
                self.shell.report(error)
            return True
        if on_disk is None:
            return True
        question = ChangedOnDisk(buffer.name, dirty=buffer.dirty, saving=saving)
        choice = await self.app.push_screen_wait(question)
        if choice == DiskChoice.RELOAD:
            self._take(buffer, on_disk)
            buffer.saved, buffer.touched = on_disk, True
            self.drafts.begin(buffer)
            self._show_front()
        elif choice == DiskChoice.OVERWRITE and not saving:
            await self._save()
        return bool(choice == DiskChoice.OVERWRITE)

    def _take(self, buffer: Buffer, text: str) -> None:
        """Make the text another one, as one step for undo."""
        area = self.buffers.area(buffer)
        if LargeDocument(text).newline != area.document.newline:
            buffer.text = text  # its lines end in another way: it is loaded anew
            self.buffers.area(buffer)
        else:
            area.rewrite("\n".join(LargeDocument(text).lines), lambda offset: offset)

    @work(group="file-command", exit_on_error=False)
    async def action_outside(self) -> None:
        """Edit the text in the user's own editor; what comes back is one step for undo."""
        buffer = self.workspace.front
        try:
            text = await edit_outside(self.app, buffer, self.area.cursor_location[0] + 1)
        except SuspendNotSupported:
            self.shell.show_notice("There is no terminal to give to another editor.")
            return
        if text is None:
            self.shell.show_notice("The editor ended with an error: the text is as it was.")
        elif text != buffer.text:
            self._take(buffer, text)
            self._show_front()

    def _folder(self) -> Path:
        return self.workspace.path.parent if self.workspace.path is not None else Path.cwd()

    def _show_title(self, *, typing: bool = False) -> None:
        workspace = self.workspace
        place = plain(str(workspace.path), limit=200) if workspace.path is not None else ""
        area = self.area
        # Whether it is another text is seen when typing pauses: a long one is not compared at each key.
        changed = workspace.front.touched if typing else workspace.dirty
        self.tabs.follow(self.buffers.beside, typing=typing)
        mark = ("● ", TextStyle.WARNING) if changed else "  "
        facts = ["" if area.document.empty else f"OpenQASM {area.version}", place]
        facts.append("not saved" if changed else "")
        text = " · ".join(fact for fact in facts if fact)
        self.query_one("#title", TextBlock).show(
            [line(mark, (plain(workspace.name, limit=60), TextStyle.STRONG), (f"  {text}", TextStyle.MUTED))]
        )
