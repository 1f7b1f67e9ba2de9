"""Scheduler of the devices: a queue for each, one job at a time on it, outcomes into the database."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from tui.sandbox.base.clock import Clock
from tui.sandbox.core.billing import Billing
from tui.sandbox.core.devices import Device, device
from tui.sandbox.core.engine import EnginePort
from tui.sandbox.core.sessions import EXPIRED, SessionManager
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import RAN_TOO_LONG, Job, Session
from tui.sandbox.simulator.base.values import RunOutcome

log = logging.getLogger(__name__)

_SESSION_CLOSED = 4001
_ENGINE_FAILED = 5203
_BACKGROUND_SECONDS = (2.0, 6.0)


@dataclass(frozen=True, slots=True)
class UserJob:
    """A queued job of the sandbox's user."""

    job_id: str
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class BackgroundJob:
    """An imaginary job of another user: it only occupies the device for simulated seconds."""

    seconds: float


Entry = UserJob | BackgroundJob


class DeviceQueue:
    """Entries of one device in order of arrival, one of which runs.

    Args:
        background: how many jobs of other users wait here at any time.
    """

    def __init__(self, background: int = 0) -> None:
        self.background = background
        self._entries: list[Entry] = []
        self._running: Entry | None = None
        self._arrived = asyncio.Event()

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)
        self._arrived.set()

    def background_jobs(self) -> int:
        """Return how many jobs of other users are ahead, the running one included."""
        return sum(isinstance(entry, BackgroundJob) for entry in (*self._entries, self._running))

    def remove(self, job_id: str) -> None:
        """Remove a job that waits here; any other is no error."""
        self._entries = [
            entry for entry in self._entries if not (isinstance(entry, UserJob) and entry.job_id == job_id)
        ]

    def position(self, job_id: str) -> int | None:
        """Return the number of jobs before this one.

        Returns:
            0 when it is next or running; None when it is not here.
        """
        entries = [self._running, *self._entries] if self._running else self._entries
        for place, entry in enumerate(entries):
            if isinstance(entry, UserJob) and entry.job_id == job_id:
                return place
        return None

    def __len__(self) -> int:
        """Queue length that the device reports: never less than the usual number of background jobs."""
        return max(self.background, len(self._entries) + (self._running is not None))

    async def next_entry(self, has_priority: Callable[[str], bool]) -> Entry:
        """Wait for an entry and make it the running one.

        Args:
            has_priority: predicate on the id of a session, true when its jobs run before all others.

        Returns:
            The first entry with priority, else the first.
        """
        while not self._entries:
            self._arrived.clear()
            await self._arrived.wait()
        chosen = next(
            (
                entry
                for entry in self._entries
                if isinstance(entry, UserJob) and entry.session_id and has_priority(entry.session_id)
            ),
            self._entries[0],
        )
        self._entries.remove(chosen)
        self._running = chosen
        return chosen

    def running_ended(self) -> None:
        """Free the device of the running entry."""
        self._running = None


class JobScheduler:
    """The queues of all devices.

    Args:
        billing: charges the jobs that have run.
        background: jobs of other users that are ahead whenever one of ours arrives.
        device_now: gives a device with the calibration in force.
        chance: decides how long the jobs of other users take.
    """

    def __init__(
        self,
        database: SandboxDatabase,
        engine: EnginePort,
        clock: Clock,
        sessions: SessionManager,
        devices: Sequence[str],
        billing: Billing,
        background: int = 0,
        device_now: Callable[[str], Device] = device,
        chance: Random | None = None,
    ) -> None:
        self._device_now = device_now
        self._database = database
        self._engine = engine
        self._clock = clock
        self._sessions = sessions
        self._billing = billing
        self._chance = chance or Random()
        # Dry runs wait for nobody: they need no QPU.
        self._queues = {name: DeviceQueue(0 if device(name).is_mock else background) for name in devices}
        self._runs: dict[str, asyncio.Task[RunOutcome]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        sessions.on_close = self._drop_queued

    def start(self) -> None:
        """Enqueue what was unfinished when the last sandbox on this database ended, then serve."""
        unfinished = self._database.jobs.pending()
        for job in sorted(unfinished, key=lambda job: job.status != "Running"):
            if job.backend in self._queues:
                self._queues[job.backend].add(UserJob(job.id, job.session_id))
        self._tasks = [
            asyncio.create_task(self._serve(queue), name=f"sandbox-{name}")
            for name, queue in self._queues.items()
        ]

    async def stop(self) -> None:
        """Stop serving; a running job stays Running in the database and starts anew next time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def enqueue(self, job: Job) -> None:
        """Append a job to its device's queue, behind jobs of other users unless its session is active."""
        queue = self._queues[job.backend]
        if not (job.session_id and self._sessions.has_priority(job.session_id)):
            for _ in range(queue.background - queue.background_jobs()):
                queue.add(BackgroundJob(self._chance.uniform(*_BACKGROUND_SECONDS)))
        queue.add(UserJob(job.id, job.session_id))

    def queue_length(self, backend: str) -> int:
        """Return the number of jobs that wait for a device or run on it, those of other users included."""
        return len(self._queues[backend])

    def position(self, job: Job) -> int | None:
        """Return the number of jobs ahead of a queued job, None for any other."""
        return self._queues[job.backend].position(job.id) if job.status == "Queued" else None

    def cancel(self, job: Job) -> None:
        """Cancel a job that is queued or running.

        Raises:
            TransitionError: when it has ended already.
        """
        self._save_ended(job.with_status("Cancelled", self._clock.now()))
        self._queues[job.backend].remove(job.id)
        run = self._runs.get(job.id)
        if run is not None:
            run.cancel()

    def _drop_queued(self, session: Session) -> None:
        """End the queued jobs of a closed session: cancelled by the user, or failed when its time is over."""
        for job in self._database.jobs.pending(session_id=session.id):
            if job.status != "Queued":
                continue
            self._queues[job.backend].remove(job.id)
            if session.state_reason == EXPIRED:
                self._fail(job, "The session was closed before the job could run.", _SESSION_CLOSED)
            else:
                self._save_ended(job.with_status("Cancelled", self._clock.now()))

    async def _serve(self, queue: DeviceQueue) -> None:
        while True:
            entry = await queue.next_entry(self._sessions.has_priority)
            try:
                if isinstance(entry, BackgroundJob):
                    await self._clock.wait(entry.seconds)
                else:
                    await self._run(entry.job_id)
            except Exception:
                # One job that cannot be written must not end the queue for all that follow.
                log.exception("a job could not be brought to its end")
            finally:
                queue.running_ended()

    async def _run(self, job_id: str) -> None:
        job = self._database.jobs.get(job_id)
        params = self._database.jobs.part(job_id, "params")
        if job is None or job.final or params is None:
            return
        job = job.with_status("Running", self._clock.now())
        self._database.jobs.update(job)
        if job.session_id:
            self._sessions.job_started(job.session_id)
        work = self._engine.run(job.program_id, json.loads(params), self._device_now(job.backend))
        run = self._runs[job_id] = asyncio.create_task(work)
        try:
            await asyncio.wait({run})
        finally:
            # Also when the sandbox ends: the engine must have dropped the job before it is closed.
            run.cancel()
            await asyncio.wait({run})
            del self._runs[job_id]
        self._finalize(job_id, run)

    def _finalize(self, job_id: str, run: asyncio.Task[RunOutcome]) -> None:
        """Write the outcome of a run, unless the job was cancelled in the meantime."""
        job = self._database.jobs.get(job_id)
        if job is None or job.final:
            return
        failure = None if run.cancelled() else run.exception()
        if run.cancelled() or failure is not None:
            log.error("the engine failed on job %s", job_id, exc_info=failure)
            self._fail(job, "The job could not be run: the simulator stopped unexpectedly.", _ENGINE_FAILED)
        else:
            self._save_outcome(job, run.result())

    def _save_outcome(self, job: Job, outcome: RunOutcome) -> None:
        now = self._clock.now()
        charged = self._billing.charge(job, outcome)
        job = replace(
            job,
            circuits=outcome.circuits,
            shots=outcome.shots or 0,
            qpu_seconds=charged,
            execution_ns=outcome.execution_ns,
            reason=outcome.reason or "",
            reason_code=outcome.reason_code,
            reason_solution=outcome.reason_solution or "",
        )
        if outcome.status == "Failed":
            self._save_ended(job.with_status("Failed", now), result=outcome.result, logs=outcome.logs)
        elif charged > job.cost:
            # IBM stops a job at its maximum execution time and charges what it used until then.
            job = replace(job, qpu_seconds=float(job.cost), reason="Ran too long", reason_code=RAN_TOO_LONG)
            self._save_ended(job.with_status("Cancelled", now), logs=outcome.logs)
        else:
            transpiled = json.dumps(outcome.transpiled) if outcome.transpiled else None
            parts = {"result": outcome.result, "logs": outcome.logs, "transpiled": transpiled}
            self._save_ended(job.with_status("Completed", now), **parts)

    def _fail(self, job: Job, reason: str, code: int) -> None:
        job = replace(job, reason=reason, reason_code=code)
        self._save_ended(job.with_status("Failed", self._clock.now()))

    def _save_ended(self, job: Job, **parts: str | None) -> None:
        self._database.jobs.update(job, **parts)
        if job.session_id:
            self._sessions.job_ended(job.session_id, job.qpu_seconds)
