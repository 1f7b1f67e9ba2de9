"""Circuits drawn as text, as far as that is of use."""

from __future__ import annotations

from typing import Final

from qiskit import QuantumCircuit

from tui.compiler.qiskit.circuit_stats import walk
from tui.compiler.qiskit.diagnostics import NotPossible

MOST_OPERATIONS: Final = 1_500
"""Operations of a circuit that is drawn on request: the drawer takes some 0.2 s for each thousand."""
MOST_REVIEWED: Final = 300
"""Operations of a transpiled circuit that is drawn without being asked."""
MOST_QUBITS: Final = 40
"""Active qubits of the same."""
NARROWEST: Final = 20


def draw(circuit: QuantumCircuit, width: int) -> str:
    """The circuit as text, folded at `width` columns, idle qubits left out.

    Raises:
        NotPossible: it is too large to be read as a drawing.
    """
    operations = sum(1 for _ in walk(circuit))
    if operations > MOST_OPERATIONS:
        raise NotPossible(
            f"The circuit has {operations:,} operations: up to {MOST_OPERATIONS:,} are drawn.",
        )
    if not circuit.data:
        return ""
    return str(circuit.draw("text", fold=max(width, NARROWEST), idle_wires=False))


def draw_if_small(circuit: QuantumCircuit, width: int) -> str:
    """The same for a result that nobody asked to draw; empty when it is large."""
    active = {qubit for instruction in circuit.data for qubit in instruction.qubits}
    if len(active) > MOST_QUBITS or sum(1 for _ in walk(circuit)) > MOST_REVIEWED:
        return ""
    return draw(circuit, width)
