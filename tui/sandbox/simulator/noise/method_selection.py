"""Which way to simulate a circuit, and what is too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from tui.sandbox.simulator.base.errors import Failure
from tui.sandbox.simulator.circuits.qubit_reduction import two_qubit_gates

Name = Literal["density_matrix", "statevector", "stabilizer", "matrix_product_state", "pauli_frames"]

CLIFFORD = ("stabilizer", "pauli_frames")

_DENSITY_QUBITS = 10
_DYNAMIC_QUBITS = 8
_STATE_QUBITS = 28
# Measured on two cores of 2024 at 4096 shots; they decide what is refused, so only the order counts.
_AMPLITUDES_PER_SECOND = 4e9
_MPS_SECONDS_PER_GATE = 6e-6
_MPS_SECONDS_PER_ELEMENT = 2e-8
_TABLEAU_PER_SECOND = 3e7
_FRAMES_PER_SECOND = 5e7
_MOST_SECONDS = 600.0


@dataclass(frozen=True)
class Method:
    """How to simulate: the method, exact or Pauli-twirled noise, equal shots computed once or not."""

    name: Name
    exact: bool
    branching: bool = False


def choose(circuit: QuantumCircuit, clifford: bool, shots: int) -> Method:
    """The best method for a reduced circuit with bound parameters.

    Raises `Failure` at once when the simulation would take longer than ten minutes.
    """
    qubits = circuit.num_qubits
    static = is_static(circuit)
    if static and qubits <= _DENSITY_QUBITS:
        return Method("density_matrix", exact=True)
    if qubits <= _DYNAMIC_QUBITS:
        return Method("statevector", exact=True)
    operations = _count(circuit)
    if clifford:
        if not has_feedback(circuit):
            _refuse_if_long(shots * operations / _FRAMES_PER_SECOND, circuit, shots)
            return Method("pauli_frames", exact=False)
        seconds = shots * qubits * (qubits + operations) / _TABLEAU_PER_SECOND
        _refuse_if_long(seconds, circuit, shots)
        return Method("stabilizer", exact=False)
    state = (
        shots * operations * 2.0**qubits / _AMPLITUDES_PER_SECOND if qubits <= _STATE_QUBITS else float("inf")
    )
    product = shots * _product_state_seconds(circuit)
    _refuse_if_long(min(state, product), circuit, shots)
    if product < state:
        return Method("matrix_product_state", exact=False)
    return Method("statevector", exact=False, branching=True)


def has_feedback(circuit: QuantumCircuit) -> bool:
    """Whether anything depends on an outcome."""
    return any(
        isinstance(instruction.operation, ControlFlowOp) or instruction.operation.name == "store"
        for instruction in circuit.data
    )


def is_static(circuit: QuantumCircuit) -> bool:
    """Whether nothing happens after a measurement on its qubit, and nothing depends on one."""
    if has_feedback(circuit):
        return False
    measured: set[object] = set()
    written: set[object] = set()
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "barrier":
            continue
        if any(qubit in measured for qubit in instruction.qubits):
            return False
        if operation.name == "measure":
            if instruction.clbits[0] in written:
                return False
            measured.add(instruction.qubits[0])
            written.add(instruction.clbits[0])
    return True


def _count(circuit: QuantumCircuit) -> int:
    total = 0
    for instruction in circuit.data:
        operation = instruction.operation
        blocks = operation.blocks if isinstance(operation, ControlFlowOp) else ()
        total += 1 + sum(_count(block) for block in blocks)
    return total


def _product_state_seconds(circuit: QuantumCircuit) -> float:
    """Seconds a shot as a matrix product state, from a bound on the bond dimension at every cut."""
    qubits = circuit.num_qubits
    bonds = [0] * max(qubits - 1, 0)
    seconds = _count(circuit) * _MPS_SECONDS_PER_GATE
    for first, second in two_qubit_gates(circuit):
        low, high = sorted((first, second))
        for cut in range(low, high):
            # A gate at most doubles the rank across each cut that it spans (cx, cz, ecr, rzz),
            # and no cut has more rank than its smaller side.
            bonds[cut] = min(bonds[cut] + 1, cut + 1, qubits - 1 - cut)
            seconds += _MPS_SECONDS_PER_GATE + _MPS_SECONDS_PER_ELEMENT * 8.0 ** bonds[cut]
    return seconds


def _refuse_if_long(seconds: float, circuit: QuantumCircuit, shots: int) -> None:
    if seconds <= _MOST_SECONDS:
        return
    raise Failure(
        f"The circuit is too large to simulate: it uses {circuit.num_qubits} qubits and"
        f" {_count(circuit)} instructions, which with noise and {shots} shots would take"
        f" {_duration(seconds)}; the sandbox stops at 10 minutes.",
        1002,
        "Use fewer qubits, gates or shots. Circuits of Clifford gates alone (angles that are multiples"
        " of pi/2) can use every qubit of a device; real hardware has no such limit.",
    )


def _duration(seconds: float) -> str:
    if seconds < 7200:
        return f"about {seconds / 60:.0f} minutes"
    if seconds < 2 * 86400:
        return f"about {seconds / 3600:.0f} hours"
    return f"about {seconds / 86400:.0f} days" if seconds < 1e9 else "more than a lifetime"
