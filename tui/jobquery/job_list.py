"""The jobs of a list with the way they are shown; knows when a change of jobs changes the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from tui.domain.jobs import Job
from tui.jobquery.parser import JobFilter
from tui.jobquery.predicates import Matcher, matcher
from tui.jobquery.sorting import NEWEST_FIRST, SORT_KEYS, Arranged, Grouping, Order, arrange

_MANY = 2000
"""Changed jobs beyond which rows are arranged anew without looking at each."""


class JobList:
    """Tell it the jobs (`take`, `change`) and how to show them; `arrangement` gives the rows.

    Attributes:
        filter: which jobs are shown.
        order: by which column.
        grouping: what stands together.
        folded: heads of groups whose jobs are hidden.
        unseen: ids of the jobs that the filter takes to be unseen.
    """

    def __init__(self) -> None:
        self.filter = JobFilter()
        self.order: Order = NEWEST_FIRST
        self.grouping = Grouping.NONE
        self.folded: set[str] = set()
        self.unseen: AbstractSet[str] = frozenset()
        self._jobs: dict[str, Job] = {}
        self._keep: Matcher | None = None

    def __len__(self) -> int:
        return len(self._jobs)

    def get(self, job_id: str) -> Job | None:
        """One job; `None`: it is not in the list."""
        return self._jobs.get(job_id)

    def take(self, jobs: Iterable[Job]) -> None:
        """All jobs, newest first."""
        self._jobs = {job.id: job for job in jobs}

    def change(
        self, jobs: Iterable[Job], removed: Iterable[str], everything: Callable[[], Iterable[Job]]
    ) -> bool:
        """Take in changed jobs, and say whether the rows have to be arranged anew.

        Args:
            jobs: new or different.
            removed: ids of those that are gone.
            everything: all jobs, newest first; asked only when the place of one is not known.
        """
        again = False
        for job_id in removed:
            again |= self._jobs.pop(job_id, None) is not None
        batch = tuple(jobs)
        if len(batch) > _MANY or any(not self._stays(job) for job in batch):
            self.take(everything())
            return True
        for job in batch:
            again = again or self._moves(self._jobs[job.id], job)
            self._jobs[job.id] = job
        return again

    def _stays(self, job: Job) -> bool:
        """Whether the job is where it was among all, newest first."""
        known = self._jobs.get(job.id)
        return known is not None and known.created == job.created

    def _moves(self, before: Job, after: Job) -> bool:
        if self._keep is not None and self._keep(before) != self._keep(after):
            return True
        if self.order != NEWEST_FIRST:
            key = SORT_KEYS[self.order.column]
            if key(before) != key(after):
                return True
        return not self.grouping.same(before, after)

    @property
    def keep(self) -> Matcher | None:
        """Says which jobs are shown, as of the last arrangement; `None`: all."""
        return self._keep

    @property
    def quick(self) -> bool:
        """Whether arranging takes no longer than a key may: few jobs, or all as they come."""
        return len(self._jobs) <= _MANY or not (
            self.filter or self.order != NEWEST_FIRST or self.grouping is not Grouping.NONE
        )

    def arrangement(self, now: datetime) -> Callable[[], Arranged]:
        """The work that gives the rows as things stand now. It may be done in another thread."""
        self._keep = matcher(self.filter.terms, now, self.unseen) if self.filter else None
        jobs, keep, order, grouping = tuple(self._jobs.values()), self._keep, self.order, self.grouping
        folded = frozenset(self.folded)
        return lambda: arrange(jobs, keep, order, grouping, folded)
