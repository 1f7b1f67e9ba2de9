"""Estimates of a job before it is submitted."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile

from tests.sandbox.simulator.programs import BELL_PEEKSKILL, HEADER
from tui.compiler.messages import PrepareProgram, ProgramPub
from tui.compiler.qiskit.quantum_program import prepare_program
from tui.domain.jobs import Primitive
from tui.domain.primitives import PrimitiveOptions
from tui.sandbox.simulator.base.calibration import calibration, target
from tui.sandbox.simulator.base.values import SimulationEstimate
from tui.sandbox.simulator.estimate import estimate_job
from tui.sandbox.simulator.primitives.accounting import physical_qasm3
from tui.sandbox.simulator.runner import run

PEEKSKILL = "ibm_peekskill"
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


def prepared(primitive: Primitive, circuit: QuantumCircuit, options: PrimitiveOptions) -> dict[str, Any]:
    """The params by which the app submits a circuit for ibm_peekskill, whose qubits it has."""
    fitted = transpile(circuit, target=target(PEEKSKILL), optimization_level=1, seed_transpiler=1)
    width = len(calibration(PEEKSKILL).qubits)
    request = PrepareProgram(
        primitive=primitive,
        pubs=(ProgramPub(physical_qasm3(fitted), None, ("Z" * width,)),),
        qubits=width,
        shots=4096 if primitive is Primitive.SAMPLER else None,
        precision=None,
        options=options,
    )
    params: dict[str, Any] = json.loads(prepare_program(request, target(PEEKSKILL)).params)
    return params


def layers(qubits: int, depth: int) -> QuantumCircuit:
    """Non-Clifford layers on a line."""
    circuit = QuantumCircuit(qubits, qubits)
    for layer in range(depth):
        for qubit in range(qubits):
            circuit.ry(0.3 + qubit / 7, qubit)
        for first in range(layer % 2, qubits - 1, 2):
            circuit.cx(first, first + 1)
    circuit.measure(range(qubits), range(qubits))
    return circuit


TWIRLED = PrimitiveOptions(twirl_gates=True, twirl_measures=True)


@pytest.mark.parametrize(
    ("primitive", "qubits", "depth", "options"),
    [
        (Primitive.SAMPLER, 5, 8, TWIRLED),
        (Primitive.ESTIMATOR, 5, 8, PrimitiveOptions(resilience=2)),
        pytest.param(Primitive.SAMPLER, 8, 12, TWIRLED, marks=pytest.mark.slow),
        pytest.param(Primitive.SAMPLER, 10, 2, TWIRLED, marks=pytest.mark.slow),
    ],
)
def test_estimate_of_a_quantum_program_is_within_a_factor_of_three(
    primitive: Primitive, qubits: int, depth: int, options: PrimitiveOptions
) -> None:
    circuit = layers(qubits, depth)
    if primitive is Primitive.ESTIMATOR:
        circuit.remove_final_measurements()
    params = prepared(primitive, circuit, options)
    estimate = estimate_job("executor", params, PEEKSKILL)
    before = time.process_time()
    assert run("executor", params, PEEKSKILL, 1).status == "Completed"
    spent = time.process_time() - before
    assert not estimate.refusal
    assert estimate.seconds is not None and estimate.seconds * estimate.processors > spent / 3
    assert estimate.seconds < 3 * max(spent, 0.3)


def test_estimate_job_refuses_program_whose_executions_together_take_too_long() -> None:
    params = prepared(Primitive.SAMPLER, layers(18, 4), TWIRLED)
    # As many randomizations as shots: each state is prepared for one shot.
    params["quantum_program"]["items"][0]["shape"] = [4096]
    estimate = estimate_job("executor", params, PEEKSKILL)
    assert estimate.seconds is not None and estimate.seconds > 60
    assert "in each of 4096 executions would take about" in estimate.refusal


def test_estimate_job_leaves_a_malformed_program_to_the_job() -> None:
    params = {"schema_version": "v2.0", "options": {}, "quantum_program": {"shots": 1, "items": 7}}
    assert estimate_job("executor", params, PEEKSKILL) == SimulationEstimate(None)


def test_estimate_job_refuses_job_whose_pubs_together_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sandbox.simulator.estimate.MOST_SECONDS", 1e-4)
    estimate = estimate_job("sampler", {"pubs": [[BELL_PEEKSKILL, None, 100]] * 2}, PEEKSKILL)
    assert "all its executions with noise would take about 1 seconds" in estimate.refusal
