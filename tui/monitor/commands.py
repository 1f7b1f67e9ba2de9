"""What the user does with jobs and sessions: asked of the service, kept in the history, shown as events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from tui.compiler.interface import Compiler
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobMetrics, JobQuery, JobStatus
from tui.domain.results import JobResult, named
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import MAX_TAGS
from tui.ibm.service import QuantumService
from tui.monitor.board import OWN_TAG, Board
from tui.monitor.jobs_list import PAGE
from tui.monitor.jobs_worker import with_metrics
from tui.monitor.tags import check_tags


class Commands:
    """Commands on single jobs and sessions. All raise `QdeckError`; `EXPIRED` when nobody is signed in."""

    def __init__(
        self, board: Board, wake: Callable[[str], None], compiler: Compiler, auto_result: int
    ) -> None:
        self._board = board
        self._wake = wake
        self._compiler = compiler
        self._auto_result = auto_result
        self._reading: set[asyncio.Future[JobResult]] = set()

    async def cancel(self, job_id: str) -> None:
        """Cancel the job."""
        service = self._board.need_service()
        await service.cancel(job_id)
        await self._tell(service, job_id)
        self._wake("jobs")

    async def delete(self, job_id: str) -> None:
        """Delete the job on the service, and what is kept of it here."""
        service = self._board.need_service()
        record = self._board.record(job_id)
        try:
            await service.delete(job_id)
        except QdeckError as error:
            # Deleted there already: then it only has to go here.
            if error.kind is not ErrorKind.NOT_FOUND or record is None:
                raise
        if record is not None:
            await self._board.history.forget_result(record.key)
            await self._board.remove(record)

    async def look_back(self, limit: int) -> None:
        """Take in the newest `limit` jobs of the service, page by page."""
        service = self._board.need_service()
        offset = 0
        while offset < limit:
            asked = min(PAGE, limit - offset)
            page = await service.jobs(JobQuery(limit=asked, offset=offset))
            # What ended before anyone here knew of it is fetched when the user asks for it.
            await self._board.put(
                self._board.take(job, settled=job.status.final and self._board.record(job.id) is None)
                for job in page.jobs
            )
            if len(page.jobs) < asked:
                return
            offset += asked

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the tags the user sees; the own tag stays where there is room for it."""
        service = self._board.need_service()
        check_tags(tags, room_for_own=False)
        record = self._board.record(job_id)
        own = record.own_tag if record else ""
        await service.set_tags(job_id, (*tags, own) if own and len(tags) < MAX_TAGS else tags)
        if record is not None:
            job = replace(record.job, tags=tags, confirmed=self._board.clock.now())
            await self._board.put([replace(record, job=job)])
        else:
            await self._tell(service, job_id)

    async def tags_like(self, text: str) -> tuple[str, ...]:
        """Tags the service knows that contain the text, but for qdeck's own."""
        found = await self._board.need_service().tags(text)
        return tuple(tag for tag in found if not OWN_TAG.fullmatch(tag))

    async def result(self, job_id: str, *, by_itself: bool) -> JobResult:
        """The result: as kept, else from the service, and then kept; values with their observables."""
        result = await self._result(job_id, by_itself)
        record = self._board.record(job_id)
        return named(result, record.job.observables) if record is not None else result

    async def _result(self, job_id: str, by_itself: bool) -> JobResult:
        record = self._board.record(job_id)
        if record is not None and record.result_kept:
            kept = await self._board.history.result(record.key)
            if kept is not None:
                return kept
        service = self._board.need_service()
        if by_itself and (record is None or record.job.private):
            raise QdeckError(ErrorKind.CONFLICT, "A private result can be read once.", "Open the job.")
        limit = self._auto_result if by_itself else None
        if limit == 0:
            raise QdeckError(ErrorKind.TOO_LARGE, "Results are fetched when a job is opened.")
        # A private result can be read once: once asked for it is kept, though nobody waits for it any more.
        asked = asyncio.ensure_future(self._read_result(service, job_id, limit))
        self._reading.add(asked)
        asked.add_done_callback(self._read)
        return await asyncio.shield(asked)

    async def _read_result(self, service: QuantumService, job_id: str, limit: int | None) -> JobResult:
        """Read the result and keep it before anyone sees it."""
        record = self._board.record(job_id)
        if record is None or not record.job.status.final:
            await self._tell(service, job_id)
            record = self._board.record(job_id)
        result = await service.result(job_id, limit=limit)
        # What a running job shows so far is not its result yet.
        if record is not None and record.job.status is JobStatus.DONE:
            try:
                await self._board.history.keep_result(record.key, result)
            except QdeckError as error:
                self._board.storage_refused(error)
            else:
                await self._board.save()
        return result

    def _read(self, asked: asyncio.Future[JobResult]) -> None:
        self._reading.discard(asked)
        if not asked.cancelled():
            # Whoever waits for it is told of an error; when nobody does, it is nobody's.
            asked.exception()

    async def metrics(self, job_id: str) -> JobMetrics:
        """The metrics: as kept once they are settled, else from the service.

        The circuit of a job that was submitted elsewhere is asked for on the way, and kept.
        """
        record = self._board.record(job_id)
        kept = record.metrics if record is not None and record.job.status.final else None
        complete = kept is not None and kept.qpu_seconds is not None
        if record is not None and kept is not None and (self._board.service is None or complete):
            if self._board.service is not None and not record.circuit_hash:
                await self._tell(self._board.service, job_id, with_params=True)
            return kept
        service = self._board.need_service()
        metrics = await service.metrics(job_id)
        await self._tell(service, job_id, with_params=record is None or not record.circuit_hash)
        record = self._board.record(job_id)
        if record is not None:
            job = with_metrics(record.job, metrics)
            await self._board.put([replace(record, job=job, metrics=metrics)])
        return metrics

    async def circuit(self, job_id: str) -> str:
        """The circuit as submitted: as kept, else from the service, and then kept.

        A circuit that another program submitted in Qiskit's binary form becomes OpenQASM 3 in the
        compiler's worker.
        """
        record = self._board.record(job_id)
        if record is not None and record.circuit_hash:
            return self._board.history.job_with_texts(record).circuit
        told = await self._board.need_service().submitted(job_id)
        job = told.job
        if not job.circuit and told.qpy:
            job = replace(job, circuit=await self._compiler.decode_qpy(told.qpy))
        await self._board.put([self._board.take(job)])
        if not job.circuit:
            raise QdeckError(
                ErrorKind.NOT_FOUND,
                "The service does not tell the inputs of a private job."
                if job.private
                else "The job's inputs hold no circuit that is known here.",
            )
        return job.circuit

    async def logs(self, job_id: str) -> str:
        """The log."""
        return await self._board.need_service().logs(job_id)

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None) -> Session:
        """Open a session or batch."""
        session = await self._board.need_service().open_session(backend, mode, max_ttl)
        await self._board.put_sessions([replace(session, opened_here=True)])
        self._wake("sessions")
        self._wake("jobs")
        return session

    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs."""
        service = self._board.need_service()
        await service.drain_session(session_id)
        await self._tell_session(service, session_id)

    async def close_session(self, session_id: str) -> None:
        """Close now; its queued jobs are dropped."""
        service = self._board.need_service()
        await service.close_session(session_id)
        await self._tell_session(service, session_id)
        self._wake("jobs")

    async def _tell(self, service: QuantumService, job_id: str, *, with_params: bool = False) -> None:
        """Show what became of the job. What was asked for is done already: a failure is the poller's."""
        with contextlib.suppress(QdeckError):
            job = await service.job(job_id, with_params=with_params)
            await self._board.put([self._board.take(job)])

    async def _tell_session(self, service: QuantumService, session_id: str) -> None:
        with contextlib.suppress(QdeckError):
            await self._board.put_sessions([await service.session(session_id)])
        self._wake("sessions")
