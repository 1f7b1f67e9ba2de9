"""The jobs of the account: what is known of them, and the commands on them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.domain.circuits import Transpilation
from tui.domain.devices.backends import is_mock
from tui.domain.jobs import Job, JobMetrics, JobQuery, JobStatus
from tui.domain.openqasm import classical_bits
from tui.domain.pubs.inputs import decode_inputs
from tui.domain.results import JobResult, named, widened
from tui.domain.submissions import MAX_TAGS, OWN_TAG, Submission, check_tags
from tui.ibm.api.service import QuantumService
from tui.ibm.results.decoder import circuit_durations
from tui.jobquery.filters import JobFilter
from tui.monitor.actions.circuits import SubmittedCircuits
from tui.monitor.polling.jobs_poller import with_metrics
from tui.monitor.polling.list_sync import PAGE, Backfill
from tui.monitor.polling.result_fetcher import ResultFetcher
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState, changes_service
from tui.monitor.state.events import HistoryCoverage
from tui.store.records.models import JobRecord

_MOST_DURATIONS = 5

_UNCLEAR: Final = frozenset([ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.PROTOCOL])
"""After these nobody knows whether the service did what it was asked."""


class Jobs:
    """Jobs of the signed-in service and instance, or all that the history holds when nobody is signed in.

    Reads answer from memory. Commands are awaited and raise `QdeckError`: `EXPIRED` when nobody is signed in,
    `SETTINGS` when one that changes something is called in a read-only app.

    Args:
        auto_result: bytes up to which results are fetched without the user asking for them.
    """

    def __init__(
        self,
        app_state: AppState,
        workers: Workers,
        backfill: Backfill,
        compiler: Compiler,
        auto_result: int,
    ) -> None:
        self._app_state = app_state
        self._workers = workers
        self._backfill = backfill
        self._results = ResultFetcher(app_state, compiler, auto_result)
        self._circuits = SubmittedCircuits(app_state, compiler)

    # reads

    def all(self) -> tuple[Job, ...]:
        """Return all known jobs, newest first, without their program texts."""
        return self._app_state.jobs.all()

    @property
    def elsewhere(self) -> int:
        """How many jobs of other accounts the history holds; 0 when nobody is signed in: all are listed."""
        return self._app_state.jobs.elsewhere

    @property
    def with_others(self) -> bool:
        """True while the jobs of other accounts are listed, too."""
        return self._app_state.jobs.with_others

    def list_others(self, on: bool) -> None:
        """List the jobs of other accounts, too, or no longer. They stay as they are: no service is asked."""
        self._app_state.jobs.list_others(on)

    def get(self, job_id: str) -> Job | None:
        """Return one job with the program texts that are at hand.

        Returns:
            The job; long texts are empty until `with_texts` has read them. `None`: it is not known here.
        """
        record = self._app_state.jobs.record(job_id)
        return None if record is None else self._app_state.history.job_with_texts(record)

    async def with_texts(self, job_id: str) -> Job | None:
        """Return one job with its program texts, however long.

        Returns:
            The job; `None`: it is not known here.
        """
        record = self._app_state.jobs.record(job_id)
        return None if record is None else await self._app_state.history.whole_job(record)

    def transpilation(self, job_id: str) -> Transpilation | None:
        """Return how the job's circuit was transpiled.

        Returns:
            The transpilation; `None`: it was not done here.
        """
        record = self._app_state.jobs.record(job_id)
        return None if record is None else self._app_state.history.transpilation(record)

    def submission(self, job_id: str) -> Submission | None:
        """Return what was asked for when the job was submitted here, without texts, as long as it is kept.

        Returns:
            The submission; `None`: it was submitted elsewhere, or long ago.
        """
        record = self._app_state.jobs.record(job_id)
        pending = self._app_state.history.submission(record.own_tag) if record and record.own_tag else None
        return None if pending is None else pending.submission

    def unread(self) -> frozenset[str]:
        """Return the ids of the jobs that finished and were not opened since."""
        return self._app_state.jobs.unread()

    def mark_read(self, *job_ids: str) -> None:
        """Note that the user saw these jobs; `JobsChanged` names those for which that is new."""
        self._app_state.jobs.mark_read(job_ids)

    @property
    def coverage(self) -> HistoryCoverage:
        """Time since which all jobs of the account are known; nothing when nobody is signed in."""
        return self._app_state.jobs.history_coverage

    def request_older(self, wanted: JobFilter | None = None) -> None:
        """Ask for a page of older jobs than are known; `HistoryCoverageChanged` follows.

        Args:
            wanted: what they have to fit. As far as the service can tell, those that do come first.
        """
        self._backfill.request(wanted)

    # asked of the service

    async def fetch_newest(self, limit: int, wanted: JobQuery | None = None) -> None:
        """Add the newest `limit` jobs of the service, page by page.

        Polling adds no more than watching needs.

        Args:
            wanted: which jobs are meant; its `limit` and `offset` do not count. `None`: all.
        """
        service = self._app_state.connection.need_service()
        offset = 0
        while offset < limit:
            asked = min(PAGE, limit - offset)
            page = await service.jobs(replace(wanted or JobQuery(), limit=asked, offset=offset))
            self._app_state.tell_of_unread(page)
            await self._app_state.jobs.upsert_listed(page.jobs)
            if page.ends_before(asked) or not page.size:
                return
            offset += page.size

    async def fetch(self, job_id: str, *, with_params: bool = True) -> Job:
        """Ask the service for one job, and keep it.

        Args:
            with_params: with what it was given, which may be long.

        Returns:
            The job as it is known then.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        job = await self._app_state.connection.need_service().job(job_id, with_params=with_params)
        record = replace(self._app_state.jobs.as_record(job), role_asked=with_params)
        await self._app_state.jobs.upsert([record])
        return self.get(job_id) or job

    async def result(self, job_id: str, *, by_itself: bool = False, short: bool = False) -> JobResult:
        """Return the job's result: from the history, else from the service, and then kept.

        What the body does not tell is added: the observables of the values, the width of the bit strings.
        Of a dry run there is nothing but a note on usage and timing: what it measured is random.

        Args:
            by_itself: the user did not ask for this one. A result that is not kept and larger than what is
                fetched by itself is not fetched: `TOO_LARGE`. Nor is one that can be read only once:
                `CONFLICT`.
            short: counts that are too many to be at hand are summed up, without the service's answer.
        """
        result = await self._results.get(job_id, by_itself=by_itself, short=short)
        if result.abridged and short:
            result = replace(result, raw=b"")
        record = self._app_state.jobs.record(job_id)
        if record is None:
            return result
        if is_mock(record.job.backend):
            return await asyncio.to_thread(_of_dry_run, record, result.raw)
        if len(result.pubs) == 1 and result.pubs[0].quasi is not None:
            bits = classical_bits((await self._app_state.history.whole_job(record)).circuit)
            result = widened(result, bits or 0)
        inputs = decode_inputs((await self._app_state.history.whole_job(record)).inputs)
        return named(result, record.job.observables, inputs)

    async def metrics(self, job_id: str) -> JobMetrics:
        """Return the job's metrics: as kept once they are final, else from the service.

        The circuit of a job that was submitted elsewhere is asked for on the way, and kept.
        """
        record = self._app_state.jobs.record(job_id)
        kept = record.metrics if record is not None and record.job.status.final else None
        complete = kept is not None and kept.qpu_seconds is not None
        connected = self._app_state.connection.service
        if record is not None and kept is not None and (connected is None or complete):
            if connected is not None and not record.circuit_hash:
                await self._reread(connected, job_id, with_params=True)
            return kept
        service = self._app_state.connection.need_service()
        metrics = await service.metrics(job_id)
        await self._reread(service, job_id, with_params=record is None or not record.circuit_hash)
        record = self._app_state.jobs.record(job_id)
        if record is not None:
            job = with_metrics(record.job, metrics)
            await self._app_state.jobs.upsert([replace(record, job=job, metrics=metrics)])
        return metrics

    async def circuits(self, job_id: str) -> tuple[str, ...]:
        """Return the circuits as submitted, as OpenQASM, one a PUB, wherever they were submitted.

        They are asked for and decoded; the first is kept. Where the service cannot be asked, what is kept is
        all there is.

        Returns:
            At least one program; `Job.circuits` says how many the job was given.

        Raises:
            QdeckError: `NOT_FOUND` when the service does not tell them, `CIRCUIT` when the first cannot be
                read, `UNAVAILABLE` when reading it needs Qiskit.
        """
        return await self._circuits.get(job_id)

    async def logs(self, job_id: str) -> str:
        """Return the job's log.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        return await self._app_state.connection.need_service().logs(job_id)

    async def tags_like(self, text: str) -> tuple[str, ...]:
        """Return tags the service knows that contain the text, without qdeck's own.

        Returns:
            Tags; none where the service cannot search.
        """
        found = await self._app_state.connection.need_service().tags(text)
        return tuple(tag for tag in found if not OWN_TAG.fullmatch(tag))

    async def finish_reading(self, seconds: float) -> None:
        """Wait at most that long for private results that are being read: each can be read once."""
        await self._results.finish(seconds)

    # changing

    @changes_service
    async def cancel(self, job_id: str) -> None:
        """Cancel the job on the service; its new state is shown when the service gave it.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, `CONFLICT` with how it ended when it was over
                before the service got the request, or the service's own error. Of a request without a clear
                end the job itself tells: one that is cancelled then was.
        """
        service = self._app_state.connection.need_service()
        before = self._app_state.jobs.record(job_id)
        was_over = before is not None and before.job.status.final
        try:
            await service.cancel(job_id)
        except QdeckError as error:
            if error.kind is not ErrorKind.CONFLICT and error.kind not in _UNCLEAR:
                raise
            await self._reread(service, job_id)
            self._workers.jobs.request()
            record = self._app_state.jobs.record(job_id)
            if record is None or not record.job.status.final:
                raise
            status, name = record.job.status, plain(record.job.name or job_id, limit=40)
            if error.kind in _UNCLEAR and status is JobStatus.CANCELLED and not was_over:
                return
            advice = "Its result is on its page." if status is JobStatus.DONE else ""
            raise QdeckError(
                ErrorKind.CONFLICT, f"{name} is already {status}: the cancel came too late.", advice
            ) from error
        await self._reread(service, job_id)
        self._workers.jobs.request()

    @changes_service
    async def delete(self, job_id: str) -> None:
        """Delete the job on the service and in the history.

        Raises:
            QdeckError: the service refused; one that it does not know any more is deleted here.
        """
        service = self._app_state.connection.need_service()
        record = self._app_state.jobs.record(job_id)
        try:
            await service.delete(job_id)
        except QdeckError as error:
            # Deleted there already: then it only has to go here.
            if error.kind is not ErrorKind.NOT_FOUND or record is None:
                raise
        if record is not None:
            await self._app_state.history.remove_result(record.key)
            await self._app_state.jobs.remove(record)

    @changes_service
    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the tags the user sees; the own tag stays where there is room for it.

        Raises:
            QdeckError: `INVALID` for too many or too long tags, or the service's own error.
        """
        service = self._app_state.connection.need_service()
        check_tags(tags, room_for_own=False)
        record = self._app_state.jobs.record(job_id)
        own = record.own_tag if record else ""
        await service.set_tags(job_id, (*tags, own) if own and len(tags) < MAX_TAGS else tags)
        if record is not None:
            job = replace(record.job, tags=tags, confirmed=self._app_state.clock.now())
            await self._app_state.jobs.upsert([replace(record, job=job)])
        else:
            await self._reread(service, job_id)

    async def _reread(self, service: QuantumService, job_id: str, *, with_params: bool = False) -> None:
        """Show what became of the job. What was asked for is done already: a failure is the poller's."""
        with contextlib.suppress(QdeckError):
            job = await service.job(job_id, with_params=with_params)
            record = self._app_state.jobs.as_record(job)
            await self._app_state.jobs.upsert([replace(record, role_asked=with_params)])


def _of_dry_run(record: JobRecord, raw: bytes) -> JobResult:
    """Return what is shown of a dry run's result: a note on what the run would take."""
    job = record.job
    used = job.qpu_seconds if job.qpu_seconds is not None else record.metrics and record.metrics.qpu_seconds
    usage = (
        "The service has not told yet what the run would use."
        if used is None
        else f"The run itself would use {used:g} s of QPU time."
    )
    durations = circuit_durations(raw)
    lengths = ", ".join(f"{length:,}" for length in durations[:_MOST_DURATIONS])
    more = f" and {len(durations) - _MOST_DURATIONS:,} more" if len(durations) > _MOST_DURATIONS else ""
    timing = f" Its circuits last {lengths}{more} dt." if durations else ""
    note = (
        f"A dry run on {plain(job.backend, limit=60)}: nothing was measured, and the bits in its result are "
        f"random, so they are not shown. {usage}{timing}"
    )
    return JobResult((), note=note, dry_run=True)
