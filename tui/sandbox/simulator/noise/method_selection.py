"""Choice of the simulation method for a circuit, and refusal of circuits that would take too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qiskit.circuit import QuantumCircuit

from tui.qiskit_common.traversal import has_feedback, walk
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import two_qubit_gates

Name = Literal["density_matrix", "statevector", "stabilizer", "matrix_product_state", "stim"]

CLIFFORD = ("stabilizer", "stim")

_DENSITY_QUBITS = 10
_DYNAMIC_QUBITS = 8
_STATE_QUBITS = 28
# Measured on two cores of 2024 at 4096 shots; they decide what is refused, so only the order counts.
_AMPLITUDES_PER_SECOND = 4e9
_MPS_SECONDS_PER_GATE = 6e-6
_MPS_SECONDS_PER_ELEMENT = 2e-8
_TABLEAU_PER_SECOND = 3e7
_STIM_OPERATIONS_PER_SECOND = 2e8
_MOST_SECONDS = 600.0


@dataclass(frozen=True)
class Method:
    """A method of Aer, or stim.

    `exact` noise is not Pauli-twirled. `sampled_noise` is drawn for every shot before the simulation, which
    takes that nothing depends on an outcome; else Aer's noise model is used.
    """

    name: Name
    exact: bool
    sampled_noise: bool = False


def choose_method(circuit: QuantumCircuit, clifford: bool, shots: int) -> Method:
    """Choose the best method for a reduced circuit with bound parameters.

    Args:
        circuit: The circuit on only the qubits it uses.
        clifford: `clifford_form` can write the circuit.
        shots: How many shots are to be taken.

    Raises:
        JobFailure: The simulation would take longer than ten minutes by any method.
    """
    qubits = circuit.num_qubits
    if qubits <= _DENSITY_QUBITS and _measures_last(circuit):
        return Method("density_matrix", exact=True)
    if qubits <= _DYNAMIC_QUBITS:
        return Method("statevector", exact=True)
    operations = _count(circuit)
    if clifford and not has_feedback(circuit):
        _refuse_if_long(shots * operations / _STIM_OPERATIONS_PER_SECOND, circuit, shots)
        return Method("stim", exact=False, sampled_noise=True)
    if clifford:
        seconds = shots * qubits * (qubits + operations) / _TABLEAU_PER_SECOND
        _refuse_if_long(seconds, circuit, shots)
        return Method("stabilizer", exact=False)
    state = (
        shots * operations * 2.0**qubits / _AMPLITUDES_PER_SECOND if qubits <= _STATE_QUBITS else float("inf")
    )
    product = shots * _product_state_seconds(circuit)
    _refuse_if_long(min(state, product), circuit, shots)
    name: Name = "matrix_product_state" if product < state else "statevector"
    return Method(name, exact=False, sampled_noise=not has_feedback(circuit))


def _measures_last(circuit: QuantumCircuit) -> bool:
    """Nothing happens to a qubit after its measurement, and nothing depends on an outcome."""
    if has_feedback(circuit):
        return False
    measured: set[object] = set()
    written: set[object] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name == "barrier":
            continue
        if not measured.isdisjoint(instruction.qubits):
            return False
        if name == "measure":
            if instruction.clbits[0] in written:
                return False
            measured.add(instruction.qubits[0])
            written.add(instruction.clbits[0])
    return True


def _count(circuit: QuantumCircuit) -> int:
    return sum(1 for _ in walk(circuit))


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
    raise JobFailure(
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
