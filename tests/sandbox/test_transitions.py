"""States of jobs and sessions over random sequences of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http.fakes import ManualClock
from tui.sandbox.core.sessions import (
    active_seconds,
    advanced,
    charged_seconds,
    interactive_time_left,
    next_deadline,
    time_left,
    with_state,
)
from tui.sandbox.db.models import Job, Mode, Session, Status, TransitionError
from tui.sandbox.server.routing import Call
from tui.sandbox.server.sessions import session_view

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


def opened(clock: ManualClock, mode: Mode = "dedicated") -> Session:
    """Return a session of an hour with an interactive time to live of a minute."""
    return Session("id", "platform", mode, clock.now(), "ibm_fez", max_ttl=3600, interactive_ttl=60)


def test_session_is_charged_for_the_time_it_was_active() -> None:
    clock = ManualClock()
    session = opened(clock)
    clock.advance(100)
    assert active_seconds(session, clock) == 0.0
    session = with_state(session, "active", clock)
    clock.advance(30)
    assert active_seconds(session, clock) == 30.0
    session = with_state(session, "inactive", clock, overdue=10.0)
    assert (session.active_seconds, active_seconds(session, clock)) == (20.0, 20.0)
    clock.advance(500)
    session = with_state(session, "active", clock)
    clock.advance(5)
    assert active_seconds(session, clock) == charged_seconds(session, clock) == 25.0
    batch = replace(session, mode="batch", job_seconds=2.5)
    assert charged_seconds(batch, clock) == 2.5


def test_overdue_step_counts_from_when_it_was_due_and_takes_back_no_charge() -> None:
    clock = ManualClock()
    session = replace(with_state(opened(clock), "active", clock), active_seconds=7.0)
    clock.advance(5)
    closed = with_state(session, "closed", clock, overdue=100.0)
    assert (closed.active_seconds, closed.accepting_jobs) == (7.0, False)
    assert closed.closed_at == clock.ago(100.0)


def test_maximum_time_counts_from_the_creation_until_the_first_job_then_from_that() -> None:
    clock = ManualClock()
    session = opened(clock)
    clock.advance(600)
    assert time_left(session, clock) == 3000.0
    session = with_state(session, "active", clock)
    assert time_left(session, clock) == 3600.0
    clock.advance(100)
    session = with_state(with_state(session, "inactive", clock), "active", clock)
    assert time_left(session, clock) == 3500.0


def test_interactive_time_counts_from_the_last_job_or_the_activation() -> None:
    clock = ManualClock()
    session = with_state(opened(clock), "active", clock)
    clock.advance(20)
    assert interactive_time_left(session, clock) == 40.0
    session = replace(session, last_job_completed=clock.now())
    clock.advance(50)
    assert interactive_time_left(session, clock) == 10.0
    # Active again later than its last job ended.
    assert interactive_time_left(replace(session, activated_at=clock.now()), clock) == 60.0
    assert interactive_time_left(replace(opened(clock), activated_at=None), clock) == 60.0


def test_idle_session_is_inactive_and_expired_session_closed_at_the_instant() -> None:
    clock = ManualClock()
    session = with_state(opened(clock), "active", clock)
    clock.advance(59.5)
    assert (advanced(session, clock, 0), next_deadline(session, clock, 0)) == (session, 0.5)
    assert next_deadline(session, clock, 1) == 3540.5
    clock.advance(0.5)
    assert advanced(session, clock, 1) is session, "a job runs or waits in it"
    idle = advanced(session, clock, 0)
    assert (idle.state, idle.accepting_jobs, idle.active_seconds) == ("inactive", True, 60.0)
    assert advanced(idle, clock, 0) is idle and next_deadline(idle, clock, 0) == 3540.0
    clock.advance(3540)
    closed = advanced(session, clock, 3)
    assert (closed.state, closed.active_seconds) == ("closed", 3600.0)
    assert next_deadline(session, clock, 3) == 0.0


def test_session_that_was_idle_before_it_expired_is_charged_until_it_was_idle() -> None:
    clock = ManualClock()
    session = with_state(opened(clock), "active", clock)
    clock.advance(10_000)
    closed = advanced(session, clock, 0)
    assert [state for state, _ in closed.timestamps] == ["active", "inactive", "closed"]
    assert closed.active_seconds == 60.0 and closed.closed_at == clock.ago(10_000 - 3600)
    busy = advanced(session, clock, 1)
    assert [state for state, _ in busy.timestamps] == ["active", "closed"]
    assert busy.active_seconds == 3600.0


def test_session_that_drains_closes_with_its_last_job() -> None:
    clock = ManualClock()
    session = replace(with_state(opened(clock), "active", clock), accepting_jobs=False)
    assert advanced(session, clock, 1) is session
    assert advanced(session, clock, 0).state == "closed"
    assert advanced(replace(session, accepting_jobs=True), clock, 0).state == "active"


def test_session_view_counts_no_time_below_zero() -> None:
    clock = ManualClock()
    session = replace(opened(clock), state="active", started_at=clock.now(), activated_at=clock.now())
    # A fast clock runs on between the change of state and the answer.
    clock.advance(3605)
    service: Any = SimpleNamespace(clock=clock)
    view = session_view(cast(Call, SimpleNamespace(service=service, user_id="user")), session)
    assert view["active_ttl"] == 0
