"""Start of the sandbox as a process, and its end with everything it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
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
from tui.sandbox.lifecycle import launch as launch_module
from tui.sandbox.lifecycle.launch import SandboxUnavailable, launch


async def test_launched_sandbox_runs_a_job_and_ends_with_its_workers(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path / "state")
    try:
        assert sandbox.info.api_key not in repr(sandbox.info)
        assert sandbox.info.api_token not in repr(sandbox.info)
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        assert (await run_job(sandbox))["status"] == "Completed"
        workers = descendants(sandbox.pid)
        assert workers
    finally:
        await sandbox.stop()
    assert not sandbox.running
    await wait_until(lambda: not any(is_alive(pid) for pid in [sandbox.pid, *workers]))
    await sandbox.stop()


async def test_killed_parent_leaves_no_sandbox_or_worker(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT_PROGRAM, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int((await parent.stdout.readline()).split()[0])
    await wait_until(lambda: bool(descendants(pid)))
    family = [pid, *descendants(pid)]
    assert all(is_alive(member) for member in family)
    parent.kill()
    await parent.wait()
    await wait_until(lambda: not any(is_alive(member) for member in family))


async def test_killed_sandbox_leaves_no_worker(tmp_path: Path) -> None:
    sandbox = await launch(tmp_path)
    try:
        await wait_until(lambda: bool(descendants(sandbox.pid)))
        workers = descendants(sandbox.pid)
        os.kill(sandbox.pid, signal.SIGKILL)
        await wait_until(lambda: not any(is_alive(pid) for pid in workers))
    finally:
        await sandbox.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_the_sandbox_with_its_state_saved(tmp_path: Path, number: signal.Signals) -> None:
    first = await launch(tmp_path)
    job = await run_job(first, tags=["kept"])
    os.kill(first.pid, number)
    async with asyncio.timeout(15):
        assert await first.wait() == 0
    await first.stop()
    second = await launch(tmp_path)
    try:
        assert second.info.crn == first.info.crn
        assert second.info.api_key != first.info.api_key
        async with httpx.AsyncClient() as client:
            headers = await platform_headers(client, second.info)
            reply = await client.get(f"{second.info.url}/api/v1/jobs/{job['id']}", headers=headers)
            assert reply.json() == job
            old = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": first.info.api_key}
            assert (await client.post(f"{second.info.url}/identity/token", data=old)).status_code == 400
    finally:
        await second.stop()


async def test_damaged_database_is_renamed_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "sandbox.sqlite3").write_bytes(
        b"this is no database, and long enough to be seen as none" * 50
    )
    sandbox = await launch(tmp_path)
    await sandbox.stop()
    assert [path for path in tmp_path.iterdir() if ".damaged-" in path.name]


async def test_launch_failure_has_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="must be above 0"):
        await launch(tmp_path, pace=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxUnavailable, match="did not start"):
        await launch(tmp_path / "file")


async def test_launch_names_missing_packages_and_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_module, "NEEDED", ("starlette", "no_such_package"))
    with pytest.raises(SandboxUnavailable, match=r'no_such_package.*pip install "qdeck\[local\]"'):
        await launch(tmp_path)


async def test_server_process_imports_no_qiskit(tmp_path: Path) -> None:
    code = (
        "import sys, tui.sandbox.main; "
        "heavy = {'qiskit', 'numpy', 'qiskit_aer', 'stim', 'qiskit_ibm_runtime', 'textual', 'httpx'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    assert json.loads(out.decode().replace("'", '"')) == []


async def test_launch_module_imports_only_the_standard_library() -> None:
    code = (
        "import sys, tui.sandbox.lifecycle.launch; "
        "print(sorted({'starlette', 'uvicorn', 'qiskit', 'msgspec'} & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"
