"""The simulation of many executions at once, against Qiskit Aer with the same noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit
from tui.sandbox.simulator.noise.method_selection import Method
from tui.sandbox.simulator.noise.noise_model import with_relaxation
from tui.sandbox.simulator.noise.pauli_transfer import measures_last, sample_batch
from tui.sandbox.simulator.noise.shots import PlannedRun, sample_shots

SHOTS = 200_000


def frequencies(bits: Bits) -> np.ndarray:
    """How often each outcome came, of shots of shape (shots, bits)."""
    numbers = bits @ (1 << np.arange(bits.shape[1]))
    return np.bincount(numbers, minlength=1 << bits.shape[1]) / len(bits)


def ladder() -> QuantumCircuit:
    """Three qubits of ibm_peekskill in a row, with a delay, a reset and a qubit that is not measured."""
    circuit = QuantumCircuit(3, 2)
    angle, other = Parameter("a"), Parameter("b")
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    circuit.ecr(0, 1)
    circuit.rz(2 * other + 0.3, 1)
    circuit.sx(1)
    circuit.x(2)
    circuit.reset(2)
    circuit.sx(2)
    circuit.delay(20_000, 0, unit="ns")
    circuit.ecr(1, 2)
    circuit.barrier()
    circuit.sx(2)
    circuit.measure(2, 0)
    circuit.measure(0, 1)
    circuit.delay(100, 0, unit="dt")
    return circuit


def test_batch_gives_the_frequencies_of_aer() -> None:
    circuit, qubits = ladder(), (15, 18, 21)
    angles = np.array([[0.0, 0.4], [math.pi / 3, 1.0], [2.0, -2.0]])
    named = {parameter: angles[:, index] for index, parameter in enumerate(circuit.parameters)}
    generator = np.random.default_rng(5)
    batch = sample_batch(circuit, named, 3, "ibm_peekskill", qubits, SHOTS, generator)
    assert batch.shape == (3, SHOTS, 2)
    for row, bits in zip(angles, batch, strict=True):
        bound = with_relaxation(circuit.assign_parameters(row), "ibm_peekskill", qubits, True)
        run = PlannedRun(bound, qubits, Method("density_matrix", exact=True))
        expected = frequencies(sample_shots([run], "ibm_peekskill", SHOTS, 3)[0])
        assert frequencies(bits) == pytest.approx(expected, abs=5 * 0.5 * math.sqrt(2 / SHOTS))


def test_batch_in_several_parts_has_every_execution() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("a"), 0)
    circuit.x(0)
    circuit.measure(0, 0)
    named = {circuit.parameters[0]: np.zeros(5)}
    bits = sample_batch(circuit, named, 5, "ibm_peekskill", (3,), 1 << 20, np.random.default_rng(1))
    assert bits.shape == (5, 1 << 20, 1)
    assert bits.mean(axis=(1, 2)) == pytest.approx([bits.mean()] * 5, abs=0.01)
    assert bits.mean() > 0.9


def test_measures_last_sees_a_gate_after_a_measurement() -> None:
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.delay(10, 0)
    assert measures_last(circuit)
    circuit.x(0)
    assert not measures_last(circuit)


def test_reduced_circuit_has_no_qubit_without_an_instruction() -> None:
    assert ReducedCircuit(QuantumCircuit(0), ()).qubits == ()
