"""Merging of two values of one job or session, and times of confirmation in the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, make_folders, open_repository, sample_job
from tests.support.clock import FakeClock
from tui.config.settings import Folders
from tui.domain.jobs import Job, JobMetrics, JobStatus, StatusStep
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.store.records.models import (
    SKEW,
    JobRecord,
    is_redundant,
    merge_jobs,
    merge_records,
    merge_sessions,
    same_record,
    session_with_plausible_time,
    with_plausible_time,
)
from tui.store.repository import JobRepository

_jobs = st.builds(
    lambda status, seconds, used, reason, tags: replace(
        sample_job(1, status, seconds), qpu_seconds=used, reason=reason, tags=tags
    ),
    st.sampled_from(JobStatus),
    st.integers(0, 1000),
    st.none() | st.floats(0, 100),
    st.sampled_from(["", "too long"]),
    st.sampled_from([(), ("a",), ("b", "c")]),
)


@given(st.lists(_jobs, min_size=1, max_size=6))
def test_merge_jobs_keeps_final_status(answers: list[Job]) -> None:
    known = answers[0]
    for job in answers[1:]:
        merged = merge_jobs(known, job)
        assert merged.status.final or not known.status.final
        assert not (known.status is JobStatus.RUNNING and merged.status is JobStatus.QUEUED)
        known = merged
    assert sum(step.status.final for step in known.timeline) <= 1


@given(_jobs, _jobs)
def test_merge_jobs_is_idempotent(one: Job, other: Job) -> None:
    merged = merge_jobs(one, other)
    assert merge_jobs(merged, merged) == merged


@given(_jobs, _jobs)
def test_merge_jobs_keeps_every_known_field(one: Job, other: Job) -> None:
    merged = merge_jobs(one, other)
    assert (merged.qpu_seconds is None) == (one.qpu_seconds is None and other.qpu_seconds is None)
    assert {step.status for step in merged.timeline} >= {JobStatus.QUEUED, merged.status}


def test_merge_jobs_does_not_depend_on_order() -> None:
    queued, done = sample_job(1, JobStatus.QUEUED, 5), sample_job(1, JobStatus.DONE, 60)
    assert merge_jobs(queued, done) == merge_jobs(done, queued)


def test_merge_jobs_keeps_tags_of_newer_answer() -> None:
    new = replace(sample_job(1, seconds=60), tags=("new",))
    assert merge_jobs(new, replace(sample_job(1, seconds=10), tags=("old",))).tags == ("new",)
    assert merge_jobs(replace(sample_job(1, seconds=10), tags=("old",)), replace(new, tags=())).tags == ()


def test_timeline_prefers_times_of_the_service() -> None:
    seen = merge_jobs(sample_job(1, JobStatus.QUEUED), sample_job(1, JobStatus.RUNNING, 30))
    done = replace(
        sample_job(1, JobStatus.DONE, 60),
        started=seen.created + timedelta(seconds=20),
        finished=seen.created + timedelta(seconds=50),
    )
    assert merge_jobs(seen, done).timeline == (
        StatusStep(JobStatus.QUEUED, seen.created),
        StatusStep(JobStatus.RUNNING, seen.created + timedelta(seconds=20)),
        StatusStep(JobStatus.DONE, seen.created + timedelta(seconds=50)),
    )


def test_merge_sessions_keeps_closed_state() -> None:
    closed = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.CLOSED, confirmed=NOON)
    later = replace(closed, state=SessionState.ACTIVE, confirmed=NOON + timedelta(seconds=1))
    assert merge_sessions(closed, later).state is SessionState.CLOSED


def test_merge_sessions_keeps_reason_of_its_state() -> None:
    idle = Session(
        "s", "platform", "b", SessionMode.BATCH, SessionState.INACTIVE, reason="no job came", confirmed=NOON
    )
    later = NOON + timedelta(seconds=5)
    assert merge_sessions(idle, replace(idle, reason="", confirmed=later)).reason == "no job came"
    active = replace(idle, state=SessionState.ACTIVE, reason="", confirmed=later)
    assert merge_sessions(idle, active).reason == ""
    closed = replace(idle, state=SessionState.CLOSED, reason="closed by user")
    assert merge_sessions(closed, active).reason == "closed by user"


@given(_jobs, _jobs)
def test_is_redundant_agrees_with_merge_records(one: Job, other: Job) -> None:
    known, answer = JobRecord(merge_jobs(one, one), finalized=True), JobRecord(other)
    if is_redundant(known, answer):
        merged = merge_records(known, answer)
        assert same_record(known, merged)
        assert merged.job.confirmed == other.confirmed


def test_answer_is_redundant_only_when_it_says_nothing_new() -> None:
    job = replace(sample_job(1, JobStatus.RUNNING, 10), reason="slow", qpu_seconds=1.0)
    known = JobRecord(job, own_tag="qdeck-1", circuit_hash="c")
    later = replace(job, confirmed=job.created + timedelta(seconds=20))
    for same in (later, replace(later, reason="", qpu_seconds=None), replace(later, confirmed=job.confirmed)):
        assert is_redundant(known, JobRecord(same))
    for other in (
        replace(later, status=JobStatus.DONE),
        replace(later, tags=()),
        replace(later, reason="slower"),
        replace(later, qpu_seconds=0.0),
        replace(later, confirmed=job.created),
        replace(later, timeline=(StatusStep(JobStatus.QUEUED, job.created),)),
    ):
        assert not is_redundant(known, JobRecord(other))
    assert is_redundant(known, JobRecord(later, own_tag="qdeck-1"))
    for record in (
        JobRecord(later, own_tag="qdeck-2"),
        JobRecord(later, finalized=True),
        JobRecord(later, metrics=JobMetrics(created=NOON)),
    ):
        assert not is_redundant(known, record)


def test_confirmation_counts_as_future_only_beyond_the_skew_of_clocks() -> None:
    just, beyond = NOON + SKEW, NOON + SKEW + timedelta(microseconds=1)
    for at, kept in ((NOON, NOON), (just, just), (beyond, None)):
        record = JobRecord(replace(sample_job(1), confirmed=at))
        assert with_plausible_time(record, NOON).job.confirmed == kept
        assert session_with_plausible_time(replace(SESSION, confirmed=at), NOON).confirmed == kept


LATER = NOON + timedelta(days=400)


async def test_upsert_ignores_confirmation_in_the_future(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    await _left_behind(folders)
    history = await open_repository(folders)
    known = history.record(("platform", "job-00001"))
    assert known is not None and known.job.confirmed is None
    answer = replace(sample_job(1), tags=("new",), confirmed=NOON)
    assert history.upsert([JobRecord(answer)])
    history.upsert_sessions([replace(SESSION, state=SessionState.DRAINING, confirmed=NOON)])
    await history.aclose()
    again = await open_repository(folders)
    record = again.record(("platform", answer.id))
    assert record is not None and (record.job.tags, record.job.confirmed) == (("new",), NOON)
    (session,) = again.sessions()
    assert (session.state, session.confirmed) == (SessionState.DRAINING, NOON)
    await again.aclose()


async def test_upsert_after_clock_set_back_is_accepted(tmp_path: Path) -> None:
    clock = FakeClock(LATER)
    history = JobRepository(make_folders(tmp_path), clock)
    await history.open()
    history.upsert([JobRecord(replace(sample_job(1), tags=("old",), confirmed=LATER))])
    history.upsert_sessions([replace(SESSION, confirmed=LATER)])
    await history.flush()
    await clock.jump(-400 * 86400)
    history.upsert([JobRecord(replace(sample_job(1), tags=("new",), confirmed=NOON))])
    history.upsert_sessions([replace(SESSION, state=SessionState.DRAINING, confirmed=NOON)])
    record = history.record(("platform", "job-00001"))
    assert record is not None and record.job.tags == ("new",)
    (session,) = history.sessions()
    assert session.state is SessionState.DRAINING
    await history.aclose()


async def test_confirmation_in_the_future_from_other_process_is_ignored(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(replace(sample_job(1), tags=("mine",), confirmed=NOON))])
    await history.flush()
    await _left_behind(folders)
    await history.sync()
    history.upsert([JobRecord(replace(sample_job(1), tags=("new",), confirmed=NOON + timedelta(seconds=5)))])
    await history.flush()
    record = (await open_repository(folders)).record(("platform", "job-00001"))
    assert record is not None and record.job.tags == ("new",)
    await history.aclose()


SESSION = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.OPEN)


async def _left_behind(folders: Folders) -> None:
    """What a qdeck wrote whose clock was far ahead."""
    ahead = JobRepository(folders, FakeClock(LATER))
    await ahead.open()
    ahead.upsert([JobRecord(replace(sample_job(1), tags=("old",), confirmed=LATER))])
    ahead.upsert_sessions([replace(SESSION, confirmed=LATER)])
    await ahead.aclose()
