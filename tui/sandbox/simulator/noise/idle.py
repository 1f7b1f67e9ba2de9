"""Waiting of qubits: where a circuit as scheduled leaves a qubit idle, a delay says so, and has its noise.

Operations are scheduled as late as possible, which is how the devices play a circuit: a qubit stays in its
ground state, where it cannot relax, until its first operation. From there on every gap before its next
operation becomes a `delay`, which all methods follow by relaxation with the qubit's own T1 and T2.
"""

from __future__ import annotations

from typing import Any

from qiskit.circuit import CircuitInstruction, ControlFlowOp, Delay, QuantumCircuit

from tui.qiskit_common.traversal import Numbers, block_numbers
from tui.sandbox.simulator.base.calibration import Calibration
from tui.sandbox.simulator.noise.durations import operation_seconds, turns

# Lengths are sums of floats: less than this, a picosecond, is no gap.
_NO_GAP = 1e-12


def with_idle_delays(circuit: QuantumCircuit, data: Calibration) -> QuantumCircuit:
    """Put a delay wherever a qubit waits between its operations.

    In blocks of control flow, too: a qubit that a branch leaves alone waits until the branch is over, and for
    the longest branch where that is another one. A loop counts as often as it turns, `while` as one turn.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        data: Gate and readout lengths of the device.

    Returns:
        A circuit that takes as long, with delays in seconds.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    first: dict[Any, int] = {}
    for index, instruction in enumerate(circuit.data):
        if instruction.operation.name != "barrier":
            for qubit in instruction.qubits:
                first.setdefault(qubit, index)
    return _Schedule(circuit, numbers, data).padded(first, 0.0)


class _Schedule:
    """A circuit or block, scheduled as late as possible: times count backwards from its end."""

    def __init__(self, circuit: QuantumCircuit, numbers: Numbers, data: Calibration) -> None:
        self._circuit, self._numbers, self._data = circuit, numbers, data
        # For every instruction: the seconds that each of its qubits then waits for its next one.
        self._gaps: list[list[float]] = []
        self._blocks: dict[int, tuple[list[_Schedule], float]] = {}
        ready: dict[Any, float] = {}
        for index in range(len(circuit.data) - 1, -1, -1):
            instruction = circuit.data[index]
            bits = (*instruction.qubits, *instruction.clbits)
            end = max((ready.get(bit, 0.0) for bit in bits), default=0.0)
            # A qubit without a further operation is not waited for.
            self._gaps.append([end - ready.get(qubit, end) for qubit in instruction.qubits])
            ready.update(dict.fromkeys(bits, end + self._seconds(index, instruction)))
        self._gaps.reverse()
        self._ready = ready
        self.seconds = max(ready.values(), default=0.0)

    def _seconds(self, index: int, instruction: CircuitInstruction) -> float:
        operation = instruction.operation
        if not isinstance(operation, ControlFlowOp):
            places = tuple(self._numbers[qubit] for qubit in instruction.qubits)
            return operation_seconds(operation, places, self._data)
        schedules = [
            _Schedule(block, block_numbers(block, instruction, self._numbers), self._data)
            for block in operation.blocks
        ]
        longest = max((schedule.seconds for schedule in schedules), default=0.0)
        self._blocks[index] = schedules, longest
        return longest * turns(operation)

    def padded(self, first: dict[Any, int] | None, longest: float) -> QuantumCircuit:
        """Write the circuit with its delays.

        Args:
            first: index of the first operation of each qubit, before which it does not wait; None in a block.
            longest: seconds of the longest branch beside this one.
        """
        padded = self._circuit.copy_empty_like()
        if first is None:
            for qubit in self._circuit.qubits:
                _wait(padded, qubit, max(longest, self.seconds) - self._ready.get(qubit, 0.0))
        for index, (instruction, gaps) in enumerate(zip(self._circuit.data, self._gaps, strict=True)):
            if index in self._blocks:
                schedules, length = self._blocks[index]
                blocks = [schedule.padded(None, length) for schedule in schedules]
                instruction = instruction.replace(operation=instruction.operation.replace_blocks(blocks))
            padded._append(instruction)
            for qubit, gap in zip(instruction.qubits, gaps, strict=True):
                if first is None or first.get(qubit, index + 1) <= index:
                    _wait(padded, qubit, gap)
        return padded


def _wait(circuit: QuantumCircuit, qubit: Any, seconds: float) -> None:
    if seconds > _NO_GAP:
        circuit._append(CircuitInstruction(Delay(seconds, "s"), (qubit,)))
