"""The wall clock is set, forward or back: nothing storms, nothing stands still, nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, FakeHost, network
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.domain.jobs import JobStatus
from tui.domain.sessions import SessionMode, SessionState
from tui.monitor.state.events import JobsFinished, Notice, SessionIdle

pytestmark = pytest.mark.usefixtures("history_synced_rarely")

YEAR = timedelta(days=365)
BOTH_WAYS = pytest.mark.parametrize("by", [YEAR, -YEAR, timedelta(hours=1), -timedelta(hours=1)])


@BOTH_WAYS
async def test_polling_keeps_its_pace_when_the_clock_jumps(tmp_path: Path, by: timedelta) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.RUNNING)
    await harness.clock.advance(60)
    harness.host.calls.clear()
    await harness.clock.advance(300)
    before = Counter(harness.host.calls)
    await harness.clock.set_wall(by)
    harness.host.calls.clear()
    await harness.clock.advance(300)
    after = Counter(harness.host.calls)
    assert all(abs(after[name] - before[name]) <= max(3, before[name] // 3) for name in before | after)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.status(job.id) is JobStatus.DONE, seconds=10)
    await harness.clock.advance(5)
    assert harness.keeps_result(job.id) and harness.services.jobs.unread() == {job.id}
    await harness.services.aclose()


@BOTH_WAYS
async def test_job_changes_show_after_the_clock_jumped(tmp_path: Path, by: timedelta) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    session = await harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED)
    await harness.clock.advance(60)
    await harness.clock.set_wall(by)
    harness.host.jobs[job.id] = replace(harness.host.jobs[job.id], backend="ibm_fez")
    harness.host.sessions[session.id] = replace(session, state=SessionState.DRAINING, accepting_jobs=False)
    await harness.clock.advance(60)
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.backend == "ibm_fez"
    assert [one.state for one in harness.services.sessions.all()] == [SessionState.DRAINING]
    await harness.services.jobs.set_tags(job.id, ("later",))
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.tags == ("later",)
    await harness.services.aclose()


@BOTH_WAYS
@pytest.mark.parametrize("after_a_job", [True, False])
async def test_idle_session_warning_repeats_only_after_another_idle_stretch_when_the_clock_jumps(
    tmp_path: Path, by: timedelta, after_a_job: bool
) -> None:
    harness = await MonitorHarness(tmp_path, idle=5).enter()
    session = await harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED)
    if after_a_job:
        job = harness.host.add(session_id=session.id)
        await harness.services.polling.refresh()
        await harness.clock.advance(60)
        harness.host.turn(job.id, JobStatus.DONE)
        await harness.services.polling.refresh()
    await harness.clock.set_wall(by)
    await harness.clock.advance(240)
    assert harness.published(SessionIdle) == []
    await harness.clock.advance(1200)
    (warning,) = harness.published(SessionIdle)
    assert isinstance(warning, SessionIdle) and warning.seconds < 500
    await harness.clock.set_wall(-by)
    await harness.clock.advance(1200)
    assert len(harness.published(SessionIdle)) == 1
    job = harness.host.add(session_id=session.id)
    await harness.services.polling.refresh()
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.advance(1200)
    assert len(harness.published(SessionIdle)) == 2
    await harness.services.aclose()


@BOTH_WAYS
async def test_send_queue_keeps_the_rate_limit_when_the_clock_jumps(tmp_path: Path, by: timedelta) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.clock.advance(1)
    for _ in range(5):
        await harness.services.outbox.submit(BELL)
    await harness.clock.set_wall(by)
    background = [asyncio.ensure_future(harness.services.outbox.submit(BELL)) for _ in range(12)]
    await harness.clock.settle()
    # The five before may be forgotten; five more at once are the most.
    assert 5 <= harness.host.count("submit") <= 10
    await harness.clock.advance(190)
    assert harness.host.count("submit") == 17 and all(task.done() for task in background)
    await harness.services.aclose()


@BOTH_WAYS
async def test_freshness_goes_offline_and_back_when_the_clock_jumps(tmp_path: Path, by: timedelta) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.services.outbox.submit(BELL)
    harness.host.down = network()
    await harness.clock.advance(30)
    await harness.clock.set_wall(by)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert harness.host.count("jobs") <= 10
    assert harness.services.connection.freshness.offline_since is not None
    harness.host.down = None
    await harness.clock.advance(150)
    fresh = harness.services.connection.freshness
    assert fresh.offline_since is None and fresh.confirmed is not None
    assert harness.clock.now() - fresh.confirmed < timedelta(minutes=1)
    await harness.services.aclose()


@BOTH_WAYS
async def test_restart_after_a_clock_jump_reports_the_absence_and_repeats_no_request(
    tmp_path: Path, by: timedelta
) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    harness = await MonitorHarness(tmp_path, host).enter()
    job = await harness.services.outbox.submit(BELL)
    await harness.clock.advance(30)
    reach = harness.services.jobs.coverage
    await harness.services.aclose()
    host.turn(job.id, JobStatus.DONE)
    await harness.clock.set_wall(by)
    host.calls.clear()
    again = await MonitorHarness(tmp_path, host, seed=2).enter()
    assert again.services.jobs.unread() == {job.id}
    assert [event.text for event in again.events if isinstance(event, Notice)] == [
        "1 finished while you were away (1 done)."
    ]
    assert again.services.jobs.coverage == reach
    await again.clock.advance(60)
    assert host.count("result") == 1 and host.count("jobs") <= 5
    await again.services.aclose()


@BOTH_WAYS
async def test_wrong_clock_fetches_new_results_and_leaves_old_ones(tmp_path: Path, by: timedelta) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    await host.clock.set_wall(by)
    harness = await MonitorHarness(tmp_path, host).enter()
    await harness.clock.advance(60)
    assert host.count("result") == 0 and len(harness.services.jobs.all()) == 40
    quick = host.add(JobStatus.DONE)
    await harness.clock.advance(70)
    assert harness.keeps_result(quick.id)
    await harness.services.aclose()


@BOTH_WAYS
async def test_token_is_renewed_when_the_clock_jumps(tmp_path: Path, by: timedelta) -> None:
    harness = await MonitorHarness(tmp_path).enter(replace(ACCOUNT))
    await harness.clock.set_wall(by)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert 9 <= harness.host.count("renew") <= 12
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=20)
    await harness.services.aclose()
