"""No job twice, none lost: old copies of the history, several qdecks and machines, a slow service."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, network
from tests.monitor.harness import MonitorHarness
from tests.store.samples import read_tables, write_journal
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import Submission, WaitState
from tui.monitor import services as services_module
from tui.monitor.outbox import ownership
from tui.monitor.outbox.ownership import SENDING_ELSEWHERE
from tui.monitor.outbox.reconciler import SURE_AFTER
from tui.monitor.outbox.send_queue import NO_PROGRAM
from tui.monitor.state.events import Notice, OutboxChanged, SubmissionsChangedElsewhere
from tui.store.import_export import export_json, import_json
from tui.store.records.json_v1 import decode
from tui.store.records.models import PendingState, PendingSubmission
from tui.store.repository import JobRepository

SANDBOX = replace(ACCOUNT, sandbox=True)


def too_many(seconds: float = 600.0) -> QdeckError:
    return QdeckError(ErrorKind.RATE_LIMITED, "Too many requests.", code="1202", retry_after=seconds)


def gave_up() -> QdeckError:
    return QdeckError(ErrorKind.UNCONFIRMED, "The gateway gave up (504).", status=504)


def state(harness: MonitorHarness) -> str:
    (row,) = read_tables(harness.folders)["submissions"].values()
    return str(row["state"])


def notices(harness: MonitorHarness) -> str:
    return "\n".join(event.text for event in harness.events if isinstance(event, Notice))


async def queued_submission(root: Path, sandbox: bool = True) -> tuple[MonitorHarness, asyncio.Future[Job]]:
    """Return a harness with one queued submission, and its wait."""
    harness = await MonitorHarness(root).enter(SANDBOX if sandbox else ACCOUNT)
    harness.host.faults["submit"] = [too_many()]
    sent = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.settle()
    assert harness.services.outbox.queue.waiting()[0].state is WaitState.WAITING
    return harness, sent


async def test_wait_for_a_submission_ends_only_when_another_process_dealt_with_it(
    tmp_path: Path,
) -> None:
    harness, sent = await queued_submission(tmp_path)
    history = harness.app_state.history
    (pending,) = history.submissions()
    harness.services.events.publish(SubmissionsChangedElsewhere())
    await harness.clock.settle()
    assert not sent.done()
    history.upsert_submission(replace(pending, state=PendingState.WITHDRAWN))
    harness.services.events.publish(SubmissionsChangedElsewhere())
    await harness.clock.settle()
    error = sent.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.CONFLICT
    assert "another qdeck" in error.message
    await harness.services.aclose()


# an old copy of the history


async def copied(root: Path, step: PendingState, ends: Callable[[Callable[[], Job]], Job]) -> MonitorHarness:
    """Return a harness whose request ended so; the history is what it was at that step."""
    harness = await MonitorHarness(root).enter(SANDBOX)
    copy: list[bytes] = []

    def on_step(now: PendingState) -> None:
        if now is step:
            copy.append(harness.folders.history_file.read_bytes())

    harness.services.outbox.context.on_step = on_step
    harness.host.submit_ends = ends
    sent = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await harness.clock.settle()
    sent.cancel()
    await harness.services.aclose()
    harness.folders.history_file.write_bytes(copy[0])
    return harness


@pytest.mark.parametrize("step", [PendingState.PREPARED, PendingState.SENDING])
@pytest.mark.parametrize("filters", [True, False])
async def test_outbox_sends_nothing_again_from_an_old_copy_of_the_history(
    tmp_path: Path, step: PendingState, filters: bool
) -> None:
    first = await copied(tmp_path, step, lambda create: create())
    first.host.filters_tags = filters
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (1, 1)
    assert (
        again.services.outbox.queue.waiting() == ()
        and again.services.jobs.all()[0].name == "bell"
        and state(again) == "accepted"
    )
    await again.services.aclose()


async def test_outbox_waits_for_a_request_of_which_the_history_lost_the_line(tmp_path: Path) -> None:
    """Killed while the request was under way, and the file lost the line that says so."""
    later: list[Callable[[], Job]] = []

    def slow(create: Callable[[], Job]) -> Job:
        later.append(create)
        raise gave_up()

    first = await copied(tmp_path, PendingState.PREPARED, slow)
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(10)
    (one,) = again.services.outbox.queue.waiting()
    assert "not sent before" in one.why and one.due is not None
    later[0]()
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (
        1,
        1,
    ) and again.services.outbox.queue.waiting() == ()
    await again.services.aclose()


async def test_outbox_sends_an_adopted_submission_once_it_is_sure_to_be_unsent(tmp_path: Path) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.kill()
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    sends = first.host.count("submit")
    await again.clock.advance(SURE_AFTER - 1)
    assert first.host.count("submit") == sends
    await again.clock.advance(2)
    assert len(first.host.jobs) == 1 and again.services.outbox.queue.waiting() == ()
    await again.services.aclose()


async def test_outbox_sends_no_adopted_submission_while_the_job_list_fails(tmp_path: Path) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.services.aclose()
    sends = first.host.count("submit")
    first.host.faults["find"] = [network() for _ in range(5)]
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(5)
    assert (
        first.host.count("submit") == sends
        and "not sent before" in again.services.outbox.queue.waiting()[0].why
    )
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (sends + 1, 1)
    await again.services.aclose()


async def test_outbox_asks_for_the_job_of_an_adopted_submission_before_it_sends_it(tmp_path: Path) -> None:
    """Never tried, by the word of the history, and left in order: it may be an old copy all the same."""
    first = await MonitorHarness(tmp_path).enter(SANDBOX)
    first.services.outbox.queue.hold_for(600.0, "test")
    sent = asyncio.ensure_future(first.services.outbox.submit(BELL))
    await first.clock.settle()
    sent.cancel()
    await first.services.aclose()
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(5)
    calls = [call for call in first.host.calls if call in ("find", "submit")]
    assert calls == ["find", "submit"] and len(first.host.jobs) == 1
    await again.services.aclose()


async def test_outbox_asks_for_the_job_of_a_refused_submission_before_it_sends_it_again(
    tmp_path: Path,
) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    harness.host.faults["submit"] = [too_many(5.0)]
    await harness.clock.run_until(
        asyncio.ensure_future(harness.services.outbox.submit(BELL)).done, seconds=30
    )
    calls = [call for call in harness.host.calls if call in ("find", "submit")]
    assert calls == ["submit", "find", "submit"] and len(harness.host.jobs) == 1
    await harness.services.aclose()


@pytest.mark.parametrize("step", ["prepared", "sending"])
async def test_outbox_does_not_send_imported_submissions(tmp_path: Path, step: str) -> None:
    first, sent = await queued_submission(tmp_path / "one")
    exports = tmp_path / "out.json"
    exports.write_bytes(b"".join(export_json(first.folders.history_file)))
    rows = decode(exports.read_bytes())
    for row in rows["submissions"].values():
        row["state"] = step
    other = MonitorHarness(tmp_path / "two", first.host, seed=2)
    now = first.clock.now
    import_json(other.folders.history_file, other.folders.old_history_file, rows, now)
    await other.enter(SANDBOX)
    sends = first.host.count("submit")
    await other.clock.advance(300)
    assert first.host.count("submit") == sends
    (one,) = other.services.outbox.queue.waiting()
    assert one.state is WaitState.NOT_CREATED
    await first.clock.run_until(sent.done, seconds=700)
    await other.services.polling.refresh()
    await other.clock.settle()
    # Its own home sent it; the other one sees that it is a job.
    assert len(first.host.jobs) == 1 and other.services.outbox.queue.waiting() == ()
    await asyncio.gather(first.services.aclose(), other.services.aclose())


async def test_import_into_the_same_home_keeps_the_send_queue(tmp_path: Path) -> None:
    first, sent = await queued_submission(tmp_path)
    rows = decode(b"".join(export_json(first.folders.history_file)))
    import_json(first.folders.history_file, first.folders.old_history_file, rows, first.clock.now)
    await first.clock.run_until(sent.done, seconds=700)
    assert sent.exception() is None and len(first.host.jobs) == 1
    await first.services.aclose()


# a program that is gone


async def test_outbox_does_not_send_a_submission_without_its_circuit(tmp_path: Path) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.services.aclose()
    sends = first.host.count("submit")
    shutil.rmtree(first.folders.data / "circuits")
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(120)
    assert first.host.count("submit") == sends and not first.host.jobs
    (one,) = again.services.outbox.queue.waiting()
    assert (one.state, one.why) == (WaitState.NOT_CREATED, NO_PROGRAM)
    assert "circuit is not kept" in notices(again)
    with pytest.raises(QdeckError) as caught:
        await again.services.outbox.send_again(one.tag)
    assert "circuit is not kept" in caught.value.message
    await again.services.outbox.queue.withdraw(one.tag)
    assert again.services.outbox.queue.waiting() == ()
    await again.services.aclose()


# several qdecks


@pytest.mark.parametrize("in_order", [True, False])
async def test_reconciler_adopts_what_another_process_left_queued(tmp_path: Path, in_order: bool) -> None:
    survivor = await MonitorHarness(tmp_path, seed=2).enter(SANDBOX)
    await survivor.clock.advance(300)
    first = await MonitorHarness(tmp_path, survivor.host).enter(SANDBOX)
    first.host.faults["submit"] = [too_many()]
    sent = asyncio.ensure_future(first.services.outbox.submit(BELL))
    await first.clock.advance(3)
    (one,) = survivor.services.outbox.queue.waiting()
    assert one.elsewhere and survivor.published(OutboxChanged)[-1] == OutboxChanged((one,))
    await (first.services.aclose() if in_order else first.kill())
    await survivor.clock.advance(120)
    assert len(survivor.host.jobs) == 1 and survivor.services.outbox.queue.waiting() == ()
    sent.cancel()
    await survivor.services.aclose()


async def test_reconciler_reconciles_what_a_killed_process_was_sending(tmp_path: Path) -> None:
    survivor = await MonitorHarness(tmp_path, seed=2).enter(SANDBOX)
    first = await MonitorHarness(tmp_path, survivor.host).enter(SANDBOX)
    sending = asyncio.Event()

    async def hangs(submission: Submission) -> Job:
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    first.made_services[-1].submit = hangs  # type: ignore[method-assign]
    sent = asyncio.ensure_future(first.services.outbox.submit(BELL))
    await sending.wait()
    await survivor.clock.advance(60)
    assert survivor.services.outbox.queue.waiting()[0].elsewhere
    await first.kill()
    await survivor.clock.advance(120)
    assert survivor.services.outbox.queue.waiting()[0].state is WaitState.NOT_CREATED
    sent.cancel()
    await asyncio.gather(survivor.services.aclose(), first.services.aclose())


async def test_reconciler_leaves_alone_what_another_machine_is_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared home whose locks do not reach the other machine."""
    first = await MonitorHarness(tmp_path).enter(SANDBOX)
    monkeypatch.setattr(ownership, "this_machine", lambda: ("00000000", "00000000"))
    second = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    sending, may_end = asyncio.Event(), asyncio.Event()

    async def slow(submission: Submission) -> Job:
        sending.set()
        await may_end.wait()
        return first.host.add(tags=submission.tags)

    first.made_services[-1].submit = slow  # type: ignore[method-assign]
    sent = asyncio.ensure_future(first.services.outbox.submit(BELL))
    await sending.wait()
    shutil.rmtree(tmp_path / "state" / "owners")
    await second.clock.advance(SENDING_ELSEWHERE.total_seconds() - 60)
    (one,) = second.services.outbox.queue.waiting()
    assert one.elsewhere and one.state is WaitState.SENDING
    may_end.set()
    await second.clock.advance(60)
    assert sent.done() and second.services.outbox.queue.waiting() == () and len(first.host.jobs) == 1
    await asyncio.gather(first.services.aclose(), second.services.aclose())


async def test_two_processes_adopting_on_a_full_disk_send_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.services.aclose()
    full = True
    write = JobRepository._write

    def refuses(self: JobRepository, *owed: Any) -> Any:
        if full:
            raise QdeckError(ErrorKind.STORAGE, "No space left on device.")
        return write(self, *owed)

    monkeypatch.setattr(JobRepository, "_write", refuses)
    apps = [MonitorHarness(tmp_path, first.host, seed=seed) for seed in (2, 3)]
    for one in apps:
        await one.enter(SANDBOX)
    await first.clock.advance(60)
    full = False
    await first.clock.advance(300)
    assert len(first.host.jobs) == 1
    await asyncio.gather(*(one.services.aclose() for one in apps))


# withdrawing


@pytest.mark.parametrize("turns", range(8))
async def test_withdrawn_submission_is_not_sent_however_late(tmp_path: Path, turns: int) -> None:
    harness, sent = await queued_submission(tmp_path)
    (one,) = harness.services.outbox.queue.waiting()
    sends = harness.host.count("submit")
    harness.services.outbox.queue.release()

    async def withdraw() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await harness.services.outbox.queue.withdraw(one.tag)

    _, outcome = await asyncio.gather(harness.services.outbox.step(), withdraw(), return_exceptions=True)
    await harness.clock.settle()
    if isinstance(outcome, QdeckError):
        assert outcome.kind in {ErrorKind.CONFLICT, ErrorKind.NOT_FOUND} and len(harness.host.jobs) == 1
    else:
        assert harness.host.count("submit") == sends and state(harness) == "withdrawn"
    await harness.services.aclose()
    assert sent.done()


async def test_withdrawal_that_cannot_be_written_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness, _ = await queued_submission(tmp_path)
    (one,) = harness.services.outbox.queue.waiting()

    def refuses(*_: object) -> None:
        raise QdeckError(ErrorKind.STORAGE, "No space left on device.")

    monkeypatch.setattr(JobRepository, "_write", refuses)
    await harness.services.outbox.queue.withdraw(one.tag)
    assert "cannot be written down" in notices(harness) and harness.services.outbox.queue.waiting() == ()
    monkeypatch.undo()
    await harness.services.aclose()
    assert state(harness) == "withdrawn"


async def test_outbox_without_sending_leaves_the_queue_alone(tmp_path: Path) -> None:
    first, _ = await queued_submission(tmp_path)
    await first.services.aclose()
    observer = await MonitorHarness(tmp_path, first.host, seed=2, sends=False).enter(SANDBOX)
    sends = first.host.count("submit")
    await observer.clock.advance(300)
    await observer.services.polling.refresh()
    assert first.host.count("submit") == sends and state(observer) == "prepared"
    await observer.services.aclose()


# a service that is slow, or silent


async def submitted_late(
    tmp_path: Path,
) -> tuple[MonitorHarness, asyncio.Future[Job], list[Callable[[], Job]]]:
    """The gateway gives up on a submission; who is in the list creates its job."""
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    later: list[Callable[[], Job]] = []

    def slow(create: Callable[[], Job]) -> Job:
        later.append(create)
        raise gave_up()

    harness.host.submit_ends = slow
    return harness, asyncio.ensure_future(harness.services.outbox.submit(BELL)), later


async def test_reconciler_finds_a_job_created_ten_seconds_after_the_gateway_timeout(tmp_path: Path) -> None:
    harness, sent, later = await submitted_late(tmp_path)
    await harness.clock.advance(10)
    assert not sent.done() and harness.services.outbox.queue.waiting()[0].state is WaitState.UNCONFIRMED
    later[0]()
    await harness.clock.run_until(sent.done, seconds=60)
    assert sent.result().id in harness.host.jobs and harness.host.count("submit") == 1
    await harness.services.aclose()


async def test_reconciler_accepts_a_listed_job_of_a_submission_declared_unsent(tmp_path: Path) -> None:
    harness, sent, later = await submitted_late(tmp_path)
    await harness.clock.run_until(sent.done, seconds=90)
    assert harness.services.outbox.queue.waiting()[0].state is WaitState.NOT_CREATED
    later[0]()
    await harness.services.polling.refresh()
    await harness.clock.settle()
    assert harness.services.outbox.queue.waiting() == () and state(harness) == "accepted"
    assert harness.services.jobs.all()[0].name == "bell" and notices(harness).count("did reach") == 1
    await harness.services.aclose()


async def test_reconciler_reads_an_unfiltered_list_back_to_the_submission(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    harness.host.filters_tags = False
    for _ in range(5):
        harness.host.add(age=3600.0)

    def answered_by_none(create: Callable[[], Job]) -> Job:
        create()
        for number in range(450):
            harness.host.add(age=-1.0 - number / 1000)
        raise gave_up()

    harness.host.submit_ends = answered_by_none
    job = await harness.services.outbox.submit(BELL)
    assert harness.host.count("submit") == 1 and len(harness.host.jobs[job.id].tags) == 2
    await harness.services.aclose()


async def left_sending(root: Path) -> MonitorHarness:
    """Return a harness that was killed while it was sending; the job list is down since."""
    first, _ = await queued_submission(root)
    await first.kill()
    data = read_tables(first.folders)
    for row in data["submissions"].values():
        row |= {"state": "sending", "sent": row["created"]}
    write_journal(first.folders, data)
    first.host.faults["find"] = [network() for _ in range(1000)]
    return first


async def test_unconfirmed_submission_holds_the_queue_until_the_user_withdraws_it(tmp_path: Path) -> None:
    first = await left_sending(tmp_path)
    again = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    (one,) = again.services.outbox.queue.waiting()
    assert one.state is WaitState.UNCONFIRMED and "checking" in one.why and state(again) == "unconfirmed"
    sends = first.host.count("submit")
    new = asyncio.ensure_future(again.services.outbox.submit(replace(BELL, name="new")))
    await again.clock.advance(1200)
    assert not new.done() and first.host.count("submit") == sends
    assert "being checked" in again.services.outbox.queue.waiting()[1].why
    await again.services.outbox.queue.withdraw(one.tag)
    await again.clock.run_until(new.done, seconds=10)
    assert new.exception() is None and len(first.host.jobs) == 1
    await again.services.aclose()


async def test_unexpected_error_ends_the_wait_for_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)

    def breaks(self: JobRepository, pending: PendingSubmission) -> PendingSubmission:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(JobRepository, "upsert_submission", breaks)
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(harness.services.outbox.submit(BELL), 5)
    monkeypatch.undo()
    await harness.services.outbox.submit(BELL)
    assert len(harness.host.jobs) == 1
    await harness.services.aclose()


async def test_closing_ends_the_wait_for_the_job_as_unconfirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_module, "LAST_WORDS_SECONDS", 0.01)
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    sending = asyncio.Event()

    async def hangs(submission: Submission) -> Job:
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    harness.made_services[-1].submit = hangs  # type: ignore[method-assign]
    sent = asyncio.ensure_future(harness.services.outbox.submit(BELL))
    await sending.wait()
    await harness.services.aclose()
    error = sent.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.UNCONFIRMED
    assert state(harness) == "unconfirmed"
