"""One sandbox process for all clients of a folder: joined, held by each, ended with the last."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.sandbox.http.processes import (
    PARENT_PROGRAM,
    ROOT,
    descendants,
    is_alive,
    platform_headers,
    run_job,
    wait_until,
)
from tui.sandbox.lifecycle.info import LEASE_PATH, RUNNING_FILE, write_running_file
from tui.sandbox.lifecycle.launch import SandboxInfo, SandboxProcess, join, launch


@asynccontextmanager
async def holder(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Another process that holds the sandbox of a folder, and the sandbox's process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT_PROGRAM, str(folder), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield process, int((await process.stdout.readline()).split()[0])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def wait_gone(sandbox: int, workers: list[int]) -> None:
    await wait_until(lambda: not any(is_alive(pid) for pid in [sandbox, *workers]))


async def test_second_launch_joins_and_its_stop_leaves_the_sandbox_running(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    try:
        assert second.info == first.info
        assert second.pid == first.pid
        assert (await run_job(second))["status"] == "Completed"
        await second.stop()
        await second.stop()
        assert not second.running
        assert first.running
        assert (await run_job(first))["status"] == "Completed"
        workers = descendants(first.pid)
    finally:
        await first.stop()
    await wait_gone(first.pid, workers)
    assert not (tmp_path / RUNNING_FILE).exists()


async def test_sandbox_outlives_its_parent_while_another_holds_it(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    async with asyncio.timeout(5):
        await first.stop()
        assert await first.wait() is None
    assert not first.running
    await first.stop()
    assert second.running
    assert (await run_job(second))["status"] == "Completed"
    third = await launch(tmp_path)
    assert third.pid == second.pid
    await third.stop()
    workers = descendants(second.pid)
    assert workers
    await second.stop()
    await wait_gone(second.pid, workers)


async def test_sandbox_outlives_a_killed_parent_and_ends_with_the_last_holder(tmp_path: Path) -> None:
    async with holder(tmp_path) as (first, pid), holder(tmp_path) as (second, same_pid):
        assert same_pid == pid
        first.kill()
        await first.wait()
        third = await launch(tmp_path)
        assert third.pid == pid
        assert (await run_job(third))["status"] == "Completed"
        await third.stop()
        workers = descendants(pid)
        assert workers
        assert all(is_alive(each) for each in [pid, *workers])
        second.kill()
        await second.wait()
        await wait_gone(pid, workers)


async def test_concurrent_launches_share_one_sandbox(tmp_path: Path) -> None:
    both: tuple[SandboxProcess, ...] = await asyncio.gather(launch(tmp_path), launch(tmp_path))
    try:
        assert both[0].info == both[1].info
    finally:
        for each in both:
            await each.stop()
    await wait_gone(both[0].pid, [])


async def test_joined_process_sees_the_sandbox_killed(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        await second.wait()
    assert not second.running
    await second.stop()
    await first.stop()
    # The file it left behind does not count as a running one.
    assert (tmp_path / RUNNING_FILE).exists()
    third = await launch(tmp_path)
    assert third.info.url != first.info.url
    await third.stop()


async def test_signal_ends_the_sandbox_while_others_hold_it(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    os.kill(first.pid, signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await first.wait() == 0
        await second.wait()
    await second.stop()
    await first.stop()


async def test_running_file_is_private_and_removed_at_the_end(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        path = tmp_path / RUNNING_FILE
        assert path.stat().st_mode & 0o777 == 0o600
        members = json.loads(path.read_text())
        assert members.pop("pid") == sandbox.pid
        assert SandboxInfo.from_members(members) == sandbox.info
    finally:
        await sandbox.stop()
    assert not path.exists()


async def test_lease_without_the_key_is_403(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        async with httpx.AsyncClient(base_url=sandbox.info.url) as client:
            wrong = {"x-qdeck-nonce": "a", "x-qdeck-proof": "0" * 64}
            for headers in ({}, wrong, await platform_headers(client, sandbox.info)):
                assert (await client.get(LEASE_PATH, headers=headers)).status_code == 403
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("response", [b"", b"HTTP/1.1 200 OK\r\nx-qdeck-proof: 00\r\n\r\n", b"\xff" * 40_000])
async def test_join_gives_no_secret_to_another_program_on_the_port(tmp_path: Path, response: bytes) -> None:
    received = bytearray()

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read(4096))
        writer.write(response)
        writer.close()

    server = await asyncio.start_server(stranger, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    hosts = dict.fromkeys(("auth", "runtime", "transpiler"), url)
    members = {"url": url, "api_key": "THE-KEY", "crn": "crn", "api_token": "THE-TOKEN", "instance": "i"}
    write_running_file(tmp_path, {**members, "classic": hosts})
    assert await join(tmp_path) is None
    assert b"lease" in received
    assert b"THE-" not in received
    server.close()
    assert await join(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1}', "null", "\x00"])
async def test_join_ignores_a_damaged_running_file(tmp_path: Path, text: str) -> None:
    (tmp_path / RUNNING_FILE).write_text(text)
    assert await join(tmp_path) is None
