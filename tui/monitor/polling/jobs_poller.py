"""Polling of jobs: one list request a tick for all watched jobs; what left the queue is fetched once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Backoff, RetryQueue
from tui.common.values import Value
from tui.domain.jobs import GONE, Job, JobMetrics, JobStatus
from tui.domain.results import JobResult
from tui.domain.sessions import SessionState
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.account_pollers import AUTH_KINDS, DETAILS_BACKOFF
from tui.monitor.polling.list_sync import PAGE, ListSync
from tui.monitor.polling.result_fetcher import check, keep, with_role
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import JobsFinished
from tui.store.records.models import JobRecord

FETCHED_A_TICK = 10
AUTO_RESULT = 5 * 1024 * 1024
"""Bytes up to which a result is fetched by itself; a larger one when the job is opened."""
ATTEMPTS = 5
"""How often details that fail are asked for without another reason to ask; then only beside one."""
PAUSE_OF_ALL = Backoff(first=5.0, longest=120.0)
"""Without any details after those of one job failed, while they go on failing."""
OF_THE_ACCOUNT = AUTH_KINDS | {ErrorKind.RATE_LIMITED}
"""Errors that say nothing of the one job that was asked for."""
CLOCK_SKEW = timedelta(minutes=2)
INTERACTIVE_STATES = frozenset({SessionState.OPEN, SessionState.ACTIVE, SessionState.INACTIVE})
INTERACTIVE = 5.0
"""Seconds at most between two requests while a session is open that loses its place when no job comes."""
JOBS_A_SECOND = 50.0
"""Jobs listed a second at most, on average: reading them takes well under 1 % of a core."""


class PollRates(Value, frozen=True):
    """Seconds between two list requests.

    Attributes:
        shortest: just after a submission or a change.
        running, queued: at most, with jobs in that state.
        unfocused: with jobs to watch and nobody at the terminal.
        idle: with nothing to watch, no session open, and somebody at the terminal.
    """

    shortest: float
    running: float
    queued: float
    unfocused: float
    idle: float


SERVICE = PollRates(shortest=1.0, running=4.0, queued=30.0, unfocused=60.0, idle=60.0)
SANDBOX = PollRates(shortest=0.5, running=0.5, queued=2.0, unfocused=10.0, idle=10.0)


class PollInterval:
    """Time between two list requests: fast near a change, slow deep in a queue, seldom with nothing to watch.

    Doubles the pause from the shortest while nothing changes; any change begins anew.
    """

    def __init__(self, rates: PollRates) -> None:
        self._rates = rates
        self._pause = rates.shortest

    @property
    def shortest(self) -> float:
        """Seconds between two requests at the least."""
        return self._rates.shortest

    def hurry(self) -> None:
        """Begin with the shortest pause: something was just submitted or changed."""
        self._pause = self._rates.shortest / 2

    def pause(
        self,
        *,
        queued: int,
        running: int,
        changed: bool,
        focused: bool = True,
        attended: bool = True,
        interactive: bool = False,
        unfinished: bool = False,
    ) -> float:
        """Return the seconds until the next request, after one with these findings.

        Args:
            queued, running: how many jobs are watched in either state.
            changed: whether this request found anything new.
            focused: whether the terminal has the focus.
            attended: whether somebody is there who would see what is new from elsewhere.
            interactive: whether a session is open: it is watched like a job.
            unfinished: whether this request was only the first half of a poll.

        Returns:
            `math.inf`: until the worker is woken.
        """
        if unfinished:
            return self._rates.shortest
        if changed:
            self.hurry()
        watched = queued + running
        if not watched and not interactive:
            return self._rates.idle if attended else math.inf
        longest = self._rates.running if running else self._rates.queued
        if interactive:
            longest = min(longest, INTERACTIVE)
        self._pause = min(longest, self._pause * 2)
        if not focused:
            return self._rates.unfocused
        return max(self._pause, watched / JOBS_A_SECOND)


class JobsPoller:
    """Watches the jobs of one signed-in account.

    Args:
        wake_sessions: called when a job waits in a session that is not known.
        auto_result: bytes up to which a result is fetched by itself.
    """

    def __init__(
        self,
        app_state: AppState,
        service: QuantumService,
        interval: PollInterval,
        wake_sessions: Callable[[], None],
        auto_result: int = AUTO_RESULT,
    ) -> None:
        self._app_state = app_state
        self._service = service
        self._interval = interval
        self._wake_sessions = wake_sessions
        self._auto_result = auto_result
        self._retries = RetryQueue(app_state.clock, DETAILS_BACKOFF, PAUSE_OF_ALL)
        """The jobs whose details did not come."""
        # By the service's clock.
        self._began = app_state.clock.now() + timedelta(seconds=service.clock_skew or 0.0)
        known = app_state.jobs.coverage.intervals
        # A history of an earlier qdeck says nothing of how far it is complete.
        newest = known[0].until if known else next((job.created for job in app_state.jobs.all()), None)
        self._list = ListSync(service, newest, app_state.tell_of_unread)
        self._newest_before = newest
        self._first = True
        self._requested_sessions: set[str] = set()

    def widen(self) -> None:
        """Let the next round show what changed in jobs that are final, too, and ask again for what failed."""
        self._list.full = True
        self._retries.clear()

    async def step(self) -> float:
        """Poll once: a worker's step.

        Returns:
            Seconds until the next poll; `math.inf`: until the worker is woken.

        Raises:
            QdeckError: the service did not answer.
        """
        watched = self._app_state.jobs.watched()
        listed = await self._list.poll(watched, self._known_since(watched))
        gone = await self._fetch_absent({record.job.id for record in watched}, listed)
        new = [job for job in listed.values() if self._app_state.jobs.record(job.id) is None]
        records = [*(self._record(job) for job in listed.values()), *gone]
        changed = await self._app_state.jobs.upsert(records, self._list.intervals)
        self._list.commit()
        self._announce(new)
        until_details = await self._finalize()
        left = [record.job for record in self._app_state.jobs.watched()]
        self._look_up_sessions(left)
        running = sum(job.status is not JobStatus.QUEUED for job in left)
        activity = self._app_state.activity
        pause = self._interval.pause(
            queued=len(left) - running,
            running=running,
            changed=changed,
            focused=activity.focused,
            attended=activity.attentive,
            interactive=any(session.state in INTERACTIVE_STATES for session in self._app_state.sessions()),
            unfinished=self._list.unfinished,
        )
        return min(pause, until_details)

    def _known_since(self, watched: list[JobRecord]) -> int:
        """Return how many known jobs are at least as new as the oldest watched one, up to a page."""
        if not watched:
            return 0
        oldest = watched[-1].job.created
        return sum(job.created >= oldest for job in self._app_state.jobs.all()[: PAGE + 1])

    def _record(self, job: Job) -> JobRecord:
        known = self._app_state.jobs.record(job.id)
        # A job that was final long before anyone watched is fetched when the user asks for it.
        old = known is None and job.status.final and job.created < self._began - CLOCK_SKEW
        record = self._app_state.jobs.as_record(job, finalized=old)
        ended = known is not None and self._app_state.jobs.is_watched(known)
        if known is None and job.status.final:
            # Submitted elsewhere since the last time, or between two polls, and over already.
            ended = job.created > (self._newest_before or self._began)
            if job.created > self._began and not self._first:
                self._app_state.jobs.finishing.add(job.id)
        return replace(record, announced=True) if ended and job.status.final else record

    async def _fetch_absent(self, watched: set[str], listed: dict[str, Job]) -> list[JobRecord]:
        """Fetch watched jobs that left the list of pending ones; those the service does not know are over."""
        gone: list[JobRecord] = []
        for job_id in self._list.absent(watched - listed.keys(), FETCHED_A_TICK):
            try:
                listed[job_id] = await self._service.job(job_id)
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                record = self._app_state.jobs.record(job_id)
                if record is not None:
                    now = self._app_state.clock.now()
                    job = replace(record.job, status=JobStatus.UNKNOWN, status_text=GONE, confirmed=now)
                    gone.append(replace(record, job=job, finalized=True))
        return gone

    def _look_up_sessions(self, left: list[Job]) -> None:
        known = {session.id for session in self._app_state.sessions()}
        new = {job.session_id for job in left if job.session_id} - known - self._requested_sessions
        if new:
            self._requested_sessions |= new
            self._wake_sessions()

    # details and results of jobs that became final

    async def _finalize(self) -> float:
        """Fetch details and results of the jobs that became final.

        Returns:
            Seconds until more of that is to be done; `math.inf`: nothing is.

        Raises:
            QdeckError: the service takes no requests of this account now. That one job's details cannot be
                fetched is no such thing: the list was answered just before.
        """
        final = [record for record in self._app_state.jobs.unfinalized() if record.job.status.final]
        self._retries.keep_only(record.job.id for record in final)
        if self._retries.pause > 0:
            return self._until_details(more=bool(final))
        due = [record for record in final if self._retries.is_due(record.job.id)]
        # What failed must not keep the others waiting.
        due.sort(key=lambda record: self._retries.failures(record.job.id))
        fetched: list[JobRecord] = []
        asked = 0
        try:
            for record in due[:FETCHED_A_TICK]:
                asked += 1
                whole = await self._details(record)
                if whole is None:
                    break
                fetched.append(whole)
        finally:
            await self._app_state.jobs.upsert(fetched)
        return self._until_details(more=len(due) > asked)

    def _until_details(self, *, more: bool) -> float:
        """Return the seconds until details are to be asked for, though nothing else has to be asked.

        Args:
            more: whether there are some that need not wait for themselves.
        """
        wait = 0.0 if more else self._retries.next_due(ATTEMPTS)
        return wait if wait == math.inf else max(self._interval.shortest, self._retries.pause, wait)

    async def _details(self, record: JobRecord) -> JobRecord | None:
        """Return the job with everything the service keeps of it; its result goes to the history.

        Returns:
            `None` when it did not come, and is asked for again later.
        """
        job_id = record.job.id
        try:
            with_params = not record.circuit_hash
            job = await self._service.job(job_id, with_params=with_params)
            whole = self._app_state.jobs.as_record(job, metrics=await self._metrics(job_id))
            whole = replace(whole, role_asked=with_params)
            result = None if record.result_kept else await self._result(whole)
            kept = record.result_kept or (result is not None and await keep(self._app_state, whole, result))
            if result is not None:
                whole = with_role(whole, result)
        except QdeckError as error:
            if error.kind in OF_THE_ACCOUNT:
                raise
            # `PROTOCOL`: something in between answered, or cut the answer off.
            if error.worth_retrying or (error.kind is ErrorKind.PROTOCOL and not error.barred):
                self._retries.failed(job_id)
                return None
            # It stays to be fetched by hand.
            return replace(record, finalized=True)
        self._retries.succeeded()
        return replace(whole, job=with_metrics(whole.job, whole.metrics), finalized=True, result_kept=kept)

    async def _metrics(self, job_id: str) -> JobMetrics | None:
        try:
            return await self._service.metrics(job_id)
        except QdeckError as error:
            if error.worth_retrying:
                raise
            return None

    async def _result(self, record: JobRecord) -> JobResult | None:
        # A private result can be read once: that reading belongs to the user.
        if record.job.status is not JobStatus.DONE or record.job.private or not self._auto_result:
            return None
        try:
            result = await self._service.result(record.job.id, limit=self._auto_result)
        except QdeckError as error:
            if error.kind is not ErrorKind.TOO_LARGE:
                raise
            return None
        await check(record.job, result)
        return result

    # notices

    def _announce(self, new: list[Job]) -> None:
        """Publish which jobs became final; what the first round finds happened while nobody was here."""
        ids, away, self._first = sorted(self._app_state.jobs.finishing), self._first, False
        self._app_state.jobs.finishing.clear()
        records = [self._app_state.jobs.record(job_id) for job_id in ids]
        jobs = tuple(record.job for record in records if record is not None)
        if jobs:
            self._app_state.events.publish(JobsFinished(jobs, away=away))
        if away and self._newest_before is not None:
            new = [job for job in new if job.created > self._newest_before]
            self._notice_of_absence([*jobs, *(job for job in new if job.status.final)], len(new))

    def _notice_of_absence(self, finished: list[Job], new: int) -> None:
        texts = []
        if finished:
            kinds = Counter(str(job.status) for job in finished)
            parts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            texts.append(f"{len(finished)} finished while you were away ({parts})")
        if new:
            texts.append(f"{new} submitted elsewhere")
        if texts:
            self._app_state.events.notice(f"{'; '.join(texts)}.")


def with_metrics(job: Job, metrics: JobMetrics | None) -> Job:
    """Return the job with the times and the usage that its metrics say; `None`: the job as it is."""
    if metrics is None:
        return job
    used = metrics.qpu_seconds if metrics.qpu_seconds is not None else job.qpu_seconds
    return replace(
        job,
        started=metrics.running or job.started,
        finished=metrics.finished or job.finished,
        qpu_seconds=used,
    )
