"""Jobs side by side: what came out, what differed before, their circuits; or a job beside its ideal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult

from tui.common.errors import QdeckError
from tui.common.safe_text import plain, plain_lines
from tui.domain.comparisons.reports import Report
from tui.domain.jobs import Job
from tui.monitor.services import AppServices
from tui.screens.jobs.commands import JobCommands
from tui.screens.workspace import Workspace
from tui.widgets.keymap import COMPARE, bindings
from tui.widgets.results.comparison import circuits_page, differences_page, results_page
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock, TextPane

VIEWS = ("Results", "Differences", "Circuits")
_PAGES = (results_page, differences_page, circuits_page)


class CompareScreen(JobCommands):
    """Jobs held against the first of them. Pushed over what called it; esc goes back.

    Args:
        job_ids: the jobs, the first one first; one alone is held against its ideal.
        report: shown as it is, where nothing is to be fetched: of candidates.
    """

    SECTION = "jobs"
    BINDINGS: ClassVar = bindings(COMPARE)

    def __init__(
        self,
        services: AppServices,
        workspace: Workspace,
        job_ids: Sequence[str] = (),
        report: Report | None = None,
    ) -> None:
        super().__init__(services, workspace)
        self._job_ids = list(dict.fromkeys(job_ids))
        self._ideal = len(self._job_ids) == 1
        self._report = report
        self._trouble: QdeckError | None = None
        self._view = 0 if report is None else 1

    def compose(self) -> ComposeResult:
        """Who is compared, the names of the views, the view."""
        yield TextBlock(id="sides")
        yield TextBlock(id="views")
        yield TextPane(id="view")

    def on_mount(self) -> None:
        """Compare, and say so meanwhile."""
        self._show(home=True)
        self.query_one(TextPane).focus()
        if self._report is None:
            self._load()

    def chosen_jobs(self) -> Sequence[Job]:
        """The jobs that are compared, as far as they are known."""
        return [job for job_id in self._job_ids if (job := self.services.jobs.get(job_id)) is not None]

    def on_resize(self) -> None:
        """The sides are folded to the width."""
        self._show()

    def _show(self, *, home: bool = False) -> None:
        width = max(40, self.size.width - 2)
        self.query_one("#sides", TextBlock).show([*self._sides(width), BLANK])
        names: list[Span] = []
        for place, name in enumerate(VIEWS):
            action = f"screen.view_at({place})"
            if place == self._view:
                names.append(Span(f"[{place + 1} {name}] ", TextStyle.CURRENT, action))
            else:
                names += [Span(f" {place + 1} ", TextStyle.KEY, action), Span(f"{name}  ", action=action)]
        self.query_one("#views", TextBlock).show([tuple(names)])
        self.query_one(TextPane).show(self._page, home=home)

    def _sides(self, width: int) -> list[StyledLine]:
        if self._report is None:
            many = len(self._job_ids)
            what = "a job with its ideal" if many == 1 else f"{many} jobs"
            return [line((f" Comparing {what}", TextStyle.STRONG))]
        first, *others = self._report.sides
        text = f"{', '.join(others)} against {first}"
        simulated = any(job.service.startswith("sandbox") for job in self.chosen_jobs())
        head = wrapped(f" {text}", width, TextStyle.STRONG)
        return [*head, line((" SANDBOX: simulated, no hardware", TextStyle.SANDBOX))] if simulated else head

    def _page(self, width: int) -> Sequence[StyledLine]:
        if self._trouble is not None:
            text = plain_lines((self._trouble.message, self._trouble.advice))
            return [part for row in text.splitlines() for part in wrapped(f" {row}", width)]
        if self._report is None:
            what = "Simulating the ideal and comparing …" if self._ideal else "Comparing …"
            return [line((f" {what}", TextStyle.MUTED))]
        return _PAGES[self._view](self._report, width)

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def _load(self) -> None:
        self._report = self._trouble = None
        self._show(home=True)
        try:
            self._report = await self.services.comparisons.report(self._job_ids, ideal=self._ideal)
        except QdeckError as error:
            self._trouble = error
        self._show(home=True)

    def action_back(self) -> None:
        """Back to where it was called."""
        self.dismiss()

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        self.action_view_at((self._view + step) % len(VIEWS))

    def action_view_at(self, place: int) -> None:
        """A view by its place."""
        self._view = max(0, min(place, len(VIEWS) - 1))
        self._show(home=True)

    def action_ideal(self) -> None:
        """Hold all against the ideal of the first, or no longer."""
        if not self._job_ids:
            return
        if self._ideal and len(self._job_ids) == 1:
            self.shell.show_notice("One job alone is held against its ideal. Mark another in the table.")
            return
        self._ideal = not self._ideal
        self._load()

    def action_first(self) -> None:
        """Hold the others against the next job."""
        if len(self._job_ids) > 1:
            self._job_ids.append(self._job_ids.pop(0))
            first = self.services.jobs.get(self._job_ids[0])
            name = plain(first.name or first.id, limit=40) if first is not None else self._job_ids[0]
            self.shell.show_notice(f"Held against {name}.")
            self._load()

    def action_refresh(self) -> None:
        """Compare anew."""
        if self._job_ids:
            self._load()
