"""Submissions in line: what they wait for, what the user can do, and what survives a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, network
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Account
from tui.domain.jobs import Job, JobStatus
from tui.domain.submissions import WaitState
from tui.monitor.outbox.ownership import STALE
from tui.monitor.outbox.send_queue import CREATION_LIMIT, CREATIONS, FULL_BACKOFF
from tui.monitor.state.events import Notice, OutboxChanged
from tui.store.records.models import PendingState, PendingSubmission, merge_submissions

SANDBOX = replace(ACCOUNT, sandbox=True)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def too_many(seconds: float | None = 30.0) -> QdeckError:
    return QdeckError(ErrorKind.RATE_LIMITED, "Too many requests.", code="1202", retry_after=seconds)


def full(kind: ErrorKind = ErrorKind.CONFLICT, code: str | None = "3458") -> QdeckError:
    return QdeckError(kind, "You have reached the limit of 3 pending jobs.", code=code)


def never_arrived(create: Callable[[], Job]) -> Job:
    raise QdeckError(ErrorKind.UNCONFIRMED, "The connection broke after the request was sent.")


async def entered(root: Path, account: Account = SANDBOX) -> MonitorHarness:
    return await MonitorHarness(root).enter(account)


def submit(harness: MonitorHarness, name: str) -> asyncio.Future[Job]:
    return asyncio.ensure_future(harness.services.outbox.submit(replace(BELL, name=name)))


def names(harness: MonitorHarness) -> list[str]:
    return [one.submission.name for one in harness.services.outbox.queue.waiting()]


async def test_send_queue_holds_the_sixth_submission_in_a_minute(tmp_path: Path) -> None:
    harness = await entered(tmp_path, ACCOUNT)
    sent = [submit(harness, str(number)) for number in range(CREATIONS + 2)]
    await harness.clock.settle()
    assert harness.host.count("submit") == CREATIONS
    first, second = harness.services.outbox.queue.waiting()
    assert (first.submission.name, first.place, first.state) == ("5", 1, WaitState.WAITING)
    assert first.due == harness.clock.now() + timedelta(seconds=60) and "5 jobs a minute" in first.why
    assert (second.submission.name, second.place) == ("6", 2)
    await harness.clock.advance(50)
    assert harness.host.count("submit") == CREATIONS
    await harness.clock.advance(20)
    assert all(one.done() for one in sent) and harness.services.outbox.queue.waiting() == ()
    assert harness.published(OutboxChanged)[-1] == OutboxChanged(())
    assert len(harness.host.jobs) == CREATIONS + 2
    await harness.services.aclose()


async def test_rate_limit_counts_requests_of_an_earlier_run(tmp_path: Path) -> None:
    harness = await entered(tmp_path, ACCOUNT)
    for number in range(CREATIONS):
        await submit(harness, str(number))
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host, seed=2).enter()
    late = submit(again, "late")
    await again.clock.advance(5)
    assert not late.done()
    await again.clock.run_until(late.done, seconds=90)
    await again.services.aclose()


@pytest.mark.parametrize("seconds", [30.0, None, 0.0])
async def test_rate_limited_submission_is_queued_again(tmp_path: Path, seconds: float | None) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(seconds), too_many(seconds)]
    sent = submit(harness, "a")
    await harness.clock.settle()
    (waiting,) = harness.services.outbox.queue.waiting()
    assert waiting.state is WaitState.WAITING and waiting.due is not None and "wait" in waiting.why
    await harness.clock.run_until(sent.done, seconds=120)
    assert sent.result().id in harness.host.jobs
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (3, 1)
    await harness.services.aclose()


@pytest.mark.parametrize(
    "refusal",
    [full(), full(ErrorKind.FORBIDDEN), full(ErrorKind.FORBIDDEN, None)],
    ids=["409", "403", "words"],
)
async def test_full_service_queue_holds_submissions_until_a_job_leaves_it(
    tmp_path: Path, refusal: QdeckError
) -> None:
    harness = await entered(tmp_path)
    first = await submit(harness, "first")
    await harness.clock.advance(300)
    harness.host.faults["submit"] = [refusal]
    sent = submit(harness, "second")
    await harness.clock.settle()
    assert "as many of your jobs" in harness.services.outbox.queue.waiting()[0].why
    harness.host.turn(first.id, JobStatus.DONE)
    await harness.services.polling.refresh()
    await harness.clock.advance(1)
    assert sent.done() and sent.exception() is None
    await harness.services.aclose()


async def test_full_service_queue_is_tried_with_back_off(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [full() for _ in range(200)]
    sent = submit(harness, "a")
    await harness.clock.advance(1200)
    assert 9 <= harness.host.count("submit") <= 15 and not sent.done()
    harness.host.faults.clear()
    await harness.clock.run_until(sent.done, seconds=200)
    await harness.services.aclose()


async def test_signing_out_forgets_the_limits_of_the_account(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    queue = harness.services.outbox.queue
    for _ in range(3):
        queue.hold_full()
    queue.checking = True
    queue.reset()
    assert (queue.hold, queue.checking) == (None, False)
    queue.hold_full()
    assert queue.hold is not None
    assert queue.hold.until == harness.clock.monotonic() + FULL_BACKOFF.first
    await harness.services.aclose()


async def test_send_queue_moves_and_withdraws_submissions(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(30)]
    sent = {name: submit(harness, name) for name in "abcd"}
    await harness.clock.settle()
    tags = {one.submission.name: one.tag for one in harness.services.outbox.queue.waiting()}
    assert names(harness) == ["a", "b", "c", "d"]
    await harness.services.outbox.queue.move(tags["d"], -2)
    assert names(harness) == ["a", "d", "b", "c"]
    await harness.services.outbox.queue.move(tags["a"], 99)
    assert names(harness) == ["d", "b", "c", "a"]
    await harness.services.outbox.queue.withdraw(tags["b"])
    await harness.clock.settle()
    error = sent["b"].exception()
    assert isinstance(error, QdeckError) and "nothing was sent" in error.message
    assert names(harness) == ["d", "c", "a"]
    await harness.clock.advance(60)
    assert [job.name for job in sorted(harness.services.jobs.all(), key=lambda job: job.id)] == [
        "d",
        "c",
        "a",
    ]
    with pytest.raises(QdeckError) as caught:
        await harness.services.outbox.queue.withdraw(tags["b"])
    assert caught.value.kind is ErrorKind.NOT_FOUND
    with pytest.raises(QdeckError):
        await harness.services.outbox.queue.move(tags["a"], 1)
    await harness.services.aclose()


async def test_send_queue_keeps_its_order_after_a_restart(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(600)]
    sent = {name: submit(harness, name) for name in "abc"}
    await harness.clock.settle()
    await harness.services.outbox.queue.move(harness.services.outbox.queue.waiting()[2].tag, -2)
    await harness.services.outbox.queue.withdraw(harness.services.outbox.queue.waiting()[1].tag)
    await harness.services.aclose()
    await harness.clock.settle()
    error = sent["b"].exception()
    assert isinstance(error, QdeckError) and "in line" in error.message
    again = MonitorHarness(tmp_path, harness.host, seed=2)
    await again.services.start()
    assert {one.submission.name for one in again.services.outbox.queue.waiting()} == {"b", "c"}
    await again.services.account.sign_in(SANDBOX)
    await again.clock.advance(5)
    assert [job.name for job in sorted(again.services.jobs.all(), key=lambda job: job.id)] == ["c", "b"]
    assert [job.circuit for job in map(again.services.jobs.get, harness.host.jobs) if job] == [
        "OPENQASM 3;"
    ] * 2
    assert any("still in line" in event.text for event in again.events if isinstance(event, Notice))
    await again.services.aclose()


async def test_stale_submission_is_sent_only_when_the_user_requests_it(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(600)]
    left = submit(harness, "a")
    await harness.clock.settle()
    await harness.services.aclose()
    left.exception()
    await harness.clock.advance(STALE.total_seconds() + 60)
    again = await MonitorHarness(tmp_path, harness.host, seed=2).enter(SANDBOX)
    await again.clock.advance(3600)
    assert not harness.host.jobs
    (waiting,) = again.services.outbox.queue.waiting()
    assert (waiting.state, waiting.submission.name) == (WaitState.NOT_CREATED, "a")
    notices = [event.text for event in again.events if isinstance(event, Notice)]
    assert any("over a day old" in text for text in notices) and not any(
        "will be sent" in text for text in notices
    )
    await again.services.outbox.send_again(waiting.tag)
    await again.clock.run_until(lambda: again.services.outbox.queue.waiting() == (), seconds=120)
    assert [job.name for job in again.services.jobs.all()] == ["a"] and len(harness.host.jobs) == 1
    await again.services.aclose()


async def test_submission_queued_by_another_process_is_shown_and_left_alone(tmp_path: Path) -> None:
    first = await entered(tmp_path)
    first.host.faults["submit"] = [too_many(50)]
    sent = submit(first, "a")
    await first.clock.settle()
    second = await MonitorHarness(tmp_path, first.host, seed=2).enter(SANDBOX)
    await second.clock.advance(3)
    (waiting,) = second.services.outbox.queue.waiting()
    assert waiting.elsewhere
    with pytest.raises(QdeckError) as caught:
        await second.services.outbox.queue.withdraw(waiting.tag)
    assert caught.value.kind is ErrorKind.CONFLICT
    await first.clock.run_until(sent.done, seconds=60)
    await first.clock.advance(40)
    assert len(first.host.jobs) == 1 and second.services.outbox.queue.waiting() == ()
    await asyncio.gather(first.services.aclose(), second.services.aclose())


async def test_two_processes_starting_together_send_an_orphaned_submission_once(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(600)]
    left = submit(harness, "a")
    await harness.clock.settle()
    await harness.services.aclose()
    left.exception()
    apps = [MonitorHarness(tmp_path, harness.host, seed=seed) for seed in (2, 3)]
    for one in apps:
        await one.services.start()
    await asyncio.gather(*(one.services.account.sign_in(SANDBOX) for one in apps))
    await harness.clock.advance(120)
    assert len(harness.host.jobs) == 1
    await asyncio.gather(*(one.services.aclose() for one in apps))


async def test_sign_out_keeps_the_send_queue_for_the_next_sign_in(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.faults["submit"] = [too_many(600)]
    sent = submit(harness, "a")
    await harness.clock.settle()
    await harness.services.account.sign_out()
    await harness.clock.settle()
    error = sent.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.EXPIRED
    assert "sign in" in harness.services.outbox.queue.waiting()[0].why
    await harness.services.account.sign_in(replace(SANDBOX, instance="crn:two"))
    assert harness.services.outbox.queue.waiting() == ()
    await harness.services.account.sign_in(SANDBOX)
    await harness.clock.advance(2)
    assert len(harness.host.jobs) == 1
    await harness.services.aclose()


async def test_unconfirmed_submission_is_shown_and_can_be_withdrawn(tmp_path: Path) -> None:
    harness = await entered(tmp_path)

    def and_down(create: Callable[[], Job]) -> Job:
        harness.host.down = network()
        return never_arrived(create)

    harness.host.submit_ends = and_down
    sent = submit(harness, "a")
    await harness.clock.settle()
    (waiting,) = harness.services.outbox.queue.waiting()
    assert waiting.state is WaitState.UNCONFIRMED and "checking" in waiting.why
    await harness.services.outbox.queue.withdraw(waiting.tag)
    await harness.clock.settle()
    assert sent.done() and harness.services.outbox.queue.waiting() == ()
    harness.host.down = None
    polls = harness.host.count("find")
    await harness.clock.advance(300)
    assert harness.host.count("find") == polls
    await harness.services.aclose()


async def test_submission_not_created_is_sent_again_when_the_user_requests_it(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    harness.host.submit_ends = never_arrived
    sent = submit(harness, "a")
    await harness.clock.run_until(sent.done, seconds=90)
    (waiting,) = harness.services.outbox.queue.waiting()
    assert waiting.state is WaitState.NOT_CREATED
    await harness.clock.advance(300)
    assert (harness.host.count("submit"), harness.host.jobs) == (1, {})
    await harness.services.outbox.send_again(waiting.tag)
    await harness.clock.advance(1)
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (2, 1)
    assert harness.services.outbox.queue.waiting() == () and harness.services.jobs.all()[0].name == "a"
    with pytest.raises(QdeckError):
        await harness.services.outbox.send_again(waiting.tag)
    await harness.services.aclose()


async def test_send_again_finds_a_late_job_and_sends_nothing(tmp_path: Path) -> None:
    harness = await entered(tmp_path)
    created: list[Callable[[], Job]] = []

    def later(create: Callable[[], Job]) -> Job:
        created.append(create)
        return never_arrived(create)

    harness.host.submit_ends = later
    sent = submit(harness, "a")
    await harness.clock.run_until(sent.done, seconds=90)
    (waiting,) = harness.services.outbox.queue.waiting()
    created[0]()
    await harness.services.outbox.send_again(waiting.tag)
    await harness.clock.advance(5)
    assert (harness.host.count("submit"), len(harness.host.jobs)) == (1, 1)
    assert harness.services.jobs.all()[0].name == "a" and harness.services.outbox.queue.waiting() == ()
    await harness.services.aclose()


def test_rate_limiter_slots_keep_the_limit_in_every_window() -> None:
    before = [NOW - timedelta(seconds=seconds) for seconds in (90, 50, 40, 30)]
    free = CREATION_LIMIT.slots([*before, NOW + timedelta(hours=1)], NOW, 9)
    every = sorted([*before, *free])
    for at in every:
        assert sum(at <= other < at + timedelta(seconds=60) for other in every) <= CREATIONS
    assert free[:2] == [NOW, NOW] and free[2] == NOW + timedelta(seconds=10)


def test_merge_of_two_states_of_a_submission_keeps_the_later_attempt() -> None:
    first = PendingSubmission("t", PendingState.SENDING, "platform", "", NOW, BELL)
    again = replace(first, state=PendingState.PREPARED, attempt=1)
    accepted = replace(first, state=PendingState.ACCEPTED)
    for one, other, wanted in (
        (first, again, again),
        (replace(first, state=PendingState.UNSENT), again, again),
        (again, accepted, accepted),
        (replace(first, state=PendingState.PREPARED), first, first),
    ):
        assert merge_submissions(one, other) == merge_submissions(other, one) == wanted
