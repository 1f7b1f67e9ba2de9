"""Which jobs the table shows, in which order, and the one under the cursor in short below; live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.common.errors import QdeckError
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult
from tui.jobquery.job_list import Grouping, JobList, JobRows
from tui.jobquery.view import JobView, SavedView
from tui.monitor.services import AppServices
from tui.monitor.state.events import (
    Event,
    FreshnessChanged,
    HistoryCoverageChanged,
    IdentityChanged,
    JobsChanged,
    OutboxChanged,
    Severity,
)
from tui.screens.base import SectionScreen
from tui.screens.jobs.preview import (
    PreviewPane,
    coverage_matters,
    coverage_text,
    empty_text,
    job_preview,
    outbox_lines,
    result_absence,
    rule,
)
from tui.screens.jobs.saved_views import SavedViews
from tui.screens.jobs.table_settings import TableSettings
from tui.screens.workspace import Workspace
from tui.widgets.chrome.filter_input import FilterInput, readable_filter
from tui.widgets.results.histogram import preview_line
from tui.widgets.tables.job_table import JobTable, known
from tui.widgets.text.format import format_count
from tui.widgets.text.styled_text import BLANK, StyledLine
from tui.widgets.text.text_widgets import TextBlock

_AGES = 10.0
"""Seconds between looks at the clock: ages are no finer."""
_COUNTDOWN = 1.0
"""Seconds between two paintings of what goes out at a known time; nothing is painted when nothing does."""
_PREVIEWS = 200
"""Results of which it is remembered how they look in one line."""
_TYPED = 0.5
"""Seconds without a key after which a filter is written down."""
_BESIDE = 160
"""Cells from which on the preview stands beside the table."""
_SETTLE = 0.15
"""Seconds the cursor rests on a job before its result is asked for."""


class JobRowsScreen(SectionScreen):
    """Newest first, until the user wants it otherwise; the cursor stays on its job whatever changes.

    Args:
        table_settings: how the table is wanted.
    """

    SECTION = "jobs"
    EVENTS: ClassVar = (JobsChanged, IdentityChanged, FreshnessChanged, OutboxChanged, HistoryCoverageChanged)

    def __init__(self, services: AppServices, workspace: Workspace, table_settings: TableSettings) -> None:
        super().__init__(services, workspace)
        self._list = JobList()
        self._table_settings = table_settings
        self.saved_views = SavedViews(self, self._table_settings)
        self._shown = 0
        self._requested = self._built = 0
        self._building = False
        self._previews: dict[str, tuple[int, StyledLine]] = {}
        """Results in one line, and for what width; by job."""
        self._result_absent: tuple[str, StyledLine] = ("", BLANK)
        """The job under the cursor and why its result is not shown, until there is a reason to ask again."""
        self._result: tuple[str, JobResult | None] = ("", None)
        """The result that the preview beside the table shows, and its job."""
        self._fetching = ""
        self._action_progress = ""

    def compose(self) -> ComposeResult:
        """Filter (hidden until asked for), table or what to do when it is empty, and the preview."""
        yield FilterInput(id="filter-line")
        yield TextBlock(id="line")
        with Horizontal(id="beside"):
            with Vertical(id="list"):
                yield JobTable(self._list.get, lambda: self.clock.now(), id="jobs")
                yield Static(Content(""), id="empty")
            yield PreviewPane(id="preview")
        yield TextBlock(id="strip")

    def on_mount(self) -> None:
        """Show what is known, as it was wanted last time, and let ages grow."""
        if trouble := self._table_settings.trouble:
            self.shell.show_notice(trouble, Severity.WARNING)
        self.table.choose(known(self._table_settings.view.columns))
        self._list.filter = readable_filter(self._table_settings.view.filter)
        self.filter_line.use(self._table_settings.view.filter)
        self._list.replace_all(self.services.jobs.all())
        self._sync_unseen()
        self._refresh_rows()
        self.table.focus()
        self._countdown = self.set_interval(_COUNTDOWN, self._show_line, pause=True)
        self._show_line()
        self.set_interval(_AGES, self._refresh_ages)

    @property
    def table(self) -> JobTable:
        """The table."""
        return self.query_one(JobTable)

    @property
    def filter_line(self) -> FilterInput:
        """The line in which the filter is typed."""
        return self.query_one(FilterInput)

    # --- what is shown ---------------------------------------------------------------------------

    def app_event(self, event: Event) -> None:
        """Jobs changed: show them; signed in or out: the empty state says something else."""
        if isinstance(event, JobsChanged):
            if any(job.id == self._result_absent[0] for job in event.jobs):
                self._ask_again()
            if event.removed:
                self.table.mark(event.removed, False)
            fits = self._sync_unseen()
            if self._list.apply_changes(event.jobs, event.removed, self.services.jobs.all) or fits:
                self._refresh_rows()
            else:
                self.table.jobs_changed()
                self._show_preview()
        elif isinstance(event, IdentityChanged):
            self._show_emptiness()
            self._show_line()
        elif isinstance(event, FreshnessChanged):
            if event.freshness.offline_since is None:
                self._ask_again()
                self._show_preview()
        elif isinstance(event, OutboxChanged):
            self._show_line()
        elif isinstance(event, HistoryCoverageChanged):
            self._show_emptiness()
            self._show_preview()

    def _sync_unseen(self) -> bool:
        """Which jobs are unseen now; whether the rows have to be found anew for that."""
        unseen = self.services.jobs.unread()
        if unseen is self.table.unseen:
            return False
        self.table.unseen = unseen
        # What is looked at while unseen jobs are listed stays: no row goes away from under the eyes.
        if not self._list.filter.unseen_dependent:
            self._list.unseen = unseen
            return False
        more = not unseen <= self._list.unseen
        self._list.unseen |= unseen
        return more

    def on_screen_resume(self) -> None:
        """Ages may have grown while another section was shown, and a result may be there that was not."""
        self._ask_again()
        self._refresh_ages()

    def _refresh_ages(self) -> None:
        """Time has passed."""
        if self._list.filter.time_dependent:
            self._refresh_rows()
        self.table.repaint()
        self._show_preview()
        self._show_line()

    def _show_line(self) -> None:
        """What has not become a job yet, above the table."""
        block = self.query_one("#line", TextBlock)
        hint = "" if self.services.read_only else "w changes it"
        waiting = self.services.outbox.queue.waiting()
        lines = outbox_lines(waiting, self.clock.now(), hint=hint)
        block.display = bool(lines)
        block.show(lines)
        if self.is_current and any(one.due is not None for one in waiting):
            self._countdown.resume()
        else:
            self._countdown.pause()

    def _refresh_rows(self) -> None:
        """Find the rows: at once where that is quick, else in a thread while the old ones are shown."""
        self._list.order, self._list.grouping = (
            self._table_settings.view.order,
            self._table_settings.view.grouping,
        )
        self._requested += 1
        if self._list.sorts_quickly:
            # What a thread is still at is older than this, and is dropped.
            self._built = self._requested
            self._show(self._list.rows_builder(self.clock.now())())
        elif not self._building:
            self._building = True
            self._build_rows_in_thread()

    @work(group="jobs-arrange", exit_on_error=False)
    async def _build_rows_in_thread(self) -> None:
        try:
            while self._built < self._requested:
                requested = self._requested
                rows = await asyncio.to_thread(self._list.rows_builder(self.clock.now()))
                if self._built < requested:
                    self._built = requested
                    self._show(rows)
        finally:
            self._building = False

    def _show(self, rows: JobRows) -> None:
        table = self.table
        self._shown = rows.shown
        table.show_rows(rows, self._list.order, self._list.folded)
        self._show_emptiness()
        if rows.rows and self.focused is None:
            # Focusing what has the focus already would paint it all again.
            table.focus()
        if self.filter_line.display:
            self._show_count()
        self._show_preview()

    def _show_count(self) -> None:
        self.filter_line.show_count(f"{self._shown:,} of {format_count(len(self._list), 'job')}")

    def _show_emptiness(self) -> None:
        empty = self.query_one("#empty", Static)
        empty.display = not self.table.keys
        self.table.display = bool(self.table.keys)
        if empty.display:
            empty.update(Content(empty_text(self.services, self._list, building=self._building)))

    # --- how the table is wanted -----------------------------------------------------------------

    def use_view(self, saved: SavedView) -> None:
        """Show the table as a saved view has it."""

        def change(view: JobView) -> JobView:
            return view.showing(saved)

        self._list.folded.clear()
        self._table_settings.view = change(self._table_settings.view)
        self.table.choose(known(saved.columns))
        self._list.filter = readable_filter(saved.filter)
        self.filter_line.use(saved.filter)
        self._refresh_rows()
        self._save_view(change)

    @work(group="jobs-view", exit_on_error=False)
    async def _save_view(self, change: Callable[[JobView], JobView]) -> None:
        await self._table_settings.change(self.shell, change)

    @work(exclusive=True, group="jobs-keep-filter", exit_on_error=False)
    async def _keep_filter(self) -> None:
        """Write the filter down when it is typed to its end."""
        await self.clock.sleep(_TYPED)
        text = self._table_settings.view.filter
        await self._table_settings.change(self.shell, lambda view: replace(view, filter=text))

    def show_facts(self) -> None:
        """Show anew what is not as it is at first."""
        self._show_preview()

    # --- the preview -----------------------------------------------------------------------------

    @property
    def current(self) -> Job | None:
        """The job under the cursor."""
        return self._list.get(self.table.cursor_key)

    def on_resize(self) -> None:
        """Draw the preview as wide as the screen."""
        self._show_preview()

    def _show_preview(self) -> None:
        job, width = self.current, self.size.width
        room = max(20, width - 2)
        wanted = self._table_settings.view.preview
        beside = wanted and width >= _BESIDE
        made_for, glance = self._previews.get(job.id, (0, BLANK)) if job else (0, BLANK)
        if job is not None and job.id != self._result_absent[0]:
            self._ask_again()
        below = wanted and not beside
        lines = (
            job_preview(job, glance or self._result_absent[1], self.clock.now(), room)
            if job and below
            else ()
        )
        strip, pane = self.query_one("#strip", TextBlock), self.query_one(PreviewPane)
        strip.show([rule(self._table_facts(), width), *lines])
        strip.set_class(beside or not wanted, "-rule-alone")
        pane.display = beside
        there = made_for == room
        if beside:
            result = self._result[1] if job is not None and self._result[0] == job.id else None
            pane.show_job(job, result, self._result_absent[1], self.clock.now)
            there = result is not None
        if job is None or job.status is not JobStatus.DONE or there or not wanted:
            return
        if job.id not in (self._fetching, self._result_absent[0]):
            self._fetching = job.id
            self._fetch_result(job.id)

    def _ask_again(self) -> None:
        """What kept the result from being shown may be over."""
        self._result_absent = ("", BLANK)

    def _table_facts(self) -> list[str]:
        """What is not as it is at first."""
        facts: list[str] = []
        marked = len(self.table.marked)
        if self._action_progress:
            facts.append(self._action_progress)
        unseen = len(self.table.unseen)
        if unseen:
            facts.append(f"{unseen:,} unseen")
        if marked:
            hidden = self._hidden_marks()
            facts.append(f"{marked:,} marked" + (f" ({hidden:,} not shown)" if hidden else ""))
        if view := self.saved_views.in_use:
            facts.append(view)
        if self._list.filtered:
            facts.append(f"{self._shown:,} of {format_count(len(self._list), 'job')}")
        if self.services.jobs.with_others:
            facts.append(f"{format_count(self.services.jobs.elsewhere, 'job')} of other accounts")
        if self._list.grouping is not Grouping.NONE:
            facts.append(f"by {self._list.grouping}")
        coverage = self.services.jobs.coverage
        if (
            self._list
            and coverage_matters(coverage, self.table, self._list)
            and (words := coverage_text(coverage))
        ):
            facts.append(words)
        return facts

    def _hidden_marks(self) -> int:
        keep = self._list.keep
        marked = (self._list.get(job_id) for job_id in self.table.marked)
        return sum(1 for job in marked if job is not None and not keep(job)) if keep is not None else 0

    @work(exclusive=True, group="jobs-result", exit_on_error=False)
    async def _fetch_result(self, job_id: str) -> None:
        """Fetch the result for the preview; a large one is left until the job is opened."""
        try:
            await self.clock.sleep(_SETTLE)
            result = await self.services.jobs.result(job_id, by_itself=True, short=True)
            room = max(20, self.size.width - 2)
            # Sorting a million bit strings takes a second.
            glance = await asyncio.to_thread(preview_line, result, room)
        except QdeckError as error:
            job = self.current
            if job is not None and job.id == job_id:
                self._result_absent = (job_id, result_absence(job, error))
        else:
            if len(self._previews) >= _PREVIEWS:
                self._previews.clear()
            self._previews[job_id] = (room, glance)
            self._result = (job_id, result)
        finally:
            if self._fetching == job_id:
                self._fetching = ""
        if self.current is not None and self.current.id == job_id:
            self._show_preview()
