"""A services of fixed values for screens: what it is told to hold, and a record of what it was asked to do.

It has no background: tests change it and `publish` what the real services would.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from tests.support.circuits import bell_candidate
from tests.support.fixed_values import BELL_RESULT, NOW, VALUES_RESULT, ago, backends, identity, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.common.secret import Secret
from tui.compiler.client import Compiler
from tui.domain.accounts import (
    Account,
    AccountDetails,
    Channel,
    Identity,
    Instance,
    Keep,
    Plan,
    Share,
    SignOutReport,
    Spending,
    Usage,
)
from tui.domain.backends import Backend, BackendData
from tui.domain.circuits import Candidate, CheckReport, CircuitStats, Transpilation, TranspileOptions
from tui.domain.jobs import Job, JobMetrics, JobQuery, JobStatus, Submission, WaitingSubmission
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.ibm.credentials.discovery import typed_account
from tui.jobquery.filters import JobFilter
from tui.monitor.account_manager import AccountManager
from tui.monitor.account_polling import AccountPolling
from tui.monitor.actions.circuits import Transpiler
from tui.monitor.actions.jobs import Jobs
from tui.monitor.actions.sessions import Sessions
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.services import AppServices
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import (
    Event,
    Freshness,
    HistoryCoverage,
    IdentityChanged,
    JobsChanged,
    SessionsChanged,
)


class FixedServices(AppServices):
    """The `Services` of the tests. Everything it holds may be changed by the test.

    `trouble` maps a command's name to the error it raises; `asked` lists the commands that came.
    """

    def __init__(self, *, signed_in: bool = True) -> None:
        self.the_identity: Identity | None = identity() if signed_in else None
        self.the_usage: Usage | None = (
            Usage(consumed_seconds=48, limit_seconds=600, plan="open") if signed_in else None
        )
        self.the_freshness = Freshness(NOW) if signed_in else Freshness()
        self.the_jobs: tuple[Job, ...] = jobs() if signed_in else ()
        self.the_sessions: tuple[Session, ...] = ()
        self.the_backends: tuple[Backend, ...] = backends() if signed_in else ()
        self.the_waiting: tuple[WaitingSubmission, ...] = ()
        self.the_unseen: frozenset[str] = frozenset()
        self.the_reach = HistoryCoverage()
        self.the_tags: tuple[str, ...] = ()
        """The tags of the service's other jobs."""
        self.focused = True
        self.read_only = False
        self.the_accounts: tuple[Account, ...] = ()
        self.the_keyring = ""
        self.the_instances = (
            Instance(identity().instance, "lab-instance", "open"),
            Instance("crn:v1:bluemix:public:quantum-computing:eu-de:a/1:3::", "paid-instance", "flex"),
        )
        self.the_details = AccountDetails(
            instance_limit_seconds=600,
            plans=(Plan("Open", 600, 600, 28800, 60, NOW + timedelta(days=17)),),
            spending=Spending(4, 12, 15, 30),
            by_backend=(Share("ibm_fez", 3, 9), Share("ibm_cusco", 1, 3)),
            by_instance=(Share(identity().instance, 4, 12),),
        )
        self.results: dict[str, JobResult] = {
            "d3k" + "4".zfill(17): BELL_RESULT,
            "d3k" + "2".zfill(17): VALUES_RESULT,
        }
        self.the_transpilations: dict[str, Transpilation] = {}
        self.large_results: set[str] = set()
        """Jobs whose results are not given to who did not ask for them."""
        self.foreign_circuit = ""
        """What the service tells of the circuits that are not known here."""
        self.the_circuits: dict[str, tuple[str, ...]] = {}
        """The circuits of jobs of several PUBs."""
        self.the_logs = "job started\njob finished"
        self.report = CheckReport(
            (), CircuitStats(2, 2, 4, 3, 1, 1, {"h": 1, "cx": 1, "measure": 2}), measures=True
        )
        self.drawing = "q_0: ┤ H ├──■──"
        self.candidate: Candidate = bell_candidate()
        self.trouble: dict[str, Exception] = {}
        self.asked: list[tuple[object, ...]] = []
        self.gate: asyncio.Event | None = None
        """When set, sign-ins, transpiling and submitting wait for it."""
        self.stopped = 0
        """How many of those waits were cancelled."""
        self.events = EventBus()
        self.account = cast(AccountManager, _Account(self))
        self.jobs = cast(Jobs, _Jobs(self))
        self.sessions = cast(Sessions, _Sessions(self))
        self.backends = cast(BackendsPoller, _Backends(self))
        self.outbox = cast(Outbox, _Outbox(self))
        self.compiler = cast(Compiler, _Compiler(self))
        self.transpiler = cast(Transpiler, _Transpiler(self))
        self.polling = cast(AccountPolling, _Polling(self))

    # --- for tests -----------------------------------------------------------------------------------

    def publish(self, event: Event) -> None:
        """Tell the listeners."""
        self.events.publish(event)

    def change(self, *changed: Job) -> None:
        """Put jobs in place of those with their ids, new ones on top, and publish them."""
        known = {job.id for job in self.the_jobs}
        by_id = {job.id: job for job in changed}
        kept = tuple(by_id.get(job.id, job) for job in self.the_jobs)
        self.the_jobs = (*(job for job in changed if job.id not in known), *kept)
        self.publish(JobsChanged(changed))

    def names_asked(self) -> list[object]:
        """The names of the commands that came."""
        return [asked[0] for asked in self.asked]

    def _ask(self, name: str, *arguments: object) -> None:
        self.asked.append((name, *arguments))
        if name in self.trouble:
            raise self.trouble[name]

    async def _wait(self) -> None:
        if self.gate is None:
            return
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise

    def _signed_in(self, who: Identity) -> Identity:
        self.the_identity = who
        self.the_freshness = Freshness(NOW)
        self.publish(IdentityChanged(who))
        return who

    async def start(self) -> None:
        self._ask("start")

    async def aclose(self) -> None:
        self._ask("aclose")


class _Account:
    """Stands for `AccountManager`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    @property
    def found(self) -> tuple[Account, ...]:
        return self._fixed.the_accounts

    @property
    def identity(self) -> Identity | None:
        return self._fixed.the_identity

    @property
    def usage(self) -> Usage | None:
        return self._fixed.the_usage

    @property
    def freshness(self) -> Freshness:
        return self._fixed.the_freshness

    def typed_account(
        self, token: Secret, channel: Channel, *, instance: str = "", name: str = ""
    ) -> Account:
        return typed_account(token, channel, os.environ, instance=instance, name=name)

    async def keyring_name(self) -> str:
        return self._fixed.the_keyring

    async def sign_in(self, account: Account, *, keep: Keep = Keep.NOT) -> Identity:
        await self._fixed._wait()
        self._fixed._ask("sign_in", account, keep)
        return self._fixed._signed_in(identity(sandbox=False, channel=account.channel))

    async def sign_in_sandbox(self, channel: Channel = Channel.PLATFORM) -> Identity:
        await self._fixed._wait()
        self._fixed._ask("sign_in_sandbox", channel)
        return self._fixed._signed_in(identity(channel=channel))

    async def sign_out(self) -> SignOutReport:
        self._fixed._ask("sign_out")
        self._fixed.the_identity = None
        self._fixed.publish(IdentityChanged(None))
        return SignOutReport(True, None, "Signed out; the service refused the token afterwards (401).")

    async def instances(self) -> tuple[Instance, ...]:
        self._fixed._ask("instances")
        return self._fixed.the_instances

    async def details(self) -> AccountDetails:
        self._fixed._ask("account_details")
        return self._fixed.the_details

    async def use_instance(self, instance_id: str) -> Identity:
        self._fixed._ask("use_instance", instance_id)
        chosen = next(instance for instance in self._fixed.the_instances if instance.id == instance_id)
        return self._fixed._signed_in(replace(identity(), instance=chosen.id, instance_name=chosen.name))


class _Jobs:
    """Stands for `Jobs`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    def all(self) -> tuple[Job, ...]:
        return self._fixed.the_jobs

    def get(self, job_id: str) -> Job | None:
        return next((job for job in self._fixed.the_jobs if job.id == job_id), None)

    async def with_texts(self, job_id: str) -> Job | None:
        return self.get(job_id)

    def transpilation(self, job_id: str) -> Transpilation | None:
        return self._fixed.the_transpilations.get(job_id)

    def unread(self) -> frozenset[str]:
        return self._fixed.the_unseen

    def mark_read(self, *job_ids: str) -> None:
        new = self._fixed.the_unseen.intersection(job_ids)
        if new:
            self._fixed.the_unseen -= new
            self._fixed.change(*(job for job in self._fixed.the_jobs if job.id in new))

    @property
    def coverage(self) -> HistoryCoverage:
        return self._fixed.the_reach

    def request_older(self, wanted: JobFilter | None = None) -> None:
        self._fixed._ask("older", wanted)

    async def fetch_newest(self, limit: int, wanted: JobQuery | None = None) -> None:
        self._fixed._ask("look_back", limit, wanted)

    async def result(self, job_id: str, *, by_itself: bool = False) -> JobResult:
        self._fixed._ask("result", job_id)
        if by_itself and job_id in self._fixed.large_results:
            raise QdeckError(ErrorKind.TOO_LARGE, "The answer is larger than 5 MB.")
        if job_id not in self._fixed.results:
            raise QdeckError(ErrorKind.NOT_FOUND, "The service has no result for this job.")
        return self._fixed.results[job_id]

    async def metrics(self, job_id: str) -> JobMetrics:
        self._fixed._ask("metrics", job_id)
        return JobMetrics(ago(minutes=5), ago(minutes=4.8), ago(minutes=4.7), 2.1, 1.9, "qdeck", "2.1.0")

    async def circuits(self, job_id: str) -> tuple[str, ...]:
        self._fixed._ask("circuits", job_id)
        if job_id in self._fixed.the_circuits:
            return self._fixed.the_circuits[job_id]
        job = self.get(job_id)
        if job is None or not (job.circuit or self._fixed.foreign_circuit):
            raise QdeckError(ErrorKind.NOT_FOUND, "The job's inputs hold no circuit that is known here.")
        if not job.circuit:
            self._fixed.change(replace(job, circuit=self._fixed.foreign_circuit))
        return (job.circuit or self._fixed.foreign_circuit,)

    async def logs(self, job_id: str) -> str:
        self._fixed._ask("logs", job_id)
        return self._fixed.the_logs

    async def tags_like(self, text: str) -> tuple[str, ...]:
        self._fixed._ask("tags_like", text)
        return tuple(tag for tag in self._fixed.the_tags if text.casefold() in tag.casefold())

    async def cancel(self, job_id: str) -> None:
        self._fixed._ask("cancel", job_id)

    async def delete(self, job_id: str) -> None:
        self._fixed._ask("delete", job_id)
        self._fixed.the_jobs = tuple(job for job in self._fixed.the_jobs if job.id != job_id)
        self._fixed.publish(JobsChanged((), (job_id,)))

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        self._fixed._ask("set_tags", job_id, tags)
        job = self.get(job_id)
        if job is not None:
            self._fixed.change(replace(job, tags=tags))


class _Sessions:
    """Stands for `Sessions`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    def all(self) -> tuple[Session, ...]:
        return self._fixed.the_sessions

    def idle_since(self, session: Session) -> datetime | None:
        if any(job.session_id == session.id and not job.status.final for job in self._fixed.the_jobs):
            return None
        return session.last_job_completed or session.activated or session.created or NOW

    async def open(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        self._fixed._ask("open_session", backend, mode, max_ttl)
        session = Session(
            "s-new", "sandbox platform", backend, mode, SessionState.OPEN, created=NOW, max_ttl=max_ttl
        )
        self._fixed.the_sessions = (session, *self._fixed.the_sessions)
        self._fixed.publish(SessionsChanged((session,)))
        return session

    async def drain(self, session_id: str) -> None:
        self._fixed._ask("drain_session", session_id)

    async def close(self, session_id: str) -> None:
        self._fixed._ask("close_session", session_id)


class _Backends:
    """Stands for `BackendsPoller`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    def all(self) -> tuple[Backend, ...]:
        return self._fixed.the_backends

    async def details(self, name: str) -> Backend:
        self._fixed._ask("backend_details", name)
        listed = next(backend for backend in self._fixed.the_backends if backend.name == name)
        return replace(
            listed,
            median_2q_error=0.0083,
            median_readout_error=0.0191,
            median_1q_error=0.00024,
            median_t1_us=281.4,
            median_t2_us=190.2,
            calibrated=ago(hours=3),
            basis_gates=("cx", "id", "rz", "sx", "x"),
        )

    async def data(self, name: str) -> BackendData:
        self._fixed._ask("backend_data", name)
        return BackendData(name, b"{}", b"{}")


class _Outbox:
    """Stands for `Outbox with its queue and commands`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed
        self.queue = self

    async def submit(self, submission: Submission) -> Job:
        await self._fixed._wait()
        self._fixed._ask("submit", submission)
        job = Job(
            id="d3knew",
            service="sandbox platform",
            backend=submission.backend,
            program=submission.primitive,
            status=JobStatus.QUEUED,
            created=NOW,
            name=submission.name,
            shots=submission.shots,
            tags=submission.tags,
        )
        self._fixed.change(job)
        return job

    def waiting(self) -> tuple[WaitingSubmission, ...]:
        return self._fixed.the_waiting

    async def withdraw(self, tag: str) -> None:
        self._fixed._ask("withdraw", tag)

    async def move(self, tag: str, places: int) -> None:
        self._fixed._ask("move", tag, places)

    async def send_again(self, tag: str) -> None:
        self._fixed._ask("send_again", tag)


class _Compiler:
    """Stands for `Compiler`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    async def start(self) -> None:
        self._fixed._ask("warm_up")

    async def check(self, qasm: str) -> CheckReport:
        self._fixed._ask("check", qasm)
        return self._fixed.report

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        self._fixed._ask("draw", qasm)
        return self._fixed.drawing


class _Transpiler:
    """Stands for `Transpiler`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    async def transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Candidate:
        await self._fixed._wait()
        self._fixed._ask("transpile", qasm, backend, options)
        return replace(self._fixed.candidate, backend=backend, options=options)


class _Polling:
    """Stands for `AccountPolling`."""

    def __init__(self, fixed: FixedServices) -> None:
        self._fixed = fixed

    async def refresh(self) -> None:
        self._fixed._ask("refresh")

    def focus_changed(self, focused: bool) -> None:
        self._fixed.focused = focused

    def user_active(self, *, section_changed: bool = False) -> None:
        """Nothing is old here."""
