"""Qubits of a circuit that nothing joins, told apart: their outcomes are independent.

An estimator's circuit measures every qubit of the device; of most of them it asks for nothing else. With
the parts simulated one by one only the qubits in use cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import QuantumCircuit

_IDLE = ("barrier", "delay")


@dataclass(frozen=True)
class Part:
    """A part of a circuit: its instructions alone, on all the qubits and bits of the circuit.

    `columns` are the numbers of the classical bits that it writes.
    """

    circuit: QuantumCircuit
    columns: tuple[int, ...]


def independent_parts(circuit: QuantumCircuit) -> list[Part]:
    """Split a circuit into parts that share neither qubits nor bits.

    Args:
        circuit: Any circuit; one with variables stays whole.

    Returns:
        The parts that write classical bits, in the order of their first qubit.
    """
    if circuit.num_vars or circuit.num_stretches:
        return [Part(circuit, tuple(range(circuit.num_clbits)))]
    group = _Groups()
    for instruction in circuit.data:
        if instruction.operation.name not in _IDLE:
            group.join((*instruction.qubits, *instruction.clbits))
    columns = {bit: index for index, bit in enumerate(circuit.clbits)}
    members: dict[Any, list[int]] = {}
    for bit, column in columns.items():
        if bit in group:
            members.setdefault(group.root(bit), []).append(column)
    circuits = {root: circuit.copy_empty_like() for root in members}
    for instruction in circuit.data:
        for root, kept in _shares(instruction, group):
            if root in circuits:
                circuits[root]._append(kept)
    return [Part(circuits[root], tuple(found)) for root, found in members.items()]


def _shares(instruction: Any, group: _Groups) -> Iterator[tuple[Any, Any]]:
    """The part or parts that an instruction belongs to; of a barrier each gets its own qubits."""
    if instruction.operation.name != "barrier":
        first = (*instruction.qubits, *instruction.clbits)[:1]
        for bit in first:
            if bit in group:
                yield group.root(bit), instruction
        return
    shares: dict[Any, list[Any]] = {}
    for qubit in instruction.qubits:
        if qubit in group:
            shares.setdefault(group.root(qubit), []).append(qubit)
    for root, qubits in shares.items():
        yield root, instruction.replace(operation=type(instruction.operation)(len(qubits)), qubits=qubits)


class _Groups:
    """Disjoint sets of bits."""

    def __init__(self) -> None:
        self._parents: dict[Any, Any] = {}

    def __contains__(self, bit: Any) -> bool:
        return bit in self._parents

    def root(self, bit: Any) -> Any:
        while (parent := self._parents[bit]) is not bit:
            self._parents[bit] = self._parents[parent]
            bit = parent
        return bit

    def join(self, bits: tuple[Any, ...]) -> None:
        for bit in bits:
            self._parents.setdefault(bit, bit)
        for bit in bits[1:]:
            self._parents[self.root(bit)] = self.root(bits[0])
