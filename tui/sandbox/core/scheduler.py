"""Runs jobs: one line per device, one job at a time on it, results into the store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tui.sandbox.base.clock import Clock
from tui.sandbox.core.device_queue import DeviceQueue, Other, Ours
from tui.sandbox.core.devices import device
from tui.sandbox.core.session_state import EXPIRED
from tui.sandbox.core.sessions import Sessions
from tui.sandbox.core.simulator_port import EnginePort
from tui.sandbox.db.database import Store
from tui.sandbox.db.models import RAN_TOO_LONG, Job, Session
from tui.sandbox.simulator.base.values import RunOutcome

log = logging.getLogger(__name__)

SESSION_CLOSED = 4001
ENGINE_FAILED = 5203
_OTHERS_SECONDS = (2.0, 6.0)


class Scheduler:
    """The queues of all devices.

    Args:
        others: jobs of other people that are ahead whenever one of ours arrives.
        chance: decides how long the jobs of others take.
    """

    def __init__(
        self,
        store: Store,
        engine: EnginePort,
        clock: Clock,
        sessions: Sessions,
        devices: Sequence[str],
        others: int = 0,
        chance: Random | None = None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._sessions = sessions
        self._others = others
        self._chance = chance or Random()
        self._queues = {name: DeviceQueue(others) for name in devices}
        self._runs: dict[str, asyncio.Task[RunOutcome]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        sessions.on_close = self._drop_queued

    def start(self) -> None:
        """Take up what was unfinished when the last sandbox on this state ended, then serve."""
        unfinished = self._store.jobs.pending()
        for job in sorted(unfinished, key=lambda job: job.status != "Running"):
            if job.backend in self._queues:
                self._queues[job.backend].put(Ours(job.id, job.session_id))
        self._tasks = [
            asyncio.create_task(self._serve(queue), name=f"sandbox-{name}")
            for name, queue in self._queues.items()
        ]

    async def stop(self) -> None:
        """Stop serving; a running job stays Running in the store and starts anew next time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def enqueue(self, job: Job) -> None:
        queue = self._queues[job.backend]
        if not (job.session_id and self._sessions.has_priority(job.session_id)):
            for _ in range(self._others - queue.others()):
                queue.put(Other(self._chance.uniform(*_OTHERS_SECONDS)))
        queue.put(Ours(job.id, job.session_id))

    def queue_length(self, backend: str) -> int:
        return len(self._queues[backend])

    def position(self, job: Job) -> int | None:
        """Jobs ahead of a queued job."""
        return self._queues[job.backend].position(job.id) if job.status == "Queued" else None

    def cancel(self, job: Job) -> None:
        """End a job that is queued or running.

        Raises:
            BackwardsError: when it has ended already.
        """
        self._end(job.at("Cancelled", self._clock.now()))
        self._queues[job.backend].remove(job.id)
        run = self._runs.get(job.id)
        if run is not None:
            run.cancel()

    def _drop_queued(self, session: Session) -> None:
        """A closed session's queue: cancelled when the user closed it, failed when its time was over."""
        for job in self._store.jobs.pending(session_id=session.id):
            if job.status != "Queued":
                continue
            self._queues[job.backend].remove(job.id)
            if session.state_reason == EXPIRED:
                reason = "The session was closed before the job could run."
                job = replace(job, reason=reason, reason_code=SESSION_CLOSED)
                self._end(job.at("Failed", self._clock.now()))
            else:
                self._end(job.at("Cancelled", self._clock.now()))

    async def _serve(self, queue: DeviceQueue) -> None:
        while True:
            entry = await queue.take(self._sessions.has_priority)
            try:
                if isinstance(entry, Other):
                    await self._clock.wait(entry.seconds)
                else:
                    await self._run(entry.job_id)
            except Exception:
                # One job that cannot be written must not end the line for all that follow.
                log.exception("a job could not be brought to its end")
            finally:
                queue.done()

    async def _run(self, job_id: str) -> None:
        job = self._store.jobs.get(job_id)
        params = self._store.jobs.part(job_id, "params")
        if job is None or job.final or params is None:
            return
        job = job.at("Running", self._clock.now())
        self._store.jobs.save(job)
        if job.session_id:
            self._sessions.job_started(job.session_id)
        work = self._engine.run(job.program_id, json.loads(params), device(job.backend))
        run = self._runs[job_id] = asyncio.create_task(work)
        try:
            await asyncio.wait({run})
        finally:
            # Also when the sandbox ends: the engine must have let go of the job before it is closed.
            run.cancel()
            await asyncio.wait({run})
            del self._runs[job_id]
        self._settle(job_id, run)

    def _settle(self, job_id: str, run: asyncio.Task[RunOutcome]) -> None:
        """Write what a run came to, unless the job was cancelled in the meantime."""
        job = self._store.jobs.get(job_id)
        if job is None or job.final:
            return
        now = self._clock.now()
        failure = None if run.cancelled() else run.exception()
        if run.cancelled() or failure is not None:
            log.error("the engine failed on job %s", job_id, exc_info=failure)
            reason = "The job could not be run: the simulator stopped unexpectedly."
            job = replace(job, reason=reason, reason_code=ENGINE_FAILED)
            self._end(job.at("Failed", now))
            return
        outcome = run.result()
        job = replace(
            job,
            circuits=outcome.circuits,
            shots=outcome.shots or 0,
            qpu_seconds=outcome.qpu_seconds,
            execution_ns=outcome.execution_ns,
            reason=outcome.reason or "",
            reason_code=outcome.reason_code,
            reason_solution=outcome.reason_solution or "",
        )
        transpiled = json.dumps(outcome.transpiled) if outcome.transpiled else None
        if outcome.status == "Failed":
            self._end(job.at("Failed", now), result=outcome.result, logs=outcome.logs)
        elif outcome.qpu_seconds > job.cost:
            # IBM stops a job at its maximum execution time and charges what it used until then.
            job = replace(job, qpu_seconds=float(job.cost), reason="Ran too long", reason_code=RAN_TOO_LONG)
            self._end(job.at("Cancelled", now), logs=outcome.logs)
        else:
            parts = {"result": outcome.result, "logs": outcome.logs, "transpiled": transpiled}
            self._end(job.at("Completed", now), **parts)

    def _end(self, job: Job, **parts: str | None) -> None:
        self._store.jobs.save(job, **parts)
        if job.session_id:
            self._sessions.job_ended(job.session_id)
