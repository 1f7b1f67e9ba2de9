"""How little watching costs, what happened while away, and what is marked until it is seen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, Cockpit, FakeHost
from tests.support.clock import FakeClock
from tui.domain.jobs import Job, JobPage, JobQuery, JobStatus
from tui.monitor.state.events import JobsChanged, JobsFinished, Notice


def noting(cockpit: Cockpit, when: list[float] | None = None) -> list[tuple[JobQuery, int]]:
    """What is asked of the list from now on, and how many jobs each answer held; `when` takes the times."""
    asked: list[tuple[JobQuery, int]] = []
    service = cockpit.services[-1]
    listing = service.jobs

    async def noted(query: JobQuery) -> JobPage:
        page = await listing(query)
        if when is not None:
            when.append(cockpit.clock.monotonic())
        asked.append((query, len(page.jobs)))
        return page

    service.jobs = noted  # type: ignore[method-assign]  # the test listens in
    return asked


async def with_jobs(root: Path, many: int) -> Cockpit:
    """A deck that watches many jobs, all known."""
    host = FakeHost(FakeClock())
    cockpit = await Cockpit(root, host).enter()
    for _ in range(many):
        host.add()
    await cockpit.deck.refresh()
    await cockpit.clock.run_until(lambda: len(cockpit.deck.jobs()) == many, seconds=300)
    return cockpit


async def test_five_hundred_jobs_cost_three_list_requests_a_tick(tmp_path: Path) -> None:
    cockpit = await with_jobs(tmp_path, 500)
    await cockpit.clock.advance(60)
    asked = noting(cockpit)
    cockpit.host.calls.clear()
    before = cockpit.clock.monotonic()
    await cockpit.clock.advance(600)
    ticks = (cockpit.clock.monotonic() - before) / 30
    assert len(asked) <= 3 * ticks * 1.25
    assert cockpit.host.count("job") == 0
    changed = [cockpit.host.jobs[job_id] for job_id in list(cockpit.host.jobs)[::7]]
    for job in changed:
        cockpit.host.turn(job.id, JobStatus.RUNNING)
    await cockpit.clock.run_until(
        lambda: all(cockpit.status(job.id) is JobStatus.RUNNING for job in changed), seconds=120
    )
    await cockpit.deck.aclose()


async def test_no_tick_costs_more_than_three_list_requests(tmp_path: Path) -> None:
    """Nor one in which many that were created at the same time are looked through, or have all left."""
    host = FakeHost(FakeClock())
    cockpit = await Cockpit(tmp_path, host).enter()
    for _ in range(500):
        host.add()
    times: list[float] = []
    noting(cockpit, times)
    await cockpit.clock.run_until(lambda: len(cockpit.deck.jobs()) == 500, seconds=300)
    await cockpit.clock.advance(300)
    for job_id in list(host.jobs):
        host.turn(job_id, JobStatus.FAILED)
    await cockpit.clock.run_until(
        lambda: all(job.status is JobStatus.FAILED for job in cockpit.deck.jobs()), seconds=60
    )
    await cockpit.clock.advance(60)
    assert len(set(times)) > 10 and max(Counter(times).values()) <= 3
    await cockpit.deck.aclose()


async def test_old_history_is_not_downloaded_again(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    for age in range(40):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    cockpit = await Cockpit(tmp_path, host).enter()
    assert len(cockpit.deck.jobs()) == 40
    asked = noting(cockpit)
    job = await cockpit.deck.submit(BELL)
    await cockpit.clock.advance(300)
    assert asked and all(length <= 2 for _, length in asked)
    await cockpit.deck.aclose()
    again = await Cockpit(tmp_path, host).enter()
    host.turn(job.id, JobStatus.DONE)
    asked = noting(again)
    await again.clock.advance(60)
    assert all(length <= 2 for _, length in asked)
    await again.deck.aclose()


async def test_an_idle_app_asks_for_nothing_but_its_token(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    await cockpit.clock.advance(1000)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(1800)
    assert set(cockpit.host.calls) == {"renew"}
    new = cockpit.host.add()
    cockpit.deck.attend()
    await cockpit.clock.settle()
    assert cockpit.status(new.id) is JobStatus.QUEUED
    await cockpit.deck.aclose()


async def test_two_minutes_without_a_key_are_idle_and_the_next_key_asks_at_once(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    for _ in range(10):
        await cockpit.clock.advance(30)
        cockpit.deck.attend()
    cockpit.host.calls.clear()
    for _ in range(20):
        await cockpit.clock.advance(30)
        cockpit.deck.attend()
    # Typing asks for no more than looking does.
    assert 8 <= cockpit.host.count("jobs") <= 12
    # Each worker asks once more when its time comes: usage has the longest.
    await cockpit.clock.advance(120 + 330)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert set(cockpit.host.calls) == {"renew"}
    new = cockpit.host.add()
    cockpit.deck.attend()
    await cockpit.clock.settle()
    assert cockpit.status(new.id) is JobStatus.QUEUED
    # It is watched now, whoever looks.
    cockpit.host.turn(new.id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: cockpit.status(new.id) is JobStatus.DONE, seconds=3600)
    await cockpit.deck.aclose()


async def test_without_the_focus_less_is_asked_and_coming_back_asks_at_once(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    job = await cockpit.deck.submit(BELL)
    cockpit.host.turn(job.id, JobStatus.RUNNING)
    await cockpit.clock.advance(30)
    cockpit.deck.focus(False)
    await cockpit.clock.advance(5)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert 9 <= cockpit.host.count("jobs") <= 12
    assert cockpit.host.count("usage") + cockpit.host.count("backends") <= 2
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.advance(6)
    cockpit.deck.focus(True)
    await cockpit.clock.settle()
    assert cockpit.status(job.id) is JobStatus.DONE
    await cockpit.deck.aclose()


async def test_a_burst_of_changes_is_one_event(tmp_path: Path) -> None:
    cockpit = await with_jobs(tmp_path, 500)
    await cockpit.clock.advance(60)
    cockpit.events.clear()
    for job_id in list(cockpit.host.jobs):
        cockpit.host.turn(job_id, JobStatus.RUNNING)
    await cockpit.deck.refresh()
    (told,) = cockpit.told(JobsChanged)
    assert isinstance(told, JobsChanged) and len(told.jobs) == 500
    for job_id in list(cockpit.host.jobs):
        cockpit.host.turn(job_id, JobStatus.FAILED)
    cockpit.events.clear()
    await cockpit.clock.run_until(lambda: bool(cockpit.told(JobsFinished)), seconds=60)
    (finished,) = cockpit.told(JobsFinished)
    first, *later = cockpit.told(JobsChanged)
    assert isinstance(finished, JobsFinished) and isinstance(first, JobsChanged)
    assert len(finished.jobs) == len(first.jobs) == 500 and len(later) <= 1
    await cockpit.deck.aclose()


async def test_what_happened_while_away_is_told_once_and_marked_until_seen(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    jobs = [await cockpit.deck.submit(BELL) for _ in range(4)]
    assert cockpit.deck.unseen() == frozenset()
    await cockpit.deck.aclose()
    for job, status in zip(jobs, (JobStatus.DONE, JobStatus.DONE, JobStatus.FAILED), strict=False):
        cockpit.host.turn(job.id, status)
    await cockpit.clock.advance(3600)
    elsewhere = cockpit.host.add(JobStatus.DONE)
    again = await Cockpit(tmp_path, cockpit.host, seed=2).enter()
    (said,) = [event.text for event in again.events if isinstance(event, Notice)]
    assert said == "4 finished while you were away (3 done, 1 failed); 1 submitted elsewhere."
    assert [event.away for event in again.events if isinstance(event, JobsFinished)] == [True]
    finished = {job.id for job in jobs[:3]} | {elsewhere.id}
    assert again.deck.unseen() == finished
    again.deck.seen(jobs[0].id, jobs[3].id)
    assert again.deck.unseen() == finished - {jobs[0].id}
    assert again.told(JobsChanged)[-1] == JobsChanged((_shown(again, jobs[0].id),))
    await again.clock.advance(30)
    await again.deck.aclose()
    third = await Cockpit(tmp_path, cockpit.host, seed=3).enter()
    assert third.deck.unseen() == finished - {jobs[0].id}
    assert third.told(Notice) == []
    await third.deck.aclose()


async def test_what_was_seen_here_is_seen_by_another_qdeck_too(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    one = await Cockpit(tmp_path, host).enter()
    jobs = [await one.deck.submit(BELL) for _ in range(3)]
    other = await Cockpit(tmp_path, host, seed=2).enter()
    for job in jobs:
        host.turn(job.id, JobStatus.DONE)
    await one.clock.run_until(lambda: len(one.deck.unseen()) == len(other.deck.unseen()) == 3)
    one.deck.seen(jobs[0].id)
    await one.clock.advance(3)
    assert other.deck.unseen() == one.deck.unseen() == {jobs[1].id, jobs[2].id}
    assert jobs[0].id in {job.id for event in other.told(JobsChanged)[-3:] for job in _jobs_of(event)}
    await other.deck.delete(jobs[1].id)
    assert other.deck.unseen() == {jobs[2].id}
    await one.clock.advance(3)
    assert one.deck.unseen() == {jobs[2].id}
    await one.deck.sign_out()
    assert one.deck.unseen() == {jobs[2].id}
    one.deck.seen(*one.deck.unseen())
    assert one.deck.unseen() == frozenset()
    await one.deck.aclose()
    await other.deck.aclose()


def _jobs_of(event: object) -> tuple[Job, ...]:
    assert isinstance(event, JobsChanged)
    return event.jobs


async def test_a_long_absence_is_caught_up_with_completely(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    await cockpit.deck.submit(BELL)
    await cockpit.deck.aclose()
    for number in range(700):
        cockpit.host.add(JobStatus.DONE, age=-number - 1)
    again = await Cockpit(tmp_path, cockpit.host, seed=2).enter()
    assert len(again.deck.jobs()) == 701
    await again.deck.aclose()


@pytest.mark.parametrize("known", [0, 3])
async def test_a_job_that_came_and_ended_between_two_looks_is_announced(tmp_path: Path, known: int) -> None:
    host = FakeHost(FakeClock())
    for age in range(known):
        host.add(JobStatus.DONE, age=3600.0 * (1 + age))
    cockpit = await Cockpit(tmp_path, host).enter()
    await cockpit.clock.advance(90)
    assert cockpit.told(JobsFinished) == [] and cockpit.deck.unseen() == frozenset()
    job = host.add(JobStatus.DONE)
    await cockpit.clock.advance(90)
    (told,) = cockpit.told(JobsFinished)
    assert isinstance(told, JobsFinished) and not told.away and [one.id for one in told.jobs] == [job.id]
    assert cockpit.deck.unseen() == {job.id} and cockpit.keeps_result(job.id)
    await cockpit.deck.aclose()


def _shown(cockpit: Cockpit, job_id: str) -> Job:
    return next(job for job in cockpit.deck.jobs() if job.id == job_id)
