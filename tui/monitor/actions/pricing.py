"""Prices of jobs before a submit: by IBM's formula, by own jobs, and by a dry run on the service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from heapq import nlargest
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.common.timing import Backoff
from tui.common.values import Value
from tui.domain.accounts import Usage
from tui.domain.devices.backends import twin_of
from tui.domain.jobs import Job, JobStatus
from tui.domain.pricing import NEWEST, DryRun, Price, PricedJob, corrected, total_price
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.results.decoder import circuit_durations
from tui.monitor.actions.circuits import Transpiler
from tui.monitor.outbox.send_queue import is_queue_full
from tui.monitor.polling.scheduler import run_now
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState, changes_service
from tui.store.records.models import JobRecord

_POLLS: Final = Backoff(first=0.5, longest=10.0)
_USAGE_POLLS: Final = 5
"""Questions for the usage of a dry run that is over: it may be settled a little later."""
_RESULT_BYTES: Final = 50_000_000
_EXECUTOR: Final = "executor"
_REFUSED_BY_PLAN: Final = frozenset({ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND})
"""What a service answers whose plan has no dry runs; its code is not published (contract 5.16)."""


class PricedSubmission(Value, frozen=True):
    """A submission as it would be sent, and its price.

    Attributes:
        submission: prepared; of a batch as it was given.
        price: of all jobs.
        jobs: of a batch each job, prepared; empty for one job.
    """

    submission: Submission
    price: Price
    jobs: tuple[Submission, ...] = ()


class Pricing:
    """Prices submissions for the signed-in account."""

    def __init__(self, app_state: AppState, transpiler: Transpiler, workers: Workers) -> None:
        self._app_state = app_state
        self._transpiler = transpiler
        self._workers = workers
        self._refusals: dict[tuple[str, str], QdeckError] = {}
        """Why there are no dry runs, by service and instance."""

    async def price(self, submission: Submission) -> PricedSubmission:
        """Prepare a submission, so that twirling and mitigation count, and price it. Nothing is sent.

        Cancelling the task stops the work.

        Raises:
            QdeckError: as `Transpiler.prepared`.
        """
        prepared = await self._transpiler.prepared(submission)
        return PricedSubmission(prepared, self.known(prepared))

    async def price_batch(self, submission: Submission, jobs: Sequence[Submission]) -> PricedSubmission:
        """Prepare each job of a batch, and price them together. Nothing is sent.

        Args:
            submission: all of them, as the form says it.
            jobs: each with one PUB; copies are prepared once.

        Raises:
            QdeckError: as `Transpiler.prepared`.
        """
        made: list[Submission] = []
        for place, job in enumerate(jobs):
            if place and replace(job, name=jobs[place - 1].name) == jobs[place - 1]:
                made.append(replace(made[-1], name=job.name))
            else:
                made.append(await self._transpiler.prepared(job))
        return self.known_batch(submission, made)

    def known_batch(self, submission: Submission, prepared: Sequence[Submission]) -> PricedSubmission:
        """Price jobs of a batch that are prepared, by what is known here; the last two as `price_batch`."""
        own = self._own_jobs(prepared[0])
        known = {one.formula_seconds: _priced(one.formula_seconds, own) for one in prepared}
        total = total_price([known[one.formula_seconds] for one in prepared], submission.max_seconds)
        return PricedSubmission(submission, total, tuple(prepared))

    def known(self, prepared: Submission) -> Price:
        """Price a submission that is prepared, by what is known here."""
        return _priced(prepared.formula_seconds, self._own_jobs(prepared))

    async def usage(self) -> Usage | None:
        """Return what the instance has left; the service is asked when it has not said so far.

        Returns:
            `None` when the service does not say.

        Raises:
            QdeckError: the service did not answer.
        """
        if self._app_state.connection.usage is None:
            await run_now(self._workers.usage)
        return self._app_state.connection.usage

    @property
    def dry_run_refusal(self) -> QdeckError | None:
        """Why the instance takes no dry runs, as it said to the last one; `None`: it has not refused any."""
        return self._refusals.get(self._account)

    @changes_service
    async def dry_run(self, prepared: Submission) -> DryRun:
        """Run a prepared submission dry, and wait for the answer. No qubit is used, nothing is charged.

        The request is sent once. Cancelling the task cancels the job.

        Returns:
            Usage and timing as the service says. The result itself, which is random, is not kept.

        Raises:
            QdeckError: `INVALID` for the service's own primitives, `FORBIDDEN` or `NOT_FOUND` where the plan
                has no dry runs (then `dry_run_refusal` is set, and nothing is asked again), `CIRCUIT` when
                the run would fail; the service's refusal, or it did not answer.
        """
        service = self._app_state.connection.need_service()
        if not prepared.runs_executor:
            raise QdeckError(
                ErrorKind.INVALID,
                "Dry runs are for quantum programs, not for the service's own primitives.",
                "Submit an executor job, or go by the formula.",
            )
        if self.dry_run_refusal is not None:
            raise self.dry_run_refusal
        job = await self._created(service, prepared)
        try:
            job = await self._over(service, job)
            return await self._answer(service, prepared, job)
        except asyncio.CancelledError:
            self._app_state.events.background(_cancel(service, job), "Cancelling a dry run")
            raise

    @property
    def _account(self) -> tuple[str, str]:
        return self._app_state.connection.label, self._app_state.connection.instance

    def _own_jobs(self, prepared: Submission) -> list[PricedJob]:
        """Return the jobs that the price of one is learned from, newest first."""
        program = _EXECUTOR if prepared.runs_executor else str(prepared.primitive)
        # Most jobs of a long history were submitted elsewhere: they are passed over first.
        ours = (one for one in self._app_state.history.records() if one.formula_seconds is not None)
        own = (one for one in ours if self._counts(one, prepared, program))
        newest = nlargest(NEWEST, own, key=lambda one: one.job.created)
        return [PricedJob(one.formula_seconds or 0.0, one.job.qpu_seconds or 0.0) for one in newest]

    def _counts(self, record: JobRecord, prepared: Submission, program: str) -> bool:
        """Return whether a price is learned from this job."""
        job = record.job
        return (
            job.backend == prepared.backend
            and job.program == program
            and job.status is JobStatus.DONE
            and bool(job.qpu_seconds)
            and self._app_state.connection.shows(job)
        )

    async def _created(self, service: QuantumService, prepared: Submission) -> Job:
        """Create the job on the backend's twin; what is said of sessions and dry runs is not published."""
        asked = replace(prepared, backend=twin_of(prepared.backend), session_id="", tags=(), max_seconds=None)
        try:
            return await service.submit(asked)
        except QdeckError as error:
            if error.kind in _REFUSED_BY_PLAN and not is_queue_full(error):
                self._refusals[self._account] = error
            elif error.kind is ErrorKind.UNCONFIRMED:
                raise error.reworded(
                    ErrorKind.NETWORK, f"The dry run may not have begun: {error.message}", "Ask for it again."
                ) from error
            raise

    async def _over(self, service: QuantumService, job: Job) -> Job:
        failures = polls = 0
        while not job.status.final:
            await self._app_state.clock.sleep(_POLLS.wait(polls := polls + 1))
            try:
                job, failures = await service.job(job.id), 0
            except QdeckError as error:
                failures += 1
                if not error.worth_retrying or failures > _USAGE_POLLS:
                    raise
        return job

    async def _answer(self, service: QuantumService, prepared: Submission, job: Job) -> DryRun:
        if job.status is not JobStatus.DONE:
            reason = plain(job.reason or "The service gave no reason.", limit=500)
            advice = plain(job.reason_solution, limit=500)
            raise QdeckError(
                ErrorKind.CIRCUIT, f"The dry run {job.status}: {reason}", advice, code=job.reason_code
            )
        seconds = await self._charged(service, job)
        durations, dt = await self._timing(service, prepared, job)
        job = replace(job, name=prepared.name, qpu_seconds=seconds)
        record = replace(self._app_state.jobs.as_record(job, finalized=True), seen=True)
        await self._app_state.jobs.upsert([record])
        return DryRun(job.id, seconds, durations, dt)

    async def _charged(self, service: QuantumService, job: Job) -> float | None:
        for poll in range(1, _USAGE_POLLS + 1):
            seconds = (await service.metrics(job.id)).qpu_seconds
            if seconds is not None:
                return seconds
            await self._app_state.clock.sleep(_POLLS.wait(poll))
        return job.qpu_seconds

    async def _timing(
        self, service: QuantumService, prepared: Submission, job: Job
    ) -> tuple[tuple[int, ...], float | None]:
        with contextlib.suppress(QdeckError):  # the price is known all the same
            result = await service.result(job.id, once=job.private, limit=_RESULT_BYTES)
            durations = await asyncio.to_thread(circuit_durations, result.raw)
            return durations, await self._transpiler.dt_seconds(prepared.backend)
        return (), None


def _priced(formula: float | None, own: Sequence[PricedJob]) -> Price:
    correction = None if formula is None else corrected(formula, own)
    return Price(formula, correction if correction is not None and correction.jobs else None)


async def _cancel(service: QuantumService, job: Job) -> None:
    """Cancel a job that nobody waits for any more; one that is over, or cannot be reached, is left alone."""
    with contextlib.suppress(QdeckError):
        await service.cancel(job.id)
