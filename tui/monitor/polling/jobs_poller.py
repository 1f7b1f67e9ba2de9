"""The jobs worker: one list request a tick for all watched jobs; what left the queue is fetched once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tui.common.backoff import Backoff
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import GONE, Job, JobMetrics, JobStatus
from tui.domain.sessions import SessionState
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.account_pollers import AUTH_KINDS
from tui.monitor.polling.list_sync import PAGE, ListSync
from tui.monitor.polling.poll_interval import PollInterval
from tui.monitor.polling.result_fetcher import check, keep
from tui.monitor.polling.retry_queue import RetryQueue
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


class JobsPoller:
    """Watches the jobs of one signed-in account."""

    def __init__(
        self,
        app_state: AppState,
        service: QuantumService,
        tempo: PollInterval,
        wake_sessions: Callable[[], None],
        auto_result: int = AUTO_RESULT,
    ) -> None:
        self._app_state = app_state
        self._service = service
        self._tempo = tempo
        self._wake_sessions = wake_sessions
        self._auto_result = auto_result
        self._postponed = RetryQueue(app_state.clock)
        """The jobs whose details did not come."""
        self._in_a_row = 0
        self._not_before = -math.inf
        skew = timedelta(seconds=service.clock_skew or 0.0)
        self._began = app_state.clock.now() + skew
        """By the service's clock."""
        intervals = app_state.extent.intervals
        # A history of an earlier qdeck says nothing of how far it is complete.
        newest = intervals[0].until if intervals else next((job.created for job in app_state.jobs()), None)
        self._list = ListSync(service, newest)
        self._had = newest
        self._first = True
        self._asked_sessions: set[str] = set()

    def widen(self) -> None:
        """Let the next round show what changed in jobs that are final, too, and ask again for what failed."""
        self._list.wide = True
        self._postponed.clear()
        self._in_a_row, self._not_before = 0, -math.inf

    async def step(self) -> float:
        """One tick.

        Raises:
            QdeckError: the service did not answer.
        """
        watched = [record for record in self._app_state.unfinalized() if self._app_state.watched(record)]
        told = await self._list.ask(watched, self._known_since(watched))
        gone = await self._ask_for_absent({record.job.id for record in watched}, told)
        new = [job for job in told.values() if self._app_state.record(job.id) is None]
        records = [*(self._record(job) for job in told.values()), *gone]
        changed = await self._app_state.put(records, self._list.intervals)
        self._list.taken()
        self._announce(new)
        again = await self._settle()
        left = [record.job for record in self._app_state.unfinalized() if self._app_state.watched(record)]
        self._look_for_sessions(left)
        running = sum(job.status is not JobStatus.QUEUED for job in left)
        attention = self._app_state.attention
        pause = self._tempo.pause(
            queued=len(left) - running,
            running=running,
            changed=changed,
            focused=attention.focused,
            attended=attention.paid,
            interactive=any(session.state in INTERACTIVE_STATES for session in self._app_state.sessions()),
            unfinished=self._list.unfinished,
        )
        return min(pause, again)

    def _known_since(self, watched: list[JobRecord]) -> int:
        """How many known jobs are at least as new as the oldest watched one, counted up to a page."""
        if not watched:
            return 0
        oldest = watched[-1].job.created
        return sum(job.created >= oldest for job in self._app_state.jobs()[: PAGE + 1])

    def _record(self, job: Job) -> JobRecord:
        known = self._app_state.record(job.id)
        # A job that was final long before anyone watched is fetched when the user asks for it.
        old = known is None and job.status.final and job.created < self._began - CLOCK_SKEW
        record = self._app_state.take(job, finalized=old)
        ended = known is not None and self._app_state.watched(known)
        if known is None and job.status.final:
            # Submitted elsewhere since the last time, or between two looks, and over already.
            ended = job.created > (self._began if self._had is None else self._had)
            if job.created > self._began and not self._first:
                self._app_state.finishing.add(job.id)
        return replace(record, announced=True) if ended and job.status.final else record

    async def _ask_for_absent(self, watched: set[str], told: dict[str, Job]) -> list[JobRecord]:
        """Fetch watched jobs that left the list of pending ones; those the service does not know are over."""
        gone: list[JobRecord] = []
        for job_id in self._list.take_absent(watched - told.keys(), FETCHED_A_TICK):
            try:
                told[job_id] = await self._service.job(job_id)
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                record = self._app_state.record(job_id)
                if record is not None:
                    now = self._app_state.clock.now()
                    job = replace(record.job, status=JobStatus.UNKNOWN, status_text=GONE, confirmed=now)
                    gone.append(replace(record, job=job, finalized=True))
        return gone

    def _look_for_sessions(self, left: list[Job]) -> None:
        known = {session.id for session in self._app_state.sessions()}
        new = {job.session_id for job in left if job.session_id} - known - self._asked_sessions
        if new:
            self._asked_sessions |= new
            self._wake_sessions()

    async def _settle(self) -> float:
        """Fetch details and results of the jobs that became final; seconds until more of that is to be done.

        Raises:
            QdeckError: the service takes no requests of this account now. That one job's details cannot be
                fetched is no such thing: the list was told just before.
        """
        owed = [record for record in self._app_state.unfinalized() if record.job.status.final]
        self._postponed.only(record.job.id for record in owed)
        if self._app_state.clock.monotonic() < self._not_before:
            return self._again_in(more=True) if owed else math.inf
        due = [record for record in owed if self._postponed.due(record.job.id)]
        # What failed must not keep the others waiting.
        due.sort(key=lambda record: self._postponed.times(record.job.id))
        fetched: list[JobRecord] = []
        done = 0
        try:
            for record in due[:FETCHED_A_TICK]:
                done += 1
                settled = await self._details(record)
                if settled is None:
                    break
                fetched.append(settled)
        finally:
            await self._app_state.put(fetched)
        return self._again_in(more=len(due) > done)

    async def _details(self, record: JobRecord) -> JobRecord | None:
        """The job with everything the service keeps of it; its result goes to the history.

        `None`: it did not come, and is asked for again later.
        """
        job_id = record.job.id
        try:
            told = await self._service.job(job_id, with_params=not record.circuit_hash)
            whole = self._app_state.take(told, metrics=await self._metrics(job_id))
            kept = record.result_kept or await self._keep_result(whole)
        except QdeckError as error:
            if error.kind in OF_THE_ACCOUNT:
                raise
            # `PROTOCOL`: something in between answered, or cut the answer off.
            if error.worth_retrying or error.kind is ErrorKind.PROTOCOL:
                self._postpone(job_id)
                return None
            # It stays to be fetched by hand.
            return replace(record, finalized=True)
        self._in_a_row = 0
        return replace(whole, job=with_metrics(whole.job, whole.metrics), finalized=True, result_kept=kept)

    def _postpone(self, job_id: str) -> None:
        self._postponed.put_off(job_id)
        # Perhaps no job's can be fetched now: that must not cost a request a second.
        self._in_a_row += 1
        self._not_before = self._app_state.clock.monotonic() + PAUSE_OF_ALL.wait(self._in_a_row)

    def _again_in(self, *, more: bool) -> float:
        """Seconds until details are to be asked for again, though nothing else has to be asked.

        Args:
            more: whether there are some that need not wait for themselves.
        """
        wait = 0.0 if more else self._postponed.next_in(ATTEMPTS)
        if wait == math.inf:
            return wait
        return max(self._tempo.shortest, self._not_before - self._app_state.clock.monotonic(), wait)

    async def _metrics(self, job_id: str) -> JobMetrics | None:
        try:
            return await self._service.metrics(job_id)
        except QdeckError as error:
            if error.worth_retrying:
                raise
            return None

    async def _keep_result(self, record: JobRecord) -> bool:
        # A private result can be read once: that reading belongs to the user.
        if record.job.status is not JobStatus.DONE or record.job.private or not self._auto_result:
            return False
        try:
            result = await self._service.result(record.job.id, limit=self._auto_result)
        except QdeckError as error:
            if error.kind is not ErrorKind.TOO_LARGE:
                raise
            return False
        await check(record.job, result)
        return await keep(self._app_state, record, result)

    def _announce(self, new: list[Job]) -> None:
        """Tell which jobs became final; what the first round finds happened while nobody was here."""
        ids, away, self._first = sorted(self._app_state.finishing), self._first, False
        self._app_state.finishing.clear()
        records = [self._app_state.record(job_id) for job_id in ids]
        jobs = tuple(record.job for record in records if record is not None)
        if jobs:
            self._app_state.events.publish(JobsFinished(jobs, away=away))
        if away and self._had is not None:
            new = [job for job in new if job.created > self._had]
            self._tell_of_absence([*jobs, *(job for job in new if job.status.final)], len(new))

    def _tell_of_absence(self, finished: list[Job], new: int) -> None:
        told = []
        if finished:
            kinds = Counter(str(job.status) for job in finished)
            parts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            told.append(f"{len(finished)} finished while you were away ({parts})")
        if new:
            told.append(f"{new} submitted elsewhere")
        if told:
            self._app_state.events.notice(f"{'; '.join(told)}.")


def with_metrics(job: Job, metrics: JobMetrics | None) -> Job:
    """The job with the times and the usage its metrics tell."""
    if metrics is None:
        return job
    used = metrics.qpu_seconds if metrics.qpu_seconds is not None else job.qpu_seconds
    return replace(
        job,
        started=metrics.running or job.started,
        finished=metrics.finished or job.finished,
        qpu_seconds=used,
    )
