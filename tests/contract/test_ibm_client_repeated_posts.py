"""For contrast with qdeck's outbox: how many jobs one `run()` of IBM's client makes when responses fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tui.sandbox.lifecycle.info import SandboxInfo

pytest.importorskip("qiskit_ibm_runtime")
ROOT = Path(__file__).parents[2]
RUN = """
import json, sys
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

info = json.loads(sys.stdin.readline())
service = QiskitRuntimeService(
    channel="ibm_quantum_platform",
    token=info["api_key"],
    instance=info["crn"],
    url=info["url"] + "/experimental/api/v1",
)
backend = service.backend("ibm_peekskill")
circuit = QuantumCircuit(1)
circuit.x(0)
circuit.measure_all()
circuit = transpile(circuit, backend, optimization_level=0)
sampler = SamplerV2(mode=backend)
for line in sys.stdin:
    try:
        job = sampler.run([circuit], shots=1)
        print("job", flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
"""


@pytest.fixture(scope="module")
def sandbox_with_faults(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    """The first line of a sandbox whose faults can be changed, and a client that changes them."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tui.sandbox", "--parent-pipe", "--faults-control"),
            *("--state", str(tmp_path_factory.mktemp("sandbox"))),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        info = json.loads(process.stdout.readline())
        key = {"Authorization": f"Bearer {info['api_key']}"}
        with httpx.Client(base_url=info["url"], headers=key) as control:
            yield info, control
    finally:
        process.stdin.close()
        process.wait(15)
        process.stdout.close()


@pytest.fixture(scope="module")
def runner(
    sandbox_with_faults: tuple[dict[str, Any], httpx.Client], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """IBM's client in a process of its own: a line makes it call `run()` once."""
    info, _ = sandbox_with_faults
    home = str(tmp_path_factory.mktemp("home"))
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            "HOME": home,
            "IAM_URL": info["url"],
            "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
            "PATH": "/usr/bin:/bin",
        },
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(info) + "\n")
    process.stdin.flush()
    yield process
    process.stdin.close()
    process.wait(15)


def job_count(info: dict[str, Any], control: httpx.Client) -> int:
    """Return the number of jobs the service has."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": info["api_key"]}
    token = control.post("/identity/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Service-CRN": SandboxInfo.from_members(info).crn}
    return len(control.get("/api/v1/jobs?limit=200", headers=headers).json()["jobs"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("504-done", 0, 6),
        ("504-done", 1, 2),
        ("unanswered", 1, 1),
        ("half", 1, 1),
        ("reset", 1, 0),
        ("500", 1, 1),
        ("503", 1, 1),
    ],
)
def test_ibms_client_repeats_posts_that_may_have_been_carried_out(
    sandbox_with_faults: tuple[dict[str, Any], httpx.Client],
    runner: Any,
    kind: str,
    count: int,
    expected: int,
) -> None:
    info, control = sandbox_with_faults
    control.put("/sandbox/faults", json=[f"POST:/**/jobs:{kind}:{count}"]).raise_for_status()
    before = job_count(info, control)
    runner.stdin.write("run\n")
    runner.stdin.flush()
    outcome = runner.stdout.readline().strip()
    new = job_count(info, control) - before
    assert new == expected, outcome
