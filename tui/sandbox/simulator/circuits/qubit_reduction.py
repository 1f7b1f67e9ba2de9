"""From a circuit on a device to the same circuit on only the qubits it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import ControlFlowOp, QuantumCircuit, QuantumRegister

# What alone does not make a qubit take part: nothing is ever read from it.
_IDLE = ("barrier", "delay")


@dataclass(frozen=True)
class Reduced:
    """A circuit on qubits 0..k-1; `qubits[i]` is the physical qubit that qubit i stands for."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]


def reduce(circuit: QuantumCircuit, also: Iterable[int] = ()) -> Reduced:
    """Drop the qubits that nothing acts on; `also` names some to keep all the same.

    Classical bits and registers stay as they are.
    """
    places = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    used = {
        places[qubit]
        for instruction in circuit.data
        if instruction.operation.name not in _IDLE
        for qubit in instruction.qubits
    }
    qubits = _along_couplers(circuit, sorted(used | set(also)), places)
    register = QuantumRegister(len(qubits), "q")
    small = QuantumCircuit(register, global_phase=circuit.global_phase)
    small.add_bits(circuit.clbits)
    for creg in circuit.cregs:
        small.add_register(creg)
    for variable in circuit.iter_input_vars():
        small.add_input(variable)
    for variable in circuit.iter_declared_vars():
        small.add_uninitialized_var(variable)
    moved = {circuit.qubits[qubit]: register[index] for index, qubit in enumerate(qubits)}
    for instruction in circuit.data:
        kept = [moved[qubit] for qubit in instruction.qubits if qubit in moved]
        if instruction.operation.name == "barrier":
            if kept:
                small.barrier(kept)
        elif len(kept) == len(instruction.qubits):
            small._append(instruction.replace(qubits=tuple(kept)))
    return Reduced(small, tuple(qubits))


def two_qubit_gates(circuit: QuantumCircuit) -> list[tuple[int, int]]:
    """The pairs of qubits that gates join, in order, blocks of control flow included."""
    places = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    return list(_pairs(circuit, places))


def _pairs(circuit: QuantumCircuit, places: Mapping[Any, int]) -> Iterable[tuple[int, int]]:
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            for block in operation.blocks:
                inner = {
                    mine: places[outer] for mine, outer in zip(block.qubits, instruction.qubits, strict=True)
                }
                yield from _pairs(block, inner)
        elif len(instruction.qubits) == 2 and operation.name not in _IDLE:
            first, second = (places[qubit] for qubit in instruction.qubits)
            yield first, second


def _along_couplers(circuit: QuantumCircuit, qubits: Sequence[int], places: Mapping[Any, int]) -> list[int]:
    """The qubits ordered so that neighbours on the chip tend to be neighbours in the list.

    A matrix product state is cheap only when gates join near qubits. Walks from an end of each chain.
    """
    neighbours: dict[int, set[int]] = {qubit: set() for qubit in qubits}
    for first, second in _pairs(circuit, places):
        neighbours[first].add(second)
        neighbours[second].add(first)
    ordered: list[int] = []
    left = dict.fromkeys(qubits)
    while left:
        waiting = [min(left, key=lambda qubit: (len(neighbours[qubit]), qubit))]
        while waiting:
            qubit = waiting.pop()
            if qubit in left:
                del left[qubit]
                ordered.append(qubit)
                waiting.extend(sorted(neighbours[qubit] & left.keys(), reverse=True))
    return ordered
