"""What can be done to jobs from their table and from their page, as actions of both screens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from tui.common.safe_text import shorten
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

    @property
    def busy(self) -> bool:
        """Whether a bulk action is under way, which is told then."""
        return False

    def foreign(self, jobs: Sequence[Job]) -> bool:
        """Return whether one of these jobs is another account's, which is told then: it is left as it is."""
        other = next((job for job in jobs if not self.services.connection.shows(job)), None)
        if other is not None:
            name = shorten(other.name or other.id, 40)
            self.shell.show_notice(
                f"{name} is a job of another account: F7 signs in there.", Severity.WARNING
            )
        return other is not None

    def unmark(self, ids: Sequence[str]) -> None:
        """Mark these jobs no longer, where jobs are marked."""

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
    async def action_tags(self) -> None:
        """Change the tags of the job under the cursor, or of the marked ones."""
        from tui.screens.jobs.tags import ask_tags

        jobs = self.chosen_jobs()
        if jobs and not self.busy and not self.foreign(jobs):
            self._do(await ask_tags(self, jobs, self.chosen_note()))

    def tag_chosen(self, text: str) -> None:
        """Change the tags of the jobs that are meant, by a line of changes."""
        from tui.screens.jobs.tags import change_tags

        jobs = self.chosen_jobs()
        if jobs and not self.busy and not self.foreign(jobs):
            self._do(change_tags(self, jobs, text))

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_rerun(self) -> None:
        """Run the job under the cursor again, exactly as it was, or the marked ones."""
        from tui.screens.jobs.rerun import ask_rerun, ask_rerun_many

        jobs = self.chosen_jobs()
        if len(jobs) == 1:
            self._do(await ask_rerun(self, jobs[0]))
        elif jobs and not self.busy:
            self._do(await ask_rerun_many(self, jobs, self.chosen_note()))

    def _do(self, action: BulkAction | None) -> None:
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
            settled = await run_bulk_action(self, bulk_action, self.show_progress)
            if bulk_action.unmarks:
                self.unmark(settled)
        finally:
            self.show_progress("")
