"""How little watching costs, what happened while away, and what is marked until it is seen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, FakeHost
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.domain.jobs import Job, JobPage, JobQuery, JobStatus
from tui.monitor.state.events import JobsChanged, JobsFinished, Notice


def noting(harness: MonitorHarness, when: list[float] | None = None) -> list[tuple[JobQuery, int]]:
    """What is asked of the list from now on, and how many jobs each answer held; `when` takes the times."""
    asked: list[tuple[JobQuery, int]] = []
    service = harness.made_services[-1]
    listing = service.jobs

    async def noted(query: JobQuery) -> JobPage:
        page = await listing(query)
        if when is not None:
            when.append(harness.clock.monotonic())
        asked.append((query, len(page.jobs)))
        return page

    service.jobs = noted  # type: ignore[method-assign]  # the test listens in
    return asked


async def with_jobs(root: Path, many: int) -> MonitorHarness:
    """Return a harness that watches many jobs, all known."""
    host = FakeHost(FakeClock())
    harness = await MonitorHarness(root, host).enter()
    for _ in range(many):
        host.add()
    await harness.services.polling.refresh()
    await harness.clock.run_until(lambda: len(harness.services.jobs.all()) == many, seconds=300)
    return harness


async def test_poller_lists_five_hundred_jobs_with_three_requests_a_tick(tmp_path: Path) -> None:
    harness = await with_jobs(tmp_path, 500)
    await harness.clock.advance(60)
    asked = noting(harness)
    harness.host.calls.clear()
    before = harness.clock.monotonic()
    await harness.clock.advance(600)
    ticks = (harness.clock.monotonic() - before) / 30
    assert len(asked) <= 3 * ticks * 1.25
    assert harness.host.count("job") == 0
    changed = [harness.host.jobs[job_id] for job_id in list(harness.host.jobs)[::7]]
    for job in changed:
        harness.host.turn(job.id, JobStatus.RUNNING)
    await harness.clock.run_until(
        lambda: all(harness.status(job.id) is JobStatus.RUNNING for job in changed), seconds=120
    )
    await harness.services.aclose()


async def test_poller_sends_at_most_three_list_requests_a_tick(tmp_path: Path) -> None:
    """Nor one in which many that were created at the same time are looked through, or have all left."""
    host = FakeHost(FakeClock())
    harness = await MonitorHarness(tmp_path, host).enter()
    for _ in range(500):
        host.add()
    times: list[float] = []
    noting(harness, times)
    await harness.clock.run_until(lambda: len(harness.services.jobs.all()) == 500, seconds=300)
    await harness.clock.advance(300)
    for job_id in list(host.jobs):
        host.turn(job_id, JobStatus.FAILED)
    await harness.clock.run_until(
        lambda: all(job.status is JobStatus.FAILED for job in harness.services.jobs.all()), seconds=60
    )
    await harness.clock.advance(60)
    assert len(set(times)) > 10 and max(Counter(times).values()) <= 3
    await harness.services.aclose()


async def test_poller_does_not_list_known_history_again(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    harness = await MonitorHarness(tmp_path, host).enter()
    assert len(harness.services.jobs.all()) == 40
    asked = noting(harness)
    job = await harness.services.outbox.submit(BELL)
    await harness.clock.advance(300)
    assert asked and all(length <= 2 for _, length in asked)
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, host).enter()
    host.turn(job.id, JobStatus.DONE)
    asked = noting(again)
    await again.clock.advance(60)
    assert all(length <= 2 for _, length in asked)
    await again.services.aclose()


async def test_idle_app_requests_nothing_but_its_token(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.clock.advance(1000)
    harness.host.calls.clear()
    await harness.clock.advance(1800)
    assert set(harness.host.calls) == {"renew"}
    new = harness.host.add()
    harness.services.polling.user_active()
    await harness.clock.settle()
    assert harness.status(new.id) is JobStatus.QUEUED
    await harness.services.aclose()


async def test_polling_stops_after_two_idle_minutes_and_resumes_with_a_key(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    for _ in range(10):
        await harness.clock.advance(30)
        harness.services.polling.user_active()
    harness.host.calls.clear()
    for _ in range(20):
        await harness.clock.advance(30)
        harness.services.polling.user_active()
    # Typing asks for no more than looking does.
    assert 8 <= harness.host.count("jobs") <= 12
    # Each worker asks once more when its time comes: usage has the longest.
    await harness.clock.advance(120 + 330)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert set(harness.host.calls) == {"renew"}
    new = harness.host.add()
    harness.services.polling.user_active()
    await harness.clock.settle()
    assert harness.status(new.id) is JobStatus.QUEUED
    # It is watched now, whoever looks.
    harness.host.turn(new.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.status(new.id) is JobStatus.DONE, seconds=3600)
    await harness.services.aclose()


async def test_polling_slows_without_focus_and_resumes_with_it(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.RUNNING)
    await harness.clock.advance(30)
    harness.services.polling.focus_changed(False)
    await harness.clock.advance(5)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert 9 <= harness.host.count("jobs") <= 12
    assert harness.host.count("usage") + harness.host.count("backends") <= 2
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.advance(6)
    harness.services.polling.focus_changed(True)
    await harness.clock.settle()
    assert harness.status(job.id) is JobStatus.DONE
    await harness.services.aclose()


async def test_burst_of_changes_is_one_event(tmp_path: Path) -> None:
    harness = await with_jobs(tmp_path, 500)
    await harness.clock.advance(60)
    harness.events.clear()
    for job_id in list(harness.host.jobs):
        harness.host.turn(job_id, JobStatus.RUNNING)
    await harness.services.polling.refresh()
    (event,) = harness.published(JobsChanged)
    assert isinstance(event, JobsChanged) and len(event.jobs) == 500
    for job_id in list(harness.host.jobs):
        harness.host.turn(job_id, JobStatus.FAILED)
    harness.events.clear()
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=60)
    (finished,) = harness.published(JobsFinished)
    first, *later = harness.published(JobsChanged)
    assert isinstance(finished, JobsFinished) and isinstance(first, JobsChanged)
    assert len(finished.jobs) == len(first.jobs) == 500 and len(later) <= 1
    await harness.services.aclose()


async def test_jobs_finished_while_away_are_reported_once_and_unread(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    jobs = [await harness.services.outbox.submit(BELL) for _ in range(4)]
    assert harness.services.jobs.unread() == frozenset()
    await harness.services.aclose()
    for job, status in zip(jobs, (JobStatus.DONE, JobStatus.DONE, JobStatus.FAILED), strict=False):
        harness.host.turn(job.id, status)
    await harness.clock.advance(3600)
    elsewhere = harness.host.add(JobStatus.DONE)
    again = await MonitorHarness(tmp_path, harness.host, seed=2).enter()
    (said,) = [event.text for event in again.events if isinstance(event, Notice)]
    assert said == "4 finished while you were away (3 done, 1 failed); 1 submitted elsewhere."
    assert [event.away for event in again.events if isinstance(event, JobsFinished)] == [True]
    finished = {job.id for job in jobs[:3]} | {elsewhere.id}
    assert again.services.jobs.unread() == finished
    again.services.jobs.mark_read(jobs[0].id, jobs[3].id)
    assert again.services.jobs.unread() == finished - {jobs[0].id}
    assert again.published(JobsChanged)[-1] == JobsChanged((_shown(again, jobs[0].id),))
    await again.clock.advance(30)
    await again.services.aclose()
    third = await MonitorHarness(tmp_path, harness.host, seed=3).enter()
    assert third.services.jobs.unread() == finished - {jobs[0].id}
    assert third.published(Notice) == []
    await third.services.aclose()


async def test_jobs_read_here_are_read_in_another_process(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    one = await MonitorHarness(tmp_path, host).enter()
    jobs = [await one.services.outbox.submit(BELL) for _ in range(3)]
    other = await MonitorHarness(tmp_path, host, seed=2).enter()
    for job in jobs:
        host.turn(job.id, JobStatus.DONE)
    await one.clock.run_until(
        lambda: len(one.services.jobs.unread()) == len(other.services.jobs.unread()) == 3
    )
    one.services.jobs.mark_read(jobs[0].id)
    await one.clock.advance(3)
    assert other.services.jobs.unread() == one.services.jobs.unread() == {jobs[1].id, jobs[2].id}
    assert jobs[0].id in {job.id for event in other.published(JobsChanged)[-3:] for job in _jobs_of(event)}
    await other.services.jobs.delete(jobs[1].id)
    assert other.services.jobs.unread() == {jobs[2].id}
    await one.clock.advance(3)
    assert one.services.jobs.unread() == {jobs[2].id}
    await one.services.account.sign_out()
    assert one.services.jobs.unread() == {jobs[2].id}
    one.services.jobs.mark_read(*one.services.jobs.unread())
    assert one.services.jobs.unread() == frozenset()
    await one.services.aclose()
    await other.services.aclose()


def _jobs_of(event: object) -> tuple[Job, ...]:
    assert isinstance(event, JobsChanged)
    return event.jobs


async def test_poller_catches_up_completely_after_a_long_absence(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.services.outbox.submit(BELL)
    await harness.services.aclose()
    for number in range(700):
        harness.host.add(JobStatus.DONE, age=-number - 1)
    again = await MonitorHarness(tmp_path, harness.host, seed=2).enter()
    assert len(again.services.jobs.all()) == 701
    await again.services.aclose()


@pytest.mark.parametrize("known", [0, 3])
async def test_poller_announces_a_job_that_came_and_ended_between_two_polls(
    tmp_path: Path, known: int
) -> None:
    host = FakeHost(FakeClock())
    for age in range(known):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    harness = await MonitorHarness(tmp_path, host).enter()
    await harness.clock.advance(90)
    assert harness.published(JobsFinished) == [] and harness.services.jobs.unread() == frozenset()
    job = host.add(JobStatus.DONE)
    await harness.clock.advance(90)
    (event,) = harness.published(JobsFinished)
    assert isinstance(event, JobsFinished) and not event.away and [one.id for one in event.jobs] == [job.id]
    assert harness.services.jobs.unread() == {job.id} and harness.keeps_result(job.id)
    await harness.services.aclose()


def _shown(harness: MonitorHarness, job_id: str) -> Job:
    return next(job for job in harness.services.jobs.all() if job.id == job_id)
