"""The candidates of a circuit, and of the one under review what is to be known before it is submitted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.screens.base import SectionScreen
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.transpile.status import warning_lines
from tui.screens.transpile.submit import SubmitPane
from tui.screens.transpile.views import CandidateViews
from tui.widgets.circuit.candidate_views import loss_line
from tui.widgets.keymap import CANDIDATES, bindings
from tui.widgets.tables.candidate_table import CandidateTable
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_MOST_WARNINGS, _MOST_WARNINGS_LOW = 6, 2
"""Lines of warnings between table and views, on a high and on a low screen."""


class ReviewPane(Vertical):
    """The table, what costs the fidelity, then the views of one candidate beside the submit form.

    For a `SectionScreen`, whose workspace has the candidate under review.
    """

    BINDINGS: ClassVar = bindings(CANDIDATES)

    def compose(self) -> ComposeResult:
        """Table, losses and warnings, and below them views and form."""
        yield CandidateTable(id="candidates")
        yield TextBlock(id="losses")
        yield TextBlock(id="warnings")
        with Horizontal(id="below"):
            yield CandidateViews(id="views")
            yield SubmitPane(id="submit")

    def on_mount(self) -> None:
        """Show the form only where something can be submitted, and the view that was chosen last."""
        self.query_one(CandidateViews).begin_with(self._section.workspace.places.get("review", ""))
        self.submit.display = not self._section.services.read_only

    @property
    def table(self) -> CandidateTable:
        """All candidates."""
        return self.query_one(CandidateTable)

    @property
    def submit(self) -> SubmitPane:
        """The form and the price."""
        return self.query_one(SubmitPane)

    def review(self, candidate: Candidate) -> None:
        """Show another candidate, that of the workspace."""
        self._show_views(candidate)
        self.submit.review(candidate)
        self._show_judgement()

    def show_measured(self, candidate: Candidate) -> None:
        """Show other figures of the candidate under review; the form keeps what was typed."""
        self.table.add(candidate)
        self._show_views(candidate)
        self.submit.show_together()
        self._show_judgement()

    def show_view(self, name: str) -> None:
        """Show a view of the candidate; on a narrow screen alone, and once more beside the form.

        Args:
            name: one of `VIEWS`.
        """
        views = self.query_one(CandidateViews)
        alone = not self.submit.display
        self._show_beside(form=alone and views.chosen == name)
        views.choose(name)
        self._section.workspace.keep_place("review", name)

    def show_form(self) -> None:
        """Show the form, and put the focus on it."""
        self._show_beside(form=True)
        self.submit.form.focus_first()

    def on_resize(self) -> None:
        """Fit the table and the lines below it."""
        self.table.use_rows(max(5, self.screen.size.height // 4))
        self._show_judgement()

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def action_compare(self) -> None:
        """Hold the other candidates against the one under review: what differed, and their programs."""
        from tui.domain.comparisons.reports import MOST_SIDES, candidates_report
        from tui.screens.comparison import ComparisonScreen

        section, first = self._section, self._section.workspace.candidate
        others = [one for one in self.table.candidates if one != first]
        if first is None or not others:
            section.shell.show_notice("There is one candidate alone: F8 at level best searches for more.")
            return
        # Long programs are aligned for a while.
        report = await asyncio.to_thread(candidates_report, [first, *others][:MOST_SIDES])
        section.app.push_screen(ComparisonScreen(section.services, section.workspace, report))

    async def save(self) -> None:
        """Save the program under review in a file that the user names."""
        section, workspace = self._section, self._section.workspace
        if (candidate := workspace.candidate) is None:
            return
        folder = workspace.path.parent if workspace.path is not None else Path.cwd()
        suggestion = f"{workspace.name}-{candidate.backend}.qasm"
        path = await section.app.push_screen_wait(SaveAs(candidate.qasm, suggestion, folder))
        if path is not None:
            section.shell.show_notice(f"Saved {plain(str(path), limit=200)}")

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

    def _show_views(self, candidate: Candidate) -> None:
        source = self._section.workspace.candidate_source
        self.query_one(CandidateViews).review(candidate, source, self.table.unavailable)

    def _show_beside(self, *, form: bool) -> None:
        """Show the form beside the view; without it, a view has all of a narrow screen."""
        wide = self.screen.has_class("-wide")
        self.submit.display = (form or wide) and not self._section.services.read_only

    def _show_judgement(self) -> None:
        """Show what costs the fidelity, and what is wrong with the candidate, as wide as the screen is."""
        candidate, width = self._section.workspace.candidate, max(30, self.screen.size.width - 2)
        if candidate is None:
            return
        warnings = warning_lines(candidate, width)
        most = _MOST_WARNINGS if self.screen.has_class("-high") else _MOST_WARNINGS_LOW
        if len(warnings) > most:
            warnings[most - 1 :] = [line(("! and more: 2 shows all", TextStyle.WARNING))]
        self.query_one("#losses", TextBlock).show(loss_line(candidate, width))
        self.query_one("#warnings", TextBlock).show(warnings)
