"""The check of the text in the editor: asked for when typing pauses; its state and answer stand below it."""

from __future__ import annotations

from textual import on
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.domain.circuits import CheckReport, Diagnostic
from tui.monitor.services import AppServices
from tui.screens.workspace import Workspace
from tui.widgets.circuit.diagnostic_lines import HEIGHT, CheckState, diagnostic_lines
from tui.widgets.text.text_widgets import TextBlock

PAUSE = 0.4
"""Seconds without a key before Qiskit is asked."""
LONG = 2.0
"""Seconds after which a check can be stopped by a key: esc leaves the text until then."""
FIRST_LONG = 8.0
"""The same for the first check, which waits for Qiskit to start."""


class CheckPane(TextBlock):
    """Has Qiskit check the workspace's text; shows how far that is and what was found.

    Attributes:
        state: how far the check of the text is, its report or its failure.
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

    def __init__(self, services: AppServices, workspace: Workspace, *, id: str) -> None:
        super().__init__(id=id)
        self.services = services
        self.workspace = workspace
        self.state: CheckState | CheckReport | QdeckError = CheckState.NOTHING
        self.takes_long = self.ever_checked = False

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
        """Errors in the text as it stands, as far as they are known."""
        return self.state.diagnostics if isinstance(self.state, CheckReport) else ()

    def begin(self) -> None:
        """Know nothing yet: another text was loaded."""
        self.state = CheckState.NOTHING

    def edited(self, *, empty: bool) -> None:
        """Take back what was said of the text, and check it when typing pauses."""
        self.say(CheckState.NOTHING if empty else CheckState.WAITING)
        self.ask_soon()

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
        self.state = state
        width = max(40, self.screen.size.width - 2)
        self.show(diagnostic_lines(state, width)[:HEIGHT])

    def _ask(self) -> None:
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
