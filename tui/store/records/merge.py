"""Two pictures of one thing made one: nothing known is forgotten, and nothing final goes back."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from tui.domain.jobs import Job, JobStatus, StatusStep
from tui.domain.sessions import Session, SessionState
from tui.store.records.models import JobRecord, PendingState, PendingSubmission, Transpiled

SKEW = timedelta(minutes=1)
"""How far in the future a time of confirmation may be: clocks of two machines differ."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_RANK = {JobStatus.QUEUED: 0, JobStatus.UNKNOWN: 1, JobStatus.RUNNING: 2}
_STATUS_FIELDS = ("status", "status_text", "reason", "reason_code", "reason_solution")
_AUTHORITATIVE = frozenset({"tags", "timeline", "private", *_STATUS_FIELDS})
_JOB_FIELDS = tuple(f.name for f in fields(Job) if f.name not in ("confirmed", "timeline"))
_RECORD_FIELDS = tuple(f.name for f in fields(JobRecord) if f.name not in ("job", "metrics"))
_INTENT_RANK = {
    PendingState.PREPARED: 0,
    PendingState.SENDING: 1,
    PendingState.UNCONFIRMED: 2,
    PendingState.UNSENT: 3,
    PendingState.REFUSED: 4,
    PendingState.WITHDRAWN: 5,
    PendingState.ACCEPTED: 6,
}


def with_plausible_time(record: JobRecord, now: datetime) -> JobRecord:
    """The record, its time of confirmation unknown when it lies in the future.

    A clock that was wrong left it there; it would win over everything that is told until then.
    """
    if not _to_come(record.job.confirmed, now):
        return record
    return replace(record, job=replace(record.job, confirmed=None))


def session_with_plausible_time(session: Session, now: datetime) -> Session:
    """The session, its time of confirmation unknown when it lies in the future."""
    return replace(session, confirmed=None) if _to_come(session.confirmed, now) else session


def _to_come(moment: datetime | None, now: datetime) -> bool:
    # A hundred thousand jobs are asked: hardly one needs the sum.
    return moment is not None and moment > now and moment > now + SKEW


def _goes_back(old: JobStatus, new: JobStatus) -> bool:
    if old.final:
        return not new.final
    return old is JobStatus.RUNNING and new is JobStatus.QUEUED


def merge_jobs(old: Job, new: Job) -> Job:
    """What is known of a job after `new` was told; `old` may come from the history or another process.

    Fields the newer picture (by `confirmed`) does not tell are taken from the other. The status only moves
    forward, whichever came first. The timeline is the union, each state at its earliest time.
    """
    if (new.confirmed or _BEGINNING) < (old.confirmed or _BEGINNING):
        old, new = new, old
    changes: dict[str, object] = {}
    for field in fields(Job):
        name = field.name
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
    """The states the job went through, in order, from what was seen and from the times in the job.

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


def is_redundant(known: JobRecord, told: JobRecord) -> bool:
    """Whether `told` is a later picture of the job in which nothing is new, as in most answers."""
    old, new = known.job, told.job
    if (new.confirmed or _BEGINNING) < (old.confirmed or _BEGINNING) or new.timeline:
        return False
    for name in _JOB_FIELDS:
        value = getattr(new, name)
        # Zero seconds are told, so this is not a question of truth.
        left_out = (value is None or value is False or value in ("", ())) and name != "tags"
        if value != getattr(old, name) and not left_out:
            return False
    return not told.metrics and all(
        not getattr(told, name) or getattr(told, name) == getattr(known, name) for name in _RECORD_FIELDS
    )


def merge_records(old: JobRecord, new: JobRecord) -> JobRecord:
    """One record from two of the same job."""
    return JobRecord(
        job=merge_jobs(old.job, new.job),
        own_tag=new.own_tag or old.own_tag,
        circuit_hash=new.circuit_hash or old.circuit_hash,
        source_hash=new.source_hash or old.source_hash,
        metrics=new.metrics or old.metrics,
        settled=old.settled or new.settled,
        result_kept=old.result_kept or new.result_kept,
        announced=old.announced or new.announced,
        seen=old.seen or new.seen,
    )


def same_record(one: JobRecord, other: JobRecord) -> bool:
    """Whether nothing but the time of confirmation differs."""
    return replace(one, job=replace(one.job, confirmed=None)) == replace(
        other, job=replace(other.job, confirmed=None)
    )


def merge_sessions(old: Session, new: Session) -> Session:
    """What is known of a session: a closed one stays closed, what the newer picture leaves out is kept."""
    if (new.confirmed or _BEGINNING) < (old.confirmed or _BEGINNING):
        old, new = new, old
    changes: dict[str, object] = {
        field.name: getattr(old, field.name)
        for field in fields(Session)
        if field.name not in {"state_text", "reason"} and getattr(new, field.name) in (None, "")
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
    """The one that has come further, by attempt and state, else the later one; which was found first does not
    matter, so that all processes come to the same. An accepted one wins over everything."""
    if PendingState.ACCEPTED in {old.state, new.state} and old.state is not new.state:
        return old if old.state is PendingState.ACCEPTED else new
    return new if _how_far(new) >= _how_far(old) else old


def _how_far(intent: PendingSubmission) -> tuple[int, int, datetime, str]:
    return intent.attempt, _INTENT_RANK[intent.state], intent.changed or _BEGINNING, intent.owner


def merge_transpiled(old: Transpiled, new: Transpiled) -> Transpiled:
    """The later one."""
    earlier = (new.transpilation.at or _BEGINNING) < (old.transpilation.at or _BEGINNING)
    return old if earlier else new
