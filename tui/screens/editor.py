"""The editor: write OpenQASM, see at once what Qiskit says of it, and go on to transpile and run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import CheckReport, Diagnostic
from tui.monitor.services import AppServices
from tui.openqasm.drafts import Change
from tui.openqasm.files import save_circuit
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Unsaved, UnsavedChoice
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.drafts import WRITE_AFTER, DraftKeeper
from tui.screens.workspace import PendingAction, Workspace
from tui.widgets.circuit.diagnostic_lines import HEIGHT, CheckState, diagnostic_lines
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.keymap import EDITOR, bindings
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextBlock, TextPane, text_page

PAUSE = 0.4
"""Seconds without a key before Qiskit is asked."""
LONG = 2.0
"""Seconds after which a check can be stopped by a key: esc leaves the text until then."""
FIRST_LONG = 8.0
"""The same for the first check, which waits for Qiskit to start."""
ROOMY = 110
"""Columns from which on the circuit is drawn beside its text."""
_INVITATION = (
    "Type OpenQASM here, or\n  ctrl+o  opens an example or a file\n  F8      transpiles what is written"
)
_RUNS = "\n  F9      transpiles it and goes on to run it"


class EditorScreen(SectionScreen):
    """Holds the text; the workspace has it at every moment, so that no section works on an older one."""

    SECTION = "editor"
    BINDINGS: ClassVar = bindings(EDITOR)

    class Checked(Message):
        """Qiskit's word on a text, or why there is none."""

        def __init__(self, text: str, report: CheckReport | None, error: QdeckError | None = None) -> None:
            super().__init__()
            self.text = text
            self.report = report
            self.error = error

    class Drawn(Message):
        """A text's circuit, drawn."""

        def __init__(self, text: str, drawing: str) -> None:
            super().__init__()
            self.text = text
            self.drawing = drawing

    _pause: Timer | None = None
    _asking: Worker[None] | None = None
    """The check under way: the next one waits for it, because stopping it would stop the compiler."""
    _asked_for = ""
    """The text it checks."""
    _patience: Timer | None = None
    _takes_long = _ever_checked = False
    _state: CheckState | CheckReport | QdeckError = CheckState.NOTHING
    _next_error = 0
    _seen: tuple[object, int] = (None, 0)
    """The document, and its version, that the workspace has."""
    _write_timer: Timer | None = None

    def __init__(self, services: AppServices, workspace: Workspace, drafts: DraftKeeper) -> None:
        super().__init__(services, workspace)
        self.drafts = drafts

    def compose(self) -> ComposeResult:
        """The name of the circuit, text and drawing, and what Qiskit says."""
        yield TextBlock(id="title")
        with Horizontal(id="desk"):
            runs = "" if self.services.read_only else _RUNS
            yield QasmEditor(placeholder=Content(_INVITATION + runs), id="qasm")
            yield TextPane(id="circuit")
        yield TextBlock(id="verdict")

    def on_mount(self) -> None:
        """The caret is in the text."""
        self.query_one("#circuit", TextPane).can_focus = False
        area = self.query_one(QasmEditor)
        area.on_change = self._note_change
        self._load_workspace()
        self.drafts.begin_once()
        area.focus()

    def on_screen_resume(self) -> None:
        """Another section may have put another circuit on the workspace; and Qiskit will be needed."""
        self.run_worker(self.services.compiler.start(), group="compiler", exit_on_error=False)
        self._load_workspace()

    def on_resize(self) -> None:
        """The drawing has room, or not."""
        roomy = self.size.width >= ROOMY
        if roomy != self.has_class("-roomy"):
            self.set_class(roomy, "-roomy")
            self.call_after_refresh(self._ask_soon)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Errors in the text as it stands, as far as they are known."""
        return self._state.diagnostics if isinstance(self._state, CheckReport) else ()

    # --- checking --------------------------------------------------------------------------------

    @on(TextArea.Changed, "#qasm")
    def _edited(self) -> None:
        document = self.query_one(QasmEditor).document
        if self._seen == (document, document.version) and self._state is not CheckState.NOTHING:
            return
        self._seen = document, document.version
        self._share_text()
        self._say(CheckState.NOTHING if document.empty else CheckState.WAITING)
        self._show_title(typing=not document.empty)
        self._ask_soon()

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

    def _ask_soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._ask)

    def _ask(self) -> None:
        if self._asking is not None:
            return
        text = self.workspace.qasm
        self._show_title()
        if not text.strip():
            self._show_drawing("", "")
            return
        if not self._ever_checked:
            self._say(CheckState.STARTING)
        self._patience = self.set_timer(LONG if self._ever_checked else FIRST_LONG, self._out_of_patience)
        self._asked_for = text
        self._asking = self.run_worker(self._check(text), group="check", exit_on_error=False)

    def _out_of_patience(self) -> None:
        self._takes_long = True
        # A report has no hash.
        if self._state in (CheckState.WAITING, CheckState.STARTING):
            self._say(CheckState.LONG)
        self.refresh_bindings()

    async def _check(self, text: str) -> None:
        """Ask Qiskit, and for the drawing when there is room for it."""
        try:
            report = await self.services.compiler.check(text)
            self.post_message(self.Checked(text, report))
            width = self._drawing_width()
            if report.ok and width:
                self.post_message(self.Drawn(text, await self.services.compiler.draw(text, width=width)))
        except QdeckError as error:
            self.post_message(self.Checked(text, None, error))
        finally:
            self._asking, self._takes_long = None, False
            if self._patience is not None:
                self._patience.stop()

    @on(Checked)
    def _checked(self, message: Checked) -> None:
        self._ever_checked = True
        if message.text != self.workspace.qasm:
            self._ask_soon()  # an answer to an older text says nothing of this one
            return
        self._next_error = 0
        report = message.report
        self.workspace.qubits = report.stats.qubits if report is not None and report.stats is not None else 0
        self._say(message.report or message.error or CheckState.NOTHING)
        self.query_one(QasmEditor).mark(self.diagnostics)
        self.refresh_bindings()

    @on(Drawn)
    def _drew(self, message: Drawn) -> None:
        if message.text == self.workspace.qasm:
            self._show_drawing(message.text, message.drawing)

    def _drawing_width(self) -> int:
        return self.query_one("#circuit").size.width if self.has_class("-roomy") else 0

    def _show_drawing(self, text: str, drawing: str) -> None:
        page = text_page(drawing) if drawing else []
        self.query_one("#circuit", TextPane).show(lambda _width: page, home=not text)

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
        if choice is UnsavedChoice.SAVE:
            return await self._save()
        return choice is UnsavedChoice.DISCARD

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
        self._state = CheckState.NOTHING
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
            self._state = CheckState.NOTHING
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

    # --- going on --------------------------------------------------------------------------------

    def action_transpile(self) -> None:
        """Transpile and review."""
        self._go_on(PendingAction.TRANSPILE)

    def action_run(self) -> None:
        """Transpile with the choices made, and go on to the submit form."""
        self._go_on(PendingAction.RUN)

    def action_jump(self) -> None:
        """Go to the next error."""
        if self.diagnostics:
            self.query_one(QasmEditor).jump_to(self.diagnostics[self._next_error % len(self.diagnostics)])
            self._next_error += 1

    def action_stop(self) -> None:
        """Stop the check: the compiler really stops."""
        if self._asking is not None:
            self._asking.cancel()
            if self.workspace.qasm == self._asked_for:
                self._say(CheckState.STOPPED)
            else:
                self._ask_soon()
            self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`jump` exists only while there are errors, `stop` while a check takes long."""
        if action == "stop":
            return self._takes_long
        return bool(self.diagnostics) if action == "jump" else super().check_action(action, parameters)

    def _go_on(self, pending_action: PendingAction) -> None:
        if not self.workspace.qasm.strip():
            self.shell.show_notice("There is no circuit yet: type one, or ctrl+o opens an example.")
        elif self.diagnostics:
            self._next_error = 0
            self.action_jump()  # what is wrong stands below the text already
        else:
            self.workspace.pending_action = pending_action
            self.shell.go("transpile")

    # --- showing ---------------------------------------------------------------------------------

    def _say(self, state: CheckState | CheckReport | QdeckError) -> None:
        if state is self._state:
            return
        self._state = state
        self._show_verdict()

    def _show_verdict(self) -> None:
        width = max(40, self.size.width - 2)
        self.query_one("#verdict", TextBlock).show(diagnostic_lines(self._state, width)[:HEIGHT])

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
