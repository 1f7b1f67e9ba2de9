"""The jobs worker: one list request a tick for all watched jobs; what left the queue is fetched once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobMetrics, JobQuery, JobStatus
from tui.history.records import Record
from tui.ibm.service import QuantumService
from tui.monitor.board import Board
from tui.monitor.events import JobFinished
from tui.monitor.tempo import Tempo

LEAST_LISTED = 50
"""Jobs asked for in a list request at least: also shows what was submitted elsewhere."""
MOST_LISTED = 200
"""The service's own limit of a page (contract 5.8)."""
MOST_PAGES = 3
FETCHED_A_TICK = 10
AT_ONCE = 3
ATTEMPTS = 5
GONE = "Not on the service any more"
CLOCK_SKEW = timedelta(minutes=2)


class JobsWorker:
    """Watches the jobs of one signed-in account."""

    def __init__(self, board: Board, service: QuantumService, tempo: Tempo) -> None:
        self._board = board
        self._service = service
        self._tempo = tempo
        self._attempts: dict[str, int] = {}
        self._since = board.clock.now() - CLOCK_SKEW

    async def step(self) -> float:
        """One tick.

        Raises:
            QdeckError: the service did not answer.
        """
        watched = {record.job.id for record in self._board.here() if self._board.watched(record)}
        told, gone = await self._ask(watched)
        self._board.answered()
        changed = await self._board.put([*(self._record(job) for job in told), *gone])
        try:
            await self._settle()
        finally:
            self._announce()
        left = [record.job for record in self._board.here() if self._board.watched(record)]
        running = sum(job.status is not JobStatus.QUEUED for job in left)
        return self._tempo.pause(queued=len(left) - running, running=running, changed=changed)

    def _record(self, job: Job) -> Record:
        known = self._board.record(job.id)
        # A job that was final long before anyone watched is fetched when the user asks for it.
        old = known is None and job.status.final and job.created < self._since
        return self._board.take(job, settled=old)

    async def _ask(self, watched: set[str]) -> tuple[list[Job], list[Record]]:
        """What the service tells of the newest and the watched jobs, and watched ones it does not know."""
        limit = min(MOST_LISTED, max(LEAST_LISTED, len(watched) + 10))
        told = {job.id: job for job in (await self._service.jobs(JobQuery(limit=limit))).jobs}
        for page in range(MOST_PAGES):
            if watched <= told.keys():
                break
            query = JobQuery(limit=MOST_LISTED, offset=page * MOST_LISTED, pending=True)
            listed = (await self._service.jobs(query)).jobs
            told.update((job.id, job) for job in listed)
            if len(listed) < MOST_LISTED:
                break
        gone: list[Record] = []
        # Neither among the newest nor pending: they left the queue.
        for job_id in sorted(watched - told.keys())[:FETCHED_A_TICK]:
            try:
                told[job_id] = await self._service.job(job_id)
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                record = self._board.record(job_id)
                if record is not None:
                    now = self._board.clock.now()
                    job = replace(record.job, status=JobStatus.UNKNOWN, status_text=GONE, confirmed=now)
                    gone.append(replace(record, job=job, settled=True))
        return list(told.values()), gone

    async def _settle(self) -> None:
        """Fetch details and results of the jobs that became final."""
        owed = [r for r in self._board.here() if r.job.status.final and not r.settled][:FETCHED_A_TICK]
        gate = asyncio.Semaphore(AT_ONCE)

        async def fetch(record: Record) -> Record:
            async with gate:
                return await self._details(record)

        outcomes = await asyncio.gather(*map(fetch, owed), return_exceptions=True)
        await self._board.put(outcome for outcome in outcomes if isinstance(outcome, Record))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _details(self, record: Record) -> Record:
        """The job with everything the service keeps of it; its result goes to the history."""
        job_id = record.job.id
        try:
            told = await self._service.job(job_id, with_params=not record.circuit_hash)
            whole = self._board.take(told, metrics=await self._metrics(job_id))
            kept = record.result_kept or await self._keep_result(whole)
        except QdeckError as error:
            attempts = self._attempts[job_id] = self._attempts.get(job_id, 0) + 1
            if error.worth_retrying and attempts < ATTEMPTS:
                raise
            # It stays to be fetched by hand.
            return replace(record, settled=True)
        self._attempts.pop(job_id, None)
        return replace(whole, job=with_metrics(whole.job, whole.metrics), settled=True, result_kept=kept)

    async def _metrics(self, job_id: str) -> JobMetrics | None:
        try:
            return await self._service.metrics(job_id)
        except QdeckError as error:
            if error.worth_retrying:
                raise
            return None

    async def _keep_result(self, record: Record) -> bool:
        # A private result can be read once: that reading belongs to the user.
        if record.job.status is not JobStatus.DONE or record.job.private:
            return False
        result = await self._service.result(record.job.id)
        try:
            await self._board.history.keep_result(record.key, result)
        except QdeckError as error:
            self._board.storage_refused(error)
            return False
        return True

    def _announce(self) -> None:
        for job_id in sorted(self._board.finishing):
            record = self._board.record(job_id)
            self._board.finishing.discard(job_id)
            if record is not None:
                self._board.publish(JobFinished(record.job))


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
