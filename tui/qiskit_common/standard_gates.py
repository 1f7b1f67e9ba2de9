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
_OWN: Final = "_own"
"""Follows the name of a gate that does not do what the standard gate of this name does."""
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


def with_own_names(circuit: QuantumCircuit) -> QuantumCircuit:
    """Tell a program's own gates from the standard ones of the same names, in blocks, too.

    A compiler goes by names: a gate of the program's own that is called like one of the device would be left
    as it is, whatever it does.

    Returns:
        The circuit, with the standard gate for a definition that does the same, and other definitions under
        names that no standard gate has.
    """
    if all(_is_standard(instruction.operation) for instruction, _ in walk(circuit)):
        return circuit
    checked: dict[tuple[Any, ...], bool] = {}

    def apart(instruction: CircuitInstruction, _: tuple[int, ...]) -> list[CircuitInstruction]:
        operation = instruction.operation
        if _is_standard(operation):
            return [instruction]
        try:
            standard = _standard(operation, checked)
        except RedefinedGate:
            standard = operation
        if standard is operation and isinstance(operation, Gate):
            standard = operation.to_mutable()
            standard.name = f"{operation.name}{_OWN}"
        return [instruction.replace(operation=standard)]

    return rewrite(circuit, apart)


def _is_standard(operation: Any) -> bool:
    known = _STANDARD.get(operation.name)
    return (
        known is None
        or isinstance(operation, Barrier)
        or type(operation) is known.base_class
        or (getattr(operation, "base_class", None) is known.base_class)
    )


def _does_the_same(definition: QuantumCircuit, standard: Gate) -> bool:
    """Return True when a definition is the standard gate; free parameters are tried with some values."""
    whole = QuantumCircuit(standard.num_qubits)
    whole.append(standard, range(standard.num_qubits))
    both = (definition, whole)
    names = {parameter.name for circuit in both for parameter in circuit.parameters}
    values = {name: 0.37 + 0.61 * place for place, name in enumerate(sorted(names))}
    bound = (
        circuit.assign_parameters({one.name: values[one.name] for one in circuit.parameters})
        for circuit in both
    )
    first, second = map(Operator, bound)
    return bool(first.equiv(second))


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
    key = (operation.name, *map(str, parameters))
    if key not in checked:
        checked[key] = (
            operation.definition is None
            or operation.num_qubits > _OWN_GATE_QUBITS
            or _does_the_same(operation.definition, standard)
        )
    if not checked[key]:
        raise RedefinedGate(
            f"The program defines its own gate {operation.name}, which does not do what the"
            f" gate {operation.name} of the device does. Give it another name and transpile."
        )
    return standard
