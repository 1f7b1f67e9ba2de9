"""Estimates of a job before it is submitted."""

from __future__ import annotations

from tests.sandbox.simulator.programs import BELL_PEEKSKILL, HEADER
from tui.sandbox.simulator.estimate import estimate_job


def entangling(qubits: int, layers: int) -> str:
    """Non-Clifford layers on qubits 0 to `qubits` of a device with cz, deeper than any method can go."""
    lines = [HEADER, f"bit[{qubits}] c;"]
    for layer in range(layers):
        lines += [f"sx ${qubit}; rz(0.3) ${qubit}; sx ${qubit};" for qubit in range(qubits)]
        lines += [f"cz ${qubit}, ${qubit + 1};" for qubit in range(layer % 2, qubits - 1, 2)]
    lines += [f"c[{qubit}] = measure ${qubit};" for qubit in range(qubits)]
    return " ".join(lines)


def test_estimate_job_foretells_seconds_of_small_circuit() -> None:
    estimate = estimate_job("sampler", {"pubs": [[BELL_PEEKSKILL, None, 100]]}, "ibm_peekskill")
    assert estimate.seconds is not None and 0 < estimate.seconds < 5
    assert estimate.methods == ("density_matrix",)
    assert not estimate.refusal


def test_estimate_job_refuses_with_seconds_and_reason() -> None:
    params = {"pubs": [[entangling(16, 60), None, 12_000]]}
    estimate = estimate_job("sampler", params, "ibm_fez")
    assert estimate.seconds is not None and estimate.seconds > 60
    assert "too large to simulate" in estimate.refusal and "would take about" in estimate.refusal


def test_estimate_job_leaves_other_faults_to_the_job() -> None:
    estimate = estimate_job("sampler", {"pubs": [["OPENQASM 3.0; x $0;;;broken", None, 10]]}, "ibm_fez")
    assert estimate.seconds is None and not estimate.refusal
