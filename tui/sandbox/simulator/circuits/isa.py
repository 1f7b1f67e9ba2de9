"""The check that IBM makes of every circuit: does it consist of what the device can do?"""

from __future__ import annotations

import math
from typing import Any

from qiskit.circuit import ParameterExpression, QuantumCircuit
from qiskit.transpiler import Target

from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.traversal import walk

_MORE = (
    " Circuits that do not match the target hardware definition are no longer supported after March 4, 2024."
    " See the transpilation documentation (https://quantum.cloud.ibm.com/docs/guides/transpile) for"
    " instructions to transform circuits and the primitive examples"
    " (https://quantum.cloud.ibm.com/docs/guides/primitives-examples) to see this coupled with operator"
    " transformations."
)
# Rounding may push an angle of pi/2 over the edge; IBM's client allows as much.
_TOLERANCE = 1e-10


def check_isa(circuit: QuantumCircuit, target: Target, device: str) -> None:
    """Check that every instruction is one of the target's, on these qubits.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        target: The instructions of the device.
        device: Name of the device, for the advice.

    Raises:
        JobFailure: It does not; code 1517, with the text of IBM's own client.
    """
    if circuit.num_qubits > target.num_qubits:
        message = (
            f"The circuit has {circuit.num_qubits} qubits"
            f" but the target system requires {target.num_qubits} qubits."
        )
    else:
        message = _unsupported(circuit, target)
    if message:
        raise JobFailure(message + _MORE, 1517, f"Transpile the circuit for {device} and submit the result.")


def check_bound_angles(circuit: QuantumCircuit) -> None:
    """Check the angles of a circuit after its parameters got values.

    Raises:
        JobFailure: An rzz angle is outside of what is calibrated; code 1517.
    """
    for instruction in circuit.data:
        if instruction.operation.name == "rzz" and (message := _bad_angle(instruction.operation.params[0])):
            raise JobFailure(message, 1517, "Fold the angle into [0, pi/2] before you submit.")


def _unsupported(circuit: QuantumCircuit, target: Target) -> str:
    for instruction, qubits in walk(circuit):
        operation = instruction.operation
        if operation.name not in ("barrier", "store") and not target.instruction_supported(
            operation.name, qubits
        ):
            return (
                f"The instruction {operation.name} on qubits {qubits} is not supported by the target system."
            )
        if operation.name == "rzz" and (message := _bad_angle(operation.params[0])):
            return message
    return ""


def _bad_angle(angle: Any) -> str:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        return ""
    if 0.0 <= float(angle) <= math.pi / 2 + _TOLERANCE:
        return ""
    return (
        "The instruction rzz is supported only for angles in the range [0, pi/2],"
        f" but an angle ({angle}) outside of this range has been requested."
    )
