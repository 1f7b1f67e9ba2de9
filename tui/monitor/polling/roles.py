"""Reading of which primitives the executor jobs of others are: once a job, when nothing else is asked.

IBM's client runs its sampler and estimator as programs of the executor; the job list does not tell which of
them a job is, only its params and its result do (contract 5.16). Jobs from here are known, and those whose
details are fetched tell it on the way; the rest is read here, one request after the other.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import RetryQueue
from tui.domain.jobs import GONE, Job
from tui.domain.primitives import JobProgram
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.account_pollers import DETAILS_BACKOFF
from tui.monitor.polling.jobs_poller import ATTEMPTS, AUTO_RESULT, OF_THE_ACCOUNT, PAUSE_OF_ALL
from tui.monitor.state.app_state import UNREACHED, AppState

FIRST = 3.0
"""Seconds after the sign-in until the first request: what the user waits for goes before."""
EVERY = 2.0
EVERY_SANDBOX = 0.2
BUSY = 1.0
"""Seconds until the next look whether no other request is under way."""
LARGEST = AUTO_RESULT
"""Bytes of params that are read for this; those of a larger job tell its primitive when it is opened."""


class RoleReader:
    """Asks for the params of executor jobs whose primitive is not known, newest first.

    There is one for the life of the app.

    Args:
        wake: begins the next `step`.
    """

    def __init__(self, app_state: AppState, wake: Callable[[], None]) -> None:
        self._app_state = app_state
        self._wake = wake
        self._service: QuantumService | None = None

    def begin(self, service: QuantumService) -> None:
        """Begin anew, with the account that was just signed in."""
        self._service = service
        self._wanted: list[tuple[float, str]] = []
        self._ids: set[str] = set()
        self._retries = RetryQueue(self._app_state.clock, DETAILS_BACKOFF, PAUSE_OF_ALL)
        self._not_before = self._app_state.clock.monotonic() + FIRST
        self.add(self._app_state.jobs.all())

    def add(self, jobs: Iterable[Job]) -> None:
        """Take note of jobs that are new or different; those whose primitive may be asked for are."""
        if self._service is None:
            return
        new = [job for job in jobs if job.id not in self._ids and self._may_tell(job.id, job)]
        for job in new:
            self._ids.add(job.id)
            heapq.heappush(self._wanted, (-job.created.timestamp(), job.id))
        if new:
            self._wake()

    async def step(self) -> float:
        """Ask for one job: a worker's step.

        Returns:
            Seconds until the next one; `math.inf`: until it is woken.

        Raises:
            QdeckError: the service takes no requests of this account now.
        """
        service = self._service
        if service is None or not self._app_state.activity.attentive:
            return math.inf
        wait = max(self._not_before - self._app_state.clock.monotonic(), self._retries.pause)
        if wait > 0:
            return wait if self._wanted else math.inf
        if service.under_way:
            return BUSY
        job_id = self._next()
        if job_id is None:
            return max(BUSY, self._retries.next_due(ATTEMPTS))
        every = EVERY_SANDBOX if service.account.sandbox else EVERY
        self._not_before = self._app_state.clock.monotonic() + every
        await self._ask(service, job_id)
        return max(every, self._retries.pause)

    def _next(self) -> str | None:
        """Return the newest job that is still to be asked for."""
        later: list[tuple[float, str]] = []
        found = None
        while self._wanted and found is None:
            place = heapq.heappop(self._wanted)
            job_id = place[1]
            if not self._may_tell(job_id):
                self._ids.discard(job_id)
                continue
            later.append(place)
            if self._retries.is_due(job_id) and not self._is_fetched_anyway(job_id):
                found = job_id
        for place in later:
            heapq.heappush(self._wanted, place)
        return found

    def _may_tell(self, job_id: str, listed: Job | None = None) -> bool:
        """Return whether the service may tell of the job which primitive it is, and was not asked."""
        if listed is not None and listed.program != JobProgram.EXECUTOR:
            return False
        record = self._app_state.jobs.record(job_id)
        if record is None or record.role_asked or record.job.role:
            return False
        # The params of a private job are told to nobody.
        job = record.job
        return job.program == JobProgram.EXECUTOR and not job.private and job.status_text != GONE

    def _is_fetched_anyway(self, job_id: str) -> bool:
        """Return whether the job's details are still to come, which name its primitive."""
        record = self._app_state.jobs.record(job_id)
        return record is not None and record.job.status.final and not record.finalized

    async def _ask(self, service: QuantumService, job_id: str) -> None:
        try:
            job = await service.job(job_id, with_params=True, once=True, limit=LARGEST)
            told = self._app_state.jobs.as_record(job)
        except QdeckError as error:
            if error.kind in OF_THE_ACCOUNT | UNREACHED:
                self._retries.failed(job_id)
                raise
            # `PROTOCOL`: something in between answered.
            retried = error.worth_retrying or (error.kind is ErrorKind.PROTOCOL and not error.barred)
            if retried and self._retries.failures(job_id) + 1 < ATTEMPTS:
                self._retries.failed(job_id)
                return
            known = self._app_state.jobs.record(job_id)
            if known is None:
                return
            told = known
        else:
            self._retries.succeeded()
        await self._app_state.jobs.upsert([replace(told, role_asked=True)])
