"""When each operation of an ISA circuit runs, as late as possible, and how long its qubits wait meanwhile.

A device starts each operation as late as those after it allow (ALAP), so that a qubit stays in its ground
state, which does not decay, until it is needed. The time to react to a measured bit is not in the calibration
and not counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from qiskit import QuantumCircuit
from qiskit.utils.units import apply_prefix

from tui.compiler.qiskit.calibration import Calibration
from tui.qiskit_common.traversal import Numbers, block_numbers

_ENDS: Final = frozenset({"measure", "reset"})
"""After these a qubit has no state left that waiting could spoil."""
_NOISE: Final = 1e-13
"""Seconds that are the rounding of sums."""


class Slot(NamedTuple):
    """An operation in time.

    Attributes:
        place: its index in the circuit.
        name: of the operation; one of control flow stands for its whole block.
        qubits: of the device.
        begin: when it begins, in seconds before the end of the circuit.
        seconds: how long it takes.
    """

    place: int
    name: str
    qubits: tuple[int, ...]
    begin: float
    seconds: float


class UnknownLength(Exception):
    """The calibration does not have the duration of an operation."""


@dataclass(slots=True)
class Schedule:
    """The operations of a circuit as late as possible, the last one first, without barriers.

    Attributes:
        seconds: from the first operation to the last.
        endless: True when a loop is counted as one turn, since its turns are decided by the run.
        idle_in_blocks: seconds that qubits wait inside blocks of control flow.
        decay_in_blocks: those seconds over min(T1, T2); infinite when a time is not known.
    """

    seconds: float = 0.0
    slots: list[Slot] = field(default_factory=list)
    endless: bool = False
    idle_in_blocks: float = 0.0
    decay_in_blocks: float = 0.0

    def idle(self) -> dict[int, float]:
        """Return for each used qubit the seconds it waits between its first and its last operation.

        A delay is waiting, too. A qubit that is not measured or reset at last waits until the end. Waiting
        inside a block of control flow is in `idle_in_blocks`.
        """
        busy: dict[int, float] = {}
        begin: dict[int, float] = {}
        end: dict[int, float] = {}
        for slot in self.slots:
            if slot.name == "delay":
                continue
            for qubit in slot.qubits:
                if qubit not in begin:
                    end[qubit] = slot.begin - slot.seconds if slot.name in _ENDS else 0.0
                    busy[qubit] = 0.0
                begin[qubit] = slot.begin
                busy[qubit] += slot.seconds
        return {qubit: _positive(begin[qubit] - end[qubit] - busy[qubit]) for qubit in begin}

    def total_idle(self) -> float:
        """Return the seconds that qubits wait, summed over the qubits."""
        return sum(self.idle().values()) + self.idle_in_blocks

    def decay(self, calibration: Calibration) -> float | None:
        """Return the sum over qubits of idle time / min(T1, T2).

        exp(-t / min(T1, T2)) is the factor of each qubit in the estimated success probability of MQT
        Predictor (`mqt.predictor.reward`, https://github.com/munich-quantum-toolkit/predictor). There idle
        time comes from an ASAP schedule and counts from the beginning of the circuit; here from the ALAP
        schedule that devices use, in which waiting before a qubit's first gate does no harm.

        Returns:
            The sum; `None` when neither T1 nor T2 of a qubit that waits is known.
        """
        decay = _decay(self.idle(), calibration) + self.decay_in_blocks
        return decay if math.isfinite(decay) else None


def schedule(circuit: QuantumCircuit, calibration: Calibration, numbers: Numbers | None = None) -> Schedule:
    """Schedule a circuit whose qubit `i` is the device's qubit `i`, as late as possible.

    A `for` loop runs as often as it says, a `while` once. A block of control flow takes as long as its
    longest branch; idle time and decay in it are those of the branch where they are greatest.

    Args:
        circuit: the circuit, or a block of one.
        calibration: of the device.
        numbers: the device's qubit for each of the circuit's own; by default their index.

    Raises:
        UnknownLength: the duration of an operation is not known.
    """
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    made = Schedule()
    free: dict[Any, float] = {}
    instructions = list(circuit.data)
    for index in range(len(instructions) - 1, -1, -1):
        instruction = instructions[index]
        name, qubits, bits = instruction.name, instruction.qubits, instruction.clbits
        at = tuple([numbers[qubit] for qubit in qubits])
        if instruction.is_control_flow():
            seconds = _block(instruction, calibration, numbers, made)
        else:
            known = (
                calibration[name, at].seconds
                if name != "delay"
                else _delay(instruction.operation, calibration)
            )
            if known is None:
                raise UnknownLength(name)
            seconds = known
        touched = (*qubits, *bits)
        begin = max([free.get(bit, 0.0) for bit in touched], default=0.0) + seconds
        for bit in touched:
            free[bit] = begin
        if name != "barrier":
            made.slots.append(Slot(index, name, at, begin, seconds))
    made.seconds = max(free.values(), default=0.0)
    return made


def turns(instruction: Any) -> int:
    """Return how often a block runs: a `for` as often as it says, everything else once."""
    return len(instruction.operation.params[0]) if instruction.name == "for_loop" else 1


def _block(instruction: Any, calibration: Calibration, numbers: Numbers, outer: Schedule) -> float:
    """Add the waiting inside an operation of control flow to `outer`; return its seconds."""
    branches = []
    for block in instruction.operation.blocks:
        places = block_numbers(block, instruction, numbers)
        branches.append((schedule(block, calibration, places), tuple(places.values())))
    longest = max((branch.seconds for branch, _ in branches), default=0.0)
    idle = decay = 0.0
    for branch, qubits in branches:
        waits = _idle_in(branch, longest, qubits)
        idle = max(idle, sum(waits.values()) + branch.idle_in_blocks)
        decay = max(decay, _decay(waits, calibration) + branch.decay_in_blocks)
        outer.endless |= branch.endless
    outer.endless |= instruction.name == "while_loop"
    outer.idle_in_blocks += idle * turns(instruction)
    outer.decay_in_blocks += decay * turns(instruction)
    return longest * turns(instruction)


def _idle_in(branch: Schedule, seconds: float, qubits: Iterable[int]) -> dict[int, float]:
    """Return how long each qubit of a block waits while the block takes `seconds`, whatever came before."""
    waits = dict.fromkeys(qubits, seconds)
    for slot in branch.slots:
        if slot.name != "delay":
            for qubit in slot.qubits:
                waits[qubit] -= slot.seconds
    return {qubit: _positive(wait) for qubit, wait in waits.items()}


def _decay(waits: Mapping[int, float], calibration: Calibration) -> float:
    """Return the sum of idle time / min(T1, T2), infinite when a time is not known."""
    decay = 0.0
    for qubit, seconds in waits.items():
        rate = calibration.rates[qubit] if qubit < len(calibration.rates) else None
        if seconds > 0:
            decay += math.inf if rate is None else seconds * rate
    return decay


def _seconds(instruction: Any, at: tuple[int, ...], calibration: Calibration) -> float:
    delay = instruction.name == "delay"
    known = _delay(instruction.operation, calibration) if delay else calibration[instruction.name, at].seconds
    if known is None:
        raise UnknownLength(instruction.name)
    return known


def _delay(operation: Any, calibration: Calibration) -> float | None:
    if not isinstance(operation.duration, (int, float)):
        return None
    if operation.unit == "dt":
        return None if calibration.dt is None else operation.duration * calibration.dt
    return float(apply_prefix(operation.duration, operation.unit))


def _positive(seconds: float) -> float:
    return seconds if seconds > _NOISE else 0.0
