from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tui.sandbox.lifecycle import launch as launching
from tui.sandbox.lifecycle.launch import SandboxInfo, SandboxProcess, SandboxUnavailable, launch

ROOT = Path(__file__).parents[3]
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
PARENT = """
import asyncio, sys
from pathlib import Path
from tui.sandbox.lifecycle.launch import launch

async def main():
    sandbox = await launch(Path(sys.argv[1]))
    print(sandbox.pid, sandbox.info.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what other processes do raises no event here
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """Every process below one, at any depth."""
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return found + [below for child in found for below in children(child)]


async def token(client: httpx.AsyncClient, info: SandboxInfo) -> dict[str, str]:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": info.api_key}
    body = (await client.post(f"{info.url}/identity/token", data=form)).json()
    return {
        "Authorization": f"Bearer {body['access_token']}",
        "Service-CRN": info.crn,
        "IBM-API-Version": "2026-04-15",
    }


async def run_one(sandbox: SandboxProcess, **members: Any) -> dict[str, Any]:
    """Submit a job over real HTTP and wait for its end."""
    info = sandbox.info
    async with httpx.AsyncClient() as client:
        headers = await token(client, info)
        body = {"program_id": "sampler", "backend": "ibm_peekskill", "params": {"pubs": [[BELL]]}, **members}
        job_id = (await client.post(f"{info.url}/api/v1/jobs", headers=headers, json=body)).json()["id"]
        async with asyncio.timeout(60):
            while True:
                job = (await client.get(f"{info.url}/api/v1/jobs/{job_id}", headers=headers)).json()
                if job["status"] not in ("Queued", "Running"):
                    return dict(job)
                await asyncio.sleep(0.05)


async def test_it_starts_runs_a_job_and_ends_with_everything_it_started(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path / "state")
    try:
        assert sandbox.info.api_key not in repr(sandbox.info)
        assert sandbox.info.api_token not in repr(sandbox.info)
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        assert (await run_one(sandbox))["status"] == "Completed"
        workers = children(sandbox.pid)
        assert workers
    finally:
        await sandbox.stop()
    assert not sandbox.running
    await until(lambda: not any(alive(pid) for pid in [sandbox.pid, *workers]))
    await sandbox.stop()


async def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int((await parent.stdout.readline()).split()[0])
    await until(lambda: bool(children(pid)))
    family = [pid, *children(pid)]
    assert all(alive(member) for member in family)
    parent.kill()
    await parent.wait()
    await until(lambda: not any(alive(member) for member in family))


async def test_no_worker_is_left_when_the_sandbox_itself_is_killed(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        await until(lambda: bool(children(sandbox.pid)))
        workers = children(sandbox.pid)
        os.kill(sandbox.pid, signal.SIGKILL)
        await until(lambda: not any(alive(pid) for pid in workers))
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_its_state_saved(tmp_path: Path, number: signal.Signals) -> None:
    first = await launch(tmp_path)
    job = await run_one(first, tags=["kept"])
    os.kill(first.pid, number)
    async with asyncio.timeout(15):
        assert await first.wait() == 0
    await first.stop()
    second = await launch(tmp_path)
    try:
        assert second.info.crn == first.info.crn
        assert second.info.api_key != first.info.api_key
        async with httpx.AsyncClient() as client:
            headers = await token(client, second.info)
            reply = await client.get(f"{second.info.url}/api/v1/jobs/{job['id']}", headers=headers)
            assert reply.json() == job
            old = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": first.info.api_key}
            assert (await client.post(f"{second.info.url}/identity/token", data=old)).status_code == 400
    finally:
        await second.stop()


async def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "sandbox.sqlite3").write_bytes(
        b"this is no database, and long enough to be seen as none" * 50
    )
    sandbox = await launch(tmp_path)
    await sandbox.stop()
    assert [path for path in tmp_path.iterdir() if ".damaged-" in path.name]


async def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="must be above 0"):
        await launch(tmp_path, pace=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxUnavailable, match="did not start"):
        await launch(tmp_path / "file")


async def test_missing_packages_are_named_with_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "NEEDED", ("starlette", "no_such_package"))
    with pytest.raises(SandboxUnavailable, match=r'no_such_package.*pip install "qdeck\[local\]"'):
        await launch(tmp_path)


async def test_the_server_process_imports_no_qiskit(tmp_path: Path) -> None:
    code = (
        "import sys, tui.sandbox.main; "
        "heavy = {'qiskit', 'numpy', 'qiskit_aer', 'qiskit_ibm_runtime', 'textual', 'httpx'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    assert json.loads(out.decode().replace("'", '"')) == []


async def test_the_launcher_needs_only_the_standard_library() -> None:
    code = (
        "import sys, tui.sandbox.lifecycle.launch; "
        "print(sorted({'starlette', 'uvicorn', 'qiskit', 'msgspec'} & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"
