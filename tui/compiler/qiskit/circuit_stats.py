"""How large a circuit is: operations, depth, and two-qubit gates with those inside gates of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

from tui.domain.circuits import CircuitStats

WIDEST_EXACT: Final = 64
"""Qubits of an own gate up to which its depth is followed from qubit to qubit; a wider one is one block."""
_MOST_NESTED: Final = 100
_STANDARD: Final = frozenset(get_standard_gate_name_mapping())


def stats(circuit: QuantumCircuit) -> CircuitStats:
    """Count qubits, bits and operations, and measure the depth.

    Two-qubit gates are counted after gates of the program's own, and gates over three or more qubits, are
    replaced by what they are made of; operations and depth are as written. Of the branches of control flow
    the worst counts, for each number and each kind by itself; the body of a loop counts once.

    Returns:
        The numbers without barriers. The depth is that of `QuantumCircuit.depth`, with a block of control
        flow as deep as its deepest branch.
    """
    size = Sizes().of(circuit)
    return CircuitStats(
        qubits=circuit.num_qubits,
        clbits=circuit.num_clbits,
        size=size.operations.total(),
        depth=size.depth,
        two_qubit_gates=size.pairs,
        two_qubit_depth=size.pair_depth,
        operations=dict(size.operations.most_common()),
    )


@dataclass(slots=True)
class _Size:
    """Size of a circuit, a block or an instruction; `pairs` are two-qubit gates.

    `chains`: of a gate of few qubits, most two-qubit gates on a way from one qubit (row) to another.
    """

    operations: Counter[str] = field(default_factory=Counter)
    depth: int = 0
    pairs: int = 0
    pair_depth: int = 0
    chains: NDArray[np.float64] | None = None

    def worst(self, other: _Size) -> None:
        """Take the larger of each number."""
        self.operations |= other.operations
        self.depth = max(self.depth, other.depth)
        self.pairs = max(self.pairs, other.pairs)
        self.pair_depth = max(self.pair_depth, other.pair_depth)


_BARRIER: Final = _Size()
_ONE: Final = _Size(depth=1)
_PAIR: Final = _Size(depth=1, pairs=1, pair_depth=1)


class Sizes:
    """Measures circuits; each own gate is looked into once."""

    def __init__(self) -> None:
        self._gates: dict[tuple[Any, ...], _Size] = {}

    def pairs(self, instruction: Any) -> int:
        """Return the two-qubit gates that an instruction is, or is made of; the worst branch's of a block."""
        return self._of_instruction(instruction).pairs

    def of(self, circuit: QuantumCircuit) -> _Size:
        """Return the size of a circuit or block."""
        total = _Size()
        levels: dict[Any, float] = {}
        pair_levels: dict[Any, float] = {}
        for instruction in circuit.data:
            size = self._of_instruction(instruction)
            if size is not _BARRIER:
                total.operations[instruction.name] += 1
            if size.operations:
                total.operations.update(size.operations)
            total.pairs += size.pairs
            touched = (*instruction.qubits, *instruction.clbits)
            _merge(levels, touched, size.depth)
            if size.chains is not None:
                _through(pair_levels, touched, size.chains)
            elif len(touched) > 1:
                _merge(pair_levels, touched, size.pair_depth)
        total.depth = int(max(levels.values(), default=0))
        total.pair_depth = int(max(pair_levels.values(), default=0))
        return total

    def _of_instruction(self, instruction: Any) -> _Size:
        if instruction.name == "barrier":
            return _BARRIER
        if instruction.is_control_flow():
            worst = _Size(depth=1)
            for block in instruction.operation.blocks:
                worst.worst(self.of(block))
            return worst
        count = len(instruction.qubits)
        if count < 2 or instruction.clbits:
            return _ONE
        return _PAIR if count == 2 and instruction.name in _STANDARD else self._of_gate(instruction.operation)

    def _of_gate(self, operation: Any, nested: int = 0) -> _Size:
        """Return the size of a gate as one operation, with the two-qubit gates inside."""
        width = operation.num_qubits
        if width == 2 and operation.name in (*_STANDARD, "unitary"):
            return _PAIR
        key = (type(operation), operation.name, width)
        if key not in self._gates:
            self._gates[key] = _PAIR if width == 2 else _ONE
            inner = _definition(operation) if nested < _MOST_NESTED else None
            if inner is not None:
                self._gates[key] = self._inside(inner, nested + 1)
        return self._gates[key]

    def _inside(self, inner: QuantumCircuit, nested: int) -> _Size:
        numbers = {qubit: number for number, qubit in enumerate(inner.qubits)}
        exact = len(numbers) <= WIDEST_EXACT
        chains = np.where(np.eye(len(numbers)), 0.0, -np.inf) if exact else None
        levels: dict[Any, float] = {}
        pairs = 0
        for instruction in inner.data:
            if len(instruction.qubits) < 2:
                continue
            barrier = instruction.name == "barrier"
            size = _BARRIER if barrier else self._of_gate(instruction.operation, nested)
            pairs += size.pairs
            _merge(levels, instruction.qubits, size.pair_depth)
            if chains is not None:
                at = [numbers[qubit] for qubit in instruction.qubits]
                chains[:, at] = _longest(chains[:, at], size)
        deepest = max(levels.values(), default=0.0) if chains is None else float(chains.max(initial=0.0))
        return _Size(depth=1, pairs=pairs, pair_depth=int(deepest), chains=chains)


def _definition(operation: Any) -> QuantumCircuit | None:
    """Return what a gate is made of; nothing when it is opaque, or wide and would have to be synthesized."""
    if operation.num_qubits > WIDEST_EXACT and getattr(operation, "_definition", None) is None:
        return None
    inner = getattr(operation, "definition", None)
    return inner if isinstance(inner, QuantumCircuit) else None


def _merge(levels: dict[Any, float], touched: Sequence[Any], deeper: float) -> None:
    level = max([levels.get(bit, 0) for bit in touched], default=0) + deeper
    for bit in touched:
        levels[bit] = level


def _through(levels: dict[Any, float], qubits: Sequence[Any], chains: NDArray[np.float64]) -> None:
    """Pass a gate: each qubit is as deep as the deepest way to it."""
    before = np.array([levels.get(qubit, 0) for qubit in qubits])
    levels.update(zip(qubits, (before[:, None] + chains).max(axis=0).tolist(), strict=True))


def _longest(before: NDArray[np.float64], size: _Size) -> NDArray[np.float64]:
    """Return the longest ways to the qubits of an inner gate after it, from those before (columns)."""
    if size.chains is None:
        return np.repeat(before.max(axis=1, keepdims=True) + size.pair_depth, before.shape[1], axis=1)
    after: NDArray[np.float64] = np.stack(
        [(before + size.chains[:, column]).max(axis=1) for column in range(before.shape[1])], axis=1
    )
    return after
