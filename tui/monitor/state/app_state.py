"""The one picture of the world in memory: who is signed in, jobs, sessions, backends; and who listens."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Identity, Usage
from tui.domain.backends import Backend
from tui.domain.jobs import Job, JobMetrics
from tui.domain.sessions import Session
from tui.domain.submissions import OWN_TAG
from tui.ibm.api.service import QuantumService
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import (
    BackendsChanged,
    Freshness,
    FreshnessChanged,
    IdentityChanged,
    JobsChanged,
    SessionsChanged,
    Severity,
    SubmissionsChangedElsewhere,
    SubmittedJobListed,
    UsageChanged,
)
from tui.monitor.state.sorted_jobs import SortedJobs
from tui.monitor.state.unread import UnreadJobs
from tui.monitor.state.user_activity import UserActivity
from tui.store.records.models import Coverage, Interval, JobRecord, PendingState
from tui.store.records.tables import JOBS, SESSIONS, SUBMISSIONS, ChangeSet
from tui.store.repository import JobRepository

FIRST_TOLD = 4000
"""Jobs read from the history after which the screens are first told of them."""
UNREACHED = frozenset({ErrorKind.NETWORK, ErrorKind.TIMEOUT})
"""Errors of the way to the service, which is the same for all workers."""


class AppState:
    """State and events. What changes it writes the history first, then publishes."""

    def __init__(self, history: JobRepository, clock: Clock, *, read_only: bool = False) -> None:
        self.events = EventBus()
        self.history = history
        self.clock = clock
        self.read_only = read_only
        self.service: QuantumService | None = None
        self.identity: Identity | None = None
        self.usage: Usage | None = None
        self.freshness = Freshness()
        self.backends: tuple[Backend, ...] = ()
        self.finishing: set[str] = set()
        """Jobs that became final and are still to be announced, by id."""
        self.deletions = 0
        """How many jobs were deleted from here."""
        self.attention = UserActivity(clock)
        self._unanswered: dict[str, ErrorKind] = {}
        self._unseen = UnreadJobs()
        self._pending: set[str] = set()
        self._deleted: set[str] = set()
        self._everything = SortedJobs()
        self._here = self._everything
        self._arrived: list[Job] = []
        self._told_next = FIRST_TOLD
        self._storage_failed = False

    # who is signed in

    def signed_in(self, service: QuantumService, identity: Identity) -> None:
        """Show the account's world from now on."""
        self.service, self.identity = service, identity
        self.usage, self.freshness, self.backends = None, Freshness(confirmed=self.clock.now()), ()
        self._turn_over()

    def signed_out(self) -> None:
        """Show everything the history holds."""
        self.service, self.identity, self.usage = None, None, None
        self._turn_over()

    def _turn_over(self) -> None:
        before = self._here
        self._here = self._everything if self.service is None else self._everything.only(self._belongs)
        self._pending = {r.job.id for r in self.unfinalized() if self.watched(r)} if self.service else set()
        self.attention.noticed()
        self._unanswered.clear()
        self._unseen.fill(record for record in self.history.records() if self._belongs(record.job))
        self.finishing.clear()
        self._deleted.clear()
        self.events.publish(IdentityChanged(self.identity))
        removed = before.ids() - self._here.ids() if before is not self._here else ()
        self.events.publish(JobsChanged(self.jobs(), tuple(sorted(removed))))
        self.events.publish(SessionsChanged(self.sessions()))
        self.events.publish(FreshnessChanged(self.freshness))

    @property
    def instance(self) -> str:
        """The instance signed in to, empty when nobody is."""
        return self.identity.instance if self.identity else ""

    def need_service(self) -> QuantumService:
        """The signed-in service.

        Raises:
            QdeckError: `EXPIRED`: nobody is signed in.
        """
        if self.service is None:
            raise QdeckError(ErrorKind.EXPIRED, "Nobody is signed in.", "Sign in first.")
        return self.service

    def identify(self, identity: Identity) -> None:
        """The token was renewed."""
        if identity != self.identity:
            self.identity = identity
            self.events.publish(IdentityChanged(identity))

    def answered(self, worker: str) -> None:
        """The service answered this worker now."""
        # A wrong answer to another worker is its own: only that worker knows when it is over.
        self._unanswered = {
            name: kind for name, kind in self._unanswered.items() if name != worker and kind not in UNREACHED
        }
        if self._unanswered:
            return
        came_back = self.freshness.offline_since is not None or self.freshness.confirmed is None
        self.freshness = Freshness(confirmed=self.clock.now())
        if came_back:
            self.events.publish(FreshnessChanged(self.freshness))

    def unanswered(self, error: QdeckError, worker: str) -> None:
        """The service did not answer this worker: the picture is stale."""
        self._unanswered[worker] = error.kind
        first = self.freshness.offline_since is None
        since: datetime = self.freshness.offline_since or self.clock.now()
        self.freshness = Freshness(self.freshness.confirmed, since, error)
        if first:
            self.events.publish(FreshnessChanged(self.freshness))

    # jobs

    @staticmethod
    def watched(record: JobRecord) -> bool:
        """Whether something may still happen to the job."""
        return not record.job.status.final and not record.finalized

    def unfinalized(self) -> tuple[JobRecord, ...]:
        """The jobs of the signed-in service and instance, or all when signed out, of which something is still
        to be found out; newest first."""
        records = [record for record in self.history.unfinalized() if self._belongs(record.job)]
        records.sort(key=lambda record: (record.job.created, record.job.id), reverse=True)
        return tuple(records)

    def jobs(self) -> tuple[Job, ...]:
        """The jobs of the signed-in service and instance, or all when signed out; newest first, without their
        program texts."""
        return self._here.jobs

    def unseen(self) -> frozenset[str]:
        """The jobs of this account that finished and were not looked at since."""
        return self._unseen.ids

    def seen(self, job_ids: Iterable[str]) -> None:
        """The user looked at these jobs; it is written with the next batch."""
        changed = self.history.mark_seen(self._unseen.keys(job_ids))
        if changed:
            self._take_in(changed)
            self.events.publish(JobsChanged(tuple(record.job for record in changed)))

    @property
    def extent(self) -> Coverage:
        """From when to when all jobs of the account are known; nothing when nobody is signed in."""
        label = self.service.label if self.service else ""
        return self.history.coverage(label, self.instance) if label else Coverage("", "")

    def record(self, job_id: str) -> JobRecord | None:
        """One job's record: on the signed-in service, or on any when signed out."""
        if self.service is not None:
            return self.history.record((self.service.label, job_id))
        return next((record for record in self.history.records() if record.job.id == job_id), None)

    def take(self, job: Job, *, finalized: bool = False, metrics: JobMetrics | None = None) -> JobRecord:
        """A record for a job as the service told it: own tag taken out, instance filled in."""
        own = next((tag for tag in job.tags if OWN_TAG.fullmatch(tag)), "")
        instance = job.instance or (self.identity.instance if self.identity else "")
        # Most jobs of a list are taken as they are, and a list may be long.
        if own or job.instance != instance or job.confirmed is None:
            tags = tuple(tag for tag in job.tags if not OWN_TAG.fullmatch(tag))
            job = replace(job, tags=tags, instance=instance, confirmed=job.confirmed or self.clock.now())
        return JobRecord(job, own_tag=own, finalized=finalized, metrics=metrics)

    async def put(self, records: Iterable[JobRecord], intervals: Iterable[Interval] = ()) -> bool:
        """Take in records: history first, then the event. Returns whether any was new or different.

        Args:
            intervals: with these records, all jobs of the account that were created then are known.
        """
        taken = [record for record in records if record.job.id not in self._deleted]
        changed = self.history.upsert(taken)
        label = self.service.label if self.service else ""
        # One batch with the jobs: the one is never on the disk without the other.
        further = [self.history.add_interval(label, self.instance, one) for one in intervals] if label else []
        self._take_in(changed)
        if changed or any(further):
            await self.save()
        if changed:
            self.events.publish(
                JobsChanged(tuple(record.job for record in changed if self._belongs(record.job)))
            )
        for record in taken:
            submission = self.history.submission(record.own_tag) if record.own_tag else None
            if submission is not None and submission.state is not PendingState.ACCEPTED:
                self.events.publish(SubmittedJobListed(record.own_tag, record.job))
        return bool(changed)

    async def remove(self, record: JobRecord) -> None:
        """Forget a job, and do not take it in again when an answer under way still names it."""
        self._deleted.add(record.job.id)
        self.deletions += 1
        self._pending.discard(record.job.id)
        self.history.remove(record.key)
        self._leave_out([record.key])
        await self.save()
        self.events.publish(JobsChanged((), (record.job.id,)))

    def found_here(self, records: tuple[JobRecord, ...]) -> None:
        """The history goes on being read: show these too; none: all was read."""
        self._take_in(records)
        self._arrived += [record.job for record in records if self._belongs(record.job)]
        # Each telling makes the screens list all jobs anew, so there are few, at ever longer intervals.
        if self._arrived and (not records or len(self._arrived) >= self._told_next):
            self._told_next *= 4
            arrived, self._arrived = tuple(self._arrived), []
            self.events.publish(JobsChanged(arrived))
        if not records:
            self.events.publish(SessionsChanged(self.sessions()))
            self.tell_warnings()

    def history_opened(self) -> None:
        """Show what the history has read by now."""
        self._take_in(tuple(self.history.records()))

    def _take_in(self, records: Collection[JobRecord]) -> None:
        self._track(records)
        self._everything.put(record.job for record in records)
        here = [record for record in records if self._belongs(record.job)]
        self._unseen.take(here)
        if self._here is not self._everything:
            self._here.put(record.job for record in here)

    def _leave_out(self, keys: Collection[tuple[str, str]]) -> None:
        self._unseen.drop(keys)
        self._everything.remove(keys)
        if self._here is not self._everything:
            self._here.remove(keys)

    def _belongs(self, job: Job) -> bool:
        if self.service is None or self.identity is None:
            return True
        return job.service == self.service.label and job.instance in ("", self.identity.instance)

    def _track(self, records: Iterable[JobRecord]) -> None:
        for record in records:
            if self.service is None or record.job.service != self.service.label:
                continue
            if self.watched(record):
                self._pending.add(record.job.id)
            elif record.job.id in self._pending:
                self._pending.discard(record.job.id)
                if record.job.status.final:
                    self.finishing.add(record.job.id)

    # sessions, backends, usage

    def sessions(self) -> tuple[Session, ...]:
        """The sessions of the signed-in service and instance, or all; newest first."""
        instance = self.identity.instance if self.identity else ""
        label = self.service.label if self.service else ""
        chosen = [
            session
            for session in self.history.sessions()
            if not label or (session.service == label and session.instance in ("", instance))
        ]
        oldest = datetime.min.replace(tzinfo=self.clock.now().tzinfo)
        chosen.sort(key=lambda session: (session.created or oldest, session.id), reverse=True)
        return tuple(chosen)

    async def upsert_sessions(self, sessions: Iterable[Session]) -> bool:
        """Take in sessions: history first, then the event."""
        instance = self.identity.instance if self.identity else ""
        now = self.clock.now()
        changed = self.history.upsert_sessions(
            replace(session, instance=session.instance or instance, confirmed=session.confirmed or now)
            for session in sessions
        )
        if changed:
            await self.save()
            self.events.publish(SessionsChanged(changed))
        return bool(changed)

    def put_backends(self, backends: tuple[Backend, ...]) -> None:
        """Take in the backends as listed; publishes when anything but the time differs."""
        before = [replace(backend, confirmed=None) for backend in self.backends]
        self.backends = backends
        if before != [replace(backend, confirmed=None) for backend in backends]:
            self.events.publish(BackendsChanged(backends))

    def put_usage(self, usage: Usage) -> None:
        """Take in the instance's usage."""
        if usage != self.usage:
            self.usage = usage
            self.events.publish(UsageChanged(usage))

    # the disk

    async def save(self) -> bool:
        """Make what is owed durable. A disk that refuses is told once; the history goes on in memory."""
        try:
            await self.history.flush()
        except QdeckError as error:
            self.storage_refused(error)
            return False
        self._storage_well()
        return True

    async def sync(self) -> None:
        """Pay what the disk is owed, and show what another qdeck wrote.

        Raises:
            QdeckError: `STORAGE`; the user was told already.
        """
        try:
            changes = await self.history.sync()
        except QdeckError as error:
            self.storage_refused(error)
            raise
        self._storage_well()
        self.found_elsewhere(changes)

    def storage_refused(self, error: QdeckError) -> None:
        """The disk refused: told once until it takes again."""
        if not self._storage_failed:
            self._storage_failed = True
            self.events.notice(str(error), Severity.ERROR)

    def _storage_well(self) -> None:
        if self._storage_failed:
            self._storage_failed = False
            self.events.notice("The history is written again; nothing is missing in it.")
        self.tell_warnings()

    def found_elsewhere(self, changes: ChangeSet) -> None:
        """Another qdeck wrote this to the history."""
        merged = [self.history.record(key) for key in changes.values[JOBS]]
        records = [record for record in merged if record is not None]
        self._take_in(records)
        gone = [(service, job_id) for service, job_id in changes.removed[JOBS]]
        self._leave_out(gone)
        jobs = tuple(record.job for record in records if self._belongs(record.job))
        removed = tuple(sorted(job_id for _, job_id in gone))
        self._pending.difference_update(removed)
        if jobs or removed:
            self.events.publish(JobsChanged(jobs, removed))
        if changes.values[SESSIONS]:
            self.events.publish(SessionsChanged(tuple(changes.values[SESSIONS].values())))
        if changes.values[SUBMISSIONS]:
            self.events.publish(SubmissionsChangedElsewhere())

    def tell_warnings(self) -> None:
        """Show what the history has to say."""
        for warning in self.history.pop_warnings():
            self.events.notice(warning, Severity.WARNING)
