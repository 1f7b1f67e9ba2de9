"""The jobs of a list with the way they are shown; knows when a change of jobs changes the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import Any

from tui.common.values import Value
from tui.domain.jobs import Job, JobStatus
from tui.jobquery.filters import JobFilter, Matcher, matcher

SortKey = Callable[[Job], float | str | None]
"""What a column is sorted by: numbers, or text folded to one case; `None`: not known."""

# What needs attention first; unknown states count as still running.
_RANKS = {
    JobStatus.RUNNING: 0.0,
    JobStatus.QUEUED: 1.0,
    JobStatus.UNKNOWN: 2.0,
    JobStatus.FAILED: 3.0,
    JobStatus.DONE: 4.0,
    JobStatus.CANCELLED: 5.0,
}

SORT_KEYS: Mapping[str, SortKey] = {
    "status": lambda job: _RANKS[job.status],
    "name": lambda job: job.name.casefold() or None,
    "backend": lambda job: job.backend.casefold() or None,
    "primitive": lambda job: job.primitive.casefold() or None,
    "shots": lambda job: job.shots,
    "qpu": lambda job: job.qpu_seconds,
    "age": lambda job: -job.created.timestamp(),
    "tags": lambda job: " ".join(job.tags).casefold() or None,
    "id": lambda job: job.id,
    "session": lambda job: job.session_id or None,
    "slurm": lambda job: int(job.slurm_job) if job.slurm_job.isdecimal() else None,
    "instance": lambda job: job.instance.casefold() or None,
    "service": lambda job: job.service or None,
    "estimate": lambda job: job.estimated_seconds,
    "finished": lambda job: None if job.finished is None else job.finished.timestamp(),
    "reason": lambda job: job.reason.casefold() or None,
}
"""For each column; ascending age is newest first."""


_PIECE = 8192
HEAD = "\0group "
"""Before a group's name: the row that heads it. No job's id begins so."""
_MANY = 2000
"""Changed jobs beyond which rows are built anew without comparing each."""


class Order(Value, frozen=True):
    """Sorted by a column. What is not known comes last either way; equal jobs stay newest first."""

    column: str = "age"
    descending: bool = False


NEWEST_FIRST = Order()


class Grouping(StrEnum):
    """What jobs stand together by."""

    NONE = "none"
    SESSION = "session"
    TAG = "tag"
    """Of a job's tags the one that most of the shown jobs have: cursor and marks go by job, so each stands in
    one place only."""
    SLURM = "Slurm job"

    def among(self, jobs: Iterable[Job]) -> Callable[[Job], str]:
        """Decide the group of each of these jobs.

        Returns:
            A function from a job to the name of its group; empty: it belongs to none.
        """
        if self is Grouping.SESSION:
            return lambda job: job.session_id
        if self is Grouping.SLURM:
            return lambda job: job.slurm_job
        if self is Grouping.NONE:
            return lambda job: ""
        many = Counter(tag for job in jobs for tag in job.tags)
        # Of tags that are equally common the job's first.
        return lambda job: max(job.tags, key=many.__getitem__, default="")

    def same(self, before: Job, after: Job) -> bool:
        """True when a change of the job leaves every job in its group."""
        if self is Grouping.SESSION:
            return before.session_id == after.session_id
        if self is Grouping.SLURM:
            return before.slurm_job == after.slurm_job
        return self is Grouping.NONE or before.tags == after.tags


class JobRows(Value, frozen=True):
    """The outcome.

    Attributes:
        rows: ids of jobs, and `HEAD` + name for the head of each group, in order.
        shown: how many jobs fit the filter, also those in folded groups.
        groups: for each head, the ids below it, folded or not.
    """

    rows: Sequence[str] = ()
    shown: int = 0
    groups: Mapping[str, Sequence[str]] = {}  # msgspec makes a new one each time


def build_rows(
    jobs: Iterable[Job],
    keep: Matcher | None = None,
    order: Order = NEWEST_FIRST,
    grouping: Grouping = Grouping.NONE,
    folded: AbstractSet[str] = frozenset(),
) -> JobRows:
    """Filter, sort and group jobs.

    Args:
        jobs: newest first.
        keep: true for the jobs that are shown; `None`: all.
        order: the column that sorts.
        grouping: groups stand in the order of their first jobs, those without a group at the end.
        folded: heads of the groups whose jobs are not shown.

    Returns:
        The rows in order, with what is below each head.
    """
    kept = jobs if keep is None else filter(keep, jobs)
    ordered = kept if order == NEWEST_FIRST else _sorted(list(kept), order)
    if grouping is Grouping.NONE:
        rows = [job.id for job in ordered]
        return JobRows(rows, len(rows))
    listed = list(ordered)
    group = grouping.among(listed)
    groups: dict[str, list[str]] = {}
    for job in listed:
        groups.setdefault(HEAD + group(job), []).append(job.id)
    without = groups.pop(HEAD, None)
    if without is not None:
        groups[HEAD] = without
    grouped: list[str] = []
    for head, members in groups.items():
        grouped.append(head)
        if head not in folded:
            grouped += members
    return JobRows(grouped, sum(map(len, groups.values())), groups)


def _sorted(jobs: list[Job], order: Order) -> list[Job]:
    keys = list(map(SORT_KEYS[order.column], jobs))
    known = [place for place, value in enumerate(keys) if value is not None]
    # All keys of a column are of one type, so lists of them are compared at C speed.
    known = _in_pieces(known, keys.__getitem__, order.descending)
    ordered = [jobs[place] for place in known]
    if len(known) < len(jobs):
        ordered += [job for job, value in zip(jobs, keys, strict=True) if value is None]
    return ordered


def _in_pieces(places: list[int], key: Callable[[int], Any], descending: bool) -> list[int]:
    """Sort by many short calls of `list.sort`: a long one would keep the interpreter from every other thread.

    Pieces that are sorted are merged in linear time: `list.sort` finds the runs.
    """
    pieces = [places[first : first + _PIECE] for first in range(0, len(places), _PIECE)]
    for piece in pieces:
        piece.sort(key=key, reverse=descending)
    while len(pieces) > 1:
        merged = [one + other for one, other in zip(pieces[::2], pieces[1::2], strict=False)]
        for piece in merged:
            piece.sort(key=key, reverse=descending)
        pieces = merged + pieces[2 * len(merged) :]
    return pieces[0] if pieces else []


class JobList:
    """Jobs (`replace_all`, `apply_changes`) and how they are shown; `rows_builder` gives the rows.

    Attributes:
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

    @property
    def filter(self) -> JobFilter:
        """Filter of the jobs that are shown; `filtered` is true when it leaves any out."""
        return self._filter

    @filter.setter
    def filter(self, wanted: JobFilter) -> None:
        self._filter, self.filtered = wanted, bool(wanted)

    def __len__(self) -> int:
        return len(self._jobs)

    def get(self, job_id: str) -> Job | None:
        """Return one job; `None` when it is not in the list."""
        return self._jobs.get(job_id)

    def replace_all(self, jobs: Iterable[Job]) -> None:
        """Replace all jobs by these, newest first."""
        self._jobs = {job.id: job for job in jobs}

    def apply_changes(
        self, jobs: Iterable[Job], removed: Iterable[str], everything: Callable[[], Iterable[Job]]
    ) -> bool:
        """Apply changed jobs.

        Args:
            jobs: new or different ones.
            removed: ids of those that are gone.
            everything: gives all jobs, newest first; called only when the place of a job is not known.

        Returns:
            True when the rows have to be built anew.
        """
        again = False
        for job_id in removed:
            again |= self._jobs.pop(job_id, None) is not None
        batch = tuple(jobs)
        if len(batch) > _MANY or any(not self._stays(job) for job in batch):
            self.replace_all(everything())
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
        """Predicate of the jobs that were shown when rows were built last; `None`: all."""
        return self._keep

    @property
    def sorts_quickly(self) -> bool:
        """True when sorting takes no longer than a key may: few jobs, or all of them newest first."""
        return len(self._jobs) <= _MANY or not (
            self.filtered or self.order != NEWEST_FIRST or self.grouping is not Grouping.NONE
        )

    def rows_builder(self, now: datetime) -> Callable[[], JobRows]:
        """Prepare building the rows as things stand now.

        Args:
            now: the time (UTC) from which ages are counted.

        Returns:
            A function without arguments that builds the rows; it may be called in another thread.
        """
        self._keep = matcher(self.filter.terms, now, self.unseen) if self.filtered else None
        jobs, keep, order, grouping = tuple(self._jobs.values()), self._keep, self.order, self.grouping
        folded = frozenset(self.folded)
        return lambda: build_rows(jobs, keep, order, grouping, folded)
