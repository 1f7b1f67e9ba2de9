"""Qiskit's own gates in place of a program's definitions of them.

`gate ecr a, b {...}` in the text of a transpiled circuit is Qiskit's way to say what `ecr` is.
"""

from __future__ import annotations

from typing import Any, Final

from qiskit.circuit import Barrier, CircuitInstruction, Delay, Gate, Instruction, QuantumCircuit
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from tui.qiskit_common.traversal import rewrite, walk

_OWN_GATE_QUBITS: Final = 3
_STANDARD: Final = get_standard_gate_name_mapping()


class RedefinedGate(Exception):
    """A gate has the name of a standard gate and is not that gate."""


def with_standard_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Replace a program's own definitions of standard gates by those gates, in blocks, too.

    Raises:
        RedefinedGate: A gate does something else under the name of a standard gate.
    """
    if all(_is_standard(instruction.operation) for instruction, _ in walk(circuit)):
        return circuit
    checked: dict[tuple[Any, ...], bool] = {}

    def standard(instruction: CircuitInstruction, _: tuple[int, ...]) -> list[CircuitInstruction]:
        if _is_standard(instruction.operation):
            return [instruction]
        return [instruction.replace(operation=_standard(instruction.operation, checked))]

    return rewrite(circuit, standard)


def _is_standard(operation: Any) -> bool:
    known = _STANDARD.get(operation.name)
    return (
        known is None
        or isinstance(operation, Barrier)
        or type(operation) is known.base_class
        or (getattr(operation, "base_class", None) is known.base_class)
    )


def _standard(operation: Instruction, checked: dict[tuple[Any, ...], bool]) -> Instruction:
    known = _STANDARD[operation.name]
    if operation.name == "delay":
        return Delay(operation.params[0], unit="dt")
    if not isinstance(operation, Gate) or operation.num_qubits != known.num_qubits:
        return operation
    parameters = tuple(operation.params)
    if len(parameters) != len(known.params):
        raise RedefinedGate(f"The gate {operation.name} takes {len(known.params)} parameters.")
    standard = known.base_class(*parameters)
    if any(getattr(value, "parameters", None) for value in parameters):
        return standard
    key = (operation.name, *map(float, parameters))
    if key not in checked:
        checked[key] = (
            operation.definition is None
            or operation.num_qubits > _OWN_GATE_QUBITS
            or Operator(operation.definition).equiv(Operator(standard))
        )
    if not checked[key]:
        raise RedefinedGate(
            f"The program defines its own gate {operation.name}, which does not do what the"
            f" gate {operation.name} of the device does. Give it another name and transpile."
        )
    return standard
