"""From a circuit on a device to the same circuit on only the qubits it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from tui.qiskit_common.traversal import IDLE, on_qubits, used_qubits, walk


@dataclass(frozen=True)
class ReducedCircuit:
    """A circuit on qubits 0..k-1; `qubits[i]` is the physical qubit that qubit i stands for."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]


def reduce_qubits(circuit: QuantumCircuit, keep: Iterable[int] = ()) -> ReducedCircuit:
    """Drop the qubits that nothing acts on.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        keep: Qubits to keep although nothing acts on them.

    Returns:
        The circuit on the remaining qubits, ordered along the couplers in use. Classical bits, registers
        and variables stay as they are.
    """
    qubits = _along_couplers(circuit, sorted({*used_qubits(circuit), *keep}))
    return ReducedCircuit(on_qubits(circuit, qubits), tuple(qubits))


def two_qubit_gates(circuit: QuantumCircuit) -> Iterator[tuple[int, int]]:
    """Yield the pairs of qubits that gates join, in program order, blocks of control flow included."""
    for instruction, numbers in walk(circuit):
        operation = instruction.operation
        if len(numbers) == 2 and operation.name not in IDLE and not isinstance(operation, ControlFlowOp):
            yield numbers[0], numbers[1]


def _along_couplers(circuit: QuantumCircuit, qubits: Sequence[int]) -> list[int]:
    """Order the qubits so that neighbours on the chip tend to be neighbours in the list.

    A matrix product state is cheap only when gates join near qubits. Depth first from an end of each
    chain.
    """
    neighbours: dict[int, set[int]] = {qubit: set() for qubit in qubits}
    for first, second in two_qubit_gates(circuit):
        neighbours[first].add(second)
        neighbours[second].add(first)
    ordered: list[int] = []
    remaining = dict.fromkeys(qubits)
    while remaining:
        stack = [min(remaining, key=lambda qubit: (len(neighbours[qubit]), qubit))]
        while stack:
            qubit = stack.pop()
            if qubit in remaining:
                del remaining[qubit]
                ordered.append(qubit)
                stack.extend(sorted(neighbours[qubit] & remaining.keys(), reverse=True))
    return ordered
