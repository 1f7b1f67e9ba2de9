"""Timing of a circuit as scheduled, in the text form that IBM's client draws."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from tui.qiskit_common.traversal import block_numbers, longest_path
from tui.sandbox.simulator.base.calibration import Calibration
from tui.sandbox.simulator.noise.durations import operation_seconds, turns
from tui.sandbox.simulator.noise.idle import with_idle_delays

_BRANCHES = ("then", "else")


def scheduler_timing(circuit: QuantumCircuit, data: Calibration) -> dict[str, Any]:
    """Schedule a circuit, every operation as late as its successors allow.

    Args:
        circuit: A circuit whose qubit i is physical qubit i; its delays are numbers.
        data: Gate and readout lengths of the device.

    Returns:
        `circuit_duration` in `dt`, and `timing`: a line for each operation and channel with branch,
        operation, channel, begin and duration in `dt`, and kind of pulse, parted by commas.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    schedule = _Schedule(data)
    padded = with_idle_delays(circuit, data)
    numbers = {qubit: index for index, qubit in enumerate(padded.qubits)}
    end = schedule.add(padded, numbers, "main", 0)
    return {"timing": "".join(f"{line}\n" for line in schedule.lines), "circuit_duration": end}


class _Schedule:
    def __init__(self, data: Calibration) -> None:
        self._data = data
        self.lines: list[str] = []

    def add(self, circuit: QuantumCircuit, numbers: dict[Any, int], branch: str, start: int) -> int:
        """Add the lines of a circuit or block that begins at a time; return the time of its end."""
        free: dict[Any, int] = {}
        for instruction in circuit.data:
            bits = (*instruction.qubits, *instruction.clbits)
            begin = max((free.get(bit, start) for bit in bits), default=start)
            qubits = tuple(numbers[qubit] for qubit in instruction.qubits)
            if isinstance(instruction.operation, ControlFlowOp):
                end = self._add_blocks(instruction, numbers, begin)
            else:
                duration = self._samples(operation_seconds(instruction.operation, qubits, self._data))
                self._add_lines(instruction.operation.name, qubits, branch, begin, duration)
                end = begin + duration
            free.update(dict.fromkeys(bits, end))
        return max(free.values(), default=start)

    def _add_blocks(self, instruction: Any, numbers: dict[Any, int], begin: int) -> int:
        ends = [begin]
        for index, block in enumerate(instruction.operation.blocks):
            inner = dict(block_numbers(block, instruction, numbers))
            self.add(block, inner, _BRANCHES[min(index, 1)], begin)
            length = longest_path(block, self._seconds, lambda item: turns(item.operation), inner)
            ends.append(begin + self._samples(length) * turns(instruction.operation))
        return max(ends)

    def _seconds(self, instruction: Any, qubits: tuple[int, ...]) -> float:
        return operation_seconds(instruction.operation, qubits, self._data)

    def _add_lines(self, name: str, qubits: Iterable[int], branch: str, begin: int, duration: int) -> None:
        kind = {"barrier": "barrier", "delay": "delay"}.get(name, "play" if duration else "shift_phase")
        label = name if name in ("barrier", "delay") else f"{name}_{'_'.join(map(str, qubits))}"
        for qubit in qubits:
            self.lines.append(f"{branch},{label},Qubit {qubit},{begin},{duration},{kind}")
            if name == "measure":
                self.lines.append(f"{branch},{label},AWGR{qubit},{begin},{duration},capture")

    def _samples(self, seconds: float) -> int:
        return round(seconds / self._data.dt)
