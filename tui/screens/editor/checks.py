"""The check of the text in the editor: at once by the fast analysis, then by Qiskit; what they say."""

from __future__ import annotations

from textual import on
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.domain.devices.backends import DeviceLimits
from tui.monitor.services import AppServices
from tui.openqasm.analysis.client import combined
from tui.screens.workspace import Workspace
from tui.widgets.circuit.diagnostic_lines import CheckState, CheckView, diagnostic_lines
from tui.widgets.circuit.diagnostic_marks import DiagnosticMarks
from tui.widgets.text.text_widgets import TextBlock

FAST_PAUSE = 0.13
"""Seconds without a key before the fast analysis is asked: fluent typing does not wait for its picture."""
LARGE = 200_000
"""Characters from which on the analysis says first what it finds without QDK, which takes 0.1 s and more."""
PAUSE = 0.4
"""Seconds without a key before Qiskit is asked."""
LONG = 2.0
"""Seconds after which a check can be stopped by a key: esc leaves the text until then."""
FIRST_LONG = 8.0
"""The same for the first check, which waits for Qiskit to start."""


class CheckPane(TextBlock):
    """Has the workspace's text checked; shows how far that is and what was found, at the cursor first.

    Attributes:
        state: how far Qiskit's check of the text is, its report or its failure.
        analysis: of the text as it stands by the fast analysis; `None` while there is none.
        takes_long: the check under way can be stopped.
        ever_checked: Qiskit has answered at least once.
    """

    class Answer(Message):
        """Qiskit's word on a text, or why there is none."""

        def __init__(self, text: str, report: CheckReport | None, error: QdeckError | None = None) -> None:
            super().__init__()
            self.text = text
            self.report = report
            self.error = error

    class Checked(Message):
        """There is an answer for the text as it stands; for an empty text there is no report."""

        def __init__(self, text: str, report: CheckReport | None) -> None:
            super().__init__()
            self.text = text
            self.report = report

    class Analysed(Message):
        """There is a fast analysis of the text as it stands."""

    class Pausing(Message):
        """Typing pauses: the text is sent to be checked now, or is empty."""

    class PatienceChanged(Message):
        """`takes_long` is another."""

    _pause: Timer | None = None
    _asking: Worker[None] | None = None
    """The check under way: the next one waits for it, because stopping it would stop the compiler."""
    _asked_for = ""
    """The text it checks."""
    _patience: Timer | None = None
    _soon: Timer | None = None
    _analysing: Worker[None] | None = None
    _settling = False
    """What was said of the text a moment ago stays: what is said of it now comes when typing pauses."""
    _paused = False
    """Typing paused while the analysis was under way."""
    _limits: DeviceLimits | None = None
    """Of the backend chosen."""

    def __init__(self, services: AppServices, workspace: Workspace, *, id: str) -> None:
        super().__init__(id=id)
        self.services = services
        self.workspace = workspace
        self.state: CheckState | CheckReport | QdeckError = CheckState.NOTHING
        self.takes_long = self.ever_checked = False
        self.analysis: Analysis | None = None
        self._marks = DiagnosticMarks()
        self._place = (0, 0)
        self._corrects = False
        self._shown: CheckView | None = None

    @property
    def busy(self) -> bool:
        """True while a check is under way."""
        return self._asking is not None

    @property
    def begun(self) -> bool:
        """True when something was said of the text."""
        return self.state is not CheckState.NOTHING

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Errors and warnings in the text as it stands, as far as they are known."""
        return combined(self.analysis, self.state if isinstance(self.state, CheckReport) else None)

    @property
    def blocks(self) -> bool:
        """True when the text has errors, which Qiskit will not take; without Qiskit that is not certain."""
        return not isinstance(self.state, QdeckError) and any(not one.warning for one in self.diagnostics)

    def begin(self) -> None:
        """Know nothing yet: another text was loaded."""
        self.state, self.analysis, self._settling = CheckState.NOTHING, None, False
        self._marks = DiagnosticMarks()

    def edited(self, *, empty: bool) -> None:
        """Take back what was said of the text, and check it when typing pauses."""
        known = self.analysis is not None or self._settling
        self._settling = known and self.state is CheckState.WAITING and not empty
        self.analysis = None
        self.say(CheckState.NOTHING if empty else CheckState.WAITING)
        self.analyse_soon()
        self.ask_soon()

    def follow(self, marks: DiagnosticMarks, place: tuple[int, int], *, corrects: bool = False) -> None:
        """Show what is at a place of the text.

        Args:
            marks: the diagnostics of the text in front, where they are now.
            place: row and column, from 0.
            corrects: a key corrects what is told of first.
        """
        self._marks, self._place, self._corrects = marks, place, corrects
        self._show()

    def analyse_soon(self) -> None:
        """Analyse the text when typing pauses for a moment."""
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(FAST_PAUSE, self._analyse)

    def ask_soon(self) -> None:
        """Check the text when typing pauses."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._ask)

    def stop(self) -> None:
        """Stop the check: the compiler really stops."""
        if self._asking is None:
            return
        self._asking.cancel()
        if self.workspace.qasm == self._asked_for:
            self.say(CheckState.STOPPED)
        else:
            self.ask_soon()

    def say(self, state: CheckState | CheckReport | QdeckError) -> None:
        """Show a state."""
        if state is self.state:
            return
        self.state, self._settling = state, False
        self._show()

    def _show(self) -> None:
        if self._settling:
            return
        current = self._marks.at(self._place) or 0
        view = CheckView(
            self.state,
            self._marks.all,
            current,
            analysed=self.analysis is not None,
            corrects=self._corrects and not self._marks.stale,
        )
        if view != self._shown:
            self._shown = view
            self.show(diagnostic_lines(view, max(40, self.screen.size.width - 2)))

    def _analyse(self) -> None:
        self._paused = True
        if self._analysing is None:
            self._paused = False
            text = self.workspace.qasm
            self._analysing = self.screen.run_worker(self._fast(text), group="analysis", exit_on_error=False)

    async def _fast(self, text: str) -> None:
        """Ask the fast analysis, which is over before it would be worth stopping."""
        try:
            name = self.workspace.backend
            if name != (self._limits.name if self._limits is not None else ""):
                self._limits = DeviceLimits(name) if name else None
                if name:
                    self.screen.run_worker(self._learn_limits(name), group="limits", exit_on_error=False)
            if len(text) > LARGE:
                own = await self.services.analyzer.analyse(text, self._limits, own=True)
                # What QDK said before stays meanwhile, unless there is something new to be said.
                if not self._marks.have(own.diagnostics):
                    self._take(text, own)
            if text == self.workspace.qasm:
                self._take(text, await self.services.analyzer.analyse(text, self._limits))
        except QdeckError:
            return  # Qiskit's word follows
        finally:
            self._analysing = None
        if self._paused:
            self._analyse()

    def _take(self, text: str, analysis: Analysis) -> None:
        """Say what was found, unless the text is another by now: then its pause comes, or has come."""
        if text == self.workspace.qasm:
            self.analysis, self._settling = analysis, False
            self.post_message(self.Analysed())

    async def _learn_limits(self, name: str) -> None:
        """Ask for the limits of the backend chosen, once; then analyse again."""
        limits = await self.services.backends.limits(name)
        if name == self.workspace.backend:
            self._limits = limits
            self._analyse()

    def _ask(self) -> None:
        self._settling = False
        self._show()
        if self._asking is not None:
            return
        text = self.workspace.qasm
        self.post_message(self.Pausing())
        if not text.strip():
            self.post_message(self.Checked("", None))
            return
        if not self.ever_checked:
            self.say(CheckState.STARTING)
        self._patience = self.set_timer(LONG if self.ever_checked else FIRST_LONG, self._out_of_patience)
        self._asked_for = text
        # The screen's worker: it tells of errors that are none of ours.
        self._asking = self.screen.run_worker(self._check(text), group="check", exit_on_error=False)

    def _out_of_patience(self) -> None:
        self.takes_long = True
        # A report has no hash.
        if self.state in (CheckState.WAITING, CheckState.STARTING):
            self.say(CheckState.LONG)
        self.post_message(self.PatienceChanged())

    async def _check(self, text: str) -> None:
        """Ask Qiskit."""
        try:
            report = await self.services.compiler.check(text)
            self.post_message(self.Answer(text, report))
        except QdeckError as error:
            self.post_message(self.Answer(text, None, error))
        finally:
            self._asking, self.takes_long = None, False
            if self._patience is not None:
                self._patience.stop()

    @on(Answer)
    def _answered(self, message: Answer) -> None:
        message.stop()
        self.ever_checked = True
        if message.text != self.workspace.qasm:
            self.ask_soon()  # an answer to an older text says nothing of this one
            return
        self.say(message.report or message.error or CheckState.NOTHING)
        self.post_message(self.Checked(message.text, message.report))
