"""What the user does with jobs and sessions: asked of the service, kept in the history, shown as events."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.jobs import JobMetrics, JobQuery
from tui.domain.openqasm import classical_bits
from tui.domain.results import JobResult, named, widened
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import MAX_TAGS, OWN_TAG, check_tags
from tui.ibm.api.service import QuantumService
from tui.monitor.actions.circuits import Circuits
from tui.monitor.polling.jobs_poller import with_metrics
from tui.monitor.polling.list_sync import PAGE
from tui.monitor.polling.result_fetcher import Results
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity


class Commands:
    """Commands on single jobs and sessions. All raise `QdeckError`; `EXPIRED` when nobody is signed in."""

    def __init__(self, app_state: AppState, workers: Workers, compiler: Compiler, auto_result: int) -> None:
        self._app_state = app_state
        self._workers = workers
        self._results = Results(app_state, auto_result)
        self._circuits = Circuits(app_state, compiler)
        self._opening: set[asyncio.Future[Session]] = set()

    async def cancel(self, job_id: str) -> None:
        """Cancel the job."""
        service = self._app_state.need_service()
        await service.cancel(job_id)
        await self._tell(service, job_id)
        self._workers.jobs.request()

    async def delete(self, job_id: str) -> None:
        """Delete the job on the service, and what is kept of it here."""
        service = self._app_state.need_service()
        record = self._app_state.record(job_id)
        try:
            await service.delete(job_id)
        except QdeckError as error:
            # Deleted there already: then it only has to go here.
            if error.kind is not ErrorKind.NOT_FOUND or record is None:
                raise
        if record is not None:
            await self._app_state.history.remove_result(record.key)
            await self._app_state.remove(record)

    async def look_back(self, limit: int, wanted: JobQuery | None = None) -> None:
        """Take in the newest `limit` jobs of the service that are `wanted`, page by page."""
        service = self._app_state.need_service()
        offset = 0
        while offset < limit:
            asked = min(PAGE, limit - offset)
            page = await service.jobs(replace(wanted or JobQuery(), limit=asked, offset=offset))
            # What ended before anyone here knew of it is fetched when the user asks for it.
            await self._app_state.put(
                self._app_state.take(
                    job, finalized=job.status.final and self._app_state.record(job.id) is None
                )
                for job in page.jobs
            )
            if len(page.jobs) < asked:
                return
            offset += asked

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the tags the user sees; the own tag stays where there is room for it."""
        service = self._app_state.need_service()
        check_tags(tags, room_for_own=False)
        record = self._app_state.record(job_id)
        own = record.own_tag if record else ""
        await service.set_tags(job_id, (*tags, own) if own and len(tags) < MAX_TAGS else tags)
        if record is not None:
            job = replace(record.job, tags=tags, confirmed=self._app_state.clock.now())
            await self._app_state.put([replace(record, job=job)])
        else:
            await self._tell(service, job_id)

    async def tags_like(self, text: str) -> tuple[str, ...]:
        """Tags the service knows that contain the text, but for qdeck's own."""
        found = await self._app_state.need_service().tags(text)
        return tuple(tag for tag in found if not OWN_TAG.fullmatch(tag))

    async def result(self, job_id: str, *, by_itself: bool = False) -> JobResult:
        """The result: as kept, else from the service, and then kept.

        What the body does not tell is added: the observables of the values, the width of the bit strings.
        """
        result = await self._results.get(job_id, by_itself=by_itself)
        record = self._app_state.record(job_id)
        if record is None:
            return result
        if len(result.pubs) == 1 and result.pubs[0].quasi is not None:
            bits = classical_bits((await self._app_state.history.whole_job(record)).circuit)
            result = widened(result, bits or 0)
        return named(result, record.job.observables)

    async def finish_reading(self, seconds: float) -> None:
        """Wait so long for private results that are being read: each can be read once."""
        await self._results.finish(seconds)

    async def metrics(self, job_id: str) -> JobMetrics:
        """The metrics: as kept once they are settled, else from the service.

        The circuit of a job that was submitted elsewhere is asked for on the way, and kept.
        """
        record = self._app_state.record(job_id)
        kept = record.metrics if record is not None and record.job.status.final else None
        complete = kept is not None and kept.qpu_seconds is not None
        if record is not None and kept is not None and (self._app_state.service is None or complete):
            if self._app_state.service is not None and not record.circuit_hash:
                await self._tell(self._app_state.service, job_id, with_params=True)
            return kept
        service = self._app_state.need_service()
        metrics = await service.metrics(job_id)
        await self._tell(service, job_id, with_params=record is None or not record.circuit_hash)
        record = self._app_state.record(job_id)
        if record is not None:
            job = with_metrics(record.job, metrics)
            await self._app_state.put([replace(record, job=job, metrics=metrics)])
        return metrics

    async def circuits(self, job_id: str) -> tuple[str, ...]:
        """The circuits as submitted, one a PUB: as kept, else from the service; the first is kept.

        Circuits that another program submitted in Qiskit's binary form become OpenQASM 3 in the compiler's
        worker.
        """
        return await self._circuits.get(job_id)

    async def logs(self, job_id: str) -> str:
        """The log."""
        return await self._app_state.need_service().logs(job_id)

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None) -> Session:
        """Open a session or batch.

        It costs from then on: once asked for, it is taken in though nobody waits for it any more.
        """
        service = self._app_state.need_service()
        opening = asyncio.ensure_future(self._open_session(service, backend, mode, max_ttl))
        self._opening.add(opening)
        opening.add_done_callback(self._opened)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._tell_opened)
            raise

    async def _open_session(
        self, service: QuantumService, backend: str, mode: SessionMode, max_ttl: int | None
    ) -> Session:
        session = await service.open_session(backend, mode, max_ttl)
        await self._app_state.upsert_sessions([replace(session, opened_here=True)])
        self._workers.sessions.request()
        self._workers.jobs.request()
        return session

    def _opened(self, opening: asyncio.Future[Session]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            opening.exception()

    def _tell_opened(self, opening: asyncio.Future[Session]) -> None:
        """Whoever asked for the session waits for it no more, and yet it may be open."""
        if opening.cancelled():
            return
        error = opening.exception()
        if error is None:
            session = opening.result()
            self._app_state.events.notice(f"The {session.mode} session {session.id} was opened all the same.")
        else:
            self._app_state.events.notice(f"The session that was being opened: {error}", Severity.WARNING)

    async def aclose(self, seconds: float) -> None:
        """Wait for sessions that are being opened, that long at the most: what they are costs."""
        if self._opening:
            await asyncio.wait(self._opening, timeout=seconds)

    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs."""
        service = self._app_state.need_service()
        await service.drain_session(session_id)
        await self._tell_session(service, session_id)

    async def close_session(self, session_id: str) -> None:
        """Close now; its queued jobs are dropped."""
        service = self._app_state.need_service()
        await service.close_session(session_id)
        await self._tell_session(service, session_id)
        self._workers.jobs.request()

    async def _tell(self, service: QuantumService, job_id: str, *, with_params: bool = False) -> None:
        """Show what became of the job. What was asked for is done already: a failure is the poller's."""
        with contextlib.suppress(QdeckError):
            job = await service.job(job_id, with_params=with_params)
            await self._app_state.put([self._app_state.take(job)])

    async def _tell_session(self, service: QuantumService, session_id: str) -> None:
        with contextlib.suppress(QdeckError):
            await self._app_state.upsert_sessions([await service.session(session_id)])
        self._workers.sessions.request()
