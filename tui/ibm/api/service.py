"""The quantum service as qdeck uses it, whichever generation is behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tui.common.values import Listed
from tui.domain.accounts import Account, AccountDetails, ApiVersion, Identity, Instance, SignOutReport, Usage
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.jobs import Job, JobMetrics, JobPage, JobQuery, SubmittedJob
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import SimulationEstimate, Submission


class QuantumService(Protocol):
    """A signed-in (or to be signed-in) account of one service.

    Every method but `aclose` raises `QdeckError`: `NETWORK` or `TIMEOUT` when the host is not reached,
    `WRONG_KEY`, `EXPIRED` or `FORBIDDEN` when it refuses the credentials, `SERVER` and `RATE_LIMITED` when it
    is unwell, `PROTOCOL` when a response is not what the contract says, else as each method says.
    """

    @property
    def account(self) -> Account:
        """The account it was made for; the sandbox's as soon as the service said that it is one."""

    @property
    def label(self) -> str:
        """`platform` or `classic`, with `sandbox ` before it for the sandbox: `Job.service`."""

    async def sign_in(self) -> Identity:
        """Get an access token and find the instance.

        Returns:
            Who is signed in, on which instance, and until when.
        """

    async def renew(self) -> Identity:
        """Make sure that the access token lives on: renew it when little of its life is left."""

    async def sign_out(self) -> SignOutReport:
        """End the access token on the server where that is possible and prove it; drop it everywhere.

        Returns:
            Whether it is proven that the token is dead, and until when it may be valid if not.
        """

    async def instances(self) -> tuple[Instance, ...]:
        """Return the instances the account may use."""

    async def usage(self) -> Usage:
        """Return the QPU seconds used and left of the instance; `None` where the service does not say."""

    async def account_details(self) -> AccountDetails:
        """Return limits, plans and statistics of the account, as far as this key may see them."""

    async def api_version(self) -> ApiVersion | None:
        """Return the state of the API version used here; `None` where the service has no versions."""

    @property
    def answers(self) -> int:
        """Number of responses of the runtime so far, refusals too: a growing one shows that it is reached."""

    @property
    def under_way(self) -> int:
        """Number of requests to the runtime that are waited for now."""

    @property
    def clock_skew(self) -> float | None:
        """Seconds that the service's clock is ahead of this machine's; `None` before any response."""

    async def backends(self) -> Listed[Backend]:
        """Return the backends of the instance with status and queue; median errors where they are listed.

        Returns:
            Those of the list that can be read, with why the others cannot be; so do `sessions`.
        """

    async def backend(self, name: str, data: BackendData | None = None) -> Backend:
        """Return one backend, with the medians computed from its properties.

        Args:
            name: of the backend.
            data: its configuration and properties where they are at hand; else they are asked for.

        Raises:
            QdeckError: `NOT_FOUND` when it is unknown.
        """

    async def backend_data(self, name: str, before: datetime | None = None) -> BackendData:
        """Return configuration and properties of a backend: the JSON bytes as sent.

        Args:
            name: of the backend.
            before: the calibration then is meant, the last one updated before; `None`: the present one.

        Raises:
            QdeckError: `NOT_FOUND` when it is unknown.
        """

    async def jobs(self, query: JobQuery) -> JobPage:
        """Return a page of the jobs that match, newest first, without their params: one request.

        Returns:
            At most 200 jobs, and how many there are in all; `None` where the service does not count them.
        """

    async def job(
        self, job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        """Return one job; with its circuit and its role when `with_params`.

        Args:
            once: nobody waits for it: the request is not repeated.
            limit: bytes above which the response is broken off and `TOO_LARGE` raised; `None`: it is read.

        Raises:
            QdeckError: `NOT_FOUND` when it is unknown; `TOO_LARGE`.
        """

    async def submitted(self, job_id: str) -> SubmittedJob:
        """Return one job with its circuits in the form they were submitted.

        Raises:
            QdeckError: `NOT_FOUND` when it is unknown.
        """

    async def simulation(self, submission: Submission) -> SimulationEstimate | None:
        """Estimate how long the sandbox takes for a job; None on a real service.

        Raises:
            QdeckError: `INVALID`, or the sandbox did not answer.
        """

    async def submit(self, submission: Submission) -> Job:
        """Create a job: one POST, never repeated here.

        Returns:
            The job, queued, as far as the submission and the response describe it.

        Raises:
            QdeckError: `INVALID`, `CONFLICT` (session closed, limit reached), `RATE_LIMITED`, `NOT_FOUND`
                (backend); `UNCONFIRMED` when the request ended so that the job may exist.
        """

    async def result(
        self, job_id: str, *, once: bool = False, limit: int | None = None, short: bool = False
    ) -> JobResult:
        """Return the result of a finished job; what cannot be decoded is kept raw, with a note.

        Args:
            job_id: the job.
            once: the service deletes it as it hands it out (a private job's): the request is not repeated,
                and an end that leaves open whether it was handed out is `UNCONFIRMED`.
            limit: bytes above which the response is broken off and `TOO_LARGE` raised; `None`: it is read
                up to the size that no result may have.
            short: counts that are too many are summed up (`JobResult.abridged`).

        Raises:
            QdeckError: `CONFLICT` when the job is not finished, `NOT_FOUND` when it has no result,
                `TOO_LARGE`, `UNCONFIRMED`.
        """

    async def metrics(self, job_id: str) -> JobMetrics:
        """Return what the service measured of a job: times, QPU seconds, place in the queue."""

    async def logs(self, job_id: str) -> str:
        """Return the job's log with control characters made visible; empty when there is none."""

    async def cancel(self, job_id: str) -> None:
        """Cancel a job.

        Raises:
            QdeckError: `CONFLICT` when it is already final.
        """

    async def delete(self, job_id: str) -> None:
        """Delete a final job on the service."""

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags.

        Raises:
            QdeckError: `INVALID` for more tags, or longer ones, than the service takes.
        """

    async def tags(self, text: str) -> tuple[str, ...]:
        """Return the tags of jobs that contain the text.

        Returns:
            None where the service has no search, or for a text of less than 3 or more than 100 characters.
        """

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch.

        Args:
            backend: where its jobs run.
            mode: session or batch.
            max_ttl: seconds after which it is closed; `None`: as long as the service allows.

        Raises:
            QdeckError: `UNCONFIRMED` when the request ended so that the session may be open, and cost.
        """

    async def session(self, session_id: str) -> Session:
        """Return one session.

        Raises:
            QdeckError: `NOT_FOUND` when it is unknown.
        """

    async def sessions(self) -> Listed[Session]:
        """Return the sessions and batches the service lists, newest first; none where it has no such list."""

    async def drain_session(self, session_id: str) -> None:
        """Let a session take no more jobs; it closes when its queue is empty."""

    async def close_session(self, session_id: str) -> None:
        """Close a session now: queued jobs are dropped, running ones finish."""

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> CloudCircuit:
        """Transpile on the service: submit and poll.

        Args:
            qasm: the circuit as OpenQASM text.
            backend: for which backend.
            options: level, seed, and what this transpiler takes beside them.

        Raises:
            QdeckError: `UNAVAILABLE` where the service has no transpiler, `CIRCUIT` when it could not.
        """

    async def aclose(self) -> None:
        """Close the connections."""
