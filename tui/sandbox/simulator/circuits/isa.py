"""Whether a circuit consists of what the device can do: the check that IBM makes of every circuit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from qiskit.circuit import ControlFlowOp, ParameterExpression, QuantumCircuit
from qiskit.transpiler import Target

from tui.sandbox.simulator.base.errors import Failure

_MORE = (
    " Circuits that do not match the target hardware definition are no longer supported after March 4, 2024."
    " See the transpilation documentation (https://quantum.cloud.ibm.com/docs/guides/transpile) for"
    " instructions to transform circuits and the primitive examples"
    " (https://quantum.cloud.ibm.com/docs/guides/primitives-examples) to see this coupled with operator"
    " transformations."
)
# Rounding may push an angle of pi/2 over the edge; IBM's client allows as much.
_ROOM = 1e-10


def check_isa(circuit: QuantumCircuit, target: Target, device: str) -> None:
    """Raise `Failure` (code 1517) unless every instruction is one of the target's, where it stands.

    Qubit i of the circuit is physical qubit i. The text is the one of IBM's own client.
    """
    if circuit.num_qubits > target.num_qubits:
        message = (
            f"The circuit has {circuit.num_qubits} qubits"
            f" but the target system requires {target.num_qubits} qubits."
        )
    else:
        message = _complaint(circuit, target, {qubit: i for i, qubit in enumerate(circuit.qubits)})
    if message:
        raise Failure(message + _MORE, 1517, f"Transpile the circuit for {device} and submit the result.")


def check_bound_angles(circuit: QuantumCircuit) -> None:
    """Raise `Failure` when a parameter value puts an rzz angle outside of what is calibrated."""
    for instruction in circuit.data:
        if instruction.operation.name == "rzz" and (message := _angle(instruction.operation.params[0])):
            raise Failure(message, 1517, "Fold the angle into [0, pi/2] before you submit.")


def _complaint(circuit: QuantumCircuit, target: Target, places: Mapping[Any, int]) -> str:
    for instruction in circuit.data:
        operation = instruction.operation
        qubits = tuple(places[qubit] for qubit in instruction.qubits)
        if operation.name not in ("barrier", "store") and not target.instruction_supported(
            operation.name, qubits
        ):
            return (
                f"The instruction {operation.name} on qubits {qubits} is not supported by the target system."
            )
        if operation.name == "rzz" and (message := _angle(operation.params[0])):
            return message
        if isinstance(operation, ControlFlowOp):
            for block in operation.blocks:
                inner = {
                    mine: places[outer] for outer, mine in zip(instruction.qubits, block.qubits, strict=True)
                }
                if message := _complaint(block, target, inner):
                    return message
    return ""


def _angle(angle: Any) -> str:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        return ""
    if 0.0 <= float(angle) <= math.pi / 2 + _ROOM:
        return ""
    return (
        "The instruction rzz is supported only for angles in the range [0, pi/2],"
        f" but an angle ({angle}) outside of this range has been requested."
    )
