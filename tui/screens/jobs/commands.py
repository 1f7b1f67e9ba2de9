"""What can be done to jobs from their table and from their page, as actions of both screens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from tui.domain.jobs import Job
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen

if TYPE_CHECKING:
    from tui.screens.jobs.bulk_actions import BulkAction


class JobCommands(SectionScreen):
    """The commands that take jobs away, compare them or run them again."""

    @abstractmethod
    def chosen_jobs(self) -> Sequence[Job]:
        """Return the jobs that are meant: the marked ones, else the one under the cursor."""

    def chosen_note(self) -> str:
        """What is to be known of the jobs that are meant, in a sentence; empty: nothing."""
        return ""

    def show_progress(self, text: str) -> None:
        """Show how far a bulk action has come; empty at its end."""

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_export(self) -> None:
        """Take jobs away to files or to the clipboard."""
        await self._export(clipboard=False)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_copy_as(self) -> None:
        """Send something of jobs to the terminal's clipboard."""
        await self._export(clipboard=True)

    async def _export(self, *, clipboard: bool) -> None:
        from tui.screens.jobs.export import ask_export

        jobs = self.chosen_jobs()
        if jobs:
            action = await ask_export(self, jobs, self.chosen_note(), clipboard=clipboard)
            if action is not None:
                self.run_bulk(action)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_rerun(self) -> None:
        """Run the job again, exactly as it was."""
        from tui.screens.jobs.rerun import ask_rerun

        jobs = self.chosen_jobs()
        if len(jobs) > 1:
            self.shell.show_notice("One job at a time is run again: unmark the others.", Severity.WARNING)
        elif jobs:
            action = await ask_rerun(self, jobs[0])
            if action is not None:
                self.run_bulk(action)

    def action_compare(self) -> None:
        """Hold the marked jobs against the first of them; one alone against its ideal."""
        from tui.screens.jobs.compare import CompareScreen

        jobs = self.chosen_jobs()
        if jobs:
            self.app.push_screen(CompareScreen(self.services, self.workspace, [job.id for job in jobs]))

    @work(group="jobs-bulk", exit_on_error=False)
    async def run_bulk(self, bulk_action: BulkAction) -> None:
        """Apart from the questions, so that the next question does not end it half way."""
        from tui.screens.jobs.bulk_actions import run_bulk_action

        try:
            await run_bulk_action(self, bulk_action, self.show_progress)
        finally:
            self.show_progress("")
