"""Jobs on the wire: `Job`, `JobPage`, `JobMetrics` (contract 3.3, 5.7 to 5.9)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.error_codes import ERROR_CODES, RAN_TOO_LONG
from tui.domain.jobs import Job, JobMetrics, JobPage, JobStatus, StatusStep, SubmittedJob
from tui.domain.submissions import MAX_SECONDS, SimulationEstimate, Submission
from tui.ibm.codec.decoding import (
    Provenance,
    decode,
    entries_of_cut,
    moment,
    read_entries,
    required_moment,
)
from tui.ibm.codec.params import Inputs, read_inputs, submitted_options

_Id = Annotated[str, msgspec.Meta(min_length=1)]


EXECUTOR = "executor"
"""Id of the program that runs quantum programs."""
MOST_LISTED = 200
"""Jobs of a page that are read: the service's own limit (contract 5.7)."""


class _State(msgspec.Struct, frozen=True):
    status: str | None = None
    reason: str | None = None
    reason_code: int | str | None = None
    reasonCode: int | str | None = None
    reason_solution: str | None = None


class _Program(msgspec.Struct, frozen=True):
    id: str


class _Usage(msgspec.Struct, frozen=True):
    qpu_charge_time_seconds: float | None = None
    quantum_seconds: float | None = None
    seconds: float | None = None
    status: str | None = None
    circuits_execution_time_ns: float | None = None


class _Job(msgspec.Struct, frozen=True):
    id: _Id
    program: _Program
    created: str
    status: str | None = None
    state: _State | str | None = None
    backend: str | None = None
    session_id: str | None = None
    hub: str | None = None
    group: str | None = None
    project: str | None = None
    tags: list[str] | None = None
    usage: _Usage | None = None
    estimated_running_time_seconds: float | None = None
    private: bool | None = None
    cost: float | None = None
    params: msgspec.Raw = msgspec.Raw(b"null")


class _Page(msgspec.Struct, frozen=True):
    jobs: list[msgspec.Raw]
    count: int | None = None


class _Created(msgspec.Struct, frozen=True):
    id: _Id
    backend: str | None = None
    session_id: str | None = None
    private: bool | None = None


class _Timestamps(msgspec.Struct, frozen=True):
    created: str | None = None
    running: str | None = None
    finished: str | None = None


class _Metrics(msgspec.Struct, frozen=True):
    timestamps: _Timestamps | None = None
    usage: _Usage | None = None
    bss: _Usage | None = None
    circuits_execution_time_ns: float | None = None
    caller: str | None = None
    qiskit_version: str | None = None
    estimated_start_time: str | None = None
    estimated_completion_time: str | None = None
    position_in_queue: int | None = None
    position_in_provider: int | None = None


def decode_job(body: bytes, where: str, origin: Provenance) -> Job:
    """Return the job in a response.

    Raises:
        QdeckError: `PROTOCOL`, as every function here: it is not what the contract says.
    """
    return _job(decode(body, _Job, where), where, origin)


def decode_submitted(body: bytes, where: str, origin: Provenance) -> SubmittedJob:
    """Return the job in a response that has its params, and its circuits in the form they were submitted."""
    job = decode(body, _Job, where)
    inputs = read_inputs(job.params)
    raw = bytes(job.params)
    params = raw.decode() if raw.startswith(b"{") else ""
    seconds = int(job.cost) if job.cost is not None and 1 <= job.cost <= MAX_SECONDS else None
    return SubmittedJob(_job(job, where, origin, inputs), inputs.packed, inputs.further, params, seconds)


def decode_page(body: bytes, where: str, origin: Provenance, *, cut: bool = False) -> JobPage:
    """Return one page of jobs, and how many there are in all where the service counts them.

    Args:
        body: JSON bytes.
        where: the request, for messages.
        origin: what each job carries of its response.
        cut: the body breaks off somewhere: the whole jobs in it are read.

    Returns:
        At most `MOST_LISTED` jobs; entries that are not as the contract says are left out and named.
    """
    page = _Page(list(map(msgspec.Raw, entries_of_cut(body, "jobs")))) if cut else decode(body, _Page, where)
    if cut and not page.jobs:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} is far too long to be a job list.")
    entries = map(bytes, page.jobs[:MOST_LISTED])
    jobs = read_entries(entries, _Job, where, lambda job: _job(job, where, origin))
    return JobPage(tuple(jobs), page.count, jobs.unreadable, cut or len(page.jobs) > MOST_LISTED)


class _Estimate(msgspec.Struct):
    seconds: float | None = None
    refusal: str = ""
    trouble: str = ""


def decode_estimate(body: bytes, where: str) -> SimulationEstimate:
    """Return how long the sandbox would simulate a job."""
    estimate = decode(body, _Estimate, where)
    refusal, trouble = (plain(text, limit=2000) for text in (estimate.refusal, estimate.trouble))
    return SimulationEstimate(estimate.seconds, refusal, trouble)


def decode_created(body: bytes, where: str, origin: Provenance, submission: Submission) -> Job:
    """Return the queued job that a submission has become."""
    created = decode(body, _Created, where)
    return Job(
        id=created.id,
        service=origin.service,
        backend=created.backend or submission.backend,
        program=EXECUTOR if submission.runs_executor else submission.primitive.value,
        role=submission.primitive.value if submission.runs_executor else "",
        status=JobStatus.QUEUED,
        status_text="Queued",
        created=origin.at,
        instance=origin.instance,
        session_id=created.session_id or submission.session_id,
        tags=submission.tags,
        name=submission.name,
        shots=submission.shots,
        private=bool(created.private) or submission.private,
        timeline=(StatusStep(JobStatus.QUEUED, origin.at),),
        confirmed=origin.at,
        circuit=submission.qasm,
        source=submission.source,
        circuits=submission.circuits,
        inputs=submission.inputs,
        options=submitted_options(submission),
    )


def decode_metrics(body: bytes, where: str) -> JobMetrics:
    """Return the metrics of a job, from the form of any API version; what is missing is `None` or empty."""
    metrics = decode(body, _Metrics, where)
    times = metrics.timestamps or _Timestamps()
    # An empty `usage` hides nothing.
    usage = metrics.bss if metrics.usage is None or metrics.usage == _Usage() else metrics.usage
    nanoseconds = metrics.circuits_execution_time_ns
    if nanoseconds is None and usage is not None:
        nanoseconds = usage.circuits_execution_time_ns
    finished = moment(times.finished)
    return JobMetrics(
        created=moment(times.created),
        running=moment(times.running),
        finished=finished,
        qpu_seconds=_charged(usage, finished is not None),
        execution_seconds=None if nanoseconds is None else nanoseconds / 1e9,
        caller=metrics.caller or "",
        qiskit_version=metrics.qiskit_version or "",
        estimated_start=moment(metrics.estimated_start_time),
        estimated_completion=moment(metrics.estimated_completion_time),
        queue_position=metrics.position_in_queue,
        provider_position=metrics.position_in_provider,
    )


def _job(job: _Job, where: str, origin: Provenance, inputs: Inputs | None = None) -> Job:
    state = job.state if isinstance(job.state, _State) else _State(status=job.state)
    status_text = job.status or state.status or ""
    if not status_text:
        message = f"The answer to {where} has neither `status` nor `state` in a job."
        raise QdeckError(ErrorKind.PROTOCOL, message)
    code = state.reason_code if state.reason_code is not None else state.reasonCode
    reason_code = "" if code is None else str(code)
    status = JobStatus.of(status_text)
    if status is JobStatus.UNKNOWN and state.status:
        # A new word in `status` may come with one we know in `state`.
        status = JobStatus.of(state.status)
    if status is JobStatus.CANCELLED and reason_code == RAN_TOO_LONG:
        status = JobStatus.FAILED
    known = ERROR_CODES.get(reason_code)
    created = required_moment(job.created, "created", where)
    inputs = inputs or read_inputs(job.params)
    parts = (job.hub, job.group, job.project)
    return Job(
        id=job.id,
        service=origin.service,
        backend=job.backend or "",
        program=job.program.id,
        status=status,
        created=created,
        status_text=status_text,
        instance="/".join(part or "" for part in parts) if all(parts) else origin.instance,
        session_id=job.session_id or "",
        tags=tuple(job.tags or ()),
        reason=state.reason or (known.meaning if known and status.final else ""),
        reason_code=reason_code,
        reason_solution=state.reason_solution or (known.advice if known else ""),
        shots=inputs.shots,
        qpu_seconds=_charged(job.usage, status.final),
        estimated_seconds=job.estimated_running_time_seconds,
        private=bool(job.private),
        confirmed=origin.at,
        circuit=inputs.circuit,
        circuits=inputs.count,
        role=inputs.role.value,
        options=inputs.options,
    )


def _charged(usage: _Usage | None, final: bool) -> float | None:
    """Return the QPU seconds once they are final; before that the service gives 0 or a guess."""
    if usage is None:
        return None
    if usage.qpu_charge_time_seconds is not None:
        complete = (usage.status or "complete").lower() == "complete"
        return usage.qpu_charge_time_seconds if complete else None
    return (usage.quantum_seconds if usage.quantum_seconds is not None else usage.seconds) if final else None
