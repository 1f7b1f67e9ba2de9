"""Jobs: what was submitted and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tui.common.values import Value
from tui.domain.primitives import JobOptions

GONE = "Not on the service any more"
"""`Job.status_text` of a job that was watched and that the service does not know any more."""
SLURM_PREFIX = "slurm:"
"""Before the id of a job of Slurm: the tag of what was submitted in it."""
DEFAULT_SHOTS = 4096
"""The service's own default for the sampler (contract 5.6)."""
DEFAULT_PRECISION = 0.015625
"""The service's own default for the estimator: 1/64, which is 4096 shots."""


class JobStatus(StrEnum):
    """Where a job is. Moves only forward."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """The service said something new: shown as it is (`Job.status_text`), treated as still running."""

    @property
    def final(self) -> bool:
        """True when nothing more happens to the job."""
        return self in {JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED}

    @classmethod
    def of(cls, text: str) -> JobStatus:
        """The status for the service's own word (`Queued`, `Cancelled - Ran too long`, `canceled`, ...)."""
        word = text.strip().lower()
        if word.startswith("cancel"):
            # "Ran too long" is a failure in the words of IBM's client: the job did not do what was asked.
            return cls.FAILED if "too long" in word else cls.CANCELLED
        return _WORDS.get(word, cls.UNKNOWN)


_WORDS = {
    "queued": JobStatus.QUEUED,
    "pending": JobStatus.QUEUED,
    "running": JobStatus.RUNNING,
    "in_progress": JobStatus.RUNNING,
    "completed": JobStatus.DONE,
    "failed": JobStatus.FAILED,
}


class StatusStep(Value, frozen=True):
    """One state of a job and when it was entered (UTC)."""

    status: JobStatus
    at: datetime


class Job(Value, frozen=True):
    """One job, as far as it is known here. Times are UTC; `None` where unknown.

    Attributes:
        id: the service's id, opaque.
        service: which service it lives on: "platform", "classic", with "sandbox " before it for the sandbox.
        program: `sampler`, `estimator`, `executor`, or another program's id.
        role: the primitive that a job of the executor stands for; empty while it is not known, and where
            there is none.
        status_text: the service's own word for the status.
        reason, reason_code, reason_solution: why it failed or was cancelled, as the service says.
        name: the circuit's name here; empty for jobs submitted elsewhere.
        shots: shots asked for (sampler), `None` when unknown or the default.
        qpu_seconds: charged QPU time, once the service has settled it.
        timeline: the states it went through, oldest first, as seen or as told by the metrics.
        confirmed: when the service last told this.
        circuit: OpenQASM text as submitted (the ISA circuit), empty when not known here; of several PUBs,
            that of the first.
        source: OpenQASM text before transpiling, empty when not known here.
        observables: what the estimator's values are of, as the user wrote it; empty when not known here.
        circuits: how many circuits it was given, one a PUB; `None` when not known here.
        inputs: names, observables and values of parameters by PUB (`tui.domain.pubs.inputs`); empty when not
            known here, and for one PUB without parameters.
        options: of its primitive, as far as they are known.
    """

    id: str
    service: str
    backend: str
    program: str
    status: JobStatus
    created: datetime
    status_text: str = ""
    instance: str = ""
    session_id: str = ""
    tags: tuple[str, ...] = ()
    reason: str = ""
    reason_code: str = ""
    reason_solution: str = ""
    name: str = ""
    shots: int | None = None
    qpu_seconds: float | None = None
    estimated_seconds: float | None = None
    started: datetime | None = None
    finished: datetime | None = None
    private: bool = False
    timeline: tuple[StatusStep, ...] = ()
    confirmed: datetime | None = None
    circuit: str = ""
    source: str = ""
    observables: tuple[str, ...] = ()
    circuits: int | None = None
    role: str = ""
    inputs: str = ""
    options: JobOptions = ()

    @property
    def primitive(self) -> str:
        """The primitive that the user knows it by: `sampler`, `estimator`, else its program."""
        return self.role or self.program

    @property
    def slurm_job(self) -> str:
        """Id of the job of Slurm in which it was submitted, as its tag says; empty: in none."""
        return next((tag[len(SLURM_PREFIX) :] for tag in self.tags if tag.startswith(SLURM_PREFIX)), "")

    @property
    def over(self) -> bool:
        """True when nothing more happens to it: it is final, or not on the service any more."""
        return self.status.final or (self.status is JobStatus.UNKNOWN and self.status_text == GONE)


@dataclass(frozen=True, slots=True)
class SubmittedCircuit:
    """One circuit in the form it was submitted: OpenQASM, or base64 of Qiskit's binary form; or neither."""

    qasm: str = field(default="", repr=False)
    qpy: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """A job with its circuits as they were submitted, from wherever.

    Attributes:
        job: the job; `job.circuit` is there when the first circuit came as OpenQASM.
        qpy: base64 of Qiskit's binary form of the first circuit, when it came so; it may hold several.
        further: the circuits of the PUBs after the first, as many as are taken.
        params: all that the program was given, JSON as it came; empty when the service does not tell.
        max_seconds: QPU seconds after which the service ends it; `None` when not told.
    """

    job: Job
    qpy: str = field(default="", repr=False)
    further: tuple[SubmittedCircuit, ...] = ()
    params: str = field(default="", repr=False)
    max_seconds: int | None = None


class JobQuery(Value, frozen=True):
    """Which jobs to list: the filters of `GET /jobs`, newest first."""

    limit: int = 50
    offset: int = 0
    pending: bool | None = None
    backend: str = ""
    program: str = ""
    session_id: str = ""
    tags: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None

    def fits(self, job: Job) -> bool:
        """True when the job matches every filter that is set; `limit` and `offset` do not count."""
        return (
            (self.pending is None or self.pending != job.over)
            and self.backend in ("", job.backend)
            and self.program in ("", job.program)
            and self.session_id in ("", job.session_id)
            and set(self.tags) <= set(job.tags)
            and (self.created_after is None or job.created >= self.created_after)
            and (self.created_before is None or job.created <= self.created_before)
        )


class JobPage(Value, frozen=True):
    """One page of a job list.

    Attributes:
        total: number of matches; `None` when not told.
        unreadable: of each entry that is no job as the contract says, why.
        cut: the service sent more than it was asked for, and the rest was not read.
    """

    jobs: tuple[Job, ...]
    total: int | None = None
    unreadable: tuple[str, ...] = ()
    cut: bool = False

    @property
    def size(self) -> int:
        """Number of entries, unreadable ones too: the offset of the next page is behind them."""
        return len(self.jobs) + len(self.unreadable)

    def ends_before(self, asked: int) -> bool:
        """Return whether the list ends with this page, of which `asked` entries were asked for."""
        return not self.cut and self.size < asked


class JobMetrics(Value, frozen=True):
    """What the service measured. Times UTC, durations in seconds.

    Attributes:
        estimated_start, estimated_completion: what the service expects; newer API versions do not tell.
        queue_position, provider_position: the place in the backend's queue, and in the provider's part of
            it, while queued; the classic service alone tells.
    """

    created: datetime | None = None
    running: datetime | None = None
    finished: datetime | None = None
    qpu_seconds: float | None = None
    execution_seconds: float | None = None
    caller: str = ""
    qiskit_version: str = ""
    estimated_start: datetime | None = None
    estimated_completion: datetime | None = None
    queue_position: int | None = None
    provider_position: int | None = None


class LogLevel(StrEnum):
    """From which weight on a job's log is written."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


class Primitive(StrEnum):
    """The two programs of IBM's primitives."""

    SAMPLER = "sampler"
    ESTIMATOR = "estimator"
