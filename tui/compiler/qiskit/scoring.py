"""Scores of a transpiled circuit on its device: success, duration, and warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.transpiler import InstructionProperties, Target
from qiskit.utils.units import apply_prefix

from tui.compiler.qiskit.circuit_summary import measures
from tui.qiskit_common.traversal import Numbers, block_numbers, longest_path, walk

BAD_COUPLER: Final = 0.5
"""Calibrated error from which a two-qubit gate is as good as broken; devices list such couplers."""
BAD_READOUT: Final = 0.4
"""Readout error from which a measurement says next to nothing (0.5 is a coin)."""
MOST_NAMED: Final = 4
"""Couplers or qubits named in one warning."""


@dataclass(frozen=True, slots=True)
class Score:
    """Success (0..1), length of one shot in microseconds, warnings; `None` where they cannot be known."""

    success: float | None
    duration_us: float | None
    warnings: tuple[str, ...]


def score(circuit: QuantumCircuit, target: Target, ends: tuple[int, ...] = ()) -> Score:
    """Score an ISA circuit, whose qubit `i` is the device's qubit `i`.

    Args:
        circuit: the circuit.
        target: the device, with the errors and durations of its calibration.
        ends: final places of the circuit's own qubits, which an estimator measures.
    """
    success = _known(lambda: _success(circuit, target)) if _calibrated(target) else None
    seconds = shot_seconds(circuit, target)
    duration_us = None if seconds is None else seconds * 1e6
    return Score(success, duration_us, tuple(_warnings(circuit, target, ends)))


def shot_seconds(circuit: QuantumCircuit, target: Target) -> float | None:
    """Return the length of one shot in seconds; `None` where it cannot be known."""
    return _known(lambda: _seconds(circuit, target))


class _Unknown(Exception):
    """A number depends on something that the calibration does not have, or that only a run decides."""


def _known(compute: Callable[[], float]) -> float | None:
    try:
        return compute()
    except _Unknown:
        return None


def _calibrated(target: Target) -> bool:
    return any(
        entry is not None and entry.error is not None
        for name in target.operation_names
        for entry in (target[name] or {}).values()
    )


def _entry(target: Target, name: str, qubits: tuple[int, ...]) -> InstructionProperties | None:
    if name not in target.operation_names:
        return None
    return (target[name] or {}).get(qubits)


def _rounds(instruction: Any) -> int:
    """How often a block runs: a `for` as often as it says, everything else once."""
    return len(instruction.operation.params[0]) if instruction.name == "for_loop" else 1


def _success(circuit: QuantumCircuit, target: Target, numbers: Numbers | None = None) -> float:
    """The product of 1 - error over gates and measurements.

    Of the branches of an `if` the worst counts, the body of a `while` once. Raises `_Unknown` when something
    is not an instruction of the device.
    """
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    product = 1.0
    for instruction in circuit.data:
        if instruction.name in ("barrier", "delay"):
            continue
        if instruction.is_control_flow():
            branches = [
                _success(block, target, block_numbers(block, instruction, numbers))
                for block in instruction.operation.blocks
            ]
            product *= min(branches, default=1.0) ** _rounds(instruction)
            continue
        qubits = tuple(numbers[qubit] for qubit in instruction.qubits)
        if not target.instruction_supported(instruction.name, qubits):
            raise _Unknown
        entry = _entry(target, instruction.name, qubits)
        product *= 1.0 - min(1.0, (entry.error if entry is not None else None) or 0.0)
    return product


def _seconds(circuit: QuantumCircuit, target: Target) -> float:
    """The time of one shot; the time to react to a measured bit is not in the calibration and not counted.

    Raises `_Unknown` when the length of a gate is not known, or depends on how often a `while` runs.
    """

    def length(instruction: Any, qubits: tuple[int, ...]) -> float:
        if instruction.name == "barrier":
            return 0.0
        if instruction.name == "delay":
            seconds = _delay(instruction.operation, target)
        else:
            entry = _entry(target, instruction.name, qubits)
            seconds = None if entry is None else entry.duration
        if seconds is None:
            raise _Unknown
        return float(seconds)

    def rounds(instruction: Any) -> int:
        if instruction.name == "while_loop":
            raise _Unknown
        return _rounds(instruction)

    return longest_path(circuit, length, rounds)


def _delay(operation: Any, target: Target) -> float | None:
    if not isinstance(operation.duration, (int, float)):
        return None
    if operation.unit == "dt":
        return None if target.dt is None else operation.duration * target.dt
    return float(apply_prefix(operation.duration, operation.unit))


def _operations(circuit: QuantumCircuit) -> Iterator[tuple[str, tuple[int, ...]]]:
    for instruction, qubits in walk(circuit):
        if not instruction.is_control_flow() and instruction.name not in ("barrier", "delay"):
            yield instruction.name, qubits


def _warnings(circuit: QuantumCircuit, target: Target, ends: tuple[int, ...]) -> Iterator[str]:
    foreign: dict[str, None] = {}
    couplers: dict[str, float] = {}
    readouts: dict[str, float] = {}
    for name, qubits in dict.fromkeys(_operations(circuit)):
        if not target.instruction_supported(name, qubits):
            foreign[f"{name} on {_list(map(str, qubits))}"] = None
            continue
        entry = _entry(target, name, qubits)
        error = (entry.error if entry is not None else None) or 0.0
        if len(qubits) == 2 and error >= BAD_COUPLER:
            couplers["–".join(map(str, sorted(qubits)))] = error
        elif name == "measure" and error >= BAD_READOUT:
            readouts[str(qubits[0])] = error
    if foreign:
        yield f"The device does not know {_list(foreign)}: the service will refuse the circuit."
    if couplers:
        yield (
            f"Uses {_plural('coupler', couplers)}, with an error of {_percent(couplers)} by calibration: "
            "another seed or level may go around."
        )
    if readouts:
        yield f"Measures {_plural('qubit', readouts)}, with a readout error of {_percent(readouts)}."
    if circuit.num_parameters:
        names = _list(sorted(parameter.name for parameter in circuit.parameters))
        yield f"Has free parameters: {names}."
    if not measures(circuit):
        yield "Measures nothing: a sampler needs a measurement, an estimator none."
        entries = {str(place): _entry(target, "measure", (place,)) for place in ends}
        errors = {place: entry.error or 0.0 for place, entry in entries.items() if entry is not None}
        poor = {place: error for place, error in errors.items() if error >= BAD_READOUT}
        if poor:
            which, error = _plural("qubit", poor), _percent(poor)
            yield f"An estimator will measure {which}, with a readout error of {error}."


def _list(names: Iterable[str]) -> str:
    shown = list(names)
    more = len(shown) - MOST_NAMED
    return ", ".join(shown[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _plural(word: str, names: dict[str, float]) -> str:
    return f"{word}{'' if len(names) == 1 else 's'} {_list(names)}"


def _percent(errors: dict[str, float]) -> str:
    low, high = math.floor(min(errors.values()) * 100), math.floor(max(errors.values()) * 100)
    return f"{high} %" if low == high else f"{low} to {high} %"
