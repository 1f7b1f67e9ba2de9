"""IBM's own client with an account of two instances, one of which is archived."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import sandbox_process
from tui.sandbox.core.instance import Identity, archive_crn
from tui.sandbox.lifecycle.launch import SandboxInfo

pytest.importorskip("qiskit_ibm_runtime")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TIMEOUT_SECONDS = 60


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInfo]:
    """A sandbox with an archive."""
    with sandbox_process(tmp_path_factory.mktemp("archive"), "--archive") as info:
        yield info


def signed_in(sandbox: SandboxInfo, **options: Any) -> Any:
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=sandbox.api_key,
        url=f"{sandbox.url}/experimental/api/v1",
        **options,
    )


@pytest.fixture
def environment(sandbox: SandboxInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IAM_URL", sandbox.url)
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
    for name in ("TOKEN", "INSTANCE", "CHANNEL", "URL"):
        monkeypatch.delenv(f"QISKIT_IBM_{name}", raising=False)
    return monkeypatch


def test_archived_jobs_of_a_retired_device_are_read(
    sandbox: SandboxInfo, environment: pytest.MonkeyPatch
) -> None:
    parts = sandbox.crn.split(":")
    identity = Identity(parts[6].removeprefix("a/"), parts[7], "", "")
    service = signed_in(sandbox, instance=archive_crn(identity))
    # The archive is filled once the simulator has started; nothing tells a client of it.
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (jobs := service.jobs(limit=10)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [job.primitive_id for job in jobs] == ["executor", "sampler", "sampler"]
    counts = jobs[1].result()[0].data.c.get_counts()
    assert sum(counts.values()) == 1024
    assert counts["00"] + counts["11"] > 850
    assert jobs[0].result()[0]["c"].shape == (512, 2)
