"""The editor: write OpenQASM, see at once what Qiskit says of it, and go on to transpile and run."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import TextArea

from tui.domain.circuits import CheckReport
from tui.monitor.services import AppServices
from tui.openqasm.drafts import Change, ChangeKind
from tui.openqasm.fixes import Fix, fix_of
from tui.screens.dialogs.prompt import Prompt
from tui.screens.drafts import DraftKeeper
from tui.screens.editor.checks import CheckPane
from tui.screens.editor.circuit import CircuitPane
from tui.screens.editor.find_bar import FindBar
from tui.screens.editor.navigation import EditorNavigation
from tui.screens.editor.simulation import SimulationPane
from tui.screens.workspace import Buffer, PendingAction, Workspace
from tui.widgets.circuit.diagram_view import DiagramView
from tui.widgets.circuit.line_editing import wrong_place
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.keymap import EDITOR, bindings
from tui.widgets.text.text_widgets import TextBlock

ROOMY = 110
"""Columns from which on the circuit is drawn beside its text."""
_INVITATION = (
    "Type OpenQASM here, or\n  ctrl+o  opens an example or a file\n  F8      transpiles what is written"
)
_RUNS = "\n  F9      transpiles it and goes on to run it"


class EditorScreen(EditorNavigation):
    """The text, its circuit beside it and what Qiskit says below."""

    SECTION = "editor"
    BINDINGS: ClassVar = bindings(EDITOR)

    _first_changed = 0
    _seen: tuple[object, int] = (None, 0)
    """The document, and its version, that was taken notice of."""

    def __init__(self, services: AppServices, workspace: Workspace, drafts: DraftKeeper) -> None:
        invitation = _INVITATION + ("" if services.read_only else _RUNS)
        super().__init__(services, workspace, drafts, Content(invitation))
        self.find_bar = FindBar(lambda: self.area)
        self.checks = CheckPane(services, workspace, id="verdict")
        self.circuit = CircuitPane(services, id="circuit")
        self.simulation = SimulationPane(services, id="simulation")

    def compose(self) -> ComposeResult:
        """The name of the circuit, text and drawing, and what Qiskit says."""
        yield self.tabs
        yield TextBlock(id="title")
        yield self.find_bar
        with Horizontal(id="desk"):
            yield self.buffers
            with Vertical(id="beside"):
                yield self.circuit
                yield self.simulation
        yield self.typing_help
        yield self.checks

    def on_mount(self) -> None:
        """The caret is in the text."""
        self._show_front()

    def on_screen_resume(self) -> None:
        """Another section may have put another circuit on the workspace; and Qiskit will be needed."""
        self.run_worker(self.services.compiler.start(), group="compiler", exit_on_error=False)
        self._show_front(focus=False)

    def on_resize(self) -> None:
        """The drawing has room, or not."""
        roomy = self.size.width >= ROOMY
        if roomy != self.has_class("-roomy"):
            self.set_class(roomy, "-roomy")
            self._arrange()

    # --- checking --------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _edited(self, event: TextArea.Changed) -> None:
        document = self.area.document
        if event.text_area is not self.area:
            return
        if self._seen == (document, document.version) and self.checks.begun:
            return
        self._seen = document, document.version
        self._show_title(typing=not document.empty)
        self.find_bar.follow()
        self.checks.edited(empty=document.empty)
        self.circuit.edited(self._first_changed or self.area.cursor_location[0] + 1)
        self.simulation.edited()
        self._first_changed = 0

    def _text_loaded(self) -> None:
        self.checks.begin()
        self.circuit.clear()
        self.simulation.clear()
        self._first_changed = 0

    def _note_change(self, buffer: Buffer, area: QasmEditor, change: Change) -> None:
        super()._note_change(buffer, area, change)
        if change.kind is ChangeKind.EDIT:
            line = min(change.start, change.end)[0] + 1
            self._first_changed = min(line, self._first_changed or line)

    @on(CheckPane.Pausing)
    def _paused(self) -> None:
        self._show_title()

    @on(CheckPane.Checked)
    def _checked(self, message: CheckPane.Checked) -> None:
        report = message.report
        self.workspace.qubits = report.stats.qubits if report is not None and report.stats is not None else 0
        self._mark()
        if report is not None and report.ok:
            self._draw()
        else:
            why = "there is none: the text has errors" if message.text else ""
            self.circuit.clear(why)
            self.simulation.clear(why)
        self.refresh_bindings()

    @on(CheckPane.Analysed)
    def _mark(self) -> None:
        """Show where the errors are that are known now."""
        marks = self.area.marks
        any_before = bool(marks)
        self.area.mark(self.checks.diagnostics)
        self._tell_of(self.area.cursor_location)
        if bool(marks) is not any_before:
            self.refresh_bindings()

    @on(CheckPane.PatienceChanged)
    def _patience_changed(self) -> None:
        self.refresh_bindings()

    # --- the circuit -----------------------------------------------------------------------------

    @on(TextArea.SelectionChanged)
    def _moved_on(self) -> None:
        place = self.area.cursor_location
        self.circuit.mark(place[0] + 1)
        self._tell_of(place)

    def _tell_of(self, place: tuple[int, int]) -> None:
        """Show below what is wrong at a place of the text."""
        self.checks.follow(self.area.marks, place, corrects=self._correction() is not None)

    @on(DiagramView.Picked)
    def _picked(self, message: DiagramView.Picked) -> None:
        """Go to the line of an operation."""
        self.area.move_cursor((message.line - 1, 0), center=True)
        self.action_text()

    def action_circuit(self) -> None:
        """Go to the circuit, and from it back to the text."""
        if self._beside is self.circuit:
            self.action_text()
            return
        self._go_beside(self.circuit)
        if self._beside is self.circuit:
            self.circuit.view.focus()

    def action_simulate(self) -> None:
        """Show the ideal simulation and go to its sliders; from them, or shown, put it away again."""
        if self.has_class("-simulation") and (self._beside is self.simulation or self._roomy_and_fixed):
            self.remove_class("-simulation")
            self.action_text()
            return
        self._go_beside(self.simulation)
        if self._beside is self.simulation and not self._roomy_and_fixed:
            self.simulation.go_to()

    @property
    def _roomy_and_fixed(self) -> bool:
        """True when a simulation stands beside the text, and has nothing to go to."""
        return self.has_class("-roomy") and not self.simulation.has_sliders

    def _go_beside(self, pane: Vertical) -> None:
        """Show a pane beside the text, in a narrow terminal in the place of the text."""
        if self.checks.blocks or not self.workspace.qasm.strip():
            self.shell.show_notice("There is no circuit yet: the text has errors, or is empty.")
            return
        if pane is self.simulation:
            self.add_class("-simulation")
        self._beside = None if pane is self.simulation and self._roomy_and_fixed else pane
        self._arrange()

    _beside: Vertical | None = None
    """The pane that was gone to."""

    def action_text(self) -> None:
        """Go back from a pane to the text."""
        self._beside = None
        self._arrange()
        self.area.focus()

    def _arrange(self) -> None:
        """In a narrow terminal one pane has the place of the text."""
        narrow = not self.has_class("-roomy")
        self.set_class(narrow and self._beside is self.circuit, "-circuit")
        self.set_class(narrow and self._beside is self.simulation, "-simulation-alone")
        self.refresh_bindings()
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        report = self.checks.state
        if isinstance(report, CheckReport) and report.ok:
            self.circuit.draw(self.workspace.qasm)
            self.simulation.simulate(self.workspace.qasm, report.parameters)

    # --- going about the text --------------------------------------------------------------------

    def action_find(self, replaces: bool) -> None:
        """Find in the text, and replace."""
        self.find_bar.open(replaces=replaces)

    def action_match(self, direction: int) -> None:
        """Go to the next match, or the one before, of what was found last."""
        self.find_bar.step(direction)

    @work(group="file-command", exit_on_error=False)
    async def action_line(self) -> None:
        """Ask for a line, and go there."""
        area = self.area
        hint = f"A number up to {area.document.line_count:,}, or LINE:COLUMN."
        typed = await self.app.push_screen_wait(Prompt("Go to line", hint=hint, check=wrong_place))
        if typed:
            area.go_to_line(typed)

    # --- going on --------------------------------------------------------------------------------

    def action_transpile(self) -> None:
        """Transpile and review."""
        self._go_on(PendingAction.TRANSPILE)

    def action_run(self) -> None:
        """Transpile with the choices made, and go on to the submit form."""
        self._go_on(PendingAction.RUN)

    def action_jump(self, direction: int) -> None:
        """Go to the next error or warning, or the one before."""
        if (found := self.area.marks.step(self.area.cursor_location, direction)) is not None:
            self.area.jump_to(found)

    def action_fix(self) -> None:
        """Correct what is told of first below the text: that at the cursor."""
        area = self.area
        if area.marks.stale:
            self.shell.show_notice("The text is being checked: once more, in a moment.")
        elif (fix := self._correction()) is None:
            self.shell.show_notice("More than one change would do here: it is yours to make.")
        else:
            area.correct(fix)
            if fix.row != area.cursor_location[0]:
                self.shell.show_notice(f"Line {fix.row + 1} is corrected.")

    def _correction(self) -> Fix | None:
        """The correction of what is told of first; `None`: there is none, or the text was edited since."""
        marks = self.area.marks
        index = marks.at(self.area.cursor_location)
        if index is None or marks.stale or self.area.read_only:
            return None
        found = marks.all[index]
        return fix_of(found, self.area.document.lines, marks.of_row(found.line - 1))

    def action_stop(self) -> None:
        """Stop the check: the compiler really stops."""
        self.checks.stop()
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out keys that have nothing to do: `jump`, `fix` without errors, `stop` if no check is long.

        Returns:
            True when the action exists now.
        """
        if action == "stop":
            return self.checks.takes_long and self._beside is None
        if action == "text":
            return self._beside is not None
        if action in {"jump", "fix"}:
            return bool(self.area.marks)
        return super().check_action(action, parameters)

    def _go_on(self, pending_action: PendingAction) -> None:
        if not self.workspace.qasm.strip():
            self.shell.show_notice("There is no circuit yet: type one, or ctrl+o opens an example.")
        elif self.checks.blocks:
            self.area.jump_to(self.area.marks.first_error)  # what is wrong stands below the text already
        else:
            self.workspace.pending_action = pending_action
            self.shell.go("transpile")
