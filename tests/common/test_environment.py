"""What processes of qdeck are given of its environment: no token, no key, no password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.processes import children
from tui.common.environment import hook_environment, worker_environment
from tui.common.worker_process import WorkerProcess
from tui.compiler.client import Compiler
from tui.sandbox.lifecycle.launch import launch

SECRETS = {
    "QISKIT_IBM_TOKEN": "s3cret-key",
    "QDECK_TOKEN": "s3cret-key",
    "HTTPS_PROXY": "http://user:s3cret-key@proxy:3128",
    "AWS_SECRET_ACCESS_KEY": "s3cret-key",
    "SOMETHING_NOBODY_KNOWS": "s3cret-key",
}


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def descendants(pid: int) -> list[int]:
    found = [pid]
    for child in children(pid):
        found += descendants(child)
    return found


def test_worker_environment_has_what_libraries_are_found_by_and_nothing_else() -> None:
    kept = {"PATH": "/bin", "HOME": "/home/u", "LC_ALL": "C", "TMPDIR": "/t", "PYTHONPATH": "/p"}
    assert worker_environment(kept | SECRETS) == kept
    assert hook_environment(kept | SECRETS | {"DISPLAY": ":1"}) == kept | {"DISPLAY": ":1"}
    asked = hook_environment(kept | SECRETS, ["SOMETHING_NOBODY_KNOWS", "missing"])
    assert asked == kept | {"SOMETHING_NOBODY_KNOWS": "s3cret-key"}


async def test_no_process_that_is_started_has_a_secret_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    compiler, sandbox = Compiler(), await launch(tmp_path)
    worker = await WorkerProcess.open("tests.common.worker_program")
    try:
        await compiler.version()
        processes = [worker.pid, *compiler.pids, *descendants(sandbox.pid)]
        assert len(processes) >= 4, "the sandbox has a simulator"
        for pid in processes:
            assert b"s3cret" not in environment_of(pid)
            assert f"HOME={os.environ.get('HOME', '')}".encode() in environment_of(pid)
    finally:
        await worker.close()
        await compiler.aclose()
        await sandbox.stop()
