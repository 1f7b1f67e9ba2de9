"""A quantum service in memory, whose answers the tests decide; and the app's services on it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from tests.store.samples import make_folders
from tests.support.circuits import BELL_ISA
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.values import Listed
from tui.compiler.client import Compiler
from tui.compiler.messages import PreparedProgram
from tui.compiler.simulations import Simulations
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
from tui.domain.circuits import Analysis, Candidate, CheckReport, CircuitStats, CloudCircuit, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData, DeviceLimits
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
from tui.domain.pricing import ProgramWork
from tui.domain.primitives import JobProgram
from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import SimulationEstimate, Submission
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices, Options
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Event
from tui.openqasm.analysis.client import Analyzer
from tui.openqasm.analysis.declarations import Scope, Symbol
from tui.openqasm.analysis.fast import analyse
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.formatter import format_with_places
from tui.sandbox.lifecycle.info import RunningSandbox

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


class InProcessAnalyzer(Analyzer):
    """The fast analysis without its worker process, and without QDK."""

    def start(self) -> None:
        """Nothing to start."""

    async def analyse(self, qasm: str, device: DeviceLimits | None = None, *, own: bool = False) -> Analysis:
        return analyse(qasm, device)

    async def format(self, qasm: str, places: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        return format_with_places(qasm, places)

    async def names(self, qasm: str) -> tuple[tuple[Symbol, ...], tuple[Scope, ...]]:
        table = SymbolTable.of(qasm)
        return table.symbols, table.scopes


class FakeSimulations(Simulations):
    """Simulations without Qiskit: there are none."""

    def __init__(self) -> None:
        super().__init__(self._nothing)

    def _nothing(self) -> NoReturn:
        raise QdeckError(ErrorKind.UNAVAILABLE, "Qiskit is not installed.")


class FakeCompiler(Compiler):
    """A compiler without worker processes, which accepts every program."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False
        self.simulations = FakeSimulations()

    async def start(self) -> None:
        """Nothing to warm up."""

    async def check(self, qasm: str) -> CheckReport:
        return CheckReport(())

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        if payload.startswith("broken"):
            raise QdeckError(ErrorKind.CIRCUIT, "The circuit cannot be read.")
        return tuple(f"OPENQASM 3; // from {part}" for part in payload.split("+"))

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        size = CircuitStats(1, 1, 1, 1, 0, 0)
        return Candidate(target.name, qasm, options, size, size, (0,), (0,), 127, 0.1, "local")

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        size = CircuitStats(1, 1, 1, 1, 0, 0)
        return Candidate(target.name, isa, options, size, size, *layouts, 127, seconds, "cloud")

    async def aclose(self) -> None:
        self.ended = True


class PreparingCompiler(FakeCompiler):
    """One that also prepares programs.

    Attributes:
        work: of what it prepares.
        preparing: what it waits for before it has prepared one.
        prepared: what it was asked to prepare, as far as it was done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.work = ProgramWork(8192, 0.05, 0, 0, 0, 0)
        self.preparing: asyncio.Event | None = None
        self.prepared: list[Submission] = []

    async def prepare(self, submission: Submission, target: BackendData) -> PreparedProgram:
        if self.preparing is not None:
            await self.preparing.wait()
        self.prepared.append(submission)
        return PreparedProgram('{"quantum_program":{}}', self.work)


class MonitorHarness:
    """The app's services on a fake host, with the events they published; host and history outlive them."""

    def __init__(
        self,
        root: Path,
        host: FakeHost | None = None,
        seed: int = 1,
        idle: int = 0,
        *,
        read_only: bool = False,
        sends: bool = True,
        program: JobProgram = JobProgram.LEGACY,
    ) -> None:
        self.clock = host.clock if host else FakeClock()
        self.host = host or FakeHost(self.clock)
        self.events: list[Event] = []
        self.made_services: list[FakeService] = []
        self.compiler = PreparingCompiler()
        compiler: Compiler = self.compiler
        self.folders = make_folders(root)
        dependencies = Dependencies(
            folders=self.folders,
            environ={"HOME": str(root), "QDECK_HOME": str(root)},
            clock=self.clock,
            compiler=compiler,
            analyzer=InProcessAnalyzer(),
            make_service=self._make,
            launch_sandbox=self._no_sandbox,
            chance=random.Random(seed),
        )
        self.services = AppServices(
            dependencies,
            Options(session_idle_minutes=idle, read_only=read_only, sends=sends, program=program),
        )
        self.services.events.subscribe(self.events.append)

    def _make(self, account: Account, clock: object) -> FakeService:
        self.made_services.append(FakeService(account, self.host))
        return self.made_services[-1]

    async def _no_sandbox(self) -> RunningSandbox:
        raise RuntimeError("There is no sandbox here.")

    async def enter(self, account: Account = ACCOUNT) -> MonitorHarness:
        """Start and sign in."""
        await self.services.start()
        await self.services.account.sign_in(account)
        await self.clock.settle()
        return self

    async def finish(self, submission: Submission) -> str:
        """Submit a job, let it be done and its end be seen; return its id."""
        job = await self.services.outbox.submit(submission)
        self.host.turn(job.id, JobStatus.DONE)
        await self.services.polling.refresh()
        return job.id

    @property
    def app_state(self) -> AppState:
        """What all parts of the services share."""
        return self.services.outbox.context.app_state

    async def kill(self) -> None:
        """Stop the services where they are; let go of their lock, as the kernel does."""
        await self.services.outbox.context.workers.scheduler.stop()
        self.services.outbox.context.ownership.leave()

    def published(self, kind: type[Event]) -> list[Event]:
        """Return the events of one type, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def keeps_result(self, job_id: str) -> bool:
        """Return whether the job's result is in the history."""
        record = self.app_state.jobs.record(job_id)
        return record is not None and record.result_kept

    def status(self, job_id: str) -> JobStatus | None:
        """Return the job's status as the services show it; `None`: it is not known."""
        job = self.services.jobs.get(job_id)
        return job.status if job else None
