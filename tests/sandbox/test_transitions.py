"""States of jobs and sessions over random sequences of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http.fakes import ManualClock
from tui.sandbox.core.sessions import active_seconds, advanced, next_deadline, time_left, with_state
from tui.sandbox.db.models import Job, Session, Status, TransitionError

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STATES: list[Status] = ["Queued", "Running", "Completed", "Failed", "Cancelled"]


@given(st.lists(st.sampled_from(STATES), max_size=6))
def test_job_status_only_moves_forward(steps: list[Status]) -> None:
    job = Job("id", "platform", "sampler", "ibm_fez", NOW)
    rank = {"Queued": 0, "Running": 1}
    for step in steps:
        before = job
        try:
            job = job.with_status(step, NOW)
        except TransitionError:
            continue
        assert not before.final
        assert rank.get(job.status, 2) >= rank.get(before.status, 2)
        assert (job.finished is not None) == job.final


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), st.booleans()), max_size=20))
def test_session_stays_closed_and_its_active_time_never_shrinks(
    steps: list[tuple[int, int, bool]],
) -> None:
    clock = ManualClock()
    session = Session("id", "platform", "dedicated", clock.now(), "ibm_fez", max_ttl=900)
    charged = 0.0
    running = False
    for seconds, pending, starts in steps:
        clock.advance(seconds)
        if pending == 0 and running:
            session = replace(session, last_job_completed=clock.now())
        running = pending > 0
        if starts and session.state in ("open", "inactive"):
            session = with_state(session, "active", clock)
        session = replace(session, accepting_jobs=session.accepting_jobs and seconds != 7)
        current = advanced(session, clock, pending)
        if session.state == "closed":
            assert current is session
        session = current
        assert active_seconds(session, clock) >= charged
        charged = active_seconds(session, clock)
        assert next_deadline(session, clock, pending) >= 0
        if time_left(session, clock) <= 0:
            assert session.state == "closed"
    assert [state for state, _ in session.timestamps].count("closed") == (session.state == "closed")
