"""The service behind both faces: operations on jobs, sessions and backends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.errors import ApiError, backend_not_found, calibration_not_found, job_not_found
from tui.sandbox.base.tokens import ClassicTokens, IamTokens, Secrets
from tui.sandbox.core import devices
from tui.sandbox.core.archive import Archive, check_not_archived
from tui.sandbox.core.billing import Billing
from tui.sandbox.core.calibrations import CalibrationSchedule
from tui.sandbox.core.engine import EnginePort, TranspileTasks
from tui.sandbox.core.instance import NO_LIMITS, Limits, RateLimit, Usage, load_identity
from tui.sandbox.core.scheduler import JobScheduler
from tui.sandbox.core.sessions import SessionManager
from tui.sandbox.core.submission import Submission
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face, Job, Mode, Session, new_id

log = logging.getLogger(__name__)

INTERACTIVE_TTL = 60
_NO_DEDICATED = "Open plan users can not create sessions in dedicated mode."


class Service:
    """One emulated IBM Quantum. Both faces share devices and their queues; jobs belong to one face.

    Args:
        background: jobs of other users ahead of ours on every device.
        archived: whether the account has an archived instance, too, with old jobs.
        recalibrate: simulated hours from one calibration to the next; 0: the recorded ones stay.
        seed: of the noise of the calibrations.
    """

    def __init__(
        self,
        database: SandboxDatabase,
        engine: EnginePort,
        clock: Clock,
        secrets: Secrets,
        limits: Limits = NO_LIMITS,
        background: int = 0,
        archived: bool = False,
        recalibrate: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.database = database
        self.engine = engine
        self.clock = clock
        self.limits = limits
        self.identity = load_identity(database)
        self.iam = IamTokens(secrets.api_key, self.identity.user_id, self.identity.account, clock)
        self.classic = ClassicTokens(secrets.api_token, clock)
        self.sessions = SessionManager(database, clock)
        names = (*devices.DEVICES, *devices.MOCKS)
        billing = Billing(self.identity.account)
        self.calibrations = CalibrationSchedule(database, clock, recalibrate, seed)
        self.scheduler = JobScheduler(
            database, engine, clock, self.sessions, names, billing, background, self.calibrations.device
        )
        self.transpilations = TranspileTasks(engine)
        self.usage = Usage(database, clock, limits)
        self.archive = Archive(database, engine) if archived else None
        self._rate = RateLimit(limits.creations_per_minute, clock)
        self._warming: list[asyncio.Task[None]] = []
        self._transpiler_warmed = False

    def start(self) -> None:
        """Begin to serve the queues; the engine starts in the background."""
        self._warm(self.engine.start())
        if self.archive is not None:
            self.archive.start()
        self.calibrations.start()
        self.sessions.start()
        self.scheduler.start()

    def prepare_transpiler(self) -> None:
        """Warm the transpiler up in the background, once: a client that has signed in may need it soon."""
        if not self._transpiler_warmed:
            self._transpiler_warmed = True
            self._warm(self.engine.warm_transpiler())

    def _warm(self, start: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(start, name="sandbox-engine")
        task.add_done_callback(_report)
        self._warming.append(task)

    async def stop(self) -> None:
        """Stop all work; unfinished jobs stay in the database for the next start."""
        if self.archive is not None:
            await self.archive.stop()
        await self.calibrations.stop()
        await self.scheduler.stop()
        await self.transpilations.stop()
        await self.sessions.stop()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await self.engine.aclose()
        self.database.close()

    def device(
        self, name: str, calibration_id: str | None = None, before: datetime | None = None
    ) -> devices.Device:
        """Return a device.

        Args:
            name: its name.
            calibration_id: the calibration that it is to have; None or "" for the newest.
            before: the calibration in force then; None for that of now.

        Raises:
            ApiError: 404 when there is no such device, or none with that calibration.
        """
        try:
            if name == devices.RETIRED:
                raise devices.UnknownDevice(name)
            found = self.calibrations.device(name)
        except devices.UnknownDevice as error:
            raise backend_not_found(name) from error
        if calibration_id and calibration_id != found.calibration_id:
            known = [one for one in self.calibrations.all_of(name) if one.calibration_id == calibration_id]
            if not known:
                raise calibration_not_found(calibration_id, name, found.calibration_id)
            return known[-1]
        if before is not None:
            then = self.calibrations.device_before(name, before)
            if then is None:
                raise calibration_not_found(f"before {before.isoformat()}", name, found.calibration_id)
            return then
        return found

    def submit(self, face: Face, submission: Submission, caller: str) -> Job:
        """Accept a job into the queue of its device.

        Args:
            face: the face the job belongs to.
            submission: the checked body.
            caller: name of the client program, for the job's metrics.

        Raises:
            ApiError: 404 unknown backend, calibration or session; 400 closed session; 403 an archived
                instance, too many pending, or a dry run where the plan has none; 409 no QPU time left; 429
                too many in a minute.
        """
        check_not_archived(face)
        device = self.device(submission.backend, submission.calibration_id)
        if device.is_mock:
            self.limits.check_dry_run()
        session_id = submission.session_id
        session = self.sessions.accept(face, session_id, submission.backend) if session_id else None
        self._rate.check()
        self.limits.check_pending(len(self.database.jobs.pending(face=face)))
        if not device.is_mock:
            self.usage.check(face)
        job = Job(
            id=new_id(),
            face=face,
            program_id=submission.program_id,
            backend=submission.backend,
            created=self.clock.now(),
            tags=submission.tags,
            session_id=session_id,
            mode=session.mode if session else "job",
            private=submission.private,
            cost=self.limits.default_cost if submission.cost is None else submission.cost,
            log_level=submission.log_level,
            runtime=submission.runtime,
            calibration_id=submission.calibration_id,
            caller=caller,
        )
        self.database.jobs.insert(job, params=json.dumps(submission.params))
        self._rate.count()
        self.scheduler.enqueue(job)
        return job

    def job(self, face: Face, job_id: str) -> Job:
        """Return a job.

        Raises:
            ApiError: 404 when the face has no such job.
        """
        job = self.database.jobs.get(job_id)
        if job is None or job.face != face:
            raise job_not_found(job_id)
        return job

    def cancel(self, face: Face, job_id: str) -> None:
        """Cancel a job.

        Raises:
            ApiError: 404 unknown; 409 when it has ended.
        """
        job = self.job(face, job_id)
        if job.final:
            raise ApiError(409, 1292, "Job is in non cancellable status.")
        self.scheduler.cancel(job)

    def delete(self, face: Face, job_id: str) -> None:
        """Delete a job that has ended; its usage still counts.

        Raises:
            ApiError: 404 unknown; 400 before its end.
        """
        job = self.job(face, job_id)
        if not job.final:
            raise ApiError(400, 1293, "Job must be in a terminal state.")
        if job.qpu_seconds and job.mode != "dedicated" and job.backend not in devices.MOCKS:
            self.usage.add_deleted(face, job.created, job.qpu_seconds)
        self.database.jobs.delete(job_id)

    def set_tags(self, face: Face, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace all tags of a job.

        Raises:
            ApiError: 404 unknown.
        """
        self.database.jobs.update(replace(self.job(face, job_id), tags=tags))

    def result(self, face: Face, job_id: str) -> str | None:
        """Return the results of a job as JSON text; those of a private job are deleted with that.

        Returns:
            None when the job has none.

        Raises:
            ApiError: 404 unknown; 400 (code 1234) before its end.
        """
        job = self.job(face, job_id)
        if not job.final:
            message = "Cannot get results for a job in a non-terminal state."
            raise ApiError(400, 1234, message, "Try again when job has reached a terminal state.")
        found = self.database.jobs.part(job_id, "result")
        if found is not None and job.private:
            self.database.jobs.update(job, result=None, params=None, transpiled=None)
        return found

    def open_session(
        self, face: Face, mode: Mode, backend: str, max_ttl: int, interactive_ttl: int | None = None
    ) -> Session:
        """Open a session or batch.

        Args:
            face: the face it belongs to.
            mode: "dedicated" or "batch".
            backend: its device; "" when the first job decides.
            max_ttl: simulated seconds from its first job to its end.
            interactive_ttl: simulated seconds it may be idle; None for the service's own value.

        Raises:
            ApiError: 404 unknown backend; 403 a dedicated session where the plan has none, or an archived
                instance.
        """
        check_not_archived(face)
        if backend:
            self.device(backend)
        if mode == "dedicated" and not self.limits.dedicated:
            raise ApiError(403, 1200, _NO_DEDICATED, "Use job or batch mode.")
        return self.sessions.open(face, mode, backend, max_ttl, interactive_ttl or INTERACTIVE_TTL)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the engine could not start", exc_info=task.exception())
