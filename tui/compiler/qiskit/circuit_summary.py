"""Questions about a circuit: does it measure, is it a Clifford circuit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from qiskit import QuantumCircuit

from tui.qiskit_common.traversal import walk

_CLIFFORD_GATES: Final = frozenset(
    [
        "id",
        "x",
        "y",
        "z",
        "h",
        "s",
        "sdg",
        "sx",
        "sxdg",
        "cx",
        "cy",
        "cz",
        "swap",
        "iswap",
        "dcx",
        "ecr",
        "barrier",
        "delay",
        "measure",
        "reset",
        "global_phase",
    ]
)
_ROTATIONS: Final = frozenset(
    ["rx", "ry", "rz", "p", "u1", "u2", "u3", "u", "U", "r", "rxx", "ryy", "rzz", "rzx"]
)
_FLOW: Final = frozenset(
    ["if_else", "for_loop", "while_loop", "switch_case", "box", "break_loop", "continue_loop", "store"]
)
_QUARTER: Final = math.pi / 2
_CLOSE: Final = 1e-9
_MOST_NESTED: Final = 100


class NotPossible(Exception):
    """The request cannot be done, for a reason that is the circuit's."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


def operations(circuit: QuantumCircuit) -> Iterator[Any]:
    """Iterate over the instructions, those in blocks of control flow once each, without barriers."""
    return (instruction for instruction, _ in walk(circuit) if instruction.name != "barrier")


def measures(circuit: QuantumCircuit) -> bool:
    """Return True when anything is measured, in blocks of control flow, too."""
    return any(instruction.name == "measure" for instruction in operations(circuit))


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Return True when every gate is a Clifford gate, by name or by angles that are multiples of pi/2.

    The program's own gates are as their definitions, each looked at once. Takes linear time; a circuit that
    is Clifford in another way, as with t twice on a qubit, is not recognised.
    """
    known: dict[Any, bool] = {}
    return all(_clifford_gate(instruction.operation, known, 0) for instruction, _ in walk(circuit))


def _clifford_gate(operation: Any, known: dict[Any, bool], depth: int) -> bool:
    name = operation.name
    if name in _CLIFFORD_GATES or name in _FLOW:
        return True
    if name in _ROTATIONS:
        return all(map(_quarter_turns, operation.params))
    key = (name, operation.num_qubits, *map(str, operation.params))
    if key not in known:
        known[key] = False
        inner = operation.definition if depth < _MOST_NESTED else None
        known[key] = inner is not None and all(
            _clifford_gate(entry.operation, known, depth + 1) for entry in inner.data
        )
    return known[key]


def _quarter_turns(angle: Any) -> bool:
    if not isinstance(angle, (int, float)):
        return False
    quarters = angle / _QUARTER
    return math.isfinite(quarters) and abs(quarters - round(quarters)) <= _CLOSE
