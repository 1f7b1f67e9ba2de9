"""Requests to workers: serialised, cancelled, killed, replaced, let go; none outlives the app."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.processes import children, running, until
from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue

PROGRAM = "tests.common.worker_program"
CHECKOUT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def queue() -> AsyncIterator[WorkerQueue]:
    made = WorkerQueue(PROGRAM, "an argument")
    yield made
    await made.aclose()


async def working(queue: WorkerQueue, tmp_path: Path) -> tuple[asyncio.Task[bytes], int]:
    """A request in the middle of work without end, and its worker's process id."""
    sign = tmp_path / "working"
    request = asyncio.create_task(queue.request(f"work {sign}".encode()))
    await until(sign.exists)
    assert queue.pid is not None
    return request, queue.pid


async def test_queue_answers_in_the_order_of_the_requests(queue: WorkerQueue) -> None:
    assert queue.pid is None
    assert not queue.busy
    answered: list[int] = []

    async def ask(number: int) -> None:
        assert await queue.request(f"echo {number}".encode()) == str(number).encode()
        answered.append(number)

    await asyncio.gather(*map(ask, range(20)))
    assert answered == [*range(20)]
    assert not queue.busy
    assert queue.pid is not None
    assert await queue.request(b"argument") == b"an argument"


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        (b"exit 3", 3, "it ended with status 3"),
        (b"fail at work", 1, "it ended with status 1: RuntimeError: at work"),
    ],
)
async def test_worker_that_ends_is_reported_with_its_last_line_and_replaced(
    queue: WorkerQueue, request_: bytes, status: int, says: str
) -> None:
    with pytest.raises(WorkerDied) as died:
        await queue.request(request_)
    assert str(died.value) == says
    assert (died.value.status, died.value.signal) == (status, "")
    assert await queue.request(b"echo next") == b"next"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (signal.SIGKILL, "it was killed, perhaps because memory ran out"),
        (signal.SIGSEGV, "it was ended by signal SIGSEGV"),
    ],
)
async def test_worker_ended_by_a_signal_is_reported_with_its_name(
    queue: WorkerQueue, tmp_path: Path, number: signal.Signals, says: str
) -> None:
    request, pid = await working(queue, tmp_path)
    os.kill(pid, number)
    with pytest.raises(WorkerDied) as died:
        await request
    assert str(died.value) == says and died.value.signal == number.name


async def test_cancelled_request_kills_the_worker_and_the_next_one_is_answered(
    queue: WorkerQueue, tmp_path: Path
) -> None:
    request, pid = await working(queue, tmp_path)
    behind = asyncio.create_task(queue.request(b"echo behind"))
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert await behind == b"behind"
    assert not running(pid) and queue.pid != pid


async def test_cancelled_request_that_waits_leaves_the_running_one_alone(
    queue: WorkerQueue, tmp_path: Path
) -> None:
    request, pid = await working(queue, tmp_path)
    behind = asyncio.create_task(queue.request(b"exit 1"))
    await asyncio.sleep(0)
    behind.cancel()
    with pytest.raises(asyncio.CancelledError):
        await behind
    assert not request.done() and running(pid)


async def test_cancelled_request_may_end_within_its_grace(queue: WorkerQueue, tmp_path: Path) -> None:
    sign = tmp_path / "begun"
    request = asyncio.create_task(queue.request(f"linger {sign}".encode(), grace=60))
    await until(sign.exists)
    pid = queue.pid
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert await queue.request(b"echo same") == b"same"
    assert queue.pid == pid


async def test_request_beyond_its_timeout_kills_the_worker(queue: WorkerQueue) -> None:
    await queue.request(b"echo warm")
    pid = queue.pid
    with pytest.raises(TimeoutError):
        await queue.request(b"sleep 60", timeout=0.05)
    assert pid is not None and not running(pid)
    assert await queue.request(b"echo next") == b"next"


async def test_closing_cancels_what_waits_and_refuses_more(queue: WorkerQueue, tmp_path: Path) -> None:
    request, pid = await working(queue, tmp_path)
    (watcher,) = children(pid)
    behind = asyncio.create_task(queue.request(b"echo behind"))
    await asyncio.sleep(0)
    await queue.aclose()
    for task in (request, behind):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not running(pid) and queue.pid is None
    await until(lambda: not running(watcher))
    with pytest.raises(WorkerClosed):
        await queue.request(b"echo no more")
    with pytest.raises(WorkerClosed):
        queue.start()


async def test_closing_while_a_worker_is_being_started_ends_it() -> None:
    for turns in range(6):
        queue = WorkerQueue(PROGRAM)
        start = queue.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        pid = queue.pid
        async with asyncio.timeout(60):
            await queue.aclose()
        assert start.done() and queue.pid is None and (pid is None or not running(pid))


async def test_worker_is_killed_in_the_middle_of_work_when_the_app_is_killed(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(CHECKOUT)!r})
from tests.common.test_worker_queue import working
from tui.common.worker_queue import WorkerQueue
async def main():
    request, pid = await working(WorkerQueue({PROGRAM!r}), Path({str(tmp_path)!r}))
    print(pid, flush=True)
    await request
asyncio.run(main())
"""
    app = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert app.stdout is not None
    pid = int(await app.stdout.readline())
    (watcher,) = children(pid)
    assert running(pid)
    app.kill()
    await app.wait()
    await until(lambda: not running(pid) and not running(watcher))


async def test_worker_without_a_request_for_so_long_is_ended_and_comes_again() -> None:
    queue = WorkerQueue(PROGRAM, idle_seconds=0.05)
    assert await queue.request(b"echo first") == b"first"
    pid = queue.pid
    assert pid is not None
    await until(lambda: queue.pid is None and not running(pid))
    assert await queue.request(b"echo again") == b"again"
    await queue.aclose()


async def test_worker_that_was_only_started_is_ended_too() -> None:
    queue = WorkerQueue(PROGRAM, idle_seconds=0.05)
    worker = await queue.start()
    await until(lambda: queue.pid is None and not running(worker.pid))
    await queue.aclose()


async def test_request_that_takes_longer_than_the_idle_time_is_answered() -> None:
    queue = WorkerQueue(PROGRAM, idle_seconds=0.05)
    answers = await asyncio.gather(queue.request(b"sleep 0.3"), queue.request(b"echo behind"))
    assert [*answers] == [b"slept", b"behind"]
    await queue.aclose()


async def test_request_that_comes_as_the_idle_time_ends_is_answered() -> None:
    for turns in range(6):
        queue = WorkerQueue(PROGRAM, idle_seconds=3600)
        assert await queue.request(b"echo first") == b"first"
        queue._end_idle()
        for _ in range(turns):
            await asyncio.sleep(0)
        assert await queue.request(b"echo next") == b"next"
        await queue.aclose()
