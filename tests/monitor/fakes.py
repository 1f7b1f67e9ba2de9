"""A quantum service in memory, whose answers the tests decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.support.circuits import BELL_ISA
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.values import Listed
from tui.domain.accounts import (
    Account,
    AccountDetails,
    Channel,
    Endpoints,
    Identity,
    Instance,
    SignOutReport,
    Usage,
)
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.jobs import (
    Job,
    JobMetrics,
    JobPage,
    JobQuery,
    JobStatus,
    Primitive,
    SubmittedCircuit,
    SubmittedJob,
)
from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import SimulationEstimate, Submission

ACCOUNT = Account("test", Channel.PLATFORM, Secret("key"), Endpoints(), instance="crn:one")
BELL = Submission(
    Primitive.SAMPLER, "ibm_cusco", "OPENQASM 3;", 1024, tags=("demo",), name="bell", source="h"
)
TRANSPILED = replace(BELL, qasm=BELL_ISA, source="source")


def network() -> QdeckError:
    """What an unreachable host raises."""
    return QdeckError(ErrorKind.NETWORK, "The host is not reached.")


@dataclass
class FakeHost:
    """The server's side: lives on when the services are restarted."""

    clock: FakeClock
    jobs: dict[str, Job] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    answers: int = 0
    submitted: list[Submission] = field(default_factory=list)
    """What its jobs were made from."""
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    """By method: errors raised by its next calls, in order."""
    down: Exception | None = None
    submit_ends: Callable[[Callable[[], Job]], Job] | None = None
    """How the next submission ends; given what creates the job."""
    lists_sessions: bool = True
    unreadable: tuple[str, ...] = ()
    cloud_circuit: CloudCircuit = field(
        default_factory=lambda: CloudCircuit("OPENQASM 2.0;", "", (1, 0), (0, 1))
    )
    malformed: set[str] = field(default_factory=set)
    """Jobs whose entries in lists cannot be read."""
    filters_tags: bool = True
    """Whether its job list honours the filter by tags."""
    packed: str = "QPY"
    """The circuits of its jobs, in Qiskit's binary form."""
    further: tuple[SubmittedCircuit, ...] = ()
    """The circuits of their PUBs after the first."""
    params: str = ""
    """What its jobs were given, as it tells."""
    cost: int | None = None
    """QPU seconds after which it ends each job, as it tells."""
    expires_in: float = 3600.0
    refuses_key: bool = False
    bad_results: set[str] = field(default_factory=set)
    """Jobs whose results it fails to give."""
    charge: float | None = 2.0
    """QPU seconds that it says each job was charged."""
    result_body: bytes = b'{"results": []}'
    result_bytes: int = 100
    """How large it says that each result is."""
    roles: dict[str, str] = field(default_factory=dict)
    """The primitives that its jobs of the executor stand for: told with their params alone."""
    simulations: list[Submission] = field(default_factory=list)
    simulated: SimulationEstimate | None = None
    simulation_blocks: asyncio.Event | None = None
    """The estimates of simulations wait for it."""
    under_way: int = 0
    """Requests that are waited for, beside those that the test makes."""

    def called(self, name: str) -> None:
        """Count the call and fail as planned."""
        self.calls.append(name)
        if self.down is not None:
            raise self.down
        if self.faults.get(name):
            raise self.faults[name].pop(0)
        self.answers += 1

    def count(self, name: str) -> int:
        """Calls of a method so far."""
        return self.calls.count(name)

    def add(
        self,
        status: JobStatus = JobStatus.QUEUED,
        tags: tuple[str, ...] = (),
        age: float = 0.0,
        session_id: str = "",
        backend: str = "ibm_cusco",
        program: str = "sampler",
        private: bool = False,
    ) -> Job:
        """Create a job, as from elsewhere."""
        job = Job(
            id=f"job-{len(self.jobs):04d}",
            service="platform",
            backend=backend,
            program=program,
            private=private,
            status=status,
            status_text=status.value,
            created=self.clock.true_time() - timedelta(seconds=age),
            instance="crn:one",
            tags=tags,
            session_id=session_id,
        )
        self.jobs[job.id] = job
        return job

    def turn(self, job_id: str, status: JobStatus) -> None:
        """Let a job change."""
        self.jobs[job_id] = replace(self.jobs[job_id], status=status, status_text=status.value)


class FakeService:
    """`tui.ibm.api.service.QuantumService` on a `FakeHost`."""

    def __init__(self, account: Account, host: FakeHost) -> None:
        self._account = account
        self.host = host
        self.closed = False

    @property
    def account(self) -> Account:
        return self._account

    @property
    def label(self) -> str:
        return self._account.channel.value

    def _identity(self) -> Identity:
        if self.host.refuses_key:
            raise QdeckError(ErrorKind.WRONG_KEY, "The key is not known.")
        expires = self.host.clock.now() + timedelta(seconds=self.host.expires_in)
        return Identity(
            self._account.name, self._account.channel, self._account.instance, "one", False, expires
        )

    async def sign_in(self) -> Identity:
        self.host.called("sign_in")
        return self._identity()

    async def renew(self) -> Identity:
        self.host.called("renew")
        return self._identity()

    async def sign_out(self) -> SignOutReport:
        self.host.called("sign_out")
        return SignOutReport(True, None, "refused")

    async def instances(self) -> tuple[Instance, ...]:
        self.host.called("instances")
        return (Instance("crn:one", "one"), Instance("crn:two", "two"))

    async def usage(self) -> Usage:
        self.host.called("usage")
        return Usage(float(len(self.host.jobs)), 600.0)

    async def account_details(self) -> AccountDetails:
        self.host.called("account_details")
        return AccountDetails(600.0)

    async def api_version(self) -> None:
        self.host.called("api_version")

    @property
    def answers(self) -> int:
        return self.host.answers

    @property
    def clock_skew(self) -> float | None:
        return (self.host.clock.true_time() - self.host.clock.now()).total_seconds()

    async def backends(self) -> Listed[Backend]:
        self.host.called("backends")
        backend = Backend("ibm_cusco", 127, "online", True, queue_length=len(self.host.jobs))
        return Listed([backend], self.host.unreadable)

    async def backend(self, name: str, data: BackendData | None = None) -> Backend:
        self.host.called("backend")
        return Backend(name, 127, "online", True, median_2q_error=0.01)

    async def backend_data(self, name: str, before: datetime | None = None) -> BackendData:
        self.host.called("backend_data")
        return BackendData(name, b"{}", b"{}")

    async def jobs(self, query: JobQuery) -> JobPage:
        self.host.called("find" if query.tags else "jobs")
        newest = sorted(self.host.jobs.values(), key=lambda job: (job.created, job.id), reverse=True)
        chosen = [
            job
            for job in newest
            if (set(query.tags) <= set(job.tags) or not self.host.filters_tags)
            and query.backend in ("", job.backend)
            and query.program in ("", job.program)
            and query.session_id in ("", job.session_id)
            and (query.pending is None or query.pending != job.status.final)
            and (query.created_after is None or job.created >= query.created_after)
            and (query.created_before is None or job.created <= query.created_before)
        ]
        page = chosen[query.offset : query.offset + query.limit]
        readable = tuple(job for job in page if job.id not in self.host.malformed)
        return JobPage(readable, len(chosen), ("No `created`.",) * (len(page) - len(readable)))

    @property
    def under_way(self) -> int:
        return self.host.under_way

    async def job(
        self, job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        self.host.called("role" if once else "job with params" if with_params else "job")
        if job_id not in self.host.jobs:
            raise QdeckError(ErrorKind.NOT_FOUND, "No such job.")
        job = self.host.jobs[job_id]
        if not with_params or job.private:
            return job
        return replace(job, circuit="OPENQASM 3; // from there", role=self.host.roles.get(job_id, ""))

    async def submitted(self, job_id: str) -> SubmittedJob:
        self.host.called("submitted")
        return SubmittedJob(
            await self.job(job_id), self.host.packed, self.host.further, self.host.params, self.host.cost
        )

    async def simulation(self, submission: Submission) -> SimulationEstimate | None:
        self.host.called("simulation")
        self.host.simulations.append(submission)
        if self.host.simulation_blocks is not None:
            await self.host.simulation_blocks.wait()
        return self.host.simulated

    async def submit(self, submission: Submission) -> Job:
        self.host.called("submit")
        ends, self.host.submit_ends = self.host.submit_ends, None

        def create() -> Job:
            self.host.submitted.append(submission)
            program = "executor" if submission.params else "sampler"
            return self.host.add(tags=submission.tags, backend=submission.backend, program=program)

        return ends(create) if ends else create()

    async def result(
        self, job_id: str, *, once: bool = False, limit: int | None = None, short: bool = False
    ) -> JobResult:
        self.host.called("result")
        if job_id in self.host.bad_results:
            raise QdeckError(ErrorKind.SERVER, "The result cannot be read.", status=500)
        if limit is not None and self.host.result_bytes > limit:
            raise QdeckError(ErrorKind.TOO_LARGE, "The answer is too large.")
        counts = Counts("c", 2, 10, {"00": 5, "11": 5})
        return JobResult((PubResult((counts,), shots=10),), self.host.result_body)

    async def metrics(self, job_id: str) -> JobMetrics:
        self.host.called("metrics")
        created = self.host.jobs[job_id].created
        return JobMetrics(
            created, created + timedelta(seconds=1), created + timedelta(seconds=3), self.host.charge
        )

    async def logs(self, job_id: str) -> str:
        self.host.called("logs")
        return "log"

    async def cancel(self, job_id: str) -> None:
        self.host.called("cancel")
        self.host.turn(job_id, JobStatus.CANCELLED)

    async def delete(self, job_id: str) -> None:
        self.host.called("delete")
        del self.host.jobs[job_id]

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        self.host.called("set_tags")
        self.host.jobs[job_id] = replace(self.host.jobs[job_id], tags=tags)

    async def tags(self, text: str) -> tuple[str, ...]:
        self.host.called("tags")
        return tuple(sorted({tag for job in self.host.jobs.values() for tag in job.tags if text in tag}))

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        self.host.called("open_session")
        session = Session(
            f"session-{len(self.host.sessions)}",
            "platform",
            backend,
            mode,
            SessionState.OPEN,
            created=self.host.clock.true_time(),
        )
        self.host.sessions[session.id] = session
        return session

    async def session(self, session_id: str) -> Session:
        self.host.called("session")
        if session_id not in self.host.sessions:
            raise QdeckError(ErrorKind.NOT_FOUND, "No such session.")
        return self.host.sessions[session_id]

    async def sessions(self) -> Listed[Session]:
        self.host.called("sessions")
        return Listed(self.host.sessions.values() if self.host.lists_sessions else (), self.host.unreadable)

    async def drain_session(self, session_id: str) -> None:
        self.host.called("drain_session")
        self.host.sessions[session_id] = replace(self.host.sessions[session_id], state=SessionState.DRAINING)

    async def close_session(self, session_id: str) -> None:
        self.host.called("close_session")
        self.host.sessions[session_id] = replace(self.host.sessions[session_id], state=SessionState.CLOSED)

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> CloudCircuit:
        self.host.called("cloud_transpile")
        return self.host.cloud_circuit

    async def aclose(self) -> None:
        self.closed = True
