"""Records of the history, and how two states of one are merged: status goes forward only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tui.common.values import Value
from tui.domain.circuits import Prediction, Transpilation
from tui.domain.devices.backends import is_mock
from tui.domain.jobs import Job, JobMetrics, JobStatus, StatusStep
from tui.domain.sessions import Session, SessionState
from tui.domain.statistics.trust import MeasuredFidelity
from tui.domain.submissions import Submission

Key = tuple[str, ...]
"""Fields of a value by which it is found in its table; of a job or session its service and id."""
EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Start of an interval that nothing is older than."""


SKEW = timedelta(minutes=1)
"""How far in the future a time of confirmation may be: clocks of two machines differ."""
_RANK = {JobStatus.QUEUED: 0, JobStatus.UNKNOWN: 1, JobStatus.RUNNING: 2}
_STATUS_FIELDS = ("status", "status_text", "reason", "reason_code", "reason_solution")
_AUTHORITATIVE = frozenset({"tags", "timeline", "private", *_STATUS_FIELDS})


class JobRecord(Value, frozen=True):
    """A job as the history keeps it.

    Attributes:
        job: the job; its texts (`circuit`, `source`, `inputs`) are kept apart, by their hashes.
        own_tag: the tag its submission was given here, which the user never sees.
        circuit_hash, source_hash, inputs_hash: SHA-256 of the texts; empty when not known.
        metrics: from the service's last answer.
        finalized: its details and result were asked for after it became final, or never need to be.
        result_kept: its result is in the history.
        announced: it became final while it was watched, or between two runs.
        seen: the user has looked at it since; means nothing before it is `announced`.
        formula_seconds: QPU seconds by IBM's published formula when it was submitted here.
        role_asked: the service was asked which primitive it stands for: a job without a role has none, as
            far as can be told.
        prediction: success estimated when it was submitted here, of its first circuit.
        fidelity: how near the counts of its first circuit came to their ideal, once that was simulated here.
    """

    job: Job
    own_tag: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    metrics: JobMetrics | None = None
    finalized: bool = False
    result_kept: bool = False
    announced: bool = False
    seen: bool = False
    formula_seconds: float | None = None
    inputs_hash: str = ""
    role_asked: bool = False
    prediction: Prediction | None = None
    fidelity: MeasuredFidelity | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Service and id."""
        return self.job.service, self.job.id

    @property
    def dry_run(self) -> bool:
        """True for a job that measured nothing: no list shows it, and no price is learned from it."""
        return is_mock(self.job.backend)


class PendingState(StrEnum):
    """State of a submission. Each is durable before the next step is taken."""

    PREPARED = "prepared"
    """Written down and in the send queue; nothing was sent."""
    SENDING = "sending"
    """Written down; the request may have gone out."""
    UNCONFIRMED = "unconfirmed"
    """The request ended so that the job may exist."""
    ACCEPTED = "accepted"
    """The service has the job."""
    REFUSED = "refused"
    """The service said no."""
    UNSENT = "unsent"
    """The service said twice that there is no such job."""
    WITHDRAWN = "withdrawn"
    """The user took it back, or gave it up."""

    @property
    def open(self) -> bool:
        """Return whether something is still to be done for it."""
        return self is PendingState.PREPARED or self.may_exist

    @property
    def needs_program(self) -> bool:
        """Return whether its texts are needed: it may still be sent, or its job be found."""
        return self.open or self is PendingState.UNSENT

    @property
    def may_exist(self) -> bool:
        """Return whether the job may exist without that being known."""
        return self in {PendingState.SENDING, PendingState.UNCONFIRMED}


class Transpiled(Value, frozen=True):
    """How a circuit that was submitted from here was transpiled.

    Two submissions of the same ISA circuit share one: the latest.

    Attributes:
        circuit_hash: SHA-256 of the ISA circuit's text, by which it is found.
        source_hash: SHA-256 of the text it was made from; empty when not known.
    """

    circuit_hash: str
    transpilation: Transpilation
    source_hash: str = ""


class PendingSubmission(Value, frozen=True):
    """A submission from here, until its job exists or never will.

    Attributes:
        tag: its own tag, by which the job is found on the service.
        submission: what the user asked for, without the own tag; its texts are kept apart, by their hashes.
        owner: the process that sends it (`tui.monitor.outbox.ownership`); the others leave it alone while
            that one lives.
        job_id: the job it became.
        note: why it was refused, or why it is in the send queue again.
        place: its place in the send queue; the lowest goes first.
        attempt: how often it was queued again, each time sure that no job exists.
        sent: when the request last went out.
    """

    tag: str
    state: PendingState
    service: str
    instance: str
    created: datetime
    submission: Submission
    owner: str = ""
    job_id: str = ""
    note: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    params_hash: str = ""
    inputs_hash: str = ""
    changed: datetime | None = None
    place: int = 0
    attempt: int = 0
    sent: datetime | None = None

    @property
    def last_changed(self) -> datetime:
        """Return the time of its last step."""
        return self.changed or self.created


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A time in which all jobs are known: those created from `since` to `until`, both included."""

    since: datetime
    until: datetime


class Coverage(Value, frozen=True):
    """The times in which all jobs of one instance of a service are known, so that none is asked for twice.

    An interval is written with the jobs in it, so it is true wherever the history is read, and those of two
    processes may be joined.

    Attributes:
        intervals: newest first; they do not touch.
    """

    service: str
    instance: str
    intervals: tuple[Interval, ...] = ()


_JOB_FIELDS = tuple(name for name in Job.__struct_fields__ if name not in ("confirmed", "timeline"))
_RECORD_FIELDS = tuple(name for name in JobRecord.__struct_fields__ if name not in ("job", "metrics"))
_PROGRESS = (
    PendingState.PREPARED,
    PendingState.SENDING,
    PendingState.UNCONFIRMED,
    PendingState.UNSENT,
    PendingState.REFUSED,
    PendingState.WITHDRAWN,
    PendingState.ACCEPTED,
)


def with_plausible_time(record: JobRecord, now: datetime) -> JobRecord:
    """Return the record, its time of confirmation unknown when it lies in the future.

    A clock that was wrong left it there; it would win over every answer until then.
    """
    if not _in_future(record.job.confirmed, now):
        return record
    return replace(record, job=replace(record.job, confirmed=None))


def session_with_plausible_time(session: Session, now: datetime) -> Session:
    """Return the session, its time of confirmation unknown when it lies in the future."""
    return replace(session, confirmed=None) if _in_future(session.confirmed, now) else session


def _in_future(moment: datetime | None, now: datetime) -> bool:
    # A hundred thousand jobs are asked: hardly one needs the sum.
    return moment is not None and moment > now and moment > now + SKEW


def _goes_back(old: JobStatus, new: JobStatus) -> bool:
    if old.final:
        return not new.final
    return old is JobStatus.RUNNING and new is JobStatus.QUEUED


def merge_jobs(old: Job, new: Job) -> Job:
    """Return one job from two values of it, from the service, the history or another process.

    The newer one counts, by `confirmed`; fields that it leaves out are taken from the other. The status only
    moves forward, whichever came first. The timeline is the union, each state at its earliest time.
    """
    if (new.confirmed or EARLIEST) < (old.confirmed or EARLIEST):
        old, new = new, old
    changes: dict[str, object] = {}
    for name in Job.__struct_fields__:
        if name not in _AUTHORITATIVE and getattr(new, name) in (None, "", ()):
            changes[name] = getattr(old, name)
    if _goes_back(old.status, new.status):
        changes |= {name: getattr(old, name) for name in _STATUS_FIELDS}
    elif old.status is new.status:
        # A list says less than the job itself: what it leaves out stays known.
        changes |= {name: getattr(old, name) for name in _STATUS_FIELDS[1:] if not getattr(new, name)}
    changes["private"] = old.private or new.private
    merged = replace(new, **changes)  # type: ignore[arg-type]  # names and values come from Job itself
    return replace(merged, timeline=timeline(merged, old.timeline + new.timeline))


def timeline(job: Job, steps: tuple[StatusStep, ...]) -> tuple[StatusStep, ...]:
    """Return the states the job went through, in order, from `steps` and from the times in the job.

    The service's own times are earlier than those at which a state was seen here, so the earliest time
    of each state holds. Of final states only the job's own is kept.
    """
    known = [*steps, StatusStep(JobStatus.QUEUED, job.created)]
    if job.started is not None:
        known.append(StatusStep(JobStatus.RUNNING, job.started))
    seen = job.finished if job.status.final else job.confirmed
    if seen is not None:
        known.append(StatusStep(job.status, seen))
    earliest: dict[JobStatus, datetime] = {}
    for step in known:
        if step.status.final and step.status is not job.status:
            continue
        if step.status not in earliest or step.at < earliest[step.status]:
            earliest[step.status] = step.at
    if job.status.final and job.status not in earliest and job.confirmed is not None:
        earliest[job.status] = job.confirmed
    ordered = sorted(earliest.items(), key=lambda item: (_RANK.get(item[0], 9), item[1]))
    return tuple(StatusStep(status, at) for status, at in ordered)


def is_redundant(known: JobRecord, later: JobRecord) -> bool:
    """Return whether nothing is new in a later answer about the job, as in most answers."""
    old, new = known.job, later.job
    if (new.confirmed or EARLIEST) < (old.confirmed or EARLIEST) or new.timeline:
        return False
    for name in _JOB_FIELDS:
        value = getattr(new, name)
        # Zero seconds are an answer, so this is not a question of truth.
        left_out = (value is None or value is False or value in ("", ())) and name != "tags"
        if value != getattr(old, name) and not left_out:
            return False
    return not later.metrics and all(
        not getattr(later, name) or getattr(later, name) == getattr(known, name) for name in _RECORD_FIELDS
    )


def merge_records(old: JobRecord, new: JobRecord) -> JobRecord:
    """Return one record from two of the same job."""
    extras = {name: getattr(new, name) or getattr(old, name) for name in (*_RECORD_FIELDS, "metrics")}
    return JobRecord(merge_jobs(old.job, new.job), **extras)


def same_record(one: JobRecord, other: JobRecord) -> bool:
    """Return whether two records differ in nothing but the time of confirmation."""
    return replace(one, job=replace(one.job, confirmed=None)) == replace(
        other, job=replace(other.job, confirmed=None)
    )


def merge_sessions(old: Session, new: Session) -> Session:
    """Return one session from two values of it: a closed one stays closed, fields left out are kept."""
    if (new.confirmed or EARLIEST) < (old.confirmed or EARLIEST):
        old, new = new, old
    changes: dict[str, object] = {
        name: getattr(old, name)
        for name in Session.__struct_fields__
        if name not in {"state_text", "reason"} and getattr(new, name) in (None, "")
    }
    changes["opened_here"] = old.opened_here or new.opened_here
    if old.state is SessionState.CLOSED and new.state is not SessionState.CLOSED:
        changes |= {"state": old.state, "state_text": old.state_text, "accepting_jobs": False}
        changes["reason"] = old.reason
    elif old.state is new.state and not new.reason:
        # A list may say less than the session itself.
        changes["reason"] = old.reason
    return replace(new, **changes)  # type: ignore[arg-type]  # names and values come from Session itself


def merge_submissions(old: PendingSubmission, new: PendingSubmission) -> PendingSubmission:
    """Return the one that has come further, by attempt and state, else the later one.

    The order of the two does not matter, so that all processes come to the same. An accepted one wins over
    everything.
    """
    if PendingState.ACCEPTED in {old.state, new.state} and old.state is not new.state:
        return old if old.state is PendingState.ACCEPTED else new
    return new if _progress(new) >= _progress(old) else old


def _progress(pending: PendingSubmission) -> tuple[int, int, datetime, str]:
    return pending.attempt, _PROGRESS.index(pending.state), pending.changed or EARLIEST, pending.owner


def merge_transpiled(old: Transpiled, new: Transpiled) -> Transpiled:
    """Return the later one."""
    earlier = (new.transpilation.at or EARLIEST) < (old.transpilation.at or EARLIEST)
    return old if earlier else new


def merge_coverage(old: Coverage, new: Coverage) -> Coverage:
    """Return the coverage by either."""
    return replace(old, intervals=merge_intervals((*old.intervals, *new.intervals)))


def merge_intervals(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the same time in as few intervals as can be, newest first."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.since <= merged[-1].until:
            merged[-1] = Interval(merged[-1].since, max(merged[-1].until, interval.until))
        else:
            merged.append(interval)
    return tuple(reversed(merged))
