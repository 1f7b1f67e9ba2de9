"""The submit form of the review: its values by circuit, presets, circuits that run together, the price."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.worker import Worker

from tui.common.safe_text import plain
from tui.config.settings_file import preset_trouble, write_preset
from tui.domain.circuits import Candidate
from tui.domain.submissions import Submission
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen, drop_lost_session
from tui.screens.dialogs.prompt import Prompt
from tui.screens.dialogs.together import RunTogether
from tui.screens.transpile.price import PriceBlock
from tui.screens.transpile.together import FurtherCircuits, other_texts
from tui.widgets.forms.form_values import FormValues, read_values, write_values
from tui.widgets.forms.submit_form import Source, SubmitForm
from tui.widgets.forms.submit_validation import FieldError
from tui.widgets.text.format import offers, short_id


class FormPane(Vertical):
    """The form and its price, for the candidate of the workspace.

    For a `SectionScreen`, whose services it asks.
    """

    _circuit: tuple[str, str, int] | None = None
    """The circuit under review; `None` before the first."""
    _text = ""
    _making: Worker[None] | None = None
    """Transpiles the circuits that run with the one under review."""

    def compose(self) -> ComposeResult:
        """The form, and below it the price, which is always in sight."""
        yield SubmitForm(id="form")
        yield PriceBlock(id="price")

    def on_mount(self) -> None:
        """Offer the presets, and note what the fields hold before anything is typed."""
        self.form.offer_presets(self._section.workspace.presets)
        self._defaults = read_values(self.form)
        self._values: dict[tuple[str, str, int], FormValues] = {}
        self._together: dict[tuple[str, str, int], FurtherCircuits] = {}

    @property
    def form(self) -> SubmitForm:
        """The fields."""
        return self.query_one(SubmitForm)

    @property
    def price(self) -> PriceBlock:
        """The price of what the form says."""
        return self.query_one(PriceBlock)

    def review(self, candidate: Candidate) -> None:
        """Show the circuit that would run, named as the workspace names it, with the values typed for it."""
        workspace, form = self._section.workspace, self.form
        values, before = read_values(form), self._circuit
        form.suggest_name(workspace.name)
        self._circuit, text, self._text = workspace.circuit, self._text, workspace.candidate_source
        self.show_together()
        given, workspace.front.run = workspace.front.run, None
        # A circuit that was saved under a name is the same one.
        if before not in (None, self._circuit) and text != self._text:
            self._values[before] = values
            write_values(form, self._values.get(self._circuit, self._defaults))
        if given is not None:
            write_values(form, self._defaults)
            write_values(form, given)

    def show_identity(self) -> None:
        """Show what the account offers and what it has left."""
        self.form.offer_options(self._section.services.transpiler.prepares_programs)
        self.price.forget()

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

    async def choose_together(self) -> bool:
        """Ask which other circuits run with this one, and transpile them.

        Returns:
            True when that was chosen.
        """
        workspace, further = self._section.workspace, self._further
        folder = workspace.path.parent if workspace.path is not None else Path.cwd()
        asked = RunTogether(other_texts(workspace), folder, further.chosen)
        chosen = await self.app.push_screen_wait(asked)
        if chosen is not None:
            further.choose(chosen)
            self.show_together()
        return chosen is not None

    async def keep_preset(self) -> None:
        """Ask for a name, and keep the form's options under it."""
        section, workspace = self._section, self._section.workspace
        try:
            preset = self.form.preset()
        except FieldError as error:
            self.form.say(str(error), field=error.field)
            return
        hint = "Letters, digits, - and _. qdeck run --preset NAME uses it, too."
        name = await self.app.push_screen_wait(Prompt("Keep these options as", "", hint, preset_trouble))
        if name is None:
            return
        path = section.services.settings_file
        workspace.presets = (await asyncio.to_thread(write_preset, path, name.strip(), preset)).presets
        self.form.offer_presets(workspace.presets)
        section.shell.show_notice(f"Kept as preset {name.strip()} in {plain(str(path), limit=200)}")

    def show_together(self) -> None:
        """Show the circuits that run with the one under review, as soon as they are transpiled."""
        workspace, further = self._section.workspace, self._further
        candidate = workspace.candidate
        self.form.show_candidate(candidate, self._sources() or ())
        self.form.show_together(len(further.chosen.circuits), batch=further.chosen.batch)

    def reprice(self) -> None:
        """Show the price of what the form says, or begin to work it out."""
        draft: Submission | None = None
        jobs: tuple[Submission, ...] = ()
        if not self._section.services.read_only and (source := self._source()) is not None:
            with contextlib.suppress(FieldError):
                draft = self.form.draft(source)
                jobs = self._jobs(source, draft)
        self.price.show_draft(draft, jobs)

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

    @property
    def _further(self) -> FurtherCircuits:
        """The circuits chosen for the one at hand."""
        return self._together.setdefault(self._section.workspace.circuit, FurtherCircuits())

    def _jobs(self, source: Source, draft: Submission) -> tuple[Submission, ...]:
        """Return the jobs of a batch; none where the circuits are PUBs of one job."""
        return self.form.jobs(source, draft) if self._further.chosen.batch and draft.circuits > 1 else ()

    def _sources(self) -> tuple[Source, ...] | None:
        """Return the circuits that run with this one; `None`: they are being transpiled."""
        workspace, further = self._section.workspace, self._further
        if workspace.candidate is None or not further.chosen.circuits:
            return ()
        further.follow(other_texts(workspace))
        found = further.sources(workspace.candidate, search=workspace.search)
        making = self._making is not None and not self._making.is_finished
        if found is None and further.trouble is None and not making:
            self._making = self._run(self._make(workspace.candidate, further), "together")
        return found

    async def _make(self, candidate: Candidate, further: FurtherCircuits) -> None:
        workspace = self._section.workspace
        try:
            await further.make(self._section.services, candidate, search=workspace.search)
        finally:
            self._making = None
        self.show_together()
        if further.trouble is not None:
            self.form.say(str(further.trouble))

    def _source(self) -> Source | None:
        workspace = self._section.workspace
        if workspace.candidate is None or (further := self._sources()) is None:
            return None
        return Source(workspace.candidate, workspace.candidate_source, further=further)

    def _run(self, work: Coroutine[None, None, None], group: str) -> Worker[None]:
        # The screen reports what its workers raise.
        return self._section.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    @on(SubmitForm.SessionChosen)
    def _session_chosen(self, message: SubmitForm.SessionChosen) -> None:
        self._section.workspace.use_session(message.session_id)

    @on(SubmitForm.Changed)
    def _form_changed(self) -> None:
        self.reprice()
