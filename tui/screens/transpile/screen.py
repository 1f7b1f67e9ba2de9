"""The transpile review: choose how, compare what comes out, and run it."""

from __future__ import annotations

import contextlib
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.devices.backends import best_backend, undecided
from tui.domain.search import SearchProgress
from tui.monitor.services import AppServices
from tui.monitor.state.events import (
    BackendsChanged,
    Event,
    IdentityChanged,
    OutboxChanged,
    SessionsChanged,
    UsageChanged,
)
from tui.screens.base import SectionScreen
from tui.screens.dialogs.cloud_options import CloudRefinements
from tui.screens.transpile.all_backends import choose_backend
from tui.screens.transpile.review import ReviewPane
from tui.screens.transpile.status import error_lines, invitation, missing, verdict
from tui.screens.transpile.submit import SubmitPane
from tui.screens.transpile.transpiling import Refused, SearchNews, Transpiled, TranspileRun
from tui.screens.workspace import PendingAction, Workspace
from tui.widgets.forms.transpile_options import TranspileOptionsForm
from tui.widgets.keymap import TRANSPILE, bindings
from tui.widgets.tables.candidate_table import CandidateTable
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock


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

    _asked_about: frozenset[str] = frozenset()
    """Backends whose errors were asked for."""
    _searched = ""
    """How the search for what is in the table went; empty: none was made."""

    def __init__(self, services: AppServices, workspace: Workspace) -> None:
        super().__init__(services, workspace)
        self._transpiling = TranspileRun(self)

    def compose(self) -> ComposeResult:
        """Choices, one line of state, then the candidates."""
        yield TranspileOptionsForm(id="choices")
        yield TextBlock(id="said")
        yield TextBlock(id="nothing-yet")
        yield ReviewPane(id="review")

    def on_mount(self) -> None:
        """Show what is known already."""
        workspace = self.workspace
        # First: what the fields hold is taken over as soon as backends are offered.
        self.query_one(TranspileOptionsForm).show(
            workspace.backend, workspace.options, search=workspace.search
        )
        self._show_backends()
        self._show_identity()
        if self.workspace.candidate is not None:
            self._pane.review(self.workspace.candidate)
        self._show_state()

    def on_screen_resume(self) -> None:
        """Do what was asked for on the way here, and look again at the circuit; Qiskit will be needed."""
        self.run_worker(self.services.compiler.start(), group="compiler", exit_on_error=False)
        choices = self.query_one(TranspileOptionsForm)
        if not self.is_mounted or not choices.is_mounted:
            return
        if self.workspace.candidate_source != self.workspace.qasm and not self.workspace.backend_picked:
            self.workspace.backend = ""
        if self.workspace.choices_given:
            self.workspace.choices_given = False
            choices.show(self.workspace.backend, self.workspace.options, search=self.workspace.search)
        self._show_backends()
        self._submit.show_sessions()
        self._submit.form.suggest_name(self.workspace.name)
        pending_action, self.workspace.pending_action = self.workspace.pending_action, PendingAction.NONE
        if pending_action is not PendingAction.NONE and not (
            pending_action is PendingAction.RUN and self.workspace.reviewed
        ):
            self._start(pending_action)
        else:
            self._show_state()
            if pending_action is PendingAction.RUN:
                self._pane.show_form()

    def app_event(self, event: Event) -> None:
        """Follow backends, sessions, usage and identity."""
        if isinstance(event, BackendsChanged):
            self._show_backends()
            self._show_state()
        elif isinstance(event, SessionsChanged):
            self._submit.show_sessions()
        elif isinstance(event, UsageChanged):
            self._submit.price.show_known()
        elif isinstance(event, IdentityChanged):
            self._asked_about = frozenset()
            self._show_identity()
            self._show_state()
        elif isinstance(event, OutboxChanged):
            self._submit.in_line(event)

    def action_transpile(self) -> None:
        """Transpile with the choices above."""
        self._start(PendingAction.TRANSPILE)

    def action_submit(self) -> None:
        """Submit what is under review; transpile first when that is not the circuit as it stands."""
        if self._submit.submitting:
            return
        if self._transpiling.under_way:
            self._transpiling.then_submit = True
            self._show_busy("Still transpiling; the form to run it comes then.")
        elif not self.workspace.reviewed:
            self._start(PendingAction.RUN)
        elif not self._submit.display:
            self._pane.show_form()
        else:
            self._submit.submit()

    def action_view(self, name: str) -> None:
        """Show a view of the candidate."""
        self._pane.show_view(name)

    def action_dry_run(self) -> None:
        """Ask the service what the run would take, without running it."""
        if not self._submit.display:
            self._pane.show_form()
        self._submit.ask_dry_run()

    def action_stop(self) -> None:
        """Stop transpiling: the compiler really stops."""
        if self._submit.stoppable:
            self._submit.stop()
        elif self._transpiling.under_way:
            self._transpiling.stop()
            self.refresh_bindings()
            self._show_state(line(("Stopped. F8 transpiles again.", TextStyle.MUTED)))
            self._submit.reprice()

    @work(group="refine-command", exclusive=True, exit_on_error=False)
    async def action_refine(self) -> None:
        """Ask the cloud transpiler for what its line of choices has no room for."""
        if not self._apply_choices():
            return
        asked = await self.app.push_screen_wait(CloudRefinements(self.workspace.options.asked))
        if asked is not None:
            self.query_one(TranspileOptionsForm).refine(asked)

    @work(group="save-command", exclusive=True, exit_on_error=False)
    async def action_save(self) -> None:
        """Save the transpiled program in a file."""
        await self._pane.save()

    @work(group="together-command", exclusive=True, exit_on_error=False)
    async def action_together(self) -> None:
        """Run other circuits with this one."""
        if self.workspace.candidate is not None and await self._submit.choose_together():
            self._pane.show_form()

    @work(group="preset-command", exclusive=True, exit_on_error=False)
    async def action_preset(self) -> None:
        """Keep the form's options under a name."""
        if self.workspace.candidate is not None:
            await self._submit.keep_preset()

    @work(group="all-backends", exclusive=True, exit_on_error=False)
    async def action_all_backends(self) -> None:
        """Search all online backends for the one that suits the circuit best, and review that."""
        if self._transpiling.under_way or self._submit.submitting:
            return
        if lines := missing(self.workspace, signed_in=self._signed_in):
            self._show_state(*lines)
        elif found := await choose_backend(self.app, self.services, self.workspace):
            workspace = self.workspace
            self.query_one(TranspileOptionsForm).show(workspace.backend, workspace.options, search=True)
            self.post_message(found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`stop` exists only while there is something to stop, `refine` only for the cloud."""
        if action == "refine":
            return self.is_mounted and self.query_one(TranspileOptionsForm).cloud
        if action == "stop":
            return self._transpiling.under_way or (self.is_mounted and self._submit.stoppable)
        if action == "dry_run" and not self.services.transpiler.prepares_programs:
            return False
        return super().check_action(action, parameters)

    def _start(self, pending_action: PendingAction) -> None:
        """Transpile in a worker, unless that is under way or something is missing."""
        if self._transpiling.under_way or self._submit.submitting or not self._apply_choices():
            return
        if lines := missing(self.workspace, signed_in=self._signed_in):
            self._show_state(*lines)
            return
        # Both need the compiler's worker, and the price will be another one.
        self._submit.price.stop()
        self._transpiling.start(pending_action)
        self.refresh_bindings()
        place = "in the cloud " if self.workspace.options.cloud else ""
        self._show_busy(f"Transpiling {place}for {plain(self.workspace.backend, limit=60)}…")

    def _show_busy(self, words: str) -> None:
        kept = "  F9 is kept" if self._transpiling.then_submit else ""
        self._show_state(line((f"{words}{kept}  esc stops", TextStyle.BUSY)))

    @on(SearchNews)
    def _search_goes_on(self, message: SearchNews) -> None:
        if not self._transpiling.under_way:
            return
        news = message.news
        if isinstance(news, SearchProgress):
            self._show_busy(news.words)
            return
        table = self._pane.table
        if self.workspace.candidate_source != message.source or self.workspace.candidate is None:
            # Its text and its views are shown at once, those of better ones at the end.
            table.clear()
            self.workspace.candidate, self.workspace.candidate_source = news, message.source
            table.add(news)
            self._pane.review(news)
            self._show_busy("Searching…")
        else:
            table.add(news, pick=False)

    @on(Transpiled)
    def _transpiled(self, message: Transpiled) -> None:
        self._transpiling.ended()
        self._searched = message.searched
        best, table = message.candidates[0], self._pane.table
        if self.workspace.candidate_source != message.source:
            table.clear()
        pick = message.chosen or not (message.searched and self._transpiling.picked)
        for candidate in reversed(message.candidates):
            table.add(candidate, pick=pick and candidate is best)
        table.unavailable = message.unavailable
        if pick:
            self.workspace.candidate, self.workspace.candidate_source = best, message.source
            self._pane.review(best)
        self.refresh_bindings()
        self._show_state()
        then_submit, self._transpiling.then_submit = self._transpiling.then_submit, False
        if then_submit or message.pending_action is PendingAction.RUN:
            self._pane.show_form()

    @on(CandidateTable.Picked)
    def _picked(self, message: CandidateTable.Picked) -> None:
        candidate = message.candidate
        workspace = self.workspace
        self._transpiling.picked = True
        workspace.search &= not candidate.options.cloud
        workspace.candidate, workspace.backend = candidate, candidate.backend
        if not workspace.search:
            workspace.options = candidate.options
        self.query_one(TranspileOptionsForm).show(
            workspace.backend, workspace.options, search=workspace.search
        )
        self.refresh_bindings()
        self._pane.review(candidate)
        self._submit.show_sessions()
        self._show_state()

    @on(TranspileOptionsForm.Changed)
    def _chosen(self) -> None:
        before = self.workspace.backend
        right = self._apply_choices()
        self.refresh_bindings()
        self.workspace.backend_picked |= self.workspace.backend != before
        if right:
            self._submit.show_sessions()
            if not self._transpiling.under_way:
                self._show_state()

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        self._transpiling.ended()
        self._submit.reprice()
        self.refresh_bindings()
        self._show_state(*error_lines(message.error, self.size.width - 2))

    @on(SubmitPane.Said)
    def _said_of_submit(self, message: SubmitPane.Said) -> None:
        self._show_state(*message.lines)

    @on(SubmitPane.Measured)
    def _measured(self, message: SubmitPane.Measured) -> None:
        self._pane.show_measured(message.candidate)

    def _apply_choices(self) -> bool:
        """Carry the choices to the workspace; true when they are valid."""
        choices = self.query_one(TranspileOptionsForm)
        self.workspace.backend = choices.backend
        self.workspace.search = choices.search
        try:
            self.workspace.options = choices.options()
        except ValueError as error:
            self._show_state(line((f"✘ {error}", TextStyle.BAD)))
            return False
        return True

    @property
    def _pane(self) -> ReviewPane:
        return self.query_one(ReviewPane)

    @property
    def _submit(self) -> SubmitPane:
        return self._pane.submit

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
        if not (workspace.backend_picked or reviewed or self._transpiling.under_way):
            workspace.backend = ""
            self._show_backends()
            self._show_state()

    def _show_identity(self) -> None:
        identity = self.services.connection.identity
        self.query_one(TranspileOptionsForm).offer_cloud(identity is not None and identity.cloud_transpiler)
        self._submit.show_identity()
        self._apply_choices()
        self.refresh_bindings()

    def _show_state(self, *said: StyledLine) -> None:
        """Show what stands: `said`, or what follows from the workspace."""
        candidate = self.workspace.candidate
        self._pane.display = candidate is not None
        nothing_yet = self.query_one("#nothing-yet", TextBlock)
        nothing_yet.display = candidate is None and not said
        if candidate is None:
            nothing_yet.show(invitation(self.workspace, signed_in=self._signed_in))
        self.query_one("#said", TextBlock).show(
            said or verdict(self.workspace, self._searched, read_only=self.services.read_only)
        )
