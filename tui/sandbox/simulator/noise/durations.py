"""How long a circuit takes on the device, and what a job of them costs.

IBM's published estimate for QPU time: about 2 seconds a job plus, for every execution of a circuit, the
repetition delay and the length of the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from tui.sandbox.simulator.base.calibration import Calibration
from tui.sandbox.simulator.base.errors import Failure
from tui.sandbox.simulator.noise.delays import delay_seconds

JOB_OVERHEAD_SECONDS = 2.0


def circuit_seconds(circuit: QuantumCircuit, data: Calibration) -> float:
    """The length of a bound circuit as soon as possible, from the device's own gate lengths.

    Of the branches of control flow the longest counts, of a loop one turn.
    """
    return _finish(circuit, data, {qubit: index for index, qubit in enumerate(circuit.qubits)})


def repetition_delay(options: Mapping[str, Any], data: Calibration) -> float:
    """Seconds between shots: `options.execution.rep_delay` or the device's default.

    Raises `Failure` when the device cannot do what was asked.
    """
    asked = (options.get("execution") or {}).get("rep_delay")
    if asked is None:
        return data.rep_delay
    low, high = data.rep_delay_range
    if not low <= asked <= high * (1 + 1e-9):
        raise Failure(
            f"rep_delay {asked} s is outside of what {data.name} can do: {low} to {high} s.",
            1002,
            "Choose a value within the range or leave it out.",
        )
    return float(asked)


def _finish(circuit: QuantumCircuit, data: Calibration, places: Mapping[Any, int]) -> float:
    free: dict[Any, float] = {}
    for instruction in circuit.data:
        bits = (*instruction.qubits, *instruction.clbits)
        start = max((free.get(bit, 0.0) for bit in bits), default=0.0)
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            inner = [
                _finish(
                    block,
                    data,
                    {
                        mine: places[outer]
                        for mine, outer in zip(block.qubits, instruction.qubits, strict=True)
                    },
                )
                for block in operation.blocks
            ]
            length = max(inner, default=0.0)
        else:
            length = _length(operation, tuple(places[qubit] for qubit in instruction.qubits), data)
        for bit in bits:
            free[bit] = start + length
    return max(free.values(), default=0.0)


def _length(operation: Any, qubits: tuple[int, ...], data: Calibration) -> float:
    if operation.name == "delay":
        return delay_seconds(operation, data.dt)
    if operation.name == "measure":
        return data.qubits[qubits[0]].readout_length
    gate = data.gates.get((operation.name, qubits))
    return gate.length if gate is not None else 0.0
