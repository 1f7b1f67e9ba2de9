"""The drawing of an ISA program: the qubits it uses, each named by its virtual and its physical number."""

from __future__ import annotations

from typing import Final

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import Qubit

from tui.compiler.messages import DrawIsa
from tui.compiler.qiskit.circuit_summary import MOST_DRAWN, NotPossible, operations
from tui.compiler.qiskit.parser import read

_UNFOLDED: Final = -1


def draw_isa(request: DrawIsa) -> str:
    """Draw an ISA program in one piece, as wide as it is.

    Returns:
        The drawing; wires are `3 → 15` for virtual qubit 3 that begins on qubit 15, `15` where none does.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too large to be read as a drawing.
    """
    circuit = read(request.isa)
    size = sum(1 for _ in operations(circuit))
    if size > MOST_DRAWN:
        raise NotPossible(f"The circuit has {size:,} operations: up to {MOST_DRAWN:,} are drawn.")
    virtual = {physical: number for number, physical in enumerate(request.layout)}
    used = sorted({circuit.find_bit(qubit).index for entry in circuit.data for qubit in entry.qubits})
    wires: dict[Qubit, Qubit] = {}
    registers = []
    for physical in used:
        name = f"{virtual[physical]} → {physical}" if physical in virtual else str(physical)
        register = QuantumRegister(1, name)
        registers.append(register)
        wires[circuit.qubits[physical]] = register[0]
    shown = QuantumCircuit(*registers, circuit.clbits, *circuit.cregs)
    for entry in circuit.data:
        shown.append(entry.operation, [wires[qubit] for qubit in entry.qubits], entry.clbits, copy=False)
    return str(shown.draw("text", fold=_UNFOLDED)) if shown.data else ""
