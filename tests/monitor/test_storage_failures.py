"""A full disk is shown once and the app goes on; when there is room again nothing is missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, FakeService
from tests.monitor.harness import MonitorHarness
from tests.store.samples import make_folders, open_repository, sample_job
from tests.support.full_disk import full_disk
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.domain.submissions import WaitState
from tui.monitor.outbox.outbox import DISK_AGAIN
from tui.monitor.state.events import JobsChanged, Notice, Severity
from tui.store.records.models import JobRecord


def _said(harness: MonitorHarness, severity: Severity) -> list[str]:
    notices = [event for event in harness.events if isinstance(event, Notice)]
    return [notice.text for notice in notices if notice.severity is severity]


async def with_many_jobs(root: Path) -> None:
    """Jobs of another instance: the file is long enough for `full_disk`."""
    history = await open_repository(make_folders(root))
    history.upsert(JobRecord(replace(sample_job(n), instance="crn:other")) for n in range(400))
    await history.aclose()


async def test_full_disk_is_shown_once_and_loses_nothing(tmp_path: Path) -> None:
    await with_many_jobs(tmp_path)
    harness = await MonitorHarness(tmp_path).enter()
    with full_disk(harness.folders.history_file):
        job = harness.host.add()
        await harness.clock.run_until(lambda: bool(_said(harness, Severity.ERROR)))
        assert "cannot be written" in _said(harness, Severity.ERROR)[0]
        # It goes on: what happens is shown, and what cannot be made safe is not submitted.
        harness.host.turn(job.id, JobStatus.RUNNING)
        await harness.clock.run_until(lambda: harness.status(job.id) is JobStatus.RUNNING)
        with pytest.raises(QdeckError) as caught:
            await harness.services.outbox.submit(BELL)
        assert caught.value.kind is ErrorKind.STORAGE
        assert harness.host.count("submit") == 0
        await harness.clock.advance(30)
        assert len(_said(harness, Severity.ERROR)) == 1
    await harness.clock.run_until(
        lambda: any("written again" in announced for announced in _said(harness, Severity.INFORMATION))
    )
    await harness.services.aclose()
    again = await open_repository(harness.folders)
    record = again.record(("platform", job.id))
    assert record is not None and record.job.status is JobStatus.RUNNING
    assert len(again.records()) == 401
    await again.aclose()


async def test_submission_whose_sending_is_refused_by_a_full_disk_waits_for_room(tmp_path: Path) -> None:
    await with_many_jobs(tmp_path)
    harness = await MonitorHarness(tmp_path).enter()
    queue = harness.services.outbox.queue
    queue.hold_for(600.0, "test")
    sent = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.settle()
    with full_disk(harness.folders.history_file):
        queue.release()
        harness.services.outbox.context.workers.send_queue.request()
        await harness.clock.advance(1)
        (waiting,) = queue.waiting()
        assert (waiting.state, waiting.why) == (WaitState.WAITING, "the disk takes nothing")
    await harness.clock.advance(2 * DISK_AGAIN)
    assert sent.done() and sent.exception() is None
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (1, 1)
    await harness.services.aclose()


async def test_closing_saves_the_history_although_the_service_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.app_state.history.upsert([JobRecord(sample_job(1))])
    never = asyncio.Event()

    async def aclose(_: FakeService) -> None:
        await never.wait()

    monkeypatch.setattr(FakeService, "aclose", aclose)
    ending = asyncio.ensure_future(harness.services.aclose())
    await harness.clock.settle()
    assert not ending.done()
    assert not harness.app_state.history.dirty
    assert harness.compiler.ended
    never.set()
    await ending


async def test_changes_of_another_process_show_within_a_second(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    for n in range(20):
        other = await open_repository(harness.folders)
        other.upsert([JobRecord(sample_job(n))])
        await other.aclose()
        await harness.clock.advance(0.95)
        assert harness.status(f"job-{n:05d}") is not None
    await harness.services.aclose()


async def test_history_that_failed_to_open_shows_once_it_opens(tmp_path: Path) -> None:
    history = await open_repository(make_folders(tmp_path))
    history.upsert(JobRecord(replace(sample_job(n), service="platform")) for n in range(5))
    await history.aclose()
    harness = MonitorHarness(tmp_path)
    aside = harness.folders.history_file.rename(tmp_path / "aside")
    harness.folders.history_file.mkdir()
    await harness.enter()
    assert harness.services.jobs.all() == ()
    harness.folders.history_file.rmdir()
    aside.rename(harness.folders.history_file)
    await harness.clock.run_until(lambda: len(harness.services.jobs.all()) == 5)
    announced = {job.id for event in harness.events if isinstance(event, JobsChanged) for job in event.jobs}
    assert announced >= {f"job-{n:05d}" for n in range(5)}
    await harness.services.aclose()


async def test_history_opened_late_shows_its_jobs_without_a_restart(tmp_path: Path) -> None:
    """The same when nobody signs in."""
    history = await open_repository(make_folders(tmp_path))
    history.upsert([JobRecord(sample_job(1))])
    await history.aclose()
    harness = MonitorHarness(tmp_path)
    aside = harness.folders.history_file.rename(tmp_path / "aside")
    harness.folders.history_file.mkdir()
    await harness.services.start()
    harness.folders.history_file.rmdir()
    aside.rename(harness.folders.history_file)
    await harness.clock.run_until(lambda: len(harness.services.jobs.all()) == 1)
    await harness.services.aclose()
