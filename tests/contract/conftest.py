"""A real sandbox process, and IBM's own client with a home folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tui.sandbox.lifecycle.launch import SandboxInfo

pytest.importorskip("qiskit_ibm_runtime")


@contextmanager
def sandbox_process(state: Path, *options: str) -> Iterator[SandboxInfo]:
    """Run a sandbox, with these options of its own, that ends with the block."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tui.sandbox",
            "--state",
            str(state),
            "--parent-pipe",
            "--recalibrate",
            "0",
            *options,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield SandboxInfo.from_line(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(15)
        process.stdout.close()


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInfo]:
    """A sandbox that ends with the tests."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as info:
        yield info


@pytest.fixture(scope="package")
def client_environment(
    sandbox: SandboxInfo, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pytest.MonkeyPatch]:
    """Environment that sends IBM's client to the sandbox and keeps it from the user's own accounts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("IAM_URL", sandbox.url)
        patch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
        for name in ("TOKEN", "INSTANCE", "CHANNEL", "URL"):
            patch.delenv(f"QISKIT_IBM_{name}", raising=False)
        yield patch


@pytest.fixture(scope="package")
def service(sandbox: SandboxInfo, client_environment: pytest.MonkeyPatch) -> Any:
    """`QiskitRuntimeService` signed in to the sandbox."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=sandbox.api_key,
        instance=sandbox.crn,
        url=f"{sandbox.url}/experimental/api/v1",
    )


@pytest.fixture(scope="package")
def peekskill(service: Any) -> Any:
    return service.backend("ibm_peekskill")


@pytest.fixture(scope="package")
def bell(peekskill: Any) -> Any:
    """A Bell pair for ibm_peekskill, measured into `meas`."""
    from qiskit import QuantumCircuit, transpile

    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, peekskill, optimization_level=1, seed_transpiler=7)
