"""Estimates of a job before it is submitted."""

from __future__ import annotations

import pytest

from tests.sandbox.simulator.programs import BELL_PEEKSKILL, HEADER
from tui.sandbox.simulator.estimate import estimate_job

FEZ = (*range(16), 19, *range(35, 25, -1))


def entangling(qubits: int, layers: int) -> str:
    """Non-Clifford layers on a chain of ibm_fez, deeper than any method can go."""
    lines = [HEADER, f"bit[{qubits}] c;"]
    for layer in range(layers):
        lines += [f"sx ${qubit}; rz(0.3) ${qubit}; sx ${qubit};" for qubit in FEZ[:qubits]]
        lines += [f"cz ${FEZ[at]}, ${FEZ[at + 1]};" for at in range(layer % 2, qubits - 1, 2)]
    lines += [f"c[{bit}] = measure ${qubit};" for bit, qubit in enumerate(FEZ[:qubits])]
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


def test_estimate_job_says_of_a_trial_given_up_that_it_takes_longer() -> None:
    estimate = estimate_job("sampler", {"pubs": [[entangling(26, 40), None, 1024]]}, "ibm_fez")
    assert estimate.seconds is not None and estimate.seconds >= 3600
    assert "would take more than an hour;" in estimate.refusal


def test_estimate_job_refuses_program_that_is_long_to_read() -> None:
    estimate = estimate_job("sampler", {"pubs": [[HEADER + "x $0;" * 300_000, None, 1024]]}, "ibm_fez")
    assert estimate.seconds == pytest.approx(96, rel=0.01)
    assert "300,002 statements" in estimate.refusal and "about 96 seconds" in estimate.refusal


def test_estimate_job_leaves_other_faults_to_the_job() -> None:
    estimate = estimate_job("sampler", {"pubs": [["OPENQASM 3.0; x $0;;;broken", None, 10]]}, "ibm_fez")
    assert estimate.seconds is None and not estimate.refusal
