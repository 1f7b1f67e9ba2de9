"""Jobs held against the first of them, or one against its ideal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Job
from tui.monitor.services import AppServices
from tui.screens.comparison import ComparisonScreen
from tui.screens.jobs.commands import JobCommands
from tui.screens.workspace import Workspace
from tui.widgets.keymap import COMPARE, bindings


class CompareScreen(JobCommands, ComparisonScreen):
    """A comparison of jobs.

    Args:
        job_ids: the jobs, the first one first; one alone is held against its ideal.
    """

    SECTION = "jobs"
    BINDINGS: ClassVar = bindings(COMPARE)

    def __init__(self, services: AppServices, workspace: Workspace, job_ids: Sequence[str]) -> None:
        super().__init__(services, workspace)
        self._job_ids = list(dict.fromkeys(job_ids))
        self._ideal = len(self._job_ids) == 1

    def on_mount(self) -> None:
        """Compare, and say so meanwhile."""
        super().on_mount()
        self._load()

    def chosen_jobs(self) -> Sequence[Job]:
        """The jobs that are compared, as far as they are known."""
        return [job for job_id in self._job_ids if (job := self.services.jobs.get(job_id)) is not None]

    @property
    def waiting(self) -> str:
        """What is done as long as there is no report."""
        return "Simulating the ideal and comparing …" if self._ideal else "Comparing …"

    @property
    def simulated(self) -> bool:
        """True when a job is of the sandbox."""
        return any(job.service.startswith("sandbox") for job in self.chosen_jobs())

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def _load(self) -> None:
        self.report = self.trouble = None
        self.show_report()
        try:
            self.report = await self.services.comparisons.report(self._job_ids, ideal=self._ideal)
        except QdeckError as error:
            self.trouble = error
        self.show_report()

    def action_ideal(self) -> None:
        """Hold all against the ideal of the first, or no longer."""
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
        self._load()
