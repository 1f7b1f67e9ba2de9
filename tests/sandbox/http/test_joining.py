"""One sandbox for all qdecks of a folder: joined, held by each, ended with the last."""

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

from tests.sandbox.http.test_process import PARENT, ROOT, alive, children, run_one, token, until
from tui.sandbox.lifecycle.info import LEASE_PATH, RUNNING_FILE, write_running_file
from tui.sandbox.lifecycle.launch import SandboxInfo, SandboxProcess, join, launch


@asynccontextmanager
async def holder(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Another process that holds the sandbox of a folder, and the sandbox's process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(folder), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield process, int((await process.stdout.readline()).split()[0])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def gone(sandbox: int, workers: list[int]) -> None:
    await until(lambda: not any(alive(pid) for pid in [sandbox, *workers]))


async def test_a_second_one_joins_and_its_end_does_not_end_it(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    try:
        assert second.info == first.info
        assert second.pid == first.pid
        assert (await run_one(second))["status"] == "Completed"
        await second.stop()
        await second.stop()
        assert not second.running
        assert first.running
        assert (await run_one(first))["status"] == "Completed"
        workers = children(first.pid)
    finally:
        await first.stop()
    await gone(first.pid, workers)
    assert not (tmp_path / RUNNING_FILE).exists()


async def test_it_lives_on_under_the_second_when_the_first_ends(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    async with asyncio.timeout(5):
        await first.stop()
        assert await first.wait() is None
    assert not first.running
    await first.stop()
    assert second.running
    assert (await run_one(second))["status"] == "Completed"
    third = await launch(tmp_path)
    assert third.pid == second.pid
    await third.stop()
    workers = children(second.pid)
    assert workers
    await second.stop()
    await gone(second.pid, workers)


async def test_it_lives_on_when_the_first_is_killed_and_ends_when_all_are(tmp_path: Path) -> None:
    async with holder(tmp_path) as (first, pid), holder(tmp_path) as (second, same_pid):
        assert same_pid == pid
        first.kill()
        await first.wait()
        third = await launch(tmp_path)
        assert third.pid == pid
        assert (await run_one(third))["status"] == "Completed"
        await third.stop()
        workers = children(pid)
        assert workers
        assert all(alive(each) for each in [pid, *workers])
        second.kill()
        await second.wait()
        await gone(pid, workers)


async def test_two_that_start_at_the_same_moment_share_one(tmp_path: Path) -> None:
    both: tuple[SandboxProcess, ...] = await asyncio.gather(launch(tmp_path), launch(tmp_path))
    try:
        assert both[0].info == both[1].info
    finally:
        for each in both:
            await each.stop()
    await gone(both[0].pid, [])


async def test_one_that_joined_sees_the_end(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        await second.wait()
    assert not second.running
    await second.stop()
    await first.stop()
    # What it left is not taken for a running one.
    assert (tmp_path / RUNNING_FILE).exists()
    third = await launch(tmp_path)
    assert third.info.url != first.info.url
    await third.stop()


async def test_a_signal_ends_it_whoever_holds_it(tmp_path: Path) -> None:
    first = await launch(tmp_path)
    second = await launch(tmp_path)
    os.kill(first.pid, signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await first.wait() == 0
        await second.wait()
    await second.stop()
    await first.stop()


async def test_what_it_announces_is_for_its_user_alone(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        path = tmp_path / RUNNING_FILE
        assert path.stat().st_mode & 0o777 == 0o600
        said = json.loads(path.read_text())
        assert said.pop("pid") == sandbox.pid
        assert SandboxInfo.from_members(said) == sandbox.info
    finally:
        await sandbox.stop()
    assert not path.exists()


async def test_nobody_without_the_key_can_hold_it(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        async with httpx.AsyncClient(base_url=sandbox.info.url) as client:
            wrong = {"x-qdeck-nonce": "a", "x-qdeck-proof": "0" * 64}
            for headers in ({}, wrong, await token(client, sandbox.info)):
                assert (await client.get(LEASE_PATH, headers=headers)).status_code == 403
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nx-qdeck-proof: 00\r\n\r\n", b"\xff" * 40_000])
async def test_a_stranger_on_the_port_gets_no_key_and_is_not_joined(tmp_path: Path, answer: bytes) -> None:
    heard = bytearray()

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(4096))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(stranger, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    hosts = dict.fromkeys(("auth", "runtime", "transpiler"), url)
    members = {"url": url, "api_key": "THE-KEY", "crn": "crn", "api_token": "THE-TOKEN", "instance": "i"}
    write_running_file(tmp_path, {**members, "classic": hosts})
    assert await join(tmp_path) is None
    assert b"lease" in heard
    assert b"THE-" not in heard
    server.close()
    assert await join(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1}', "null", "\x00"])
async def test_a_damaged_announcement_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / RUNNING_FILE).write_text(text)
    assert await join(tmp_path) is None
