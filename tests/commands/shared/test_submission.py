"""What `qdeck run` does and says between the submission and the end of its job."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.commands.shared.test_output import CANDIDATE, IDENTITY
from tests.monitor.fakes import BELL, FakeService, network
from tests.monitor.harness import MonitorHarness
from tests.monitor.test_at_most_once import SANDBOX, queued_submission
from tests.monitor.test_outbox import never_arrived
from tests.monitor.test_storage_failures import with_many_jobs
from tests.store.samples import read_tables
from tests.support.full_disk import full_disk
from tui.commands.circuits import run as run_module
from tui.commands.circuits.run_request import RunRequest
from tui.commands.shared import progress
from tui.commands.shared.context import OpenServices
from tui.commands.shared.output import Exit
from tui.commands.shared.submission import MOST_REPEATS, QueueTalk, send_earlier, submit, wait_until_over
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult, PubResult
from tui.domain.submissions import Submission
from tui.monitor.outbox.outbox import DISK_AGAIN
from tui.monitor.outbox.reconciler import SURE_AFTER, Reconciler


async def test_submission_is_repeated_after_two_absences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    harness.host.submit_ends = never_arrived
    began = harness.clock.monotonic()
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.run_until(sent.done, seconds=90)
    assert sent.result().id in harness.host.jobs
    assert harness.clock.monotonic() - began >= SURE_AFTER
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (2, 1)
    assert "Submitting again" in capsys.readouterr().err
    await harness.services.aclose()


async def test_submission_is_not_repeated_for_ever(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)

    def never(_create: object) -> object:
        harness.host.submit_ends = never  # type: ignore[assignment]
        raise QdeckError(ErrorKind.UNCONFIRMED, "The gateway gave up.")

    harness.host.submit_ends = never  # type: ignore[assignment]
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.run_until(sent.done, seconds=300)
    error = sent.exception()
    assert isinstance(error, QdeckError) and "not created" in error.message
    assert (harness.host.count("submit"), harness.host.jobs) == (1 + MOST_REPEATS, {})
    await harness.services.aclose()


async def test_submission_found_late_is_not_repeated(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    harness.host.submit_ends = never_arrived
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    # Everything is asked for right before it is sent again: by then the job is there.
    await harness.clock.run_until(lambda: harness.host.count("submit") == 1, seconds=10)
    await harness.clock.advance(SURE_AFTER - 5)
    tag = harness.services.outbox.queue.waiting()[0].tag
    harness.host.add(tags=(tag,))
    await harness.clock.run_until(sent.done, seconds=90)
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (1, 1)
    await harness.services.aclose()


async def test_second_attempt_that_ends_ambiguously_has_a_patience_of_its_own(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)

    def twice(_create: object) -> object:
        harness.host.submit_ends = never_arrived
        raise QdeckError(ErrorKind.UNCONFIRMED, "The gateway gave up.")

    harness.host.submit_ends = twice  # type: ignore[assignment]
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.run_until(sent.done, seconds=200)
    assert sent.result().id in harness.host.jobs and harness.host.count("submit") == 3
    await harness.services.aclose()


async def test_waiting_behind_a_submission_that_is_checked_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.kill()
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    talk = QueueTalk(again.services)
    sent = asyncio.ensure_future(submit(again.services, BELL))
    await again.clock.advance(1)
    said = capsys.readouterr().err
    assert "From an earlier run “bell” is in line, and is sent now: checking it was not sent before" in said
    assert "Waiting in line, 1 ahead of it: another one is being checked; next try at" in said
    await again.clock.run_until(sent.done, seconds=90)
    assert len(again.host.jobs) == 2
    assert "is job job-0000." in capsys.readouterr().err
    talk.close()
    await again.services.aclose()


@pytest.mark.parametrize("killed", [True, False])
async def test_short_command_stays_until_earlier_submissions_are_sent(tmp_path: Path, killed: bool) -> None:
    first, _ = await queued_submission(tmp_path)
    await (first.kill() if killed else first.services.aclose())
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    talk = QueueTalk(again.services)
    staying = asyncio.ensure_future(send_earlier(again.services, talk))
    await again.clock.run_until(staying.done, seconds=90)
    assert len(again.host.jobs) == 1 and again.services.outbox.queue.waiting() == ()
    talk.close()
    await again.services.aclose()


async def test_doubt_of_a_killed_process_outlives_a_short_qdeck(tmp_path: Path) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.kill()
    short = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await short.clock.advance(2)
    await short.services.aclose()
    (row,) = read_tables(short.folders)["submissions"].values()
    assert row["state"] == "prepared" and row["owner"]
    again = await MonitorHarness(tmp_path, first.host, seed=3).enter(SANDBOX)
    await again.clock.advance(SURE_AFTER - 5)
    assert again.host.jobs == {}
    await again.clock.advance(10)
    assert len(again.host.jobs) == 1
    await again.services.aclose()


async def test_waiting_ends_when_the_job_is_deleted_on_the_service(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    job = await submit(harness.services, BELL)
    waiting = asyncio.ensure_future(wait_until_over(harness.services, job.id))
    await harness.clock.advance(2)
    del harness.host.jobs[job.id]
    await harness.clock.run_until(waiting.done, seconds=120)
    error = waiting.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.NOT_FOUND and job.id in error.message
    await harness.services.aclose()


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "result",
    [
        JobResult((), b"{", "The result cannot be read: it ends too early."),
        JobResult((PubResult(),), b"{}"),
        network(),
    ],
    ids=["broken", "nothing in it", "not reached"],
)
async def test_result_that_cannot_be_read_is_a_failure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    result: JobResult | QdeckError,
    as_json: bool,
) -> None:
    async def answer(*_: object, **__: object) -> JobResult:
        if isinstance(result, QdeckError):
            raise result
        return result

    monkeypatch.setattr(FakeService, "result", answer)
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    job = await submit(harness.services, BELL)
    harness.host.turn(job.id, JobStatus.DONE)
    waiting = asyncio.ensure_future(wait_until_over(harness.services, job.id))
    await harness.clock.run_until(waiting.done, seconds=60)
    opened = OpenServices(harness.services, IDENTITY)
    request = RunRequest(("bell.qasm",), as_json=as_json)
    assert await run_module._finish(opened, request, [CANDIDATE], [waiting.result()], [{}]) is Exit.FAILED
    printed = capsys.readouterr()
    assert f"Job {job.id} is done, but its result" in printed.err
    assert ('"counts"' not in printed.out) and (bool(printed.out) is as_json)
    await harness.services.aclose()


async def test_disk_that_fills_between_queueing_and_sending_ends_the_wait_with_a_message(
    tmp_path: Path,
) -> None:
    await with_many_jobs(tmp_path)
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    queue = harness.services.outbox.queue
    queue.hold_for(600.0, "test")
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.settle()
    with full_disk(harness.folders.history_file):
        queue.release()
        harness.services.outbox.context.workers.send_queue.request()
        await harness.clock.run_until(sent.done, seconds=120)
        error = sent.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.STORAGE
    assert "Nothing was submitted: the disk is full" in error.message
    # It is withdrawn: not sent by whoever is next.
    await harness.clock.advance(60)
    assert harness.host.count("submit") == 0 and queue.waiting() == ()
    await harness.services.aclose()


async def test_earlier_submission_that_cannot_be_taken_over_keeps_nobody_waiting_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.services.aclose()
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter()
    sends = first.host.count("submit")

    async def refuses(_self: Reconciler, _service: object) -> None:
        raise QdeckError(ErrorKind.STORAGE, "No space left on device.")

    monkeypatch.setattr(Reconciler, "adopt", refuses)
    sent = asyncio.ensure_future(submit(again.services, BELL))
    await again.clock.run_until(sent.done, seconds=120)
    assert sent.exception() is None and first.host.count("submit") == sends + 1
    await again.services.aclose()


async def test_disk_that_has_room_again_in_time_lets_the_submission_go(tmp_path: Path) -> None:
    await with_many_jobs(tmp_path)
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    queue = harness.services.outbox.queue
    queue.hold_for(600.0, "test")
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.settle()
    with full_disk(harness.folders.history_file):
        queue.release()
        harness.services.outbox.context.workers.send_queue.request()
        await harness.clock.advance(DISK_AGAIN * 3)
        assert not sent.done()
    await harness.clock.run_until(sent.done, seconds=30)
    assert sent.exception() is None and len(harness.host.jobs) == 1
    await harness.services.aclose()


@pytest.mark.parametrize("state", ["sent", "looked for"])
async def test_request_that_takes_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    monkeypatch.setattr(progress, "_TOLD_FIRST", 0.0)
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    answered = asyncio.Event()

    async def slow(_self: FakeService, _submission: Submission) -> Job:
        if state == "sent":
            await answered.wait()
        raise QdeckError(ErrorKind.UNCONFIRMED, "The gateway gave up.")

    monkeypatch.setattr(FakeService, "submit", slow)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    talk = QueueTalk(harness.services)
    sent = asyncio.ensure_future(submit(harness.services, BELL))
    await harness.clock.settle()
    words = "Sending the job to the service: 0 s." if state == "sent" else "whether it has the job: 0 s."
    assert words in capsys.readouterr().err
    talk.close()
    sent.cancel()
    await harness.services.aclose()


@pytest.mark.parametrize("terminal", [True, False])
async def test_progress_is_told_later_and_later_until_it_is_over_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setattr(progress, "_TOLD_FIRST", 0.0)
    monkeypatch.setattr(progress, "_TOLD_AGAIN", 0.0)
    shown = progress.Progress()
    shown.show("Reading", 9.0)
    for _ in range(3):
        shown.show("Reading", 9.0)
        await asyncio.sleep(0.001)
    shown.show("")
    said = capsys.readouterr().err.splitlines()
    if terminal:
        assert len(said) >= 2 and set(said) == {"Reading: 0 of 9 s. Ctrl+C stops."}
    else:
        assert said == []
    await asyncio.sleep(0.005)
    assert capsys.readouterr().err == ""
