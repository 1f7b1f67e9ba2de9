"""The outbox at every point where the way of a submission can break."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, FakeHost, network
from tests.monitor.harness import MonitorHarness
from tests.store.samples import read_tables, write_journal
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import WaitState
from tui.monitor.outbox.outbox import DISK_AGAIN
from tui.monitor.outbox.reconciler import SURE_AFTER
from tui.monitor.state.events import Notice


def unconfirmed() -> QdeckError:
    return QdeckError(ErrorKind.UNCONFIRMED, "The connection broke after the request was sent.")


def done_but_never_answered(create: Callable[[], Job]) -> Job:
    create()
    raise unconfirmed()


def never_arrived(create: Callable[[], Job]) -> Job:
    raise unconfirmed()


def written_intents(harness: MonitorHarness) -> list[dict[str, object]]:
    rows = read_tables(harness.folders).get("submissions", {})
    return list(rows.values())


async def test_outbox_writes_the_submission_before_the_post(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    seen: list[dict[str, object]] = []

    def look(create: Callable[[], Job]) -> Job:
        seen.extend(written_intents(harness))
        return create()

    harness.host.submit_ends = look
    job = await harness.services.outbox.submit(BELL)
    (pending,) = seen
    assert pending["state"] == "sending"
    assert pending["tag"] in harness.host.jobs[job.id].tags
    (after,) = written_intents(harness)
    assert (after["state"], after["job_id"]) == ("accepted", job.id)
    assert "key" not in harness.folders.history_file.read_text().replace('"key', "")
    await harness.services.aclose()


async def test_job_is_shown_without_its_own_tag(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    assert (job.tags, job.name, job.circuit, job.source, job.shots) == (
        ("demo",),
        "bell",
        "OPENQASM 3;",
        "h",
        1024,
    )
    await harness.services.polling.refresh()
    assert harness.services.jobs.get(job.id) is not None
    assert all(job.tags == ("demo",) for job in harness.services.jobs.all())
    await harness.services.jobs.set_tags(job.id, ("a", "b"))
    assert len(harness.host.jobs[job.id].tags) == 3
    await harness.services.polling.refresh()
    assert harness.services.jobs.all()[0].tags == ("a", "b")
    await harness.services.aclose()


async def test_reconciler_finds_a_job_whose_post_was_not_answered(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.submit_ends = done_but_never_answered
    job = await harness.services.outbox.submit(BELL)
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (1, 1)
    assert (job.name, job.circuit) == ("bell", "OPENQASM 3;")
    assert any("unconfirmed" in event.text for event in harness.events if isinstance(event, Notice))
    await harness.services.aclose()


async def test_reconciler_takes_no_job_that_cannot_be_read_for_absent(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    host = harness.host

    def malformed(create: Callable[[], Job]) -> Job:
        host.malformed.add(create().id)
        raise unconfirmed()

    host.submit_ends = malformed
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.run_until(lambda: host.count("find") >= 4, seconds=600)
    assert host.count("submit") == 1 and not submitting.done(), "it may be the job"
    host.malformed.clear()
    await harness.clock.run_until(submitting.done, seconds=600)
    assert submitting.result().id in host.jobs and host.count("submit") == 1
    await harness.services.aclose()


async def test_reconciler_finds_a_job_that_is_listed_later(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    created: list[Callable[[], Job]] = []

    def late(create: Callable[[], Job]) -> Job:
        created.append(create)
        raise unconfirmed()

    harness.host.submit_ends = late
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.run_until(lambda: harness.host.count("find") == 1, seconds=30)
    created[0]()
    await harness.clock.run_until(submitting.done, seconds=30)
    assert submitting.result().id in harness.host.jobs
    await harness.services.aclose()


async def test_outbox_reports_unsent_after_two_absent_lists_and_does_not_repeat_the_post(
    tmp_path: Path,
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.submit_ends = never_arrived
    began = harness.clock.monotonic()
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.run_until(submitting.done, seconds=90)
    error = submitting.exception()
    assert isinstance(error, QdeckError) and "not created" in error.message
    assert harness.clock.monotonic() - began >= SURE_AFTER
    assert harness.host.count("find") <= 6
    assert (harness.host.count("submit"), harness.host.jobs) == (1, {})
    assert written_intents(harness)[0]["state"] == "unsent"
    await harness.services.aclose()


async def test_submission_stays_unconfirmed_while_the_service_is_down_and_is_reconciled_later(
    tmp_path: Path,
) -> None:
    harness = await MonitorHarness(tmp_path).enter()

    def then_down(create: Callable[[], Job]) -> Job:
        create()
        harness.host.down = network()
        raise unconfirmed()

    harness.host.submit_ends = then_down
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.run_until(submitting.done, seconds=120)
    error = submitting.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.UNCONFIRMED
    assert written_intents(harness)[0]["state"] == "unconfirmed"
    harness.host.down = None
    await harness.clock.run_until(lambda: written_intents(harness)[0]["state"] == "accepted", seconds=300)
    assert harness.services.jobs.all()[0].name == "bell"
    assert harness.host.count("submit") == 1
    await harness.services.aclose()


@pytest.mark.parametrize(
    "kind", [ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN, ErrorKind.NETWORK]
)
async def test_refused_submission_raises_and_is_final(tmp_path: Path, kind: ErrorKind) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["submit"] = [QdeckError(kind, "no")]
    with pytest.raises(QdeckError) as caught:
        await harness.services.outbox.submit(BELL)
    assert caught.value.kind is kind
    assert written_intents(harness)[0]["state"] == "refused"
    assert harness.host.count("submit") == 1
    await harness.services.aclose()


async def crashed_while_sending(root: Path, ends: Callable[[Callable[[], Job]], Job]) -> FakeHost:
    """Return the host of an app that died in the middle of the request, with what it wrote before."""
    harness = await MonitorHarness(root).enter()
    left: list[bytes] = []

    def die(create: Callable[[], Job]) -> Job:
        left.append(harness.folders.history_file.read_bytes())
        return ends(create)

    harness.host.submit_ends = die
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.run_until(submitting.done, seconds=120)
    submitting.exception()
    await harness.services.aclose()
    # A process that is gone: the number of one that never was.
    harness.folders.history_file.write_bytes(left[0])
    data = read_tables(harness.folders)
    data["submissions"]["1"]["owner"] = f"{os.uname().nodename}:{2**22 + 1}"
    write_journal(harness.folders, data)
    harness.host.calls.clear()
    return harness.host


async def test_reconciler_finds_a_created_job_after_a_crash(tmp_path: Path) -> None:
    host = await crashed_while_sending(tmp_path, done_but_never_answered)
    again = await MonitorHarness(tmp_path, host, seed=2).enter()
    await again.clock.run_until(lambda: written_intents(again)[0]["state"] == "accepted", seconds=30)
    assert [job.name for job in again.services.jobs.all()] == ["bell"]
    assert any("did reach" in event.text for event in again.events if isinstance(event, Notice))
    assert (host.count("submit"), len(host.jobs)) == (0, 1)
    await again.services.aclose()


async def test_reconciler_reports_unsent_after_a_crash_and_does_not_send(tmp_path: Path) -> None:
    host = await crashed_while_sending(tmp_path, never_arrived)
    again = await MonitorHarness(tmp_path, host, seed=2).enter()
    await again.clock.run_until(lambda: written_intents(again)[0]["state"] == "unsent", seconds=90)
    assert any("not created" in event.text for event in again.events if isinstance(event, Notice))
    assert host.count("submit") == 0
    await again.services.aclose()


async def test_reconciler_goes_before_new_submissions(tmp_path: Path) -> None:
    host = await crashed_while_sending(tmp_path, done_but_never_answered)
    again = await MonitorHarness(tmp_path, host, seed=2).enter()
    submitting = asyncio.ensure_future(again.services.outbox.submit(replace(BELL, name="second")))
    await again.clock.run_until(submitting.done, seconds=60)
    assert host.calls.index("submit") > host.calls.index("find")
    assert {job.name for job in again.services.jobs.all()} == {"bell", "second"}
    await again.services.aclose()


async def test_submission_of_another_living_process_is_left_alone(tmp_path: Path) -> None:
    host = await crashed_while_sending(tmp_path, never_arrived)
    again = MonitorHarness(tmp_path, host, seed=2)
    data = read_tables(again.folders)
    data["submissions"]["1"]["owner"] = f"{os.uname().nodename}:{os.getppid()}"
    write_journal(again.folders, data)
    await again.enter()
    await again.clock.advance(60)
    assert written_intents(again)[0]["state"] == "sending"
    await again.clock.advance(600)
    assert written_intents(again)[0]["state"] == "unsent"
    await again.services.aclose()


async def test_cancelling_the_caller_does_not_cancel_the_post(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    submitting = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await asyncio.sleep(0)
    submitting.cancel()
    await harness.clock.run_until(lambda: bool(harness.services.jobs.all()), seconds=10)
    assert harness.host.count("submit") == 1
    await harness.services.aclose()


async def test_outbox_sends_nothing_that_is_not_durable(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.folders.history_file.unlink(missing_ok=True)
    harness.folders.history_file.mkdir()
    with pytest.raises(QdeckError) as caught:
        await harness.services.outbox.submit(BELL)
    assert caught.value.kind is ErrorKind.STORAGE
    assert harness.host.count("submit") == 0
    harness.folders.history_file.rmdir()
    await harness.services.outbox.submit(BELL)
    assert len(harness.host.jobs) == 1
    await harness.services.aclose()


async def test_outbox_waits_for_the_disk_when_the_sending_cannot_be_written(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    queue = harness.services.outbox.queue
    queue.hold_for(600.0, "test")
    sent = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.settle()
    aside = harness.folders.history_file.rename(tmp_path / "aside")
    harness.folders.history_file.mkdir()
    queue.release()
    harness.services.outbox.context.workers.send_queue.request()
    await harness.clock.advance(1)
    (waiting,) = queue.waiting()
    assert (waiting.state, waiting.why) == (WaitState.WAITING, "the disk takes nothing")
    harness.folders.history_file.rmdir()
    aside.rename(harness.folders.history_file)
    await harness.clock.advance(DISK_AGAIN + 1)
    assert sent.done() and sent.exception() is None and harness.host.count("submit") == 1
    await harness.services.aclose()


async def test_submit_refuses_tags_the_service_would_refuse(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    for tags in (tuple("abcdefgh"), ("x" * 87,), ("qdeck-0123456789ab",)):
        with pytest.raises(QdeckError) as caught:
            await harness.services.outbox.submit(replace(BELL, tags=tags))
        assert caught.value.kind is ErrorKind.INVALID
    assert harness.host.count("submit") == 0
    await harness.services.aclose()
