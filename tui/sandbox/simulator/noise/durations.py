"""Durations in seconds: of delays, of circuits, and between the shots of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit.circuit import ForLoopOp, ParameterExpression, QuantumCircuit

from tui.qiskit_common.traversal import longest_path, walk
from tui.sandbox.simulator.base.calibration import Calibration
from tui.sandbox.simulator.base.values import JobFailure

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def delay_seconds(delay: Any, dt: float) -> float:
    """Return the duration of a bound `delay` operation in seconds.

    Args:
        delay: The operation, with a unit of time or in samples (`dt`).
        dt: The device's sample time in seconds.

    Raises:
        JobFailure: The duration is not a number.
    """
    duration = delay.duration
    if isinstance(duration, ParameterExpression) and not duration.parameters:
        duration = float(duration)
    if isinstance(duration, bool) or not isinstance(duration, int | float):
        raise JobFailure("The length of a delay must be a number.")
    return float(duration) * (dt if delay.unit == "dt" else _SECONDS[delay.unit])


def operation_seconds(operation: Any, qubits: tuple[int, ...], data: Calibration) -> float:
    """Return the duration in seconds of an operation on physical qubits, 0 when the device records none.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    if operation.name == "delay":
        return delay_seconds(operation, data.dt)
    if operation.name == "measure":
        return data.qubits[qubits[0]].readout_length
    gate = data.gates.get((operation.name, qubits))
    return gate.length if gate is not None else 0.0


def circuit_seconds(circuit: QuantumCircuit, data: Calibration) -> float:
    """Return the duration in seconds of one shot, every operation as soon as its bits are free.

    Of the branches of control flow the longest counts, of a `while` loop one turn.

    Args:
        circuit: A bound circuit, whose qubit i is physical qubit i.
        data: Gate and readout lengths of the device.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    return longest_path(
        circuit,
        lambda instruction, qubits: operation_seconds(instruction.operation, qubits, data),
        lambda instruction: turns(instruction.operation),
    )


def turns(operation: Any) -> int:
    """Return how often the blocks of control flow run: of `while` and of branches once."""
    return len(operation.params[0]) if isinstance(operation, ForLoopOp) else 1


def has_parametric_delay(circuit: QuantumCircuit) -> bool:
    """Return True when the length of a delay depends on a parameter that is not bound."""
    delays = (
        instruction.operation for instruction, _ in walk(circuit) if instruction.operation.name == "delay"
    )
    return any(
        isinstance(delay.duration, ParameterExpression) and delay.duration.parameters for delay in delays
    )


def repetition_delay(options: Mapping[str, Any], data: Calibration) -> float:
    """Return the seconds between shots: `options.execution.rep_delay` or the device's default.

    Raises:
        JobFailure: The device cannot do what was asked for.
    """
    asked = (options.get("execution") or {}).get("rep_delay")
    if asked is None:
        return data.rep_delay
    low, high = data.rep_delay_range
    if not low <= asked <= high * (1 + 1e-9):
        raise JobFailure(
            f"rep_delay {asked} s is outside of what {data.name} can do: {low} to {high} s.",
            1002,
            "Choose a value within the range or leave it out.",
        )
    return float(asked)
