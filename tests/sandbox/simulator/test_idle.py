"""Waiting: where qubits wait, and relaxation by the formulas of T1 and T2 in every method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

from tests.sandbox.simulator.programs import HEADER, completed, share
from tui.qiskit_common.traversal import walk
from tui.sandbox.simulator.base.calibration import QubitData, calibration
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.clifford import clifford_form
from tui.sandbox.simulator.noise.durations import circuit_seconds
from tui.sandbox.simulator.noise.idle import with_idle_delays
from tui.sandbox.simulator.noise.method_selection import CLIFFORD, Method
from tui.sandbox.simulator.noise.shots import PlannedRun, plan_run, sample_shots

DEVICE = "ibm_peekskill"
DATA = calibration(DEVICE)
ECR = DATA.gates["ecr", (0, 1)].length
WAIT = 100e-6


def waits(circuit: QuantumCircuit) -> list[tuple[int, float]]:
    """Qubits that wait in a circuit, in its order, with nanoseconds."""
    padded = with_idle_delays(circuit, DATA)
    assert circuit_seconds(padded, DATA) == pytest.approx(circuit_seconds(circuit, DATA))
    return [
        (numbers[0], round(instruction.operation.duration * 1e9, 1))
        for instruction, numbers in walk(padded)
        if instruction.operation.name == "delay"
    ]


def test_qubit_waits_between_its_operations_only() -> None:
    circuit = QuantumCircuit(4, 3)
    circuit.x(0)
    circuit.ecr(0, 1)
    circuit.ecr(2, 1)
    circuit.x(3)
    circuit.barrier()
    circuit.measure([0, 1, 2], [0, 1, 2])
    # Qubit 2 waits for its first gate and qubit 3 for nothing; qubit 0 until the second gate is over.
    length = DATA.gates["ecr", (2, 1)].length
    assert waits(circuit) == [(0, round(length * 1e9, 1))]


def test_qubit_waits_for_a_branch_and_in_the_branch_that_leaves_it_alone() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.x([0, 1])
    circuit.barrier()
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as other:
        circuit.ecr(0, 1)
    with other:
        circuit.x(0)
    circuit.x(0)
    x, ecr, readout = (
        DATA.gates["x", (0,)].length,
        ECR,
        DATA.qubits[0].readout_length,
    )
    expected = [(1, readout), (0, ecr - x), (1, ecr)]
    assert sorted(waits(circuit)) == sorted((qubit, round(seconds * 1e9, 1)) for qubit, seconds in expected)


def test_loop_makes_others_wait_for_all_its_turns() -> None:
    circuit = QuantumCircuit(2)
    circuit.x(1)
    circuit.barrier()
    with circuit.for_loop(range(5)):
        circuit.x(0)
    circuit.barrier()
    circuit.x(1)
    assert waits(circuit) == [(1, round(5 * DATA.gates["x", (0,)].length * 1e9, 1))]


def relaxing(prepared: str, qubits: int) -> QuantumCircuit:
    """Qubits that wait in 0, 1 or +, the last measured in its own basis: 0 when nothing happens."""
    circuit = QuantumCircuit(qubits, qubits)
    for qubit in range(qubits):
        if prepared == "1":
            circuit.rx(math.pi, qubit)
        if prepared == "+":
            circuit.h(qubit)
        circuit.delay(WAIT, qubit, unit="s")
        if prepared == "+":
            circuit.h(qubit)
        circuit.measure(qubit, qubit)
    return circuit


def read_as_1(qubit: QubitData, prepared: str, twirled: bool) -> float:
    """The chance to read 1 by the formulas: exp(-t/T1) for 1, (1 - exp(-t/T2)) / 2 for +.

    Twirled relaxation takes 0 and 1 to the middle alike.
    """
    assert qubit.t1 is not None and qubit.t2 is not None
    decay, phase = math.exp(-WAIT / qubit.t1), math.exp(-WAIT / min(qubit.t2, 2 * qubit.t1))
    one = {"1": decay, "0": 0.0, "+": (1 - phase) / 2}[prepared]
    if twirled and prepared != "+":
        one = (1 + decay) / 2 if prepared == "1" else (1 - decay) / 2
    return one * (1 - qubit.read_0_when_1) + (1 - one) * qubit.read_1_when_0


@pytest.mark.parametrize("prepared", ["0", "1", "+"])
@pytest.mark.parametrize(
    ("method", "twirled"),
    [
        (Method("density_matrix", exact=True), False),
        (Method("statevector", exact=True), False),
        (Method("statevector", exact=False), False),
        (Method("matrix_product_state", exact=False), False),
        (Method("stim", exact=False, sampled_noise=True), False),
        (Method("stabilizer", exact=False), True),
        (Method("statevector", exact=False, sampled_noise=True), True),
        (Method("matrix_product_state", exact=False, sampled_noise=True), True),
    ],
)
def test_waiting_relaxes_by_t1_and_t2(method: Method, twirled: bool, prepared: str) -> None:
    shots = 4000
    reduced = reduce_qubits(relaxing(prepared, 3))
    circuit = clifford_form(reduced.circuit) if method.name in CLIFFORD else reduced.circuit
    assert circuit is not None
    if not method.sampled_noise:
        circuit = noise.with_relaxation(circuit, DEVICE, reduced.qubits, not twirled)
    (bits,) = sample_shots([PlannedRun(circuit, reduced.qubits, method)], DEVICE, shots, 3)
    expected = [read_as_1(DATA.qubits[qubit], prepared, twirled) for qubit in reduced.qubits]
    for got, chance in zip(bits.mean(axis=0).tolist(), expected, strict=True):
        # Five standard errors, and the errors of the gates.
        assert got == pytest.approx(chance, abs=5 * math.sqrt(chance * (1 - chance) / shots) + 0.002)


@pytest.mark.parametrize("prepared", ["0", "1", "+"])
def test_all_qubits_of_a_device_relax_by_their_own_t1_and_t2(prepared: str) -> None:
    shots = 4000
    run = plan_run(reduce_qubits(relaxing(prepared, 27)), DEVICE, shots)
    assert run.method.name == "stim"
    (bits,) = sample_shots([run], DEVICE, shots, 7)
    expected = np.array([read_as_1(DATA.qubits[qubit], prepared, False) for qubit in run.qubits])
    limit = 5 * np.sqrt(expected * (1 - expected) / shots) + 0.003
    assert (np.abs(bits.mean(axis=0) - expected) < limit).all()


def test_sampler_lets_a_qubit_relax_while_another_is_delayed() -> None:
    program = HEADER + "bit[1] c; x $3; barrier $3, $4; delay[200us] $4; barrier $3, $4; c[0] = measure $3;"
    still = HEADER + "bit[1] c; x $3; barrier $3, $4; c[0] = measure $3;"
    t1 = DATA.qubits[3].t1
    assert t1 is not None
    waited = share(completed("sampler", {"pubs": [[program]]}), "0x1")
    assert share(completed("sampler", {"pubs": [[still]]}), "0x1") > 0.97
    assert waited == pytest.approx(math.exp(-200e-6 / t1), abs=0.03)
