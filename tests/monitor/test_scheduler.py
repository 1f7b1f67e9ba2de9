from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections.abc import Awaitable, Callable

import pytest

from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.polling.jobs_poller import SANDBOX, SERVICE, PollInterval
from tui.monitor.polling.scheduler import BACKOFF, Scheduler, Worker, WorkerPolicy, run_now, stop_workers


class Rounds:
    """A worker's step that notes when it ran."""

    def __init__(self, clock: FakeClock, pause: float = 10.0) -> None:
        self.clock = clock
        self.pause = pause
        self.times: list[float] = []
        self.errors: list[Exception] = []
        self.reports: list[tuple[str, Exception, int]] = []

    async def step(self) -> float:
        self.times.append(self.clock.monotonic())
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        return self.pause

    def report(self, worker: Worker, error: Exception, in_a_row: int) -> None:
        self.reports.append((worker.name, error, in_a_row))

    def gaps(self) -> list[float]:
        return [later - earlier for earlier, later in itertools.pairwise(self.times)]


def running(pause: float = 10.0) -> tuple[Rounds, Worker]:
    clock = FakeClock()
    rounds = Rounds(clock, pause)
    scheduler = Scheduler(clock, random.Random(3), rounds.report)
    worker = scheduler.add("jobs")
    worker.start(rounds.step)
    return rounds, worker


async def test_worker_rounds_have_jitter() -> None:
    rounds, worker = running()
    await rounds.clock.advance(100)
    assert 9 <= len(rounds.times) <= 12
    assert all(9 <= gap <= 11 for gap in rounds.gaps())
    assert len({round(gap, 6) for gap in rounds.gaps()}) > 1
    await worker.stop()
    count = len(rounds.times)
    await rounds.clock.advance(100)
    assert len(rounds.times) == count


async def test_worker_reports_failures_and_backs_off_to_two_minutes() -> None:
    rounds, worker = running()
    rounds.errors = [ValueError(str(n)) for n in range(12)]
    await rounds.clock.advance(1000)
    assert [in_a_row for _, _, in_a_row in rounds.reports] == list(range(1, 13))
    gaps = rounds.gaps()
    assert gaps[0] < 3
    assert all(later > earlier for earlier, later in itertools.pairwise(gaps[:6]))
    assert max(gaps) <= BACKOFF.longest * 1.1
    assert gaps[-1] <= 11
    await worker.stop()


async def test_worker_obeys_retry_after_even_when_woken() -> None:
    rounds, worker = running()
    rounds.errors = [QdeckError(ErrorKind.RATE_LIMITED, "slow down", retry_after=300)]
    await rounds.clock.advance(1)
    for _ in range(10):
        await rounds.clock.advance(20)
        worker.wake()
    with pytest.raises(QdeckError) as caught:
        await run_now(worker)
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    assert len(rounds.times) == 1
    await rounds.clock.advance(200)
    assert rounds.gaps()[0] >= 300
    await worker.stop()


async def test_workers_of_one_flight_run_one_at_a_time() -> None:
    clock = FakeClock()
    under_way: list[str] = []
    most = 0

    def step(name: str) -> Callable[[], Awaitable[float]]:
        async def asks() -> float:
            nonlocal most
            under_way.append(name)
            most = max(most, len(under_way))
            await clock.sleep(0.5)
            under_way.remove(name)
            return 1.0

        return asks

    scheduler = Scheduler(clock, random.Random(3), lambda worker, error, count: None)
    flight = asyncio.Lock()
    for name in "abcd":
        scheduler.add(name).start(step(name), flight)
    await clock.advance(60)
    assert most == 1
    await scheduler.stop()


async def test_worker_runs_once_after_the_machine_slept() -> None:
    rounds, worker = running()
    await rounds.clock.advance(25)
    before = len(rounds.times)
    await rounds.clock.jump(8 * 3600)
    assert len(rounds.times) == before + 1
    await rounds.clock.advance(100)
    assert 9 <= len(rounds.times) - before - 1 <= 12
    await worker.stop()


async def test_wake_if_older_wakes_only_workers_whose_round_is_old() -> None:
    rounds, worker = running(math.inf)
    await rounds.clock.advance(20)
    Scheduler(rounds.clock, random.Random(3), rounds.report).add("another").wake_if_older(30)
    worker.wake_if_older(30)
    await rounds.clock.settle()
    assert len(rounds.times) == 1
    worker.wake_if_older(10)
    await rounds.clock.settle()
    assert len(rounds.times) == 2
    await worker.stop()


async def test_wake_begins_a_round_at_once() -> None:
    rounds, worker = running(math.inf)
    await rounds.clock.advance(1000)
    assert len(rounds.times) == 1
    worker.wake()
    await rounds.clock.settle()
    assert len(rounds.times) == 2
    await worker.stop()


async def test_run_now_waits_for_a_whole_round_and_raises_its_error() -> None:
    rounds, worker = running(math.inf)
    await run_now(worker)
    assert len(rounds.times) >= 1
    rounds.errors = [QdeckError(ErrorKind.NETWORK, "gone")]
    with pytest.raises(QdeckError):
        await run_now(worker, Scheduler(rounds.clock, random.Random(3), rounds.report).add("another"))
    waiting = asyncio.ensure_future(run_now(worker))
    await asyncio.sleep(0)
    await stop_workers(worker)
    with pytest.raises(QdeckError):
        await waiting


def test_poll_interval_is_short_after_a_change_and_long_in_a_deep_queue() -> None:
    tempo = PollInterval(SERVICE)
    assert tempo.pause(queued=3, running=0, changed=True) == 1
    assert [tempo.pause(queued=3, running=0, changed=False) for _ in range(6)] == [2, 4, 8, 16, 30, 30]
    assert tempo.pause(queued=3, running=1, changed=False) == 4
    assert tempo.pause(queued=3, running=1, changed=True) == 1
    assert tempo.pause(queued=0, running=0, changed=False) == 60
    assert tempo.pause(queued=0, running=0, changed=False, attended=False) == math.inf
    assert tempo.pause(queued=3, running=1, changed=True, focused=False) == 60
    assert [tempo.pause(queued=3, running=0, changed=False, interactive=True) for _ in range(6)][-1] == 5
    assert tempo.pause(queued=500, running=0, changed=True) == 10
    tempo.hurry()
    assert tempo.pause(queued=1, running=0, changed=False) == 1
    assert PollInterval(SANDBOX).pause(queued=1, running=0, changed=False) <= 1


async def test_worker_that_yields_goes_after_all_that_wait() -> None:
    clock, order, flight = FakeClock(), list[str](), asyncio.Lock()
    scheduler = Scheduler(clock, random.Random(3), lambda *_: None)
    gate = asyncio.Event()

    def step(name: str) -> Callable[[], Awaitable[float]]:
        async def round_of_worker() -> float:
            order.append(name)
            await gate.wait()
            return math.inf

        return round_of_worker

    first, second = scheduler.add("first"), scheduler.add("second")
    last = scheduler.add("last", WorkerPolicy(yields=True))
    first.start(step("first"), flight)
    await clock.advance(1)
    last.start(step("last"), flight)
    await clock.advance(1)
    second.start(step("second"), flight)
    await clock.advance(10)
    assert order == ["first"] and second.in_line and not last.in_line
    gate.set()
    await clock.advance(10)
    assert order == ["first", "second", "last"] and not scheduler.in_line
    await scheduler.stop()
