"""How long a delay lasts, and a circuit with its delays replaced by what they do to their qubits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit.circuit import ControlFlowOp, ParameterExpression, QuantumCircuit

from tui.sandbox.simulator.base.calibration import calibration
from tui.sandbox.simulator.base.errors import Failure
from tui.sandbox.simulator.noise import noise_model as noise

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def delay_seconds(operation: Any, dt: float) -> float:
    """How long a bound `delay` lasts. Raises `Failure` for one that is not a number."""
    duration = operation.duration
    if isinstance(duration, ParameterExpression) and not duration.parameters:
        duration = float(duration)
    if isinstance(duration, bool) or not isinstance(duration, int | float):
        raise Failure("The length of a delay must be a number.")
    return float(duration) * (dt if operation.unit == "dt" else _SECONDS[operation.unit])


def with_relaxation(
    circuit: QuantumCircuit, device: str, qubits: Sequence[int], exact: bool
) -> QuantumCircuit:
    """The circuit with relaxation in place of every delay; `qubits` are the physical ones of its own."""
    return _replaced(circuit, device, dict(zip(circuit.qubits, qubits, strict=True)), exact)


def _replaced(
    circuit: QuantumCircuit, device: str, physical: Mapping[Any, int], exact: bool
) -> QuantumCircuit:
    changed = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "delay":
            seconds = delay_seconds(operation, calibration(device).dt)
            error = noise.delay_error(device, physical[instruction.qubits[0]], seconds, exact)
            if error is not None:
                changed.append(error, instruction.qubits)
            continue
        if isinstance(operation, ControlFlowOp):
            blocks = []
            for block in operation.blocks:
                pairs = zip(block.qubits, instruction.qubits, strict=True)
                inner = {mine: physical[outer] for mine, outer in pairs}
                blocks.append(_replaced(block, device, inner, exact))
            instruction = instruction.replace(operation=operation.replace_blocks(blocks))
        changed._append(instruction)
    return changed
