"""The transpile review: choose how, compare what comes out, and run it."""

from __future__ import annotations

import contextlib
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import TabbedContent, TabPane
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.backends import best_backend, undecided
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.jobs import Submission, WaitState
from tui.monitor.state.events import (
    BackendsChanged,
    Event,
    IdentityChanged,
    OutboxChanged,
    SessionsChanged,
    Severity,
    UsageChanged,
)
from tui.screens.base import PendingAction, SectionScreen, drop_lost_session, lost_reason
from tui.screens.dialogs.cloud_options import CloudRefinements
from tui.screens.dialogs.confirm import Confirm
from tui.screens.transpile.status import (
    Refused,
    Submitted,
    Transpiled,
    error_lines,
    invitation,
    missing,
    verdict,
    warning_lines,
)
from tui.widgets.circuit.candidate_views import CandidateLayout, CandidateStats
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.forms.submit_form import Source, SubmitForm
from tui.widgets.forms.submit_validation import costs
from tui.widgets.forms.transpile_options import TranspileOptionsForm
from tui.widgets.keymap import TRANSPILE, bindings
from tui.widgets.tables.candidate_table import CandidateTable
from tui.widgets.text.format import offers, short_id
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock, TextPane, text_page


class TranspileScreen(SectionScreen):
    """Transpiles the circuit of the workspace, shows the candidates, submits the one picked."""

    SECTION = "transpile"
    EVENTS: ClassVar = (
        BackendsChanged,
        SessionsChanged,
        UsageChanged,
        IdentityChanged,
        OutboxChanged,
    )
    BINDINGS: ClassVar = bindings(TRANSPILE)

    _work: Worker[None] | None = None
    _submitting = False
    _asked_about: frozenset[str] = frozenset()
    """Backends whose errors were asked for."""

    def compose(self) -> ComposeResult:
        """Choices, one line of state, then the review in tabs."""
        yield TranspileOptionsForm(id="choices")
        yield TextBlock(id="said")
        yield TextBlock(id="nothing-yet")
        with TabbedContent(id="views"):
            with TabPane("Review", id="review"), Horizontal():
                with VerticalScroll(id="figures"):
                    yield CandidateTable(id="candidates")
                    yield TextBlock(id="warnings")
                    yield CandidateStats(id="stats")
                    yield CandidateLayout(id="layout")
                yield SubmitForm(id="form")
            with TabPane("Circuit", id="circuit"):
                yield QasmEditor(read_only=True, id="isa")
            with TabPane("Drawing", id="drawing"):
                yield TextPane(id="isa-drawing")

    def on_mount(self) -> None:
        """Show what is known already."""
        self.query_one(SubmitForm).display = not self.services.read_only
        self._show_backends()
        self._show_identity()
        self.query_one(TranspileOptionsForm).show(self.workspace.backend, self.workspace.options)
        if self.workspace.candidate is not None:
            self._review(self.workspace.candidate)
        self._show_state()

    def on_screen_resume(self) -> None:
        """Do what was asked for on the way here, and look again at the circuit; Qiskit will be needed."""
        self.run_worker(self.services.compiler.start(), group="compiler", exit_on_error=False)
        choices = self.query_one(TranspileOptionsForm)
        if not self.is_mounted or not choices.is_mounted:
            return
        if self.workspace.candidate_source != self.workspace.qasm and not self.workspace.backend_picked:
            self.workspace.backend = ""
        self._show_backends()
        self._show_sessions()
        self.query_one(SubmitForm).suggest_name(self.workspace.name)
        pending_action, self.workspace.pending_action = self.workspace.pending_action, PendingAction.NONE
        if pending_action is not PendingAction.NONE and not (
            pending_action is PendingAction.RUN and self.workspace.reviewed
        ):
            self._start(pending_action)
        else:
            self._show_state()
            if pending_action is PendingAction.RUN:
                self._show_form()

    def app_event(self, event: Event) -> None:
        """Follow backends, sessions, usage and identity."""
        if isinstance(event, BackendsChanged):
            self._show_backends()
            self._show_state()
        elif isinstance(event, SessionsChanged):
            self._show_sessions()
        elif isinstance(event, UsageChanged):
            self.query_one(SubmitForm).show_usage(event.usage)
        elif isinstance(event, IdentityChanged):
            self._asked_about = frozenset()
            self._show_identity()
            self._show_state()
        elif isinstance(event, OutboxChanged):
            self._in_line(event)

    def action_transpile(self) -> None:
        """Transpile with the choices above."""
        self._start(PendingAction.TRANSPILE)

    def action_submit(self) -> None:
        """Submit what is under review; transpile first when that is not the circuit as it stands."""
        if self._submitting or self._transpiling:
            return
        if not self.workspace.reviewed:
            self._start(PendingAction.RUN)
        elif self.query_one(TabbedContent).active != "review":
            self._show_form()
        else:
            self._submit()

    def action_stop(self) -> None:
        """Stop transpiling: the compiler really stops."""
        if self._transpiling and self._work is not None:
            self._work.cancel()
            self._work = None
            self.refresh_bindings()
            self._show_state(line(("Stopped. F8 transpiles again.", TextStyle.MUTED)))

    @work(group="refine-command", exclusive=True, exit_on_error=False)
    async def action_refine(self) -> None:
        """Ask the cloud transpiler for what its line of choices has no room for."""
        if not self._apply_choices():
            return
        asked = await self.app.push_screen_wait(CloudRefinements(self.workspace.options.asked))
        if asked is not None:
            self.query_one(TranspileOptionsForm).refine(asked)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`stop` exists only while there is something to stop, `refine` only for the cloud."""
        if action == "refine":
            return self.is_mounted and self.query_one(TranspileOptionsForm).cloud
        return self._transpiling if action == "stop" else super().check_action(action, parameters)

    @property
    def _transpiling(self) -> bool:
        return self._work is not None and not self._work.is_finished

    def _start(self, pending_action: PendingAction) -> None:
        """Transpile in a worker, unless that is under way or something is missing."""
        if self._transpiling or self._submitting or not self._apply_choices():
            return
        if lines := missing(self.workspace, signed_in=self._signed_in):
            self._show_state(*lines)
            return
        text, backend, options = self.workspace.qasm, self.workspace.backend, self.workspace.options
        self._work = self.run_worker(
            self._transpile(text, backend, options, pending_action), group="transpile", exit_on_error=False
        )
        self.refresh_bindings()
        place = "in the cloud " if options.cloud else ""
        words = f"Transpiling {place}for {plain(backend, limit=60)}…  esc stops"
        self._show_state(line((words, TextStyle.BUSY)))

    async def _transpile(
        self, text: str, backend: str, options: TranspileOptions, pending_action: PendingAction
    ) -> None:
        try:
            candidate = await self.services.transpiler.transpile(text, backend, options)
        except QdeckError as error:
            self.post_message(Refused(error, submitting=False))
        else:
            self.post_message(Transpiled(candidate, text, pending_action))

    @on(Transpiled)
    def _transpiled(self, message: Transpiled) -> None:
        self._work = None
        table = self.query_one(CandidateTable)
        if self.workspace.candidate_source != message.source:
            table.clear()
        self.workspace.candidate, self.workspace.candidate_source = message.candidate, message.source
        table.add(message.candidate)
        self._review(message.candidate)
        self.refresh_bindings()
        self._show_state()
        if message.pending_action is PendingAction.RUN:
            self._show_form()

    @on(CandidateTable.Picked)
    def _picked(self, message: CandidateTable.Picked) -> None:
        candidate = message.candidate
        workspace = self.workspace
        workspace.candidate, workspace.backend, workspace.options = (
            candidate,
            candidate.backend,
            candidate.options,
        )
        self.query_one(TranspileOptionsForm).show(workspace.backend, workspace.options)
        self.refresh_bindings()
        self._review(candidate)
        self._show_sessions()
        self._show_state()

    @on(TranspileOptionsForm.Changed)
    def _chosen(self) -> None:
        before = self.workspace.backend
        right = self._apply_choices()
        self.refresh_bindings()
        self.workspace.backend_picked |= self.workspace.backend != before
        if right:
            self._show_sessions()
            if not self._transpiling:
                self._show_state()

    @on(SubmitForm.SessionChosen)
    def _session_chosen(self, message: SubmitForm.SessionChosen) -> None:
        self.workspace.use_session(message.session_id)

    def _submit(self) -> None:
        candidate = self.workspace.candidate
        if candidate is None:
            return
        submission = self.query_one(SubmitForm).submission(Source(candidate, self.workspace.candidate_source))
        if submission is None:
            return
        session = next((one for one in self.services.sessions.all() if one.id == submission.session_id), None)
        reasons = costs(self.query_one(SubmitForm).seconds(), self.services.connection.usage, session)
        if lost := lost_reason(self.services, self.workspace, submission.session_id):
            reasons.insert(0, lost)
        if reasons:
            self._ask(submission, reasons)
        else:
            self._send(submission)

    @work(group="submit-command", exclusive=True, exit_on_error=False)
    async def _ask(self, submission: Submission, reasons: list[str]) -> None:
        """What costs more than usual is confirmed first."""
        where = plain(submission.backend, limit=60)
        if await self.app.push_screen_wait(Confirm(f"Run on {where}?", reasons, "Run it")):
            self._send(submission)

    def _send(self, submission: Submission) -> None:
        self._submitting = True
        self.workspace.use_session(submission.session_id)
        self._show_state(line((f"Submitting to {plain(submission.backend, limit=60)}…", TextStyle.BUSY)))
        self.run_worker(self._create(submission), group="submit", exit_on_error=False)

    async def _create(self, submission: Submission) -> None:
        try:
            await self.services.transpiler.simulation(submission)
            job = await self.services.outbox.submit(submission)
        except QdeckError as error:
            self.post_message(Refused(error, submitting=True))
        except BaseException:
            self._submitting = False
            raise
        else:
            self.post_message(Submitted(job))

    def _in_line(self, event: OutboxChanged) -> None:
        """The submission waits for the service's limits: nothing here has to wait with it."""
        if self._submitting and any(one.state is WaitState.WAITING and one.why for one in event.waiting):
            self._submitting = False
            self._show_state()
            self.shell.show_notice("In line: it goes out as soon as the service takes it.")
            self.shell.go("jobs")

    @on(Submitted)
    def _submitted(self, message: Submitted) -> None:
        self._submitting = False
        self._show_state()
        self.shell.show_notice(f"Submitted {plain(message.job.id, limit=80)}")
        self.shell.go("jobs")

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        if message.submitting:
            self._submitting = False
            self._show_state()
            self.query_one(SubmitForm).say(str(message.error))
            return
        self._work = None
        self.refresh_bindings()
        self._show_state(*error_lines(message.error, self.size.width - 2))

    def _apply_choices(self) -> bool:
        """Carry the choices to the workspace; true when they are valid."""
        choices = self.query_one(TranspileOptionsForm)
        self.workspace.backend = choices.backend
        try:
            self.workspace.options = choices.options()
        except ValueError as error:
            self._show_state(line((f"✘ {error}", TextStyle.BAD)))
            return False
        return True

    @property
    def _signed_in(self) -> bool:
        return self.services.connection.identity is not None

    def _show_backends(self) -> None:
        backends, chosen = self.services.backends.all(), self.workspace.backend
        if chosen not in {backend.name for backend in backends}:
            best = best_backend(backends, self.workspace.qubits)
            chosen = best.name if best is not None else ""
            unknown = frozenset(undecided(backends, self.workspace.qubits)) - self._asked_about
            if unknown:
                self._asked_about |= unknown
                self._ask_errors(sorted(unknown))
        self.query_one(TranspileOptionsForm).offer_backends(backends, chosen)
        self._apply_choices()

    @work(group="errors", exit_on_error=False)
    async def _ask_errors(self, names: list[str]) -> None:
        """Ask for the errors that decide which backend is best, where the list does not have them."""
        for name in names:
            with contextlib.suppress(QdeckError):
                await self.services.backends.details(name)
        workspace = self.workspace
        reviewed = workspace.candidate is not None and workspace.candidate_source == workspace.qasm
        if not (workspace.backend_picked or reviewed or self._transpiling):
            workspace.backend = ""
            self._show_backends()
            self._show_state()

    def _show_identity(self) -> None:
        identity = self.services.connection.identity
        self.query_one(TranspileOptionsForm).offer_cloud(identity is not None and identity.cloud_transpiler)
        form = self.query_one(SubmitForm)
        form.offer_options(self.services.transpiler.prepares_programs)
        form.show_usage(self.services.connection.usage)
        self._apply_choices()
        self.refresh_bindings()

    def _show_sessions(self) -> None:
        if lost := drop_lost_session(self.services, self.workspace):
            self.shell.show_notice(lost, Severity.WARNING)
        sessions = offers(self.services.sessions.all(), self.workspace.backend, self.clock.now())
        form, chosen = self.query_one(SubmitForm), self.workspace.session_id
        form.show_sessions(sessions, chosen)
        self.workspace.session_id = form.session_id
        if chosen and not form.session_id:
            backend = plain(self.workspace.backend, limit=40)
            gone = f"Session {short_id(chosen, 20)} takes no jobs for {backend} now"
            self.shell.show_notice(f"{gone}: what is run next runs alone.", Severity.WARNING)

    def _show_form(self) -> None:
        self.query_one(TabbedContent).active = "review"
        self.query_one(SubmitForm).focus_first()

    def _review(self, candidate: Candidate) -> None:
        self.query_one(CandidateStats).show_candidate(candidate)
        self.query_one(CandidateLayout).show_candidate(candidate)
        self.query_one("#isa", QasmEditor).load_text(candidate.qasm)
        drawing = text_page(candidate.drawing or "The circuit is too large to draw.")
        self.query_one("#isa-drawing", TextPane).show(lambda _width: drawing)
        width = max(30, self.query_one("#figures").size.width - 2)
        self.query_one("#warnings", TextBlock).show(warning_lines(candidate, width))
        form = self.query_one(SubmitForm)
        form.show_candidate(candidate)
        form.suggest_name(self.workspace.name)

    def _show_state(self, *said: StyledLine) -> None:
        """Show what stands: `said`, or what follows from the workspace."""
        candidate = self.workspace.candidate
        self.query_one(TabbedContent).display = candidate is not None
        nothing_yet = self.query_one("#nothing-yet", TextBlock)
        nothing_yet.display = candidate is None and not said
        if candidate is None:
            nothing_yet.show(invitation(self.workspace, signed_in=self._signed_in))
        self.query_one("#said", TextBlock).show(
            said or verdict(self.workspace, read_only=self.services.read_only)
        )
