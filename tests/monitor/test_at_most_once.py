"""No job twice, none lost: old copies of the history, several qdecks and machines, a slow service."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, Cockpit, network
from tests.store.made import kept, write_kept
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import Submission, WaitState
from tui.monitor import services as tower
from tui.monitor.outbox import process_lock as presence
from tui.monitor.outbox.ownership import SENDING_ELSEWHERE
from tui.monitor.outbox.reconciler import SURE_AFTER
from tui.monitor.outbox.send_queue import NO_PROGRAM
from tui.monitor.state.events import Notice, OutboxChanged
from tui.store.import_export import exported, imported
from tui.store.records.json_v1 import decode
from tui.store.records.models import Intent, IntentState
from tui.store.repository import History

SANDBOX = replace(ACCOUNT, sandbox=True)


def too_many(seconds: float = 600.0) -> QdeckError:
    return QdeckError(ErrorKind.RATE_LIMITED, "Too many requests.", code="1202", retry_after=seconds)


def gave_up() -> QdeckError:
    return QdeckError(ErrorKind.UNCONFIRMED, "The gateway gave up (504).", status=504)


def state(cockpit: Cockpit) -> str:
    (row,) = kept(cockpit.folders)["submissions"].values()
    return str(row["state"])


def told(cockpit: Cockpit) -> str:
    return "\n".join(event.text for event in cockpit.events if isinstance(event, Notice))


async def waiting(root: Path, sandbox: bool = True) -> tuple[Cockpit, asyncio.Future[Job]]:
    """A deck with one submission in line."""
    cockpit = await Cockpit(root).enter(SANDBOX if sandbox else ACCOUNT)
    cockpit.host.faults["submit"] = [too_many()]
    sent = asyncio.ensure_future(cockpit.deck.submit(BELL))
    await cockpit.clock.settle()
    assert cockpit.deck.waiting()[0].state is WaitState.WAITING
    return cockpit, sent


async def killed(cockpit: Cockpit) -> None:
    """The deck stops where it is; its lock is let go of, as the kernel does."""
    await cockpit.deck._scheduler.stop()
    cockpit.deck._outbox._owner.leave()


# an old copy of the history


async def copied(root: Path, step: IntentState, ends: Callable[[Callable[[], Job]], Job]) -> Cockpit:
    """A submission whose request ended so; the history is what it was at that step."""
    cockpit = await Cockpit(root).enter(SANDBOX)
    copy: list[bytes] = []

    def reached(now: IntentState) -> None:
        if now is step:
            copy.append(cockpit.folders.history_file.read_bytes())

    cockpit.deck._outbox.reached = reached
    cockpit.host.submit_ends = ends
    sent = asyncio.ensure_future(cockpit.deck.submit(BELL))
    await cockpit.clock.settle()
    sent.cancel()
    await cockpit.deck.aclose()
    cockpit.folders.history_file.write_bytes(copy[0])
    return cockpit


@pytest.mark.parametrize("step", [IntentState.PREPARED, IntentState.SENDING])
@pytest.mark.parametrize("filters", [True, False])
async def test_an_old_copy_of_the_history_sends_nothing_again(
    tmp_path: Path, step: IntentState, filters: bool
) -> None:
    first = await copied(tmp_path, step, lambda create: create())
    first.host.filters_tags = filters
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (1, 1)
    assert again.deck.waiting() == () and again.deck.jobs()[0].name == "bell" and state(again) == "accepted"
    await again.deck.aclose()


async def test_what_the_history_forgot_may_still_be_on_its_way(tmp_path: Path) -> None:
    """Killed while the request was under way, and the file lost the line that says so."""
    later: list[Callable[[], Job]] = []

    def slow(create: Callable[[], Job]) -> Job:
        later.append(create)
        raise gave_up()

    first = await copied(tmp_path, IntentState.PREPARED, slow)
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(10)
    (one,) = again.deck.waiting()
    assert "not sent before" in one.why and one.due is not None
    later[0]()
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (1, 1) and again.deck.waiting() == ()
    await again.deck.aclose()


async def test_what_was_not_sent_before_goes_out_once_that_is_sure(tmp_path: Path) -> None:
    first, _ = await waiting(tmp_path)
    await killed(first)
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    sends = first.host.count("submit")
    await again.clock.advance(SURE_AFTER - 1)
    assert first.host.count("submit") == sends
    await again.clock.advance(2)
    assert len(first.host.jobs) == 1 and again.deck.waiting() == ()
    await again.deck.aclose()


async def test_while_the_list_is_silent_nothing_from_before_is_sent(tmp_path: Path) -> None:
    first, _ = await waiting(tmp_path)
    await first.deck.aclose()
    sends = first.host.count("submit")
    first.host.faults["look"] = [network() for _ in range(5)]
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(5)
    assert first.host.count("submit") == sends and "not sent before" in again.deck.waiting()[0].why
    await again.clock.advance(300)
    assert (first.host.count("submit"), len(first.host.jobs)) == (sends + 1, 1)
    await again.deck.aclose()


@pytest.mark.parametrize("step", ["prepared", "sending"])
async def test_an_import_sends_nothing(tmp_path: Path, step: str) -> None:
    first, sent = await waiting(tmp_path / "one")
    exports = tmp_path / "out.json"
    exports.write_bytes(b"".join(exported(first.folders.history_file)))
    rows = decode(exports.read_bytes())
    for row in rows["submissions"].values():
        row["state"] = step
    other = Cockpit(tmp_path / "two", first.host, seed=2)
    now = first.clock.now
    imported(other.folders.history_file, other.folders.old_history_file, rows, now)
    await other.enter(SANDBOX)
    sends = first.host.count("submit")
    await other.clock.advance(300)
    assert first.host.count("submit") == sends
    (one,) = other.deck.waiting()
    assert one.state is WaitState.NOT_CREATED
    await first.clock.run_until(sent.done, seconds=700)
    await other.deck.refresh()
    await other.clock.settle()
    # Its own home sent it; the other one sees that it is a job.
    assert len(first.host.jobs) == 1 and other.deck.waiting() == ()
    await asyncio.gather(first.deck.aclose(), other.deck.aclose())


async def test_an_import_into_its_own_home_takes_nothing_out_of_the_line(tmp_path: Path) -> None:
    first, sent = await waiting(tmp_path)
    rows = decode(b"".join(exported(first.folders.history_file)))
    imported(first.folders.history_file, first.folders.old_history_file, rows, first.clock.now)
    await first.clock.run_until(sent.done, seconds=700)
    assert sent.exception() is None and len(first.host.jobs) == 1
    await first.deck.aclose()


# a program that is gone


async def test_a_submission_whose_circuit_is_gone_is_not_sent(tmp_path: Path) -> None:
    first, _ = await waiting(tmp_path)
    await first.deck.aclose()
    sends = first.host.count("submit")
    shutil.rmtree(first.folders.data / "circuits")
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    await again.clock.advance(120)
    assert first.host.count("submit") == sends and not first.host.jobs
    (one,) = again.deck.waiting()
    assert (one.state, one.why) == (WaitState.NOT_CREATED, NO_PROGRAM)
    assert "circuit is not kept" in told(again)
    with pytest.raises(QdeckError) as caught:
        await again.deck.send_again(one.tag)
    assert "circuit is not kept" in caught.value.message
    await again.deck.withdraw(one.tag)
    assert again.deck.waiting() == ()
    await again.deck.aclose()


# several qdecks


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_qdeck_that_goes_on_takes_over_what_another_one_leaves(
    tmp_path: Path, in_order: bool
) -> None:
    survivor = await Cockpit(tmp_path, seed=2).enter(SANDBOX)
    await survivor.clock.advance(300)
    first = await Cockpit(tmp_path, survivor.host).enter(SANDBOX)
    first.host.faults["submit"] = [too_many()]
    sent = asyncio.ensure_future(first.deck.submit(BELL))
    await first.clock.advance(3)
    (one,) = survivor.deck.waiting()
    assert one.elsewhere and survivor.told(OutboxChanged)[-1] == OutboxChanged((one,))
    await (first.deck.aclose() if in_order else killed(first))
    await survivor.clock.advance(120)
    assert len(survivor.host.jobs) == 1 and survivor.deck.waiting() == ()
    sent.cancel()
    await survivor.deck.aclose()


async def test_what_another_one_was_sending_when_it_was_killed_is_settled(tmp_path: Path) -> None:
    survivor = await Cockpit(tmp_path, seed=2).enter(SANDBOX)
    first = await Cockpit(tmp_path, survivor.host).enter(SANDBOX)
    sending = asyncio.Event()

    async def hangs(submission: Submission) -> Job:
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    first.services[-1].submit = hangs  # type: ignore[method-assign]
    sent = asyncio.ensure_future(first.deck.submit(BELL))
    await sending.wait()
    await survivor.clock.advance(60)
    assert survivor.deck.waiting()[0].elsewhere
    await killed(first)
    await survivor.clock.advance(120)
    assert survivor.deck.waiting()[0].state is WaitState.NOT_CREATED
    sent.cancel()
    await asyncio.gather(survivor.deck.aclose(), first.deck.aclose())


async def test_what_another_machine_is_sending_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared home whose locks do not reach the other machine."""
    first = await Cockpit(tmp_path).enter(SANDBOX)
    monkeypatch.setattr(presence, "this_machine", lambda: ("00000000", "00000000"))
    second = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    sending, may_end = asyncio.Event(), asyncio.Event()

    async def slow(submission: Submission) -> Job:
        sending.set()
        await may_end.wait()
        return first.host.add(tags=submission.tags)

    first.services[-1].submit = slow  # type: ignore[method-assign]
    sent = asyncio.ensure_future(first.deck.submit(BELL))
    await sending.wait()
    shutil.rmtree(tmp_path / "state" / "owners")
    await second.clock.advance(SENDING_ELSEWHERE.total_seconds() - 60)
    (one,) = second.deck.waiting()
    assert one.elsewhere and one.state is WaitState.SENDING
    may_end.set()
    await second.clock.advance(60)
    assert sent.done() and second.deck.waiting() == () and len(first.host.jobs) == 1
    await asyncio.gather(first.deck.aclose(), second.deck.aclose())


async def test_two_that_adopt_while_the_disk_is_full_send_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await waiting(tmp_path)
    await first.deck.aclose()
    full = True
    write = History._write

    def refuses(self: History, *owed: Any) -> Any:
        if full:
            raise QdeckError(ErrorKind.STORAGE, "No space left on device.")
        return write(self, *owed)

    monkeypatch.setattr(History, "_write", refuses)
    decks = [Cockpit(tmp_path, first.host, seed=seed) for seed in (2, 3)]
    for one in decks:
        await one.enter(SANDBOX)
    await first.clock.advance(60)
    full = False
    await first.clock.advance(300)
    assert len(first.host.jobs) == 1
    await asyncio.gather(*(one.deck.aclose() for one in decks))


# withdrawing


@pytest.mark.parametrize("turns", range(8))
async def test_a_withdrawn_submission_is_not_sent_however_late(tmp_path: Path, turns: int) -> None:
    cockpit, sent = await waiting(tmp_path)
    (one,) = cockpit.deck.waiting()
    sends = cockpit.host.count("submit")
    cockpit.deck._outbox.line.release()

    async def withdraw() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await cockpit.deck.withdraw(one.tag)

    _, outcome = await asyncio.gather(cockpit.deck._outbox.step(), withdraw(), return_exceptions=True)
    await cockpit.clock.settle()
    if isinstance(outcome, QdeckError):
        assert outcome.kind in {ErrorKind.CONFLICT, ErrorKind.NOT_FOUND} and len(cockpit.host.jobs) == 1
    else:
        assert cockpit.host.count("submit") == sends and state(cockpit) == "withdrawn"
    await cockpit.deck.aclose()
    assert sent.done()


async def test_a_withdrawal_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cockpit, _ = await waiting(tmp_path)
    (one,) = cockpit.deck.waiting()

    def refuses(*_: object) -> None:
        raise QdeckError(ErrorKind.STORAGE, "No space left on device.")

    monkeypatch.setattr(History, "_write", refuses)
    await cockpit.deck.withdraw(one.tag)
    assert "cannot be written down" in told(cockpit) and cockpit.deck.waiting() == ()
    monkeypatch.undo()
    await cockpit.deck.aclose()
    assert state(cockpit) == "withdrawn"


async def test_a_deck_that_does_not_send_leaves_the_line_alone(tmp_path: Path) -> None:
    first, _ = await waiting(tmp_path)
    await first.deck.aclose()
    looks = await Cockpit(tmp_path, first.host, seed=2, sends=False).enter(SANDBOX)
    sends = first.host.count("submit")
    await looks.clock.advance(300)
    await looks.deck.refresh()
    assert first.host.count("submit") == sends and state(looks) == "prepared"
    await looks.deck.aclose()


# a service that is slow, or silent


async def submitted_late(
    tmp_path: Path,
) -> tuple[Cockpit, asyncio.Future[Job], list[Callable[[], Job]]]:
    """The gateway gives up on a submission; who is in the list creates its job."""
    cockpit = await Cockpit(tmp_path).enter(SANDBOX)
    later: list[Callable[[], Job]] = []

    def slow(create: Callable[[], Job]) -> Job:
        later.append(create)
        raise gave_up()

    cockpit.host.submit_ends = slow
    return cockpit, asyncio.ensure_future(cockpit.deck.submit(BELL)), later


async def test_a_job_that_comes_ten_seconds_after_the_gateway_gave_up_is_found(tmp_path: Path) -> None:
    cockpit, sent, later = await submitted_late(tmp_path)
    await cockpit.clock.advance(10)
    assert not sent.done() and cockpit.deck.waiting()[0].state is WaitState.UNCONFIRMED
    later[0]()
    await cockpit.clock.run_until(sent.done, seconds=60)
    assert sent.result().id in cockpit.host.jobs and cockpit.host.count("submit") == 1
    await cockpit.deck.aclose()


async def test_a_job_that_comes_too_late_is_still_taken_for_what_it_is(tmp_path: Path) -> None:
    cockpit, sent, later = await submitted_late(tmp_path)
    await cockpit.clock.run_until(sent.done, seconds=90)
    assert cockpit.deck.waiting()[0].state is WaitState.NOT_CREATED
    later[0]()
    await cockpit.deck.refresh()
    await cockpit.clock.settle()
    assert cockpit.deck.waiting() == () and state(cockpit) == "accepted"
    assert cockpit.deck.jobs()[0].name == "bell" and told(cockpit).count("did reach") == 1
    await cockpit.deck.aclose()


async def test_a_list_that_does_not_filter_is_read_back_to_the_submission(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter(SANDBOX)
    cockpit.host.filters_tags = False
    for _ in range(5):
        cockpit.host.add(age=3600.0)

    def answered_by_none(create: Callable[[], Job]) -> Job:
        create()
        for number in range(450):
            cockpit.host.add(age=-1.0 - number / 1000)
        raise gave_up()

    cockpit.host.submit_ends = answered_by_none
    job = await cockpit.deck.submit(BELL)
    assert cockpit.host.count("submit") == 1 and len(cockpit.host.jobs[job.id].tags) == 2
    await cockpit.deck.aclose()


async def left_sending(root: Path) -> Cockpit:
    """A deck that was killed while it was sending; the job list is down since."""
    first, _ = await waiting(root)
    await killed(first)
    data = kept(first.folders)
    for row in data["submissions"].values():
        row |= {"state": "sending", "sent": row["created"]}
    write_kept(first.folders, data)
    first.host.faults["look"] = [network() for _ in range(1000)]
    return first


async def test_killed_while_sending_and_the_list_is_down_the_user_sees_it_and_decides(tmp_path: Path) -> None:
    first = await left_sending(tmp_path)
    again = await Cockpit(tmp_path, first.host, seed=2).enter(SANDBOX)
    (one,) = again.deck.waiting()
    assert one.state is WaitState.UNCONFIRMED and "checking" in one.why and state(again) == "unconfirmed"
    sends = first.host.count("submit")
    new = asyncio.ensure_future(again.deck.submit(replace(BELL, name="new")))
    await again.clock.advance(1200)
    assert not new.done() and first.host.count("submit") == sends
    assert "being checked" in again.deck.waiting()[1].why
    await again.deck.withdraw(one.tag)
    await again.clock.run_until(new.done, seconds=10)
    assert new.exception() is None and len(first.host.jobs) == 1
    await again.deck.aclose()


async def test_what_goes_wrong_unexpectedly_is_told_to_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cockpit = await Cockpit(tmp_path).enter(SANDBOX)

    def breaks(self: History, intent: Intent) -> Intent:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(History, "put_intent", breaks)
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(cockpit.deck.submit(BELL), 5)
    monkeypatch.undo()
    await cockpit.deck.submit(BELL)
    assert len(cockpit.host.jobs) == 1
    await cockpit.deck.aclose()


async def test_who_waits_is_told_when_qdeck_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tower, "LAST_WORDS_SECONDS", 0.01)
    cockpit = await Cockpit(tmp_path).enter(SANDBOX)
    sending = asyncio.Event()

    async def hangs(submission: Submission) -> Job:
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    cockpit.services[-1].submit = hangs  # type: ignore[method-assign]
    sent = asyncio.ensure_future(cockpit.deck.submit(BELL))
    await sending.wait()
    await cockpit.deck.aclose()
    error = sent.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.UNCONFIRMED
    assert state(cockpit) == "unconfirmed"
