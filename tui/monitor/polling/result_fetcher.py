"""Fetching of results: one reading a job at a time, and never one that could be lost for nothing.

The service hands out the result of a private job once and deletes it (contract 5.6). So such a reading is
begun only when the job is known to be over, is sent once, is waited for when qdeck ends, and what comes is
kept whatever it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import Any

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.devices.backends import is_mock
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult, Role
from tui.domain.statistics.outcomes import MOST_AT_HAND, abridged
from tui.ibm.api.service import QuantumService
from tui.ibm.results.executor import is_packed_too_far
from tui.ibm.results.offload import offload_result
from tui.ibm.results.spans import execution_spans
from tui.monitor.state.app_state import AppState
from tui.store.records.models import JobRecord

_SMALL = 64 * 1024
"""Bytes up to which a body is parsed in the event loop's thread."""


class ResultFetcher:
    """Fetches the results of jobs and keeps them in the history.

    Args:
        compiler: works out the values of estimators that IBM's client runs on its own side.
        auto_result: bytes up to which one is fetched without the user asking for it.
    """

    def __init__(self, app_state: AppState, compiler: Compiler, auto_result: int) -> None:
        self._app_state = app_state
        self._compiler = compiler
        self._auto_result = auto_result
        self._reading: dict[tuple[str, bool, bool], asyncio.Future[JobResult]] = {}
        self._keeping: set[asyncio.Future[None]] = set()
        self._private: set[str] = set()
        self._broken: set[str] = set()
        self._unkept: dict[str, JobResult] = {}

    async def get(self, job_id: str, *, by_itself: bool = False, short: bool = False) -> JobResult:
        """Return the result: as kept, else from the service, and then kept.

        All who ask at once share one reading.

        Args:
            by_itself: the user did not ask for it: a large one is left, and so is one that can be read once;
                values that the compiler's worker has to work out are left to when the user asks.
            short: counts that are too many are summed up.

        Raises:
            QdeckError: as `QuantumService.result`; `PROTOCOL` when what came for a job that is done is no
                result; `CONFLICT` for a private job that is not over, or that nobody asked for; `TOO_LARGE`
                for one that is larger than what is fetched by itself.
        """
        result = await self._get(job_id, by_itself=by_itself, short=short)
        record = self._app_state.jobs.record(job_id)
        if record is not None and (told := with_role(record, result)) is not record:
            await self._app_state.jobs.upsert([told])
        if record is not None and is_mock(record.job.backend):
            # Random bits make random values.
            return result
        if by_itself or result.role is not Role.ESTIMATOR or not result.raw:
            return result
        return await self._with_values(job_id, result)

    async def _get(self, job_id: str, *, by_itself: bool, short: bool) -> JobResult:
        record = self._app_state.jobs.record(job_id)
        if record is not None and record.result_kept:
            kept = await self._app_state.history.result(record.key, short=short)
            # Something in between may have answered once in the service's place.
            mended = self._app_state.connection.service is not None and not record.job.private
            if kept is not None and not (mended and await _is_text(kept)):
                if short or not kept.abridged:
                    return kept
                # In the service's answer all is; one that was too large to be kept is asked for again.
                if kept.raw:
                    return await offload_result(kept.raw)
        if by_itself and (record is None or record.job.private):
            raise QdeckError(ErrorKind.CONFLICT, "A private result can be read once.", "Open the job.")
        limit = self._auto_result if by_itself else None
        if limit == 0:
            raise QdeckError(ErrorKind.TOO_LARGE, "Results are fetched when a job is opened.")
        reading = (job_id, by_itself, short)
        asked = self._reading.get(reading)
        if asked is None:
            service = self._app_state.connection.need_service()
            # Once asked for, a private result is kept, though nobody waits for it any more.
            asked = asyncio.ensure_future(self._read(service, job_id, limit, short=short))
            self._reading[reading] = asked
            asked.add_done_callback(lambda ended: self._ended(reading, ended))
        return await asyncio.shield(asked)

    async def _with_values(self, job_id: str, result: JobResult) -> JobResult:
        """Return an estimator's result with its values, and keep them; without them the note says why."""
        if all(pub.values for pub in result.pubs):
            return result
        try:
            if is_packed_too_far(result.raw):
                raise QdeckError(ErrorKind.TOO_LARGE, "Its arrays say they are far larger than the body.")
            values = await self._compiler.estimator_values(result.raw)
            if len(values) != len(result.pubs):
                raise QdeckError(ErrorKind.PROTOCOL, "The result has another number of PUBs than of values.")
        except QdeckError as error:
            return replace(result, note=f"{result.note} {error}")
        # The counts they were made of stay in the body.
        pubs = tuple(replace(pub, counts=(), values=of) for pub, of in zip(result.pubs, values, strict=True))
        result = replace(result, pubs=pubs, note="")
        record = self._app_state.jobs.record(job_id)
        if record is not None and record.result_kept and await keep(self._app_state, record, result):
            await self._app_state.save()
        return result

    async def finish(self, seconds: float) -> None:
        """Wait at most that long for private results that are being read; end the other readings."""
        private = [asked for (job_id, *_), asked in self._reading.items() if job_id in self._private]
        waited: list[asyncio.Future[Any]] = [*private, *self._keeping]
        if waited:
            await asyncio.wait(waited, timeout=seconds)
        left = tuple(self._reading.values())
        for asked in left:
            asked.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _read(
        self, service: QuantumService, job_id: str, limit: int | None, *, short: bool
    ) -> JobResult:
        """Read the result and keep it before anyone sees it."""
        app_state = self._app_state
        record = app_state.jobs.record(job_id)
        if record is None or not record.job.over:
            # Whether it may be read at all has to be known for sure.
            await app_state.jobs.upsert([app_state.jobs.as_record(await service.job(job_id))])
            record = app_state.jobs.record(job_id)
        if record is None or not record.job.private:
            result = await service.result(job_id, limit=limit, short=short)
            # What a running job shows so far is not its result yet.
            if record is not None and record.job.status is JobStatus.DONE:
                await check(record.job, result)
                if result.abridged:
                    # It takes a second, and the service has it for now.
                    self._keep_later(record, result)
                elif await keep(app_state, record, result):
                    await app_state.save()
            return result
        # Read once: whole, whatever is shown of it.
        result = await self._read_once(service, record)
        return await _short(result) if short else result

    def _keep_later(self, record: JobRecord, result: JobResult) -> None:
        async def kept() -> None:
            if await keep(self._app_state, record, result):
                await self._app_state.save()

        task = asyncio.ensure_future(kept())
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _read_once(self, service: QuantumService, record: JobRecord) -> JobResult:
        job = record.job
        if not job.over:
            raise QdeckError(
                ErrorKind.CONFLICT,
                "The result of a private job can be read once, and this job is not over yet.",
                "It is asked for when the job has finished.",
            )
        result = self._unkept.get(job.id)
        if result is None:
            self._private.add(job.id)
            try:
                result = await service.result(job.id, once=True)
            except QdeckError as error:
                raise self._lost(job.id, error) from None
        self._broken.discard(job.id)
        if await keep(self._app_state, record, result):
            self._unkept.pop(job.id, None)
            await self._app_state.save()
        else:
            # The disk refused: it is here as long as qdeck runs.
            self._unkept[job.id] = result
        return result

    def _lost(self, job_id: str, error: QdeckError) -> QdeckError:
        """Return the error that says what an end of the only reading means."""
        if error.kind is ErrorKind.NOT_FOUND and job_id in self._broken:
            text = (
                "The service does not keep the result of this private job any more: it hands it out once, "
                "and that one reading broke off on its way here."
            )
            advice = "Run the job again to get a result."
        elif error.kind is ErrorKind.UNCONFIRMED:
            self._broken.add(job_id)
            lost = "The service hands out a private job's result once: it may be lost with this."
            text = f"{error.message} {lost}"
            advice = "Ask again: the service tells whether it still has it."
        else:
            return error
        return QdeckError(
            error.kind, text, advice, code=error.code, status=error.status, retry_after=error.retry_after
        )

    def _ended(self, reading: tuple[str, bool, bool], asked: asyncio.Future[JobResult]) -> None:
        self._reading.pop(reading, None)
        if not reading[1]:
            self._private.discard(reading[0])
        if not asked.cancelled():
            # Whoever waits for it gets the error; when nobody does, it is nobody's.
            asked.exception()


def with_role(record: JobRecord, result: JobResult) -> JobRecord:
    """Return the record with the primitive that a result of the executor names, where it is not known yet."""
    if result.role is Role.NONE or record.job.role:
        return record
    return replace(record, job=replace(record.job, role=result.role.value))


async def keep(app_state: AppState, record: JobRecord, result: JobResult) -> bool:
    """Write the result to the history; show the user when the disk refuses.

    Returns:
        Whether it is kept.
    """
    try:
        # Of very many counts a summary: all of them are in the service's answer beside it.
        kept = await _short(result) if result.raw else result
        await app_state.history.save_result(record.key, kept)
    except QdeckError as error:
        app_state.storage_refused(error)
        return False
    return True


async def _short(result: JobResult) -> JobResult:
    """Sum up counts that are too many, in a thread."""
    if result.outcomes <= MOST_AT_HAND:
        return result
    spans = result.spans or await asyncio.to_thread(execution_spans, result.raw)
    return replace(await asyncio.to_thread(abridged, result), spans=spans)


async def check(job: Job, result: JobResult) -> None:
    """Refuse what cannot be the result of a job that is done.

    Raises:
        QdeckError: `PROTOCOL`: a text, or a body that was cut off.
    """
    if job.status is JobStatus.DONE and await _is_text(result):
        raise QdeckError(
            ErrorKind.PROTOCOL,
            f"The result did not arrive as the service keeps it. {result.note}",
            "Try again; if it stays so, something between here and the service changes its answers.",
        )


async def _is_text(result: JobResult) -> bool:
    """Return whether the body is no JSON; a result that was decoded is not parsed again."""
    if result.pubs or not result.note:
        return False
    small = len(result.raw) <= _SMALL
    return not (_is_json(result.raw) if small else await asyncio.to_thread(_is_json, result.raw))


def _is_json(body: bytes) -> bool:
    # Nested too deeply to be read is JSON all the same; so is Python's NaN.
    with contextlib.suppress(RecursionError):
        try:
            json.loads(body)
        except ValueError:
            return False
    return True
