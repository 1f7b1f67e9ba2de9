"""Clifford circuits: recognised, and written so that a stabilizer simulator takes them."""

from __future__ import annotations

import math

from qiskit.circuit import CircuitInstruction, ControlFlowOp, QuantumCircuit
from qiskit.circuit.library import CZGate, SdgGate, SGate, SXdgGate, SXGate, XGate, ZGate

_PLAIN = {
    *("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "ecr", "swap"),
    *("measure", "reset", "barrier", "delay", "quantum_channel"),
}
_QUARTER = math.pi / 2
_CLOSE = 1e-9
_RZ = (None, SGate, ZGate, SdgGate)
_RX = (None, SXGate, XGate, SXdgGate)


def clifford_form(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """The circuit with its rotations by multiples of pi/2 as Clifford gates, up to a phase.

    None when the circuit is not a Clifford circuit. `rx` becomes the device's `sx` and `x` (backwards:
    `sxdg`), `rzz(pi/2)` a `cz`, so that each keeps a noise of its kind.
    """
    changed = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            blocks = [clifford_form(block) for block in operation.blocks]
            if any(block is None for block in blocks):
                return None
            changed._append(instruction.replace(operation=operation.replace_blocks(blocks)))
        elif operation.name in _PLAIN:
            changed._append(instruction)
        else:
            parts = _parts(instruction)
            if parts is None:
                return None
            for part in parts:
                changed._append(part)
    return changed


def _parts(instruction: CircuitInstruction) -> list[CircuitInstruction] | None:
    operation = instruction.operation
    if operation.name not in ("rz", "rx", "rzz"):
        return None
    quarters = float(operation.params[0]) / _QUARTER
    if abs(quarters - round(quarters)) > _CLOSE:
        return None
    turn = round(quarters) % 4
    if operation.name == "rzz":
        # exp(-i turn pi/4 ZZ): an S-like turn on both and a CZ for each odd quarter, Zs for halves.
        turned = [
            CircuitInstruction(gate(), (qubit,))
            for qubit in instruction.qubits
            if (gate := _RZ[turn]) is not None
        ]
        return turned + ([CircuitInstruction(CZGate(), instruction.qubits)] if turn % 2 else [])
    gate = (_RZ if operation.name == "rz" else _RX)[turn]
    return [] if gate is None else [CircuitInstruction(gate(), instruction.qubits)]
