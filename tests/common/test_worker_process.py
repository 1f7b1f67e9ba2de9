"""Worker processes: framed, serialised, cancelled, killed, replaced; none outlives the app."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.processes import children, cpu_ticks, running, until, waiting
from tui.common.worker_process import WorkerClosed, WorkerDied, WorkerProcess, WorkerQueue, worker_command

PROGRAM = "tests.common.worker_program"
CHECKOUT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def queue() -> AsyncIterator[WorkerQueue]:
    made = WorkerQueue(PROGRAM, "an argument")
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    made = await WorkerProcess.open(PROGRAM)
    yield made
    await made.close()


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


@pytest.mark.parametrize("size", [0, 1, 65_536, 3 * 1024 * 1024 + 1])
async def test_frames_of_any_size_come_back_whole(queue: WorkerQueue, size: int) -> None:
    body = b"q" * size
    assert await queue.request(b"echo " + body) == body


async def test_reply_may_have_several_frames(worker: WorkerProcess) -> None:
    await worker.send(b"count 3")
    assert [await worker.receive() for _ in range(3)] == [b"0", b"1", b"2"]


async def test_frame_longer_than_the_maximum_is_refused(
    queue: WorkerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.common.worker_process.MAX_FRAME", 1_000)
    with pytest.raises(WorkerDied, match="a frame that is too long"):
        await queue.request(b"repeat 1001")
    with pytest.raises(ValueError, match="1,005 bytes is too long"):
        await queue.request(b"echo " + b"x" * 1_000)
    assert await queue.request(b"repeat 1000") == b"x" * 1_000


async def test_output_of_the_handler_does_not_spoil_the_replies(queue: WorkerQueue) -> None:
    assert await queue.request(b"print noise") == b"printed"
    assert await queue.request(b"echo after") == b"after"


async def test_environment_is_the_apps_without_what_no_worker_needs_unless_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_TIME", "inherited")
    monkeypatch.setenv("OF_THE_APP", "not inherited")
    for environment, expected in ((None, b"inherited"), ({"LC_TIME": "given"}, b"given"), ({}, b"")):
        queue = WorkerQueue(PROGRAM, environment=environment)
        assert await queue.request(b"variable LC_TIME") == expected
        assert await queue.request(b"variable OF_THE_APP") == b""
        await queue.aclose()


async def test_file_descriptors_are_inherited(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with (tmp_path / "file").open("rb") as file:
        worker = await WorkerProcess.open(PROGRAM, pass_fds=(file.fileno(),))
        await worker.send(f"descriptor {file.fileno()}".encode())
        assert await worker.receive() == b"content"
        await worker.close()


async def test_modules_in_the_folder_of_the_app_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    queue = WorkerQueue(PROGRAM)
    assert await queue.request(b"echo here") == b"here"
    await queue.aclose()


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


async def test_worker_with_a_reply_that_nobody_reads_can_be_closed(worker: WorkerProcess) -> None:
    # More than all buffers between the two processes.
    await worker.send(b"repeat 10000000")
    before = cpu_ticks(worker.pid)
    await until(lambda: waiting(worker.pid) and cpu_ticks(worker.pid) >= before)
    async with asyncio.timeout(60):
        await worker.close()
    assert not running(worker.pid)


async def test_worker_is_killed_in_the_middle_of_work_when_the_app_is_killed(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(CHECKOUT)!r})
from tests.common.test_worker_process import working
from tui.common.worker_process import WorkerQueue
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


def test_command_keeps_the_current_folder_off_the_path() -> None:
    command = worker_command("a.module", "argument")
    assert command[:3] == [sys.executable, "-P", "-c"]
    assert command[-2:] == [str(CHECKOUT), "argument"] and "from a.module import main" in command[3]
