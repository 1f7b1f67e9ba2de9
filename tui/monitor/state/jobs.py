"""The jobs of the account in memory: in order, with what is unread of them and what is still to come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tui.common.errors import QdeckError
from tui.common.timing import Clock
from tui.domain.jobs import Job, JobMetrics
from tui.domain.submissions import OWN_TAG
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import HistoryCoverage, JobsChanged, SubmittedJobListed
from tui.monitor.state.sorted_jobs import SortedJobs, UnreadJobs
from tui.store.records.models import EARLIEST, Coverage, Interval, JobRecord, Key, PendingState
from tui.store.repository import JobRepository

if TYPE_CHECKING:
    from tui.monitor.state.app_state import Connection

FIRST_PUBLISHED = 4000
"""Jobs read from the history after which the screens first hear of them."""


@dataclass(slots=True)
class BackfillProgress:
    """Progress of reading older jobs.

    Attributes:
        asking: a page is being asked for.
        no_jobs: the service has none.
        error: why the last page did not come.
    """

    asking: bool = False
    no_jobs: bool = False
    error: QdeckError | None = None


class JobState:
    """Jobs of the signed-in service and instance, or all that the history holds when nobody is signed in.

    What changes them writes the history first, then publishes.

    Attributes:
        finishing: ids of jobs that became final and are still to be announced.
        deletions: how many jobs were deleted here.
    """

    def __init__(
        self,
        history: JobRepository,
        clock: Clock,
        connection: Connection,
        events: EventBus,
        save: Callable[[], Awaitable[bool]],
    ) -> None:
        self.finishing: set[str] = set()
        self.deletions = 0
        self._history = history
        self._clock = clock
        self._connection = connection
        self.backfill = BackfillProgress()
        self._events = events
        self._save = save
        self._unread = UnreadJobs()
        self._pending: set[str] = set()
        self._deleted: set[str] = set()
        self._everything = SortedJobs()
        self._here = self._everything
        self._with_others = False
        self._arrived: list[Job] = []
        self._publish_next = FIRST_PUBLISHED

    # reads

    @staticmethod
    def is_watched(record: JobRecord) -> bool:
        """Return whether something may still happen to the job."""
        return not record.job.status.final and not record.finalized

    def watched(self) -> list[JobRecord]:
        """Return the jobs to which something may still happen, newest first."""
        return [record for record in self.unfinalized() if self.is_watched(record)]

    def unfinalized(self) -> tuple[JobRecord, ...]:
        """Return the jobs of which something is still to be found out, newest first."""
        records = [record for record in self._history.unfinalized() if self._connection.shows(record.job)]
        records.sort(key=lambda record: (record.job.created, record.job.id), reverse=True)
        return tuple(records)

    def all(self) -> tuple[Job, ...]:
        """Return all jobs, newest first, without their program texts."""
        return self._listed.jobs

    @property
    def _listed(self) -> SortedJobs:
        return self._everything if self._with_others else self._here

    @property
    def with_others(self) -> bool:
        """True while the jobs of other accounts are listed, too."""
        return self._with_others

    @property
    def elsewhere(self) -> int:
        """How many jobs of other accounts the history holds; 0 when nobody is signed in: all are listed."""
        return len(self._everything.jobs) - len(self._here.jobs)

    def list_others(self, on: bool) -> None:
        """List the jobs of other accounts, too, or no longer. They stay as they are: no service is asked."""
        before = self._listed
        self._with_others = on
        gone = before.ids() - self._listed.ids() if self._listed is not before else set()
        self._events.publish(JobsChanged(self.all(), tuple(sorted(gone))))

    def record(self, job_id: str) -> JobRecord | None:
        """Return one job's record: on the signed-in service, or on any when nobody is signed in.

        Returns:
            The record; `None`: the job is not known here.
        """
        if self._connection.service is not None:
            found = self._history.record((self._connection.service.label, job_id))
            if found is not None or not self._with_others:
                return found
        return next((record for record in self._history.records() if record.job.id == job_id), None)

    @property
    def coverage(self) -> Coverage:
        """Intervals of time of which all jobs of the account are known; none when nobody is signed in."""
        label = self._connection.label
        return self._history.coverage(label, self._connection.instance) if label else Coverage("", "")

    def known_since(self) -> datetime | None:
        """Return the time since which all jobs of the account are known; `None`: there is none."""
        return next((interval.since for interval in self.coverage.intervals), None)

    @property
    def history_coverage(self) -> HistoryCoverage:
        """Coverage as the screens show it, with the progress of the backfill; nothing without a sign-in."""
        if self._connection.service is None:
            return HistoryCoverage()
        since, progress = self.known_since(), self.backfill
        whole = since == EARLIEST or progress.no_jobs
        return HistoryCoverage(None if since == EARLIEST else since, whole, progress.asking, progress.error)

    def unread(self) -> frozenset[str]:
        """Return the ids of the jobs that finished and were not opened since."""
        return self._unread.ids

    # changes

    def mark_read(self, job_ids: Iterable[str]) -> None:
        """Note that the user saw these jobs; it is written with the next batch."""
        changed = self._history.mark_seen(self._unread.keys(job_ids))
        if changed:
            self._show(changed)
            self._events.publish(JobsChanged(tuple(record.job for record in changed)))

    def as_record(self, job: Job, *, finalized: bool = False, metrics: JobMetrics | None = None) -> JobRecord:
        """Return a record of a job as the service describes it.

        Returns:
            The record, with qdeck's own tag taken out of the job's tags, and the instance filled in.
        """
        own = next((tag for tag in job.tags if OWN_TAG.fullmatch(tag)), "")
        instance = job.instance or self._connection.instance
        # Most jobs of a list are taken as they are, and a list may be long.
        if own or job.instance != instance or job.confirmed is None:
            tags = tuple(tag for tag in job.tags if not OWN_TAG.fullmatch(tag))
            job = replace(job, tags=tags, instance=instance, confirmed=job.confirmed or self._clock.now())
        return JobRecord(job, own_tag=own, finalized=finalized, metrics=metrics)

    async def upsert(self, records: Iterable[JobRecord], intervals: Iterable[Interval] = ()) -> bool:
        """Add records, or merge them into those that are there: history first, then the event.

        Args:
            intervals: with these records, all jobs of the account that were created then are known.

        Returns:
            Whether any was new or different.
        """
        taken = [record for record in records if record.job.id not in self._deleted]
        changed = self._history.upsert(taken)
        label, instance = self._connection.label, self._connection.instance
        # One batch with the jobs: the one is never on the disk without the other.
        further = [self._history.add_interval(label, instance, one) for one in intervals] if label else []
        self._show(changed)
        if changed or any(further):
            await self._save()
        if changed:
            self._events.publish(
                JobsChanged(tuple(record.job for record in changed if self._connection.shows(record.job)))
            )
        for record in taken:
            submission = self._history.submission(record.own_tag) if record.own_tag else None
            if submission is not None and submission.state is not PendingState.ACCEPTED:
                self._events.publish(SubmittedJobListed(record.own_tag, record.job))
        return bool(changed)

    async def upsert_listed(self, jobs: Iterable[Job], intervals: Iterable[Interval] = ()) -> None:
        """Add jobs of a list that nobody watched; results of those that ended are fetched when requested.

        Args:
            intervals: as for `upsert`.
        """
        records = [
            self.as_record(job, finalized=job.status.final and self.record(job.id) is None) for job in jobs
        ]
        await self.upsert(records, intervals)

    async def remove(self, record: JobRecord) -> None:
        """Remove a job, and do not add it again when an answer under way still names it."""
        self._deleted.add(record.job.id)
        self.deletions += 1
        self._pending.discard(record.job.id)
        self._history.remove(record.key)
        self._hide([record.key])
        await self._save()
        self._events.publish(JobsChanged((), (record.job.id,)))

    def switch_account(self) -> tuple[str, ...]:
        """Show the jobs of the account that was just signed in or out.

        Returns:
            The ids of the jobs that are shown no more.
        """
        before, signed_in = self._listed, self._connection.service is not None
        self._with_others = False
        self._here = self._everything.only(self._connection.shows) if signed_in else self._everything
        self._pending = {record.job.id for record in self.watched()} if signed_in else set()
        self._unread.reset(record for record in self._history.records() if self._connection.shows(record.job))
        self.finishing.clear()
        self._deleted.clear()
        return tuple(sorted(before.ids() - self._here.ids())) if before is not self._here else ()

    def history_opened(self) -> None:
        """Show what the history has read by now."""
        self._show(tuple(self._history.records()))

    def history_read(self, records: tuple[JobRecord, ...]) -> None:
        """Show what the history has read further.

        Args:
            records: none: all was read.
        """
        self._show(records)
        self._arrived += [record.job for record in records if self._connection.shows(record.job)]
        # Each event makes the screens list all jobs anew, so there are few, at ever longer intervals.
        if self._arrived and (not records or len(self._arrived) >= self._publish_next):
            self._publish_next *= 4
            arrived, self._arrived = tuple(self._arrived), []
            self._events.publish(JobsChanged(arrived))

    def changed_elsewhere(self, keys: Iterable[Key], gone: Collection[tuple[str, str]]) -> None:
        """Show what another process wrote to the history.

        Args:
            keys: jobs that are new or different.
            gone: jobs that were removed.
        """
        merged = [self._history.record(key) for key in keys]
        records = [record for record in merged if record is not None]
        self._show(records)
        self._hide(gone)
        jobs = tuple(record.job for record in records if self._connection.shows(record.job))
        removed = tuple(sorted(job_id for _, job_id in gone))
        self._pending.difference_update(removed)
        if jobs or removed:
            self._events.publish(JobsChanged(jobs, removed))

    def _show(self, records: Collection[JobRecord]) -> None:
        self._track(records)
        self._everything.upsert(record.job for record in records if not record.dry_run)
        here = [record for record in records if self._connection.shows(record.job)]
        self._unread.update(here)
        if self._here is not self._everything:
            self._here.upsert(record.job for record in here)

    def _hide(self, keys: Collection[tuple[str, str]]) -> None:
        self._unread.drop(keys)
        self._everything.remove(keys)
        if self._here is not self._everything:
            self._here.remove(keys)

    def _track(self, records: Iterable[JobRecord]) -> None:
        for record in records:
            if self._connection.service is None or record.job.service != self._connection.service.label:
                continue
            if self.is_watched(record):
                self._pending.add(record.job.id)
            elif record.job.id in self._pending:
                self._pending.discard(record.job.id)
                if record.job.status.final:
                    self.finishing.add(record.job.id)
