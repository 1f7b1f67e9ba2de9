"""The job table: every job, live, with the one under the cursor in short below."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import on, work

from tui.domain.jobs import Job
from tui.jobquery.completion import QUICKLY_READ, job_values
from tui.jobquery.job_list import Grouping, JobRows, Order
from tui.jobquery.view import JobView
from tui.monitor.state.events import Event, IdentityChanged, Severity
from tui.screens.base import SectionScreen
from tui.screens.jobs.commands import JobCommands
from tui.screens.jobs.list_base import JobRowsScreen
from tui.screens.jobs.preview import near_the_end
from tui.screens.jobs.table_settings import next_grouping, sorted_by
from tui.widgets.chrome.filter_input import FilterInput
from tui.widgets.keymap import JOBS, bindings
from tui.widgets.tables.job_table import JobTable, known
from tui.widgets.tables.row_table import RowTable
from tui.widgets.text.format import format_count

if TYPE_CHECKING:
    from tui.screens.jobs.bulk_actions import BulkAction
    from tui.screens.jobs.command_line import CommandLine

_LOOKED_AT = 1.0
"""Seconds the user's cursor rests on a job until it counts as looked at."""
_Ask = Callable[[SectionScreen, Sequence[Job], int], Awaitable["BulkAction | None"]]


class JobsScreen(JobCommands, JobRowsScreen):
    """Newest first, until the user wants it otherwise; the cursor stays on its job whatever changes."""

    BINDINGS: ClassVar = bindings(JOBS)

    _wanted = ""
    """The job that the cursor is to be on as soon as it has a row."""

    @cached_property
    def _commands(self) -> CommandLine:
        from tui.screens.jobs.command_line import CommandLine

        return CommandLine(self)

    def app_event(self, event: Event) -> None:
        """Jobs changed, or another account is signed in: say what the history holds of others."""
        super().app_event(event)
        account = self.services.connection.account
        if isinstance(event, IdentityChanged) and account and account != self.workspace.places.get("account"):
            self.workspace.keep_place("account", account)
            if count := self.services.jobs.elsewhere:
                self.shell.show_notice(
                    f"The history holds {format_count(count, 'job')} of other accounts: O shows them, too."
                )

    def action_others(self) -> None:
        """List the jobs of other accounts, too, or no longer."""
        jobs = self.services.jobs
        count = format_count(jobs.elsewhere, "job")
        if not jobs.elsewhere:
            signed_in = self.services.connection.identity is not None
            why = "The history holds no jobs of other accounts." if signed_in else "All jobs are shown."
            self.shell.show_notice(why)
            return
        jobs.list_others(not jobs.with_others)
        told = f"{count} of other accounts shown, too: O leaves them out." if jobs.with_others else ""
        self.shell.show_notice(told or f"{count} of other accounts left out.")

    # --- the rows the user wants -----------------------------------------------------------------

    def put_cursor_on(self, job_id: str) -> None:
        """Put the cursor on a job, at once or when its row is there; say so when the filter hides it."""
        self._wanted = job_id
        self._refresh_rows()
        if self._wanted and not self._building:
            self._wanted = ""
            self.shell.show_notice(
                "The job is not shown: in a folded group, or left out by the filter (esc drops it)."
            )

    def _show(self, rows: JobRows) -> None:
        super()._show(rows)
        if self._wanted and self._wanted in self.table.keys:
            wanted, self._wanted = self._wanted, ""
            self.table.jump_to(wanted)

    @on(JobTable.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_preview()

    @on(RowTable.CursorMoved)
    def _cursor_moved(self, message: RowTable.CursorMoved) -> None:
        if type(message) is RowTable.CursorMoved:
            self._show_preview()

    @on(JobTable.Navigated)
    def _steered(self, message: JobTable.Navigated) -> None:
        self._wanted = ""
        if message.moved and self.table.cursor_key in self.table.unseen:
            self._mark_seen_after_rest(self.table.cursor_key)
        if near_the_end(self.services.jobs.coverage, self.table, self._list):
            self.services.jobs.request_older(self._list.filter)
        self._show_preview()

    @work(exclusive=True, group="jobs-seen", exit_on_error=False)
    async def _mark_seen_after_rest(self, job_id: str) -> None:
        """The job is seen when the cursor still rests on it after a moment, before the user's eyes."""
        await self.clock.sleep(_LOOKED_AT)
        if self.table.cursor_key == job_id and self.is_active and self.app.app_focus:
            self.services.jobs.mark_read(job_id)

    def action_next_unseen(self) -> None:
        """Go to the next job that was not looked at, from the top again at the end."""
        table = self.table
        here = table.cursor_index + 1
        key = next((key for key in (*table.keys[here:], *table.keys[:here]) if key in table.unseen), None)
        if key is not None:
            table.jump_to(key)
        elif table.unseen:
            hidden = format_count(len(table.unseen), "unseen job")
            self.shell.show_notice(
                f"{hidden} not shown: in a folded group, or left out by the filter (esc drops it)."
            )
        else:
            self.shell.show_notice("No unseen jobs.")

    def action_see_all(self) -> None:
        """Take all jobs for looked at."""
        unseen = self.services.jobs.unread()
        if unseen:
            self.services.jobs.mark_read(*unseen)
            self._list.unseen = self.services.jobs.unread()
            if self._list.filter.unseen_dependent:
                self._refresh_rows()
            self.shell.show_notice(f"{format_count(len(unseen), 'job')} marked as seen.")

    def action_older(self) -> None:
        """With rows the table does it; with none, older ones may fit."""
        self.services.jobs.request_older(self._list.filter)

    @on(RowTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    @on(RowTable.HeadClicked)
    def _head_clicked(self, message: RowTable.HeadClicked) -> None:
        self._sort(sorted_by(self._table_settings.view.order, message.column.id))

    @on(FilterInput.Changed)
    def _filter_changed(self, message: FilterInput.Changed) -> None:
        if message.wanted != self._list.filter:
            self._list.filter = message.wanted
            self._list.unseen = self.services.jobs.unread()
            self._table_settings.view = replace(self._table_settings.view, filter=str(message.wanted))
            self._refresh_rows()
            self._keep_filter()

    @on(FilterInput.Left)
    def _filter_kept(self) -> None:
        self.table.focus()

    def action_filter(self) -> None:
        """Ask for the filter."""
        self._show_count()
        self.filter_line.ask()
        self._learn_values()

    def action_command(self) -> None:
        """Ask for a command."""
        self.filter_line.complete_command = self._commands.complete
        self.filter_line.ask_command()
        self._learn_values()

    @work(exclusive=True, group="jobs-values", exit_on_error=False)
    async def _learn_values(self) -> None:
        """What the fields are completed from; in a thread where there are many jobs."""
        jobs = self.services.jobs.all()
        # Keys typed right behind the one that opens the field are completed at once.
        quick = len(jobs) <= QUICKLY_READ
        self.filter_line.learn(job_values(jobs) if quick else await asyncio.to_thread(job_values, jobs))

    @on(FilterInput.Given)
    def _command_given(self, message: FilterInput.Given) -> None:
        self._run_command(message.command)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def _run_command(self, command: str) -> None:
        await self._commands.run(command)

    def action_drop(self) -> None:
        """Unmark all; with nothing marked, or while the filter is typed, drop the filter."""
        marked = self.table.marked
        if self.filter_line.command.has_focus:
            self.table.focus()
            return
        if marked and not self.filter_line.field.has_focus:
            self.table.mark(marked, False)
            return
        self.filter_line.use("")
        self.table.focus()

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_filters(self) -> None:
        """Use a saved filter, save the present one, delete one."""
        text = await self._table_settings.ask_filter(self, str(self._list.filter))
        if text is not None:
            self.filter_line.use(text)
            self.table.focus()

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_sort(self) -> None:
        """Choose the column to sort by."""
        order = await self._table_settings.ask_order(self)
        if order is not None:
            self._sort(order)

    def action_turn(self) -> None:
        """Sort the other way round."""
        self._sort(sorted_by(self._table_settings.view.order, self._table_settings.view.order.column))

    def _sort(self, order: Order) -> None:
        self.change_view(order=order)

    def action_group(self) -> None:
        """Group by session, by tag, or not at all."""
        self.change_view(grouping=next_grouping(self._table_settings.view.grouping))

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_columns(self) -> None:
        """Choose, order and size the columns."""
        if await self._table_settings.ask_columns(self):
            self.table.choose(known(self._table_settings.view.columns))

    def change_view(self, *, order: Order | None = None, grouping: Grouping | None = None) -> None:
        """Show the table so at once, and write it down.

        Args:
            order, grouping: the new ones; `None`: as it is.
        """

        def change(view: JobView) -> JobView:
            return replace(view, order=order or view.order, grouping=grouping or view.grouping)

        if grouping is not None:
            self._list.folded.clear()
        self._table_settings.view = change(self._table_settings.view)
        self._refresh_rows()
        self._save_view(change)

    def action_preview(self) -> None:
        """Show the preview, or hide it."""

        def change(view: JobView) -> JobView:
            return replace(view, preview=shown)

        shown = not self._table_settings.view.preview
        self._table_settings.view = change(self._table_settings.view)
        self._show_preview()
        self._save_view(change)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_views(self) -> None:
        """Open a saved view, or delete one."""
        await self.saved_views.pick()

    def palette(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """List the saved views."""
        return self.saved_views.palette()

    # --- what is done to jobs --------------------------------------------------------------------

    def action_open(self) -> None:
        """Everything about the job under the cursor; a group is folded, or unfolded."""
        from tui.screens.jobs.detail import JobScreen

        job, group = self.current, self.table.group_under_cursor
        if group is not None:
            self._list.folded ^= {group}
            self._refresh_rows()
        elif job is not None:
            self.app.push_screen(JobScreen(self.services, self.workspace, job.id))

    def action_mark(self) -> None:
        """Mark the job under the cursor, or no longer."""
        self.table.toggle()

    def action_mark_on(self, steps: int) -> None:
        """Mark this job and the next."""
        self.table.mark_on(steps)

    def action_mark_range(self) -> None:
        """Mark from the last mark to here."""
        self.table.mark_range()

    def action_mark_all(self) -> None:
        """Mark every job shown, or none."""
        self.table.mark_all()

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Cancel the job under the cursor, or the marked ones, after a question."""
        from tui.screens.jobs.actions import ask_cancel
        from tui.screens.jobs.bulk_actions import ask_cancel_many

        await self._ask(ask_cancel, ask_cancel_many)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_edit(self) -> None:
        """Open the circuit of the job under the cursor in the editor, with the choices it was run with."""
        from tui.screens.jobs.edit import ask_edit

        if self.current is not None:
            await ask_edit(self, self.current)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_delete(self) -> None:
        """Delete the job under the cursor, or the marked ones, after a question."""
        from tui.screens.jobs.actions import ask_delete
        from tui.screens.jobs.bulk_actions import ask_delete_many

        await self._ask(ask_delete, ask_delete_many)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_line(self) -> None:
        """Withdraw or reorder what has not become a job yet."""
        from tui.screens.jobs.actions import ask_line

        await ask_line(self)

    def chosen_jobs(self) -> Sequence[Job]:
        """The marked jobs, in the order they were marked, else the one under the cursor."""
        marked = [job for job_id in self.table.marked if (job := self._list.get(job_id)) is not None]
        if marked or self.current is None:
            return marked
        return [self.current]

    def chosen_note(self) -> str:
        """How many of the marked ones the filter hides."""
        hidden = self._hidden_marks()
        return f"{hidden:,} of the marked are not shown by the filter." if hidden else ""

    async def _ask(self, one: Callable[[SectionScreen, Job], Awaitable[object]], many: _Ask) -> None:
        if self.foreign(self.chosen_jobs()):
            return
        if not self.table.marked:
            if self.current is not None:
                await one(self, self.current)
        elif not self.busy:
            bulk_action = await many(self, self.chosen_jobs(), self._hidden_marks())
            if bulk_action is not None:
                self.run_bulk(bulk_action)

    @property
    def busy(self) -> bool:
        """Whether a bulk action is under way, which is told then."""
        if self._action_progress:
            self.shell.show_notice(f"Still {self._action_progress}: wait for its end.", Severity.WARNING)
        return bool(self._action_progress)

    def unmark(self, ids: Sequence[str]) -> None:
        """Mark these jobs no longer."""
        self.table.mark(ids, False)

    def show_progress(self, text: str) -> None:
        """Say in the rule below the table how far a bulk action has come."""
        self._action_progress = text
        self._show_preview()

    def action_copy(self) -> None:
        """Send the id to the terminal's clipboard."""
        job = self.current
        if job is not None:
            self.shell.send_to_clipboard(job.id)

    @work(exclusive=True, group="refresh", exit_on_error=False)
    async def action_refresh(self) -> None:
        """Ask the service now."""
        if self.services.connection.identity is None:
            self.shell.show_notice("Not signed in. F7 signs in.", Severity.WARNING)
            return
        await self.services.polling.refresh()
