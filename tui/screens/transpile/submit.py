"""The submit form of the transpile review at work: the price, what must be confirmed, the submission."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.message import Message
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.submissions import Submission, WaitState
from tui.monitor.actions.pricing import PricedSubmission
from tui.monitor.actions.recalibration import recalibration
from tui.monitor.state.events import OutboxChanged, Severity
from tui.screens.base import lost_reason
from tui.screens.dialogs.confirm import Confirm
from tui.screens.transpile.form_pane import FormPane
from tui.screens.transpile.price import PriceBlock
from tui.screens.transpile.recheck import Redo, RedoQuestion
from tui.screens.transpile.status import flag_reason
from tui.screens.transpile.together import submit_as_batch
from tui.screens.transpile.transpiling import Transpiled
from tui.screens.workspace import PendingAction
from tui.widgets.forms.submit_form import Source
from tui.widgets.forms.submit_validation import costs
from tui.widgets.text.styled_text import StyledLine, TextStyle, line


class SubmitPane(FormPane):
    """Submits the candidate of the workspace as its form says.

    Attributes:
        submitting: a submission is under way, and nobody has said yet that it waits in line.
    """

    class Said(Message):
        """The state line is to show this; no lines: what stands."""

        def __init__(self, *lines: StyledLine) -> None:
            super().__init__()
            self.lines = lines

    class Measured(Message):
        """The candidate under review has the figures of a later calibration."""

        def __init__(self, candidate: Candidate) -> None:
            super().__init__()
            self.candidate = candidate

    class _Created(Message):
        def __init__(self, words: str, job_id: str) -> None:
            super().__init__()
            self.words = words
            self.job_id = job_id

    class _Refused(Message):
        def __init__(self, error: QdeckError) -> None:
            super().__init__()
            self.error = error

    submitting = False
    _waiting: Worker[None] | None = None
    """Looks at the calibration and waits for the price of what is to be submitted."""

    @property
    def stoppable(self) -> bool:
        """True while the price is waited for, or a dry run."""
        waits = self._waiting is not None and not self._waiting.is_finished
        return waits or (self.is_mounted and self.price.dry_running)

    def submit(self) -> None:
        """Submit the candidate under review, after a confirmation where it costs more than usual."""
        if self.submitting:
            return
        if (source := self._source()) is None:
            self._say_making()
            return
        if self.form.submission(source) is None:
            return
        self.submitting = True
        self._waiting = self._run(self._prepare(source), "submit-price")
        self._section.refresh_bindings()

    def ask_dry_run(self) -> None:
        """Ask the service what the run would take; said once where the plan does not allow it."""
        source = self._source()
        draft = None if source is None else self.form.submission(source)
        if source is not None and draft is not None and self._jobs(source, draft):
            self._section.shell.show_notice("A dry run is of one job, not of a batch.")
        elif draft is not None and self._section.services.pricing.dry_run_refusal is None:
            self.price.ask_dry_run(draft)
            self._section.refresh_bindings()

    def stop(self) -> None:
        """Stop waiting for the price, and the dry run; nothing is submitted."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self.price.stop()
        self._ended()

    def _say_making(self) -> None:
        if (trouble := self._further.trouble) is not None:
            self.form.say(str(trouble))
        elif self._section.workspace.candidate is not None:
            self._section.shell.show_notice("The other circuits are being transpiled.")

    async def _prepare(self, source: Source) -> None:
        """Look at the calibration, then at the price, then decide."""
        try:
            checked = await self._checked(source)
            draft = None if checked is None else self.form.submission(checked)
            settled = None
            if checked is not None and draft is not None:
                settled = await self._settled(draft, self._jobs(checked, draft))
        except QdeckError as error:
            self.post_message(self._Refused(error))
            return
        except BaseException:
            self.submitting = False
            raise
        self._ended()
        if settled is not None:
            self._decide(settled)
        elif draft is not None:
            self._section.shell.show_notice("The form was changed: F9 submits it as it stands.")

    async def _checked(self, source: Source) -> Source | None:
        """Return what is to be submitted, by the calibration of now; `None`: nothing, or what was made anew.

        A later calibration than that of the review leads to a question, if other qubits are better by it.
        """
        services, workspace = self._section.services, self._section.workspace
        compared = await recalibration(
            services.transpiler,
            services.backends,
            source.candidate,
            source.text,
            search=workspace.search,
            tell=lambda: self._say_busy("Calibrated since the review: looking for better qubits…"),
        )
        if compared is None or workspace.candidate is not source.candidate:
            return source if workspace.candidate is source.candidate else None
        if compared.pays:
            answer = await self.app.push_screen_wait(RedoQuestion(compared))
            if answer == Redo.REDO:
                run, words = PendingAction.RUN, compared.searched
                self.post_message(Transpiled(compared.redone, source.text, run, words, chosen=True))
            if answer != Redo.AS_REVIEWED:
                return None
        workspace.candidate = compared.now
        self.post_message(self.Measured(compared.now))
        return Source(compared.now, source.text, further=source.further)

    async def _settled(self, draft: Submission, jobs: Sequence[Submission]) -> PricedSubmission | None:
        self.price.show_draft(draft, jobs)
        if (at_hand := self.price.at_hand(draft)) is not None:
            return at_hand
        self._say_busy("Working out the price…")
        return await self.price.settled(draft, jobs)

    def _say_busy(self, words: str) -> None:
        self.post_message(self.Said(line((f"{words}  esc stops", TextStyle.BUSY))))

    def _decide(self, priced: PricedSubmission) -> None:
        """Submit, or ask first."""
        services, workspace = self._section.services, self._section.workspace
        submission = priced.submission
        # Of a batch the service ends each job after so many seconds: the price has that.
        limit = None if priced.jobs else submission.max_seconds
        session = next((one for one in services.sessions.all() if one.id == submission.session_id), None)
        reasons = costs(priced.price, services.connection.usage, session, limit)
        if lost := lost_reason(services, workspace, submission.session_id):
            reasons.insert(0, lost)
        if workspace.candidate is not None and (broken := flag_reason(workspace.candidate)):
            reasons.insert(0, broken)
        if reasons:
            self._run(self._ask(priced, reasons), "submit-command")
        else:
            self._send(priced)

    def in_line(self, event: OutboxChanged) -> None:
        """Leave for the job table when the submission waits for the service's limits."""
        if self.submitting and any(one.state is WaitState.WAITING and one.why for one in event.waiting):
            self._ended()
            self._section.shell.show_notice("In line: it goes out as soon as the service takes it.")
            self._section.shell.show_row("")

    @on(PriceBlock.DryRunEnded)
    def _dry_run_ended(self, message: PriceBlock.DryRunEnded) -> None:
        self._section.refresh_bindings()
        if message.error is None:
            return
        if self._section.services.pricing.dry_run_refusal is None:
            self.form.say(str(message.error))
            return
        text = f"No dry run: {message.error.message} The formula is used."
        self._section.shell.show_notice(text, Severity.WARNING)

    async def _ask(self, priced: PricedSubmission, reasons: list[str]) -> None:
        """Ask before a run that costs more than usual."""
        where = plain(priced.submission.backend, limit=60)
        if await self.app.push_screen_wait(Confirm(f"Run on {where}?", reasons, "Run it")):
            self._send(priced)

    def _send(self, priced: PricedSubmission) -> None:
        submission = priced.submission
        self.submitting = True
        self._section.workspace.use_session(submission.session_id)
        text = f"Submitting to {plain(submission.backend, limit=60)}…"
        self.post_message(self.Said(line((text, TextStyle.BUSY))))
        self._run(self._create(priced), "submit")

    async def _create(self, priced: PricedSubmission) -> None:
        services, submission = self._section.services, priced.submission
        try:
            if priced.jobs:
                words, job_id = await submit_as_batch(services, priced.jobs), ""
            else:
                estimate = await services.transpiler.simulation(submission)
                job = await services.outbox.submit(submission)
                words, job_id = f"Submitted {plain(job.id, limit=80)}", job.id
                words += "" if estimate is None or not estimate.words else f". {estimate.words}"
        except QdeckError as error:
            self.post_message(self._Refused(error))
        except BaseException:
            self.submitting = False
            raise
        else:
            self.post_message(self._Created(words, job_id))

    def _ended(self) -> None:
        self.submitting = False
        self.post_message(self.Said())
        self._section.refresh_bindings()

    @on(_Created)
    def _created(self, message: _Created) -> None:
        self._ended()
        self._section.shell.show_notice(message.words)
        self._section.shell.show_row(message.job_id)

    @on(_Refused)
    def _refused(self, message: _Refused) -> None:
        self._ended()
        self.form.say(str(message.error))
