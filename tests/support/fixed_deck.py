"""A deck that holds still: the same data in every picture, and a record of what screens asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.support.circuits import BELL_DRAWING, BELL_REPORT, bell_candidate
from tui.domain.accounts import Account, Channel, Identity, Instance, SignOutReport, Usage
from tui.domain.backends import Backend, BackendData
from tui.domain.circuits import Candidate, CheckReport, TranspileOptions
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobMetrics, JobStatus
from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import Submission
from tui.monitor.deck import Listener
from tui.monitor.events import Event, Freshness, IdentityChanged, JobsChanged, SessionsChanged

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
"""The moment of every picture."""

IDENTITY = Identity(
    account="sandbox",
    channel=Channel.PLATFORM,
    instance="crn:v1:sandbox::",
    instance_name="lab-instance",
    sandbox=True,
    expires=NOW + timedelta(minutes=52),
)
CLASSIC = replace(IDENTITY, channel=Channel.CLASSIC, instance="ibm-q/open/main", cloud_transpiler=True)
USAGE = Usage(consumed_seconds=48, limit_seconds=600, plan="open")
BACKENDS = (
    Backend("ibm_peekskill", 27, "online", True, 0, True, "Falcon r8", two_qubit_gate="cx"),
    Backend("ibm_cusco", 127, "online", True, 3, True, "Eagle r3", two_qubit_gate="ecr"),
    Backend("ibm_fez", 156, "paused", False, 12, True, "Heron r2", two_qubit_gate="cz"),
)
JOBS = (
    Job(
        "d0q1", "sandbox platform", "ibm_peekskill", "sampler", JobStatus.QUEUED, NOW - timedelta(minutes=2),
        name="ghz-12", shots=4096, tags=("demo",), session_id="b0a7c1d2-batch",
    ),
    Job(
        "d0q2", "sandbox platform", "ibm_peekskill", "sampler", JobStatus.DONE, NOW - timedelta(minutes=5),
        name="bell", shots=1024, qpu_seconds=2.1, session_id="b0a7c1d2-batch",
    ),
)  # fmt: skip
SESSIONS = (
    Session(
        "b0a7c1d2-batch", "sandbox platform", "ibm_peekskill", SessionMode.BATCH, SessionState.ACTIVE,
        created=NOW - timedelta(minutes=12), activated=NOW - timedelta(minutes=11), max_ttl=28800,
        interactive_ttl=60, usage_seconds=2.1,
    ),
    Session(
        "5e55104a-dedicated", "sandbox platform", "ibm_cusco", SessionMode.DEDICATED, SessionState.DRAINING,
        created=NOW - timedelta(hours=1), activated=NOW - timedelta(hours=1), max_ttl=7200,
        accepting_jobs=False, usage_seconds=181.5,
    ),
    Session(
        "c105ed00-[red]\x1b[31m", "sandbox platform", "ibm_peekskill", SessionMode.BATCH, SessionState.CLOSED,
        created=NOW - timedelta(days=1), max_ttl=28800, accepting_jobs=False, usage_seconds=12.0,
    ),
)  # fmt: skip


class FixedDeck:
    """Answers from what it is given; `asked` says what was asked for, in order.

    Attributes:
        asked: (command, first argument) pairs of the commands awaited.
        failing: error that a command raises, by its name.
        held: commands that wait for `gate`, by name.
        gate: opens held commands.
    """

    def __init__(
        self,
        *,
        identity: Identity | None = IDENTITY,
        jobs: tuple[Job, ...] = JOBS,
        sessions: tuple[Session, ...] = SESSIONS,
        backends: tuple[Backend, ...] = BACKENDS,
    ) -> None:
        self._identity = identity
        self._jobs = jobs
        self._sessions = sessions
        self._backends = backends
        self._listeners: list[Listener] = []
        self._usage: Usage | None = USAGE
        self.report = BELL_REPORT
        self.asked: list[tuple[str, object]] = []
        self.submissions: list[Submission] = []
        self.failing: dict[str, QdeckError] = {}
        self.held: set[str] = set()
        self.stopped: list[str] = []
        self.gate = asyncio.Event()

    @property
    def identity(self) -> Identity | None:
        return self._identity

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def freshness(self) -> Freshness:
        return Freshness(NOW - timedelta(seconds=3))

    def publish(self, event: Event) -> None:
        """Tell every listener, after taking over what the event says."""
        if isinstance(event, SessionsChanged):
            new = {session.id: session for session in event.sessions}
            kept = [new.pop(session.id, session) for session in self._sessions]
            self._sessions = (*new.values(), *kept)
        elif isinstance(event, JobsChanged):
            changed = {job.id: job for job in event.jobs}
            older = [changed.pop(job.id, job) for job in self._jobs if job.id not in event.removed]
            self._jobs = (*changed.values(), *older)
        elif isinstance(event, IdentityChanged):
            self._identity = event.identity
        for listener in tuple(self._listeners):
            listener(event)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def jobs(self) -> tuple[Job, ...]:
        return self._jobs

    def job(self, job_id: str) -> Job | None:
        return next((job for job in self._jobs if job.id == job_id), None)

    def sessions(self) -> tuple[Session, ...]:
        return self._sessions

    def backends(self) -> tuple[Backend, ...]:
        return self._backends

    def found_accounts(self) -> tuple[Account, ...]:
        return ()

    async def _do(self, command: str, argument: object = None) -> None:
        self.asked.append((command, argument))
        if command in self.held:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.stopped.append(command)
                raise
        if (error := self.failing.get(command)) is not None:
            raise error

    async def start(self) -> None:
        await self._do("start")

    async def warm_up(self) -> None:
        await self._do("warm_up")

    async def sign_in(self, account: Account, *, remember: bool = False) -> Identity:
        await self._do("sign_in", account.name)
        self.publish(IdentityChanged(IDENTITY))
        return IDENTITY

    async def sign_in_sandbox(self, channel: Channel = Channel.PLATFORM) -> Identity:
        await self._do("sign_in_sandbox", channel)
        identity = CLASSIC if channel is Channel.CLASSIC else IDENTITY
        self.publish(IdentityChanged(identity))
        return identity

    async def sign_out(self) -> SignOutReport:
        await self._do("sign_out")
        self.publish(IdentityChanged(None))
        return SignOutReport(True, None, "Signed out: the service refused the token afterwards (401).")

    async def instances(self) -> tuple[Instance, ...]:
        return (Instance("crn:v1:sandbox::", "lab-instance", "open"),)

    async def use_instance(self, instance_id: str) -> Identity:
        await self._do("use_instance", instance_id)
        return IDENTITY

    async def refresh(self) -> None:
        await self._do("refresh")

    async def submit(self, submission: Submission) -> Job:
        self.submissions.append(submission)
        await self._do("submit", submission.backend)
        job = Job(
            f"d0new{len(self.submissions)}", "sandbox platform", submission.backend,
            submission.primitive, JobStatus.QUEUED, NOW, name=submission.name, shots=submission.shots,
        )  # fmt: skip
        self.publish(JobsChanged((job,)))
        return job

    async def cancel(self, job_id: str) -> None:
        await self._do("cancel", job_id)

    async def delete(self, job_id: str) -> None:
        await self._do("delete", job_id)

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        await self._do("set_tags", (job_id, tags))

    async def result(self, job_id: str) -> JobResult:
        await self._do("result", job_id)
        counts = Counts("c", 2, 1024, {"00": 508, "11": 490, "01": 15, "10": 11})
        return JobResult((PubResult(counts=(counts,), shots=1024),), b'{"results": []}')

    async def metrics(self, job_id: str) -> JobMetrics:
        await self._do("metrics", job_id)
        return JobMetrics(created=NOW - timedelta(minutes=5), qpu_seconds=2.1)

    async def logs(self, job_id: str) -> str:
        await self._do("logs", job_id)
        return "Starting execution.\nDone.\n"

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        await self._do("open_session", (backend, mode, max_ttl))
        session = Session(
            "0pen5e55", "sandbox platform", backend, mode, SessionState.OPEN,
            created=NOW, max_ttl=max_ttl or 28800,
        )  # fmt: skip
        self.publish(SessionsChanged((session,)))
        return session

    async def drain_session(self, session_id: str) -> None:
        await self._do("drain_session", session_id)
        self._become(session_id, SessionState.DRAINING)

    async def close_session(self, session_id: str) -> None:
        await self._do("close_session", session_id)
        self._become(session_id, SessionState.CLOSED)

    def _become(self, session_id: str, state: SessionState) -> None:
        session = next(one for one in self._sessions if one.id == session_id)
        self.publish(SessionsChanged((replace(session, state=state, accepting_jobs=False),)))

    async def backend_details(self, name: str) -> Backend:
        await self._do("backend_details", name)
        for backend in self._backends:
            if backend.name == name:
                return backend
        raise QdeckError(ErrorKind.NOT_FOUND, f"There is no backend {name}.")

    async def backend_data(self, name: str) -> BackendData:
        raise QdeckError(ErrorKind.UNAVAILABLE, "This deck has no device data.")

    async def check(self, qasm: str) -> CheckReport:
        await self._do("check", qasm)
        return self.report

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        await self._do("draw", width)
        return BELL_DRAWING

    async def transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Candidate:
        await self._do("transpile", (backend, options))
        where = "cloud" if options.cloud else "local"
        candidate = bell_candidate(level=options.optimization_level, where=where, backend=backend)
        return replace(candidate, options=options)

    async def aclose(self) -> None:
        await self._do("aclose")
