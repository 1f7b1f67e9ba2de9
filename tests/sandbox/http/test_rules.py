from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http.doubles import ManualClock
from tui.sandbox.base.clock import PacedClock, from_iso, iso
from tui.sandbox.core import sessions as rules
from tui.sandbox.db.models import Job, Session, Status, TransitionError

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STATES: list[Status] = ["Queued", "Running", "Completed", "Failed", "Cancelled"]


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))
def test_times_survive_the_wire(moment: datetime) -> None:
    assert from_iso(iso(moment)) == moment


def test_times_are_read_in_every_usual_spelling() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for text in (
        "2026-01-01T12:00:00Z",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T14:00:00 02:00",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00",
    ):
        assert from_iso(text) == noon, text
    assert iso(noon.astimezone(timezone(timedelta(hours=5))), 3) == "2026-01-01T12:00:00.000Z"


async def test_a_pace_shortens_waits_and_lengthens_what_passed() -> None:
    clock = PacedClock(1_000_000)
    start = clock.now()
    await clock.wait(1000)
    assert clock.elapsed(start) >= 1000
    for pace in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="pace"):
            PacedClock(pace)


@given(st.lists(st.sampled_from(STATES), max_size=6))
def test_a_job_only_moves_forward(steps: list[Status]) -> None:
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
def test_a_session_that_is_closed_stays_closed_and_time_only_grows(
    steps: list[tuple[int, int, bool]],
) -> None:
    clock = ManualClock()
    session = Session("id", "platform", "dedicated", clock.now(), "ibm_fez", max_ttl=900)
    charged = 0.0
    for seconds, pending, starts in steps:
        clock.advance(seconds)
        if starts and session.state in ("open", "inactive"):
            session = rules.with_state(session, "active", clock)
        session = replace(session, accepting_jobs=session.accepting_jobs and seconds != 7)
        moved = rules.advanced(session, clock, pending)
        if session.state == "closed":
            assert moved is session
        session = moved
        assert rules.active_seconds(session, clock) >= charged
        charged = rules.active_seconds(session, clock)
        assert rules.next_deadline(session, clock, pending) >= 0
        if rules.time_left(session, clock) <= 0:
            assert session.state == "closed"
    assert [state for state, _ in session.timestamps].count("closed") == (session.state == "closed")
