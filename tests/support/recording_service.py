"""The service of the screens' tests: it notes what is asked, and answers what the test holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tests.monitor.fakes import FakeService
from tests.support.fixed_values import NOW, ago, identity
from tui.common.errors import ErrorKind, QdeckError
from tui.common.values import Listed
from tui.domain.accounts import Account, AccountDetails, Identity, Instance, SignOutReport, Usage
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData, is_mock
from tui.domain.jobs import Job, JobMetrics, JobPage, JobQuery, JobStatus, SubmittedCircuit, SubmittedJob
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import SimulationEstimate, Submission

if TYPE_CHECKING:
    from tests.support.app_services import AppServicesHarness

DRY_RUN = "d3kdry"
"""The job of every dry run."""
USAGE = Usage(consumed_seconds=48, limit_seconds=600, plan="open")


class RecordingService(FakeService):
    """A service that answers with the values of the test."""

    def __init__(self, harness: AppServicesHarness, account: Account) -> None:
        super().__init__(account, harness.host)
        self._harness = harness

    @property
    def label(self) -> str:
        return "sandbox platform"

    async def sign_in(self) -> Identity:
        await self._harness.wait()
        self._harness.record("sign_in", self.account)
        return self._who()

    async def renew(self) -> Identity:
        return self._who()

    def _who(self) -> Identity:
        known = identity(sandbox=self.account.sandbox, channel=self.account.channel)
        chosen = (one for one in self._harness.the_instances if one.id == self.account.instance)
        instance = next(chosen, None)
        if instance is None:
            return known
        return replace(known, instance=instance.id, instance_name=instance.name)

    async def usage(self) -> Usage:
        return USAGE

    async def backends(self) -> Listed[Backend]:
        self._harness.record("backends")
        return Listed(self._harness.listed_backends)

    async def jobs(self, query: JobQuery) -> JobPage:
        if query.created_before is not None:
            await self._harness.wait()
            self._harness.record("older")
        self.host.jobs = {job.id: job for job in (*self._harness.older_jobs, *self._harness.the_jobs)}
        return await super().jobs(query)

    async def sessions(self) -> Listed[Session]:
        return Listed(self._harness.the_sessions)

    async def sign_out(self) -> SignOutReport:
        self._harness.record("sign_out")
        return SignOutReport(True, None, "Signed out; the service refused the token afterwards (401).")

    async def instances(self) -> tuple[Instance, ...]:
        self._harness.record("instances")
        return self._harness.the_instances

    async def account_details(self) -> AccountDetails:
        self._harness.record("account_details")
        return self._harness.the_details

    async def backend(self, name: str, data: BackendData | None = None) -> Backend:
        self._harness.record("backend_details", name)
        listed = next(backend for backend in self._harness.the_backends if backend.name == name)
        return replace(
            listed,
            median_2q_error=self._harness.errors.get(name, 0.0083),
            median_readout_error=0.0191,
            median_1q_error=0.00024,
            median_t1_us=281.4,
            median_t2_us=190.2,
            calibrated=ago(hours=3),
            basis_gates=("cx", "id", "rz", "sx", "x"),
        )

    async def backend_data(self, name: str, before: datetime | None = None) -> BackendData:
        self._harness.record("backend_data", name)
        known = self._harness.device_data if before is None else self._harness.past_data
        return known.get(name) or BackendData(name, b"{}", b"{}")

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> CloudCircuit:
        await self._harness.wait()
        self._harness.record("transpile", qasm, backend, options)
        return CloudCircuit("OPENQASM 3.0;", "", (), ())

    def _dry_run(self, status: JobStatus) -> Job:
        return Job(DRY_RUN, self.label, "mock_peekskill", "executor", status, NOW)

    async def job(
        self, job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        if job_id == DRY_RUN:
            return self._dry_run(JobStatus.DONE)
        job = self._harness.jobs.get(job_id)
        if job is None:
            raise QdeckError(ErrorKind.NOT_FOUND, "No such job.")
        circuits = self._harness.the_circuits.get(job_id, ("",)) if with_params else ("",)
        return replace(job, circuit=circuits[0], source="")

    async def submitted(self, job_id: str) -> SubmittedJob:
        self._harness.record("submitted", job_id)
        further = self._harness.the_circuits.get(job_id, ())[1:]
        job = await self.job(job_id, with_params=True)
        texts = tuple(SubmittedCircuit(text) for text in further)
        return SubmittedJob(job, further=texts, params=self._harness.the_params)

    async def result(
        self, job_id: str, *, once: bool = False, limit: int | None = None, short: bool = False
    ) -> JobResult:
        self._harness.record("result", job_id)
        if limit is not None and job_id in self._harness.large_results:
            raise QdeckError(ErrorKind.TOO_LARGE, "The answer is larger than 5 MB.")
        if job_id not in self._harness.results:
            raise QdeckError(ErrorKind.NOT_FOUND, "The service has no result for this job.")
        return self._harness.results[job_id]

    async def metrics(self, job_id: str) -> JobMetrics:
        self._harness.record("metrics", job_id)
        if job_id == DRY_RUN:
            return JobMetrics(qpu_seconds=self._harness.dry_run_seconds)
        job = await self.job(job_id)
        place = self._harness.queue_positions.get(job_id)
        times = job.created, job.started, job.finished, job.qpu_seconds, 1.9
        return JobMetrics(*times, "qdeck", "2.1.0", queue_position=place)

    async def simulation(self, submission: Submission) -> SimulationEstimate | None:
        return None

    async def submit(self, submission: Submission) -> Job:
        if is_mock(submission.backend):
            self._harness.record("dry_run", submission)
            return self._dry_run(JobStatus.QUEUED)
        await self._harness.wait()
        self._harness.record("submit", submission)
        return Job(
            id="d3knew",
            service=self.label,
            backend=submission.backend,
            program=submission.primitive,
            status=JobStatus.QUEUED,
            created=NOW,
            shots=submission.shots,
            tags=submission.tags,
        )

    async def logs(self, job_id: str) -> str:
        self._harness.record("logs", job_id)
        return self._harness.the_logs

    async def tags(self, text: str) -> tuple[str, ...]:
        self._harness.record("tags_like", text)
        return tuple(tag for tag in self._harness.the_tags if text.casefold() in tag.casefold())

    async def cancel(self, job_id: str) -> None:
        self._harness.record("cancel", job_id)

    async def delete(self, job_id: str) -> None:
        self._harness.record("delete", job_id)

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        self._harness.record("set_tags", job_id, tags)

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        self._harness.record("open_session", backend, mode, max_ttl)
        return Session("s-new", self.label, backend, mode, SessionState.OPEN, created=NOW, max_ttl=max_ttl)

    async def session(self, session_id: str) -> Session:
        found = next((one for one in self._harness.the_sessions if one.id == session_id), None)
        if found is None:
            raise QdeckError(ErrorKind.NOT_FOUND, "No such session.")
        return found

    async def drain_session(self, session_id: str) -> None:
        self._harness.record("drain_session", session_id)

    async def close_session(self, session_id: str) -> None:
        self._harness.record("close_session", session_id)
