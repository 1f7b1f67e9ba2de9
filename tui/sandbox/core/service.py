"""The service behind both faces: what can be done with jobs, sessions and the instance."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from dataclasses import replace

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.errors import ApiError, no_backend, no_job
from tui.sandbox.base.ids import new_id
from tui.sandbox.base.tokens import ClassicTokens, IamTokens, Secrets
from tui.sandbox.core import devices
from tui.sandbox.core.identity import identity
from tui.sandbox.core.limits import NO_LIMITS, Limits, RateLimit, check_pending
from tui.sandbox.core.scheduler import Scheduler
from tui.sandbox.core.sessions import Sessions
from tui.sandbox.core.simulator_port import EnginePort
from tui.sandbox.core.submission import Submission
from tui.sandbox.core.transpile_tasks import TranspileTasks
from tui.sandbox.core.usage import Usage
from tui.sandbox.db.database import Store
from tui.sandbox.db.models import Face, Job, Mode, Session

log = logging.getLogger(__name__)

INTERACTIVE_TTL = 60
OPEN_PLAN_SESSION = "Open plan users can not create sessions in dedicated mode."


class Service:
    """One emulated IBM Quantum. Both faces share devices and their queues; jobs belong to one face.

    Args:
        others: jobs of other people ahead of ours on every device.
    """

    def __init__(
        self,
        store: Store,
        engine: EnginePort,
        clock: Clock,
        secrets: Secrets,
        limits: Limits = NO_LIMITS,
        others: int = 0,
    ) -> None:
        self.store = store
        self.engine = engine
        self.clock = clock
        self.limits = limits
        self.identity = identity(store)
        self.iam = IamTokens(secrets.api_key, self.identity.user_id, self.identity.account, clock)
        self.classic = ClassicTokens(secrets.api_token, clock)
        self.sessions = Sessions(store, clock)
        self.scheduler = Scheduler(store, engine, clock, self.sessions, devices.DEVICES, others)
        self.transpilations = TranspileTasks(engine)
        self.usage = Usage(store, clock, limits)
        self._rate = RateLimit(limits.creations_per_minute, clock)
        self._warming: list[asyncio.Task[None]] = []
        self._transpiler_wanted = False

    def start(self) -> None:
        """Begin serving the queues; the engine warms up behind."""
        self._warm(self.engine.start())
        self.sessions.start()
        self.scheduler.start()

    def expect_transpiling(self) -> None:
        """Whoever signed in may transpile in the cloud: have the transpiler warm before that."""
        if not self._transpiler_wanted:
            self._transpiler_wanted = True
            self._warm(self.engine.warm_transpiler())

    def _warm(self, start: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(start, name="sandbox-engine")
        task.add_done_callback(_report)
        self._warming.append(task)

    async def stop(self) -> None:
        """End all work; unfinished jobs stay in the store for the next start."""
        await self.scheduler.stop()
        await self.transpilations.stop()
        await self.sessions.stop()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await self.engine.aclose()
        self.store.close()

    def device(self, name: str) -> devices.Device:
        """Raises ApiError 404 when there is no such device."""
        try:
            return devices.device(name)
        except devices.UnknownDevice as error:
            raise no_backend(name) from error

    def submit(self, face: Face, asked: Submission, caller: str) -> Job:
        """Accept a job into the queue of its device.

        Raises:
            ApiError: 404 unknown backend or session; 400 closed session; 403 too many pending;
                409 no QPU time left; 429 too many in a minute.
        """
        self.device(asked.backend)
        session = self.sessions.accept(face, asked.session_id, asked.backend) if asked.session_id else None
        self._rate.check()
        check_pending(self.limits, len(self.store.jobs.pending(face=face)))
        self.usage.check(face)
        job = Job(
            id=new_id(),
            face=face,
            program_id=asked.program_id,
            backend=asked.backend,
            created=self.clock.now(),
            tags=asked.tags,
            session_id=asked.session_id,
            mode=session.mode if session else "job",
            private=asked.private,
            cost=self.limits.default_cost if asked.cost is None else asked.cost,
            log_level=asked.log_level,
            runtime=asked.runtime,
            calibration_id=asked.calibration_id,
            caller=caller,
        )
        self.store.jobs.add(job, json.dumps(asked.params))
        self._rate.count()
        self.scheduler.enqueue(job)
        return job

    def job(self, face: Face, job_id: str) -> Job:
        """Raises ApiError 404 when the face has no such job."""
        job = self.store.jobs.get(job_id)
        if job is None or job.face != face:
            raise no_job(job_id)
        return job

    def cancel(self, face: Face, job_id: str) -> None:
        """Raises ApiError 404, or 409 when the job has ended."""
        job = self.job(face, job_id)
        if job.final:
            raise ApiError(409, 1292, "Job is in non cancellable status.")
        self.scheduler.cancel(job)

    def delete(self, face: Face, job_id: str) -> None:
        """Raises ApiError 404, or 400 while the job has not ended."""
        job = self.job(face, job_id)
        if not job.final:
            raise ApiError(400, 1293, "Job must be in a terminal state.")
        if job.qpu_seconds and job.mode != "dedicated":
            self.usage.keep_deleted(face, job.created, job.qpu_seconds)
        self.store.jobs.delete(job_id)

    def retag(self, face: Face, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace all tags of a job; none clears them."""
        self.store.jobs.save(replace(self.job(face, job_id), tags=tags))

    def result(self, face: Face, job_id: str) -> str | None:
        """The results body, None when there is none. Those of a private job are gone once read.

        Raises:
            ApiError: 404, or 400 (code 1234) before the end.
        """
        job = self.job(face, job_id)
        if not job.final:
            message = "Cannot get results for a job in a non-terminal state."
            raise ApiError(400, 1234, message, "Try again when job has reached a terminal state.")
        found = self.store.jobs.part(job_id, "result")
        if found is not None and job.private:
            self.store.jobs.save(job, result=None, params=None, transpiled=None)
        return found

    def open_session(
        self, face: Face, mode: Mode, backend: str, max_ttl: int, interactive_ttl: int | None = None
    ) -> Session:
        """A new session or batch; an empty backend is settled by its first job.

        Raises:
            ApiError: 404 unknown backend; 403 a dedicated session where the plan has none.
        """
        if backend:
            self.device(backend)
        if mode == "dedicated" and not self.limits.dedicated:
            raise ApiError(403, 1200, OPEN_PLAN_SESSION, "Use job or batch mode.")
        return self.sessions.open(face, mode, backend, max_ttl, interactive_ttl or INTERACTIVE_TTL)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the engine could not start", exc_info=task.exception())
