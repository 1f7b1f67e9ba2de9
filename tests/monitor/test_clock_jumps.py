"""The wall clock is set, forward or back: nothing storms, nothing stands still, nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, Cockpit, FakeHost, network
from tests.support.clock import FakeClock
from tui.domain.jobs import JobStatus
from tui.domain.sessions import SessionMode, SessionState
from tui.monitor.state.events import JobsFinished, Notice, SessionIdle

YEAR = timedelta(days=365)
BOTH_WAYS = pytest.mark.parametrize("by", [YEAR, -YEAR, timedelta(hours=1), -timedelta(hours=1)])


@BOTH_WAYS
async def test_watching_goes_on_at_the_same_pace(tmp_path: Path, by: timedelta) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    job = await cockpit.deck.submit(BELL)
    cockpit.host.turn(job.id, JobStatus.RUNNING)
    await cockpit.clock.advance(60)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(300)
    before = Counter(cockpit.host.calls)
    await cockpit.clock.set_wall(by)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(300)
    after = Counter(cockpit.host.calls)
    assert all(abs(after[name] - before[name]) <= max(3, before[name] // 3) for name in before | after)
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: cockpit.status(job.id) is JobStatus.DONE, seconds=10)
    await cockpit.clock.advance(5)
    assert cockpit.keeps_result(job.id) and cockpit.deck.unseen() == {job.id}
    await cockpit.deck.aclose()


@BOTH_WAYS
async def test_what_is_told_after_it_is_shown(tmp_path: Path, by: timedelta) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    job = await cockpit.deck.submit(BELL)
    session = await cockpit.deck.open_session("ibm_cusco", SessionMode.DEDICATED)
    await cockpit.clock.advance(60)
    await cockpit.clock.set_wall(by)
    cockpit.host.jobs[job.id] = replace(cockpit.host.jobs[job.id], backend="ibm_fez")
    cockpit.host.sessions[session.id] = replace(session, state=SessionState.DRAINING, accepting_jobs=False)
    await cockpit.clock.advance(60)
    known = cockpit.deck.job(job.id)
    assert known is not None and known.backend == "ibm_fez"
    assert [one.state for one in cockpit.deck.sessions()] == [SessionState.DRAINING]
    await cockpit.deck.set_tags(job.id, ("later",))
    known = cockpit.deck.job(job.id)
    assert known is not None and known.tags == ("later",)
    await cockpit.deck.aclose()


@BOTH_WAYS
@pytest.mark.parametrize("after_a_job", [True, False])
async def test_the_session_guard_warns_once_and_again_after_another_stretch(
    tmp_path: Path, by: timedelta, after_a_job: bool
) -> None:
    cockpit = await Cockpit(tmp_path, idle=5).enter()
    session = await cockpit.deck.open_session("ibm_cusco", SessionMode.DEDICATED)
    if after_a_job:
        job = cockpit.host.add(session_id=session.id)
        await cockpit.deck.refresh()
        await cockpit.clock.advance(60)
        cockpit.host.turn(job.id, JobStatus.DONE)
        await cockpit.deck.refresh()
    await cockpit.clock.set_wall(by)
    await cockpit.clock.advance(240)
    assert cockpit.told(SessionIdle) == []
    await cockpit.clock.advance(1200)
    (told,) = cockpit.told(SessionIdle)
    assert isinstance(told, SessionIdle) and told.seconds < 500
    await cockpit.clock.set_wall(-by)
    await cockpit.clock.advance(1200)
    assert len(cockpit.told(SessionIdle)) == 1
    job = cockpit.host.add(session_id=session.id)
    await cockpit.deck.refresh()
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.advance(1200)
    assert len(cockpit.told(SessionIdle)) == 2
    await cockpit.deck.aclose()


@BOTH_WAYS
async def test_the_line_lets_no_more_out_than_the_service_takes_and_stands_not_still(
    tmp_path: Path, by: timedelta
) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    await cockpit.clock.advance(1)
    for _ in range(5):
        await cockpit.deck.submit(BELL)
    await cockpit.clock.set_wall(by)
    background = [asyncio.ensure_future(cockpit.deck.submit(BELL)) for _ in range(12)]
    await cockpit.clock.settle()
    # The five before may be forgotten; five more at once are the most.
    assert 5 <= cockpit.host.count("submit") <= 10
    await cockpit.clock.advance(190)
    assert cockpit.host.count("submit") == 17 and all(task.done() for task in background)
    await cockpit.deck.aclose()


@BOTH_WAYS
async def test_offline_since_and_the_way_back(tmp_path: Path, by: timedelta) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    await cockpit.deck.submit(BELL)
    cockpit.host.down = network()
    await cockpit.clock.advance(30)
    await cockpit.clock.set_wall(by)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert cockpit.host.count("jobs") <= 10
    assert cockpit.deck.freshness.offline_since is not None
    cockpit.host.down = None
    await cockpit.clock.advance(150)
    fresh = cockpit.deck.freshness
    assert fresh.offline_since is None and fresh.confirmed is not None
    assert cockpit.clock.now() - fresh.confirmed < timedelta(minutes=1)
    await cockpit.deck.aclose()


@BOTH_WAYS
async def test_a_start_after_it_tells_of_the_absence_and_asks_for_nothing_twice(
    tmp_path: Path, by: timedelta
) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    cockpit = await Cockpit(tmp_path, host).enter()
    job = await cockpit.deck.submit(BELL)
    await cockpit.clock.advance(30)
    reach = cockpit.deck.reach
    await cockpit.deck.aclose()
    host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.set_wall(by)
    host.calls.clear()
    again = await Cockpit(tmp_path, host, seed=2).enter()
    assert again.deck.unseen() == {job.id}
    assert [event.text for event in again.events if isinstance(event, Notice)] == [
        "1 finished while you were away (1 done)."
    ]
    assert again.deck.reach == reach
    await again.clock.advance(60)
    assert host.count("result") == 1 and host.count("jobs") <= 5
    await again.deck.aclose()


@BOTH_WAYS
async def test_a_clock_that_is_wrong_from_the_start_fetches_what_ends_now_and_leaves_the_old(
    tmp_path: Path, by: timedelta
) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    await host.clock.set_wall(by)
    cockpit = await Cockpit(tmp_path, host).enter()
    await cockpit.clock.advance(60)
    assert host.count("result") == 0 and len(cockpit.deck.jobs()) == 40
    quick = host.add(JobStatus.DONE)
    await cockpit.clock.advance(70)
    assert cockpit.keeps_result(quick.id)
    await cockpit.deck.aclose()


@BOTH_WAYS
async def test_the_token_is_kept_alive(tmp_path: Path, by: timedelta) -> None:
    cockpit = await Cockpit(tmp_path).enter(replace(ACCOUNT))
    await cockpit.clock.set_wall(by)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert 9 <= cockpit.host.count("renew") <= 12
    job = await cockpit.deck.submit(BELL)
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: bool(cockpit.told(JobsFinished)), seconds=20)
    await cockpit.deck.aclose()
