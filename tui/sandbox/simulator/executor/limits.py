"""Limits of the service on the circuits of a job, each refusal with the figure and the limit.

Source: IBM's documentation of job limits; circuits count as they came, which is after folding and decoupling.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from qiskit.circuit import ControlFlowOp, QuantumCircuit

from tui.qiskit_common.traversal import walk
from tui.sandbox.simulator.base.values import JobFailure

_MOST_CONTROL_INSTRUCTIONS = 26_800_000
_MOST_OF_A_GATE = {"rz": 30_000_000, "sx": 20_000_000}
_MOST_TWO_QUBIT_GATES = 5_000_000
# Control instructions that an operation takes on each of its qubits; of others 1.
_WEIGHTS = {"sx": 2, "x": 2, "cx": 5, "cz": 5, "ecr": 5, "measure": 10, "reset": 17}
_PREPARATION = 50


class ControlInstructions:
    """The control instructions of a job by qubit.

    Args:
        qubits: Number of qubits of the device.
    """

    def __init__(self, qubits: int) -> None:
        self._counts = np.zeros(qubits, dtype=np.int64)

    def add(self, circuit: QuantumCircuit, executions: int) -> None:
        """Add a circuit that is executed with so many sets of arguments, and hold it to the limits.

        Raises:
            JobFailure: The circuit, or the job with it, is beyond a limit.
        """
        gates: Counter[str] = Counter()
        pairs = 0
        weights = np.zeros_like(self._counts)
        for instruction, numbers in walk(circuit):
            operation = instruction.operation
            if operation.name == "barrier" or isinstance(operation, ControlFlowOp):
                continue
            gates[operation.name] += 1
            pairs += len(numbers) == 2
            weights[list(numbers)] += _WEIGHTS.get(operation.name, 1)
        for name, most in _MOST_OF_A_GATE.items():
            _check(gates[name], most, f"A circuit has {{}} {name} gates")
        _check(pairs, _MOST_TWO_QUBIT_GATES, "A circuit has {} two-qubit gates")
        weights[weights > 0] += _PREPARATION
        self._counts += weights * executions
        busiest = int(self._counts.argmax())
        _check(
            int(self._counts[busiest]),
            _MOST_CONTROL_INSTRUCTIONS,
            f"The job gives qubit {busiest} {{}} control instructions",
        )


def _check(count: int, most: int, sentence: str) -> None:
    if count > most:
        raise JobFailure(
            f"{sentence.format(f'{count:,}')}; the limit is {most:,}.",
            solution="Use fewer gates, randomizations or parameter sets, or split the job.",
        )
