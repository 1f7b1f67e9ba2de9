"""What qdeck asks of a quantum service, whichever generation is behind it."""

from __future__ import annotations

from typing import Protocol

from tui.domain.accounts import (
    Account,
    AccountDetails,
    ApiVersion,
    Identity,
    Instance,
    SignOutReport,
    Usage,
)
from tui.domain.backends import Backend, BackendData
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.jobs import Job, JobMetrics, JobPage, JobQuery, SubmittedJob
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import Submission


class QuantumService(Protocol):
    """A signed-in (or to be signed-in) account of one service.

    Every method but `aclose` raises `QdeckError`: `NETWORK`/`TIMEOUT` when the host is not reached,
    `WRONG_KEY`, `EXPIRED` or `FORBIDDEN` when it refuses the credentials, `SERVER` and `RATE_LIMITED` when it
    is unwell, `PROTOCOL` when an answer is not what the contract says, else as each method says.
    """

    @property
    def account(self) -> Account:
        """The account it was made for."""
        ...

    @property
    def label(self) -> str:
        """`platform` or `classic`, with `sandbox ` before it for the sandbox: `Job.service`."""
        ...

    async def sign_in(self) -> Identity:
        """Get an access token, find the instance, and say who is signed in."""
        ...

    async def renew(self) -> Identity:
        """Make sure that the access token lives on, renewing it when little of its life is left."""
        ...

    async def sign_out(self) -> SignOutReport:
        """End the access token on the server where that is possible and prove it; drop it everywhere."""
        ...

    async def instances(self) -> tuple[Instance, ...]:
        """The instances the account may use."""
        ...

    async def usage(self) -> Usage:
        """QPU seconds used and left of the instance."""
        ...

    async def account_details(self) -> AccountDetails:
        """Limits, plans and statistics of the account, as far as this key may see them."""
        ...

    async def api_version(self) -> ApiVersion | None:
        """What the service says of the interface version spoken here; `None` where it has no versions."""
        ...

    @property
    def answers(self) -> int:
        """How many answers the runtime gave so far, refusals too: what was asked meanwhile was heard."""
        ...

    @property
    def clock_skew(self) -> float | None:
        """Seconds that the service's clock is ahead of this machine's; `None` before any answer."""
        ...

    async def backends(self) -> tuple[Backend, ...]:
        """The backends of the instance with status and queue; errors where the list tells them."""
        ...

    async def backend(self, name: str) -> Backend:
        """One backend, with the medians computed from its properties. `NOT_FOUND` when unknown."""
        ...

    async def backend_data(self, name: str) -> BackendData:
        """Configuration and properties, as sent. `NOT_FOUND` when unknown."""
        ...

    async def jobs(self, query: JobQuery) -> JobPage:
        """One request: the jobs that match, newest first, without their params."""
        ...

    async def job(self, job_id: str, *, with_params: bool = False) -> Job:
        """One job; with its circuit when `with_params`. `NOT_FOUND` when unknown."""
        ...

    async def submitted(self, job_id: str) -> SubmittedJob:
        """One job with its circuit in the form it was submitted. `NOT_FOUND` when unknown."""
        ...

    async def submit(self, submission: Submission) -> Job:
        """Create a job: one POST, never repeated here.

        Raises:
            QdeckError: `INVALID`, `CONFLICT` (session closed, limit reached), `RATE_LIMITED`, `NOT_FOUND`
                (backend); `UNCONFIRMED` when the request ended so that the job may exist.
        """
        ...

    async def result(self, job_id: str, *, once: bool = False, limit: int | None = None) -> JobResult:
        """The result of a finished job. `CONFLICT` when it is not finished, `NOT_FOUND` without one.

        Args:
            once: the service deletes it as it hands it out (a private job's): the request is not repeated,
                and an end that leaves open whether it was handed out is `UNCONFIRMED`.
            limit: bytes above which the answer is broken off and `TOO_LARGE` raised; `None`: it is taken
                up to the size that no result may have.
        """
        ...

    async def metrics(self, job_id: str) -> JobMetrics:
        """What the service measured."""
        ...

    async def logs(self, job_id: str) -> str:
        """The job's log, empty when there is none."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Cancel. `CONFLICT` when it is already final."""
        ...

    async def delete(self, job_id: str) -> None:
        """Delete a final job on the service."""
        ...

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags."""
        ...

    async def tags(self, text: str) -> tuple[str, ...]:
        """The tags of jobs that contain the text; none where the service has no search, or for a text of less
        than 3 or more than 100 characters."""
        ...

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch; `max_ttl` in seconds."""
        ...

    async def session(self, session_id: str) -> Session:
        """One session. `NOT_FOUND` when unknown."""
        ...

    async def sessions(self) -> tuple[Session, ...]:
        """The sessions and batches the service lists, newest first; empty where it has no such list."""
        ...

    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs; close when its queue is empty."""
        ...

    async def close_session(self, session_id: str) -> None:
        """Close now: queued jobs are dropped, running ones finish."""
        ...

    async def cloud_transpile(self, qasm: str, backend: str, options: TranspileOptions) -> CloudCircuit:
        """Transpile on the service: submit and poll.

        Raises:
            QdeckError: `UNAVAILABLE` where the service has no transpiler, `CIRCUIT` when it could not.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
