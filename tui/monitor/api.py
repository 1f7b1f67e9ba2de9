"""The services: one object behind all screens and headless commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from tui.common.secret import Secret
from tui.domain.accounts import (
    Account,
    AccountDetails,
    Channel,
    Identity,
    Instance,
    Keep,
    SignOutReport,
    Usage,
)
from tui.domain.backends import Backend, BackendData
from tui.domain.circuits import Candidate, CheckReport, Transpilation, TranspileOptions
from tui.domain.jobs import Job, JobMetrics, JobQuery
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import Submission, WaitingSubmission
from tui.jobquery.filters import JobFilter
from tui.monitor.state.events import Event, Freshness, HistoryCoverage

Listener = Callable[[Event], None]
SandboxLauncher = Callable[[], Awaitable[object]]


class Services(Protocol):
    """What screens and commands may ask. Reads answer from memory, at once; commands are awaited.

    Commands raise `QdeckError`. Listeners are called in the event loop, one call an event, and
    must not raise.
    """

    @property
    def read_only(self) -> bool:
        """Whether it was started so that nothing on the service is changed: what would is refused."""
        ...

    @property
    def identity(self) -> Identity | None:
        """Who is signed in; `None`: nobody."""
        ...

    @property
    def usage(self) -> Usage | None:
        """QPU seconds of the instance, when known."""
        ...

    @property
    def freshness(self) -> Freshness:
        """How old the picture is."""
        ...

    @property
    def reach(self) -> HistoryCoverage:
        """How far back all jobs of the account are known."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; returns what ends that."""
        ...

    def jobs(self) -> tuple[Job, ...]:
        """All jobs known (history and live), newest first."""
        ...

    def job(self, job_id: str) -> Job | None:
        """One job as known here; long program texts are there once `whole_job` has read them."""
        ...

    async def whole_job(self, job_id: str) -> Job | None:
        """One job as known here, with its program texts, however long."""
        ...

    def transpilation(self, job_id: str) -> Transpilation | None:
        """How the job's circuit was transpiled; `None` when that was not done here."""
        ...

    def sessions(self) -> tuple[Session, ...]:
        """All sessions known, newest first."""
        ...

    def idle_since(self, session: Session) -> datetime | None:
        """Since when no job is queued or running in the session, by this machine's clock; `None`: one is."""
        ...

    def backends(self) -> tuple[Backend, ...]:
        """The backends as last listed."""
        ...

    def found_accounts(self) -> tuple[Account, ...]:
        """Accounts that could sign in at once: environment, qdeck's own file, Qiskit's file."""
        ...

    def typed_account(
        self, token: Secret, channel: Channel, *, instance: str = "", name: str = ""
    ) -> Account:
        """Return the account of a token that the user gave, with the hosts that the environment names.

        Raises:
            QdeckError: `SETTINGS` for a host that is not allowed.
        """
        ...

    async def keyring_name(self) -> str:
        """What the system's keyring is called that could keep a token; empty: none works here."""
        ...

    async def start(self) -> None:
        """Open the history and show what it holds; signs in nowhere."""
        ...

    async def warm_up(self) -> None:
        """Start the compiler's worker; called after first paint."""
        ...

    async def sign_in(self, account: Account, *, keep: Keep = Keep.NOT) -> Identity:
        """Sign in, start the background workers. `keep`: where the account is kept."""
        ...

    async def sign_in_sandbox(self, channel: Channel = Channel.PLATFORM) -> Identity:
        """Start the sandbox (once) and sign in to one of its two faces."""
        ...

    async def sign_out(self) -> SignOutReport:
        """Stop the background workers, end the token, say what that achieved."""
        ...

    async def instances(self) -> tuple[Instance, ...]:
        """The instances of the signed-in account."""
        ...

    async def account_details(self) -> AccountDetails:
        """Limits, plans and statistics of the account, as far as its key may see them."""
        ...

    async def use_instance(self, instance_id: str) -> Identity:
        """Work in another instance of the same account."""
        ...

    async def refresh(self) -> None:
        """Ask the service now for jobs, sessions and backends."""
        ...

    def focus(self, focused: bool) -> None:
        """The terminal got or lost the focus: without it the service is asked more rarely."""
        ...

    def attend(self, *, elsewhere: bool = False) -> None:
        """The user does something here: what is old is asked for again.

        Nothing is watched when no job is queued or running, no session is open and nothing is in line.
        Then, after two minutes in which nobody attends, or without the terminal's focus, the service is asked
        for nothing but the token, once each worker has asked a last time when it was due: jobs submitted
        elsewhere show at the next key, or with the focus.

        Args:
            elsewhere: another section is shown: what is old there is so sooner.
        """
        ...

    def unseen(self) -> frozenset[str]:
        """The ids of the jobs that finished and were not looked at since."""
        ...

    def seen(self, *job_ids: str) -> None:
        """The user looked at these jobs; `JobsChanged` tells of those for which that is new."""
        ...

    async def submit(self, submission: Submission) -> Job:
        """Create the job, at most once: the intent is in the history before the request goes out.

        It may wait in line for the service's limits (`waiting`): this returns when the job exists.
        """
        ...

    def waiting(self) -> tuple[WaitingSubmission, ...]:
        """The submissions that have not become a job yet: those sent first, then the line in its order."""
        ...

    async def withdraw(self, tag: str) -> None:
        """Take a submission out of the line, or let go of one that is unconfirmed or was not created."""
        ...

    async def move(self, tag: str, places: int) -> None:
        """Move a submission in line: forward when `places` is negative."""
        ...

    async def send_again(self, tag: str) -> None:
        """Put a submission that was not created in line again; looks for its job once more before."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Cancel the job on the service."""
        ...

    async def delete(self, job_id: str) -> None:
        """Delete the job on the service and in the history."""
        ...

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags."""
        ...

    async def result(self, job_id: str, *, by_itself: bool = False) -> JobResult:
        """The job's result: from the history, else from the service (and then kept).

        Args:
            by_itself: nobody asked for this one. A result that is not kept and larger than what is fetched
                by itself is not fetched: `TOO_LARGE`. Nor is one that can be read only once: `CONFLICT`.
        """
        ...

    async def metrics(self, job_id: str) -> JobMetrics:
        """What the service measured."""
        ...

    async def look_back(self, limit: int, wanted: JobQuery | None = None) -> None:
        """Take in the newest `limit` jobs of the service; `refresh` takes in no more than watching needs.

        Args:
            wanted: which jobs are meant; its `limit` and `offset` do not count. `None`: all.
        """
        ...

    def older(self, wanted: JobFilter | None = None) -> None:
        """Ask for a page of older jobs than are known; `HistoryCoverageChanged` follows.

        Args:
            wanted: what they have to fit. As far as the service can tell, those that do come first.
        """
        ...

    async def tags_like(self, text: str) -> tuple[str, ...]:
        """Tags the service knows that contain the text; none where it cannot search."""
        ...

    async def circuits(self, job_id: str) -> tuple[str, ...]:
        """The circuits as submitted, as OpenQASM, one a PUB, wherever they were submitted.

        They are asked for and decoded; the first is kept. Where the service cannot be asked, what is kept is
        all there is. At least one is there; `Job.circuits` tells how many the job was given.

        Raises:
            QdeckError: as every command; `NOT_FOUND` when the service does not tell it, `CIRCUIT` when it
                is in a form that cannot be read, `UNAVAILABLE` when reading it needs Qiskit.
        """
        ...

    async def logs(self, job_id: str) -> str:
        """The job's log."""
        ...

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch."""
        ...

    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs; what is queued still runs."""
        ...

    async def close_session(self, session_id: str) -> None:
        """Close now: what is queued is dropped."""
        ...

    async def backend_details(self, name: str) -> Backend:
        """One backend with medians from its properties."""
        ...

    async def backend_data(self, name: str) -> BackendData:
        """Configuration and properties, kept in memory for the day's calibration."""
        ...

    async def check(self, qasm: str) -> CheckReport:
        """What Qiskit says of the program."""
        ...

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        """The circuit as text."""
        ...

    async def transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Candidate:
        """Transpile locally or (options.cloud) on the service. Cancelling the task stops the work."""
        ...

    async def aclose(self) -> None:
        """Stop everything: workers, sandbox, compiler; close the history."""
        ...
