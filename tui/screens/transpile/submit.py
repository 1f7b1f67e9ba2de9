"""The submit form of the transpile review at work: what must be confirmed, the submission, its outcome."""

from __future__ import annotations

from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.jobs import Job, Submission, WaitState
from tui.monitor.state.events import OutboxChanged, Severity
from tui.screens.base import SectionScreen, drop_lost_session, lost_reason
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.forms.submit_form import Source, SubmitForm
from tui.widgets.forms.submit_validation import costs
from tui.widgets.text.format import offers, short_id
from tui.widgets.text.styled_text import StyledLine, TextStyle, line


class SubmitPane(Vertical):
    """Submits the candidate of the workspace as its form says. For a `SectionScreen`, whose services it asks.

    Attributes:
        submitting: a submission is under way, and nobody has said yet that it waits in line.
    """

    class Said(Message):
        """The state line is to show this; no lines: what stands."""

        def __init__(self, *lines: StyledLine) -> None:
            super().__init__()
            self.lines = lines

    class _Created(Message):
        def __init__(self, job: Job) -> None:
            super().__init__()
            self.job = job

    class _Refused(Message):
        def __init__(self, error: QdeckError) -> None:
            super().__init__()
            self.error = error

    submitting = False

    def compose(self) -> ComposeResult:
        """The form."""
        yield SubmitForm(id="form")

    @property
    def form(self) -> SubmitForm:
        """The fields."""
        return self.query_one(SubmitForm)

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

    def review(self, candidate: Candidate) -> None:
        """Show the circuit that would run, named as the workspace names it."""
        self.form.show_candidate(candidate)
        self.form.suggest_name(self._section.workspace.name)

    def show_identity(self) -> None:
        """Show what the account offers and what it has left."""
        services = self._section.services
        self.form.offer_options(services.transpiler.prepares_programs)
        self.form.show_usage(services.connection.usage)

    def show_sessions(self) -> None:
        """Offer the open sessions of the backend, and tell when the one in use takes no more jobs."""
        section, form = self._section, self.form
        services, workspace, shell = section.services, section.workspace, section.shell
        if lost := drop_lost_session(services, workspace):
            shell.show_notice(lost, Severity.WARNING)
        sessions = offers(services.sessions.all(), workspace.backend, section.clock.now())
        chosen = workspace.session_id
        form.show_sessions(sessions, chosen)
        workspace.session_id = form.session_id
        if chosen and not form.session_id:
            backend = plain(workspace.backend, limit=40)
            gone = f"Session {short_id(chosen, 20)} takes no jobs for {backend} now"
            shell.show_notice(f"{gone}: what is run next runs alone.", Severity.WARNING)

    def submit(self) -> None:
        """Submit the candidate under review, after a confirmation where it costs more than usual."""
        services, workspace = self._section.services, self._section.workspace
        candidate = workspace.candidate
        if candidate is None or self.submitting:
            return
        submission = self.form.submission(Source(candidate, workspace.candidate_source))
        if submission is None:
            return
        session = next((one for one in services.sessions.all() if one.id == submission.session_id), None)
        reasons = costs(self.form.seconds(), services.connection.usage, session)
        if lost := lost_reason(services, workspace, submission.session_id):
            reasons.insert(0, lost)
        if reasons:
            # The screen reports what its workers raise.
            asking = self._ask(submission, reasons)
            self._section.run_worker(asking, group="submit-command", exclusive=True, exit_on_error=False)
        else:
            self._send(submission)

    def in_line(self, event: OutboxChanged) -> None:
        """Leave for the job table when the submission waits for the service's limits."""
        if self.submitting and any(one.state is WaitState.WAITING and one.why for one in event.waiting):
            self._ended()
            self._section.shell.show_notice("In line: it goes out as soon as the service takes it.")
            self._section.shell.go("jobs")

    @on(SubmitForm.SessionChosen)
    def _session_chosen(self, message: SubmitForm.SessionChosen) -> None:
        self._section.workspace.use_session(message.session_id)

    async def _ask(self, submission: Submission, reasons: list[str]) -> None:
        """Ask before a run that costs more than usual."""
        where = plain(submission.backend, limit=60)
        if await self.app.push_screen_wait(Confirm(f"Run on {where}?", reasons, "Run it")):
            self._send(submission)

    def _send(self, submission: Submission) -> None:
        self.submitting = True
        self._section.workspace.use_session(submission.session_id)
        text = f"Submitting to {plain(submission.backend, limit=60)}…"
        self.post_message(self.Said(line((text, TextStyle.BUSY))))
        self._section.run_worker(self._create(submission), group="submit", exit_on_error=False)

    async def _create(self, submission: Submission) -> None:
        services = self._section.services
        try:
            await services.transpiler.simulation(submission)
            job = await services.outbox.submit(submission)
        except QdeckError as error:
            self.post_message(self._Refused(error))
        except BaseException:
            self.submitting = False
            raise
        else:
            self.post_message(self._Created(job))

    def _ended(self) -> None:
        self.submitting = False
        self.post_message(self.Said())

    @on(_Created)
    def _created(self, message: _Created) -> None:
        self._ended()
        self._section.shell.show_notice(f"Submitted {plain(message.job.id, limit=80)}")
        self._section.shell.go("jobs")

    @on(_Refused)
    def _refused(self, message: _Refused) -> None:
        self._ended()
        self.form.say(str(message.error))
