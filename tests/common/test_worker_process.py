"""Worker processes: framed, apart from the app's output, folder and environment."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.processes import cpu_ticks, running, until, waiting
from tui.common.worker_process import WorkerDied, WorkerProcess, worker_command
from tui.common.worker_queue import WorkerQueue

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


async def test_worker_with_a_reply_that_nobody_reads_can_be_closed(worker: WorkerProcess) -> None:
    # More than all buffers between the two processes.
    await worker.send(b"repeat 10000000")
    before = cpu_ticks(worker.pid)
    await until(lambda: waiting(worker.pid) and cpu_ticks(worker.pid) >= before)
    async with asyncio.timeout(60):
        await worker.close()
    assert not running(worker.pid)


def test_command_keeps_the_current_folder_off_the_path() -> None:
    command = worker_command("a.module", "argument")
    assert command[:3] == [sys.executable, "-P", "-c"]
    assert command[-2:] == [str(CHECKOUT), "argument"] and "from a.module import main" in command[3]
