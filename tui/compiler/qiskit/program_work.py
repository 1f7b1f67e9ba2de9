"""Work of a prepared quantum program on a device, counted as its limits count it (contract 5.16)."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.transpiler import Target

from tui.compiler.qiskit.scoring import shot_seconds
from tui.domain.pricing import ProgramWork
from tui.qiskit_common.traversal import walk

_WEIGHTS: Final = {"sx": 2, "x": 2, "cx": 5, "cz": 5, "ecr": 5, "measure": 10, "reset": 17, "init": 50}
"""Control instructions of an operation on each of its qubits; every other is 1."""


def work_of(program: Any, target: Target) -> ProgramWork:
    """Return the work of a program of `qiskit_ibm_runtime.quantum_program`.

    An item is its circuit with as many sets of arguments as its shape has places, each with all shots; every
    set initializes each qubit in use once.

    Args:
        program: after folding and decoupling.
        target: the device, for the gate lengths.
    """
    qubits: Counter[int] = Counter()
    most: Counter[str] = Counter()
    executions, seconds = 0, 0.0
    known = True
    for item in program.items:
        sets = math.prod(item.shape)
        weights, gates = _counted(item.circuit)
        for qubit, weight in weights.items():
            qubits[qubit] += (weight + _WEIGHTS["init"]) * sets
        most |= gates
        executions += sets * program.shots
        shot = shot_seconds(item.circuit, target)
        known = known and shot is not None
        seconds += (shot or 0.0) * sets * program.shots
    return ProgramWork(
        executions=executions,
        circuit_seconds=seconds if known else None,
        control_instructions=max(qubits.values(), default=0),
        rz=most["rz"],
        sx=most["sx"],
        two_qubit_gates=most["pairs"],
    )


def _counted(circuit: QuantumCircuit) -> tuple[Counter[int], Counter[str]]:
    """Control instructions by qubit, and gates by name with those of two qubits as `pairs`."""
    weights: Counter[int] = Counter()
    gates: Counter[str] = Counter()
    for instruction, numbers in walk(circuit):
        if instruction.is_control_flow() or instruction.name == "barrier":
            continue
        gates[instruction.name] += 1
        gates["pairs"] += len(numbers) == 2
        for qubit in numbers:
            weights[qubit] += _WEIGHTS.get(instruction.name, 1)
    return weights, gates
