"""Scores of a transpiled circuit on its device: success, duration, idle time, flags and warnings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from qiskit import QuantumCircuit
from qiskit.transpiler import Target

from tui.compiler.qiskit.calibration import DEAD, Calibration, Key, calibration
from tui.compiler.qiskit.schedule import Schedule, UnknownLength, schedule, turns
from tui.qiskit_common.traversal import Numbers, block_numbers

BAD_READOUT: Final = 0.4
"""Readout error from which a measurement says next to nothing (0.5 is a coin)."""
POOR_SUCCESS: Final = 0.01
"""Success below which a result is noise for the most part."""
MOST_NAMED: Final = 4
"""Couplers or qubits named in one warning."""


@dataclass(frozen=True, slots=True)
class Score:
    """A rank among candidates, not a promise: models like this overestimate the fidelity of a device.

    Attributes:
        success: product of 1 - error over gates and measurements, 0 to 1; `None` where it cannot be known,
            as are the following.
        success_idle: the same with the decay of waiting qubits.
        duration_us: scheduled length of one shot in microseconds.
        idle_us: microseconds that qubits wait in one shot, summed over the qubits.
        at_most: True when a loop that the run decides about counts as one turn.
        used: the device's qubits that have operations, ascending.
        gate_loss, readout_loss: -ln of the product over gates, and over measurements, in nats; a dead one
            counts as `calibration.MOST_LOSS`.
        flags: what is broken, by name, as "coupler 8-11 is dead".
        warnings: sentences.
    """

    success: float | None
    success_idle: float | None
    duration_us: float | None
    idle_us: float | None
    at_most: bool
    used: tuple[int, ...]
    gate_loss: float | None
    readout_loss: float | None
    flags: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """The part of a score that is quick to have: success (0 to 1, `None` where not known) and flags."""

    success: float | None
    flags: tuple[str, ...]


def rank(circuit: QuantumCircuit, target: Target) -> Rank:
    """Return the exact success and the flags of an ISA circuit, in some 2 us an operation.

    Args:
        circuit: its qubit `i` is the device's qubit `i`.
        target: the device, with the errors of its calibration.
    """
    known = calibration(target)
    tally = _tally(circuit, known)
    return Rank(tally.success(known), tuple(_flags(tally.seen, known)))


def score(circuit: QuantumCircuit, target: Target, ends: tuple[int, ...] = ()) -> Score:
    """Score an ISA circuit, whose qubit `i` is the device's qubit `i`.

    The success is the ESP (estimated success probability) of Murali et al.,
    https://arxiv.org/abs/1901.11054, and of mapomatic (https://github.com/qiskit-community/mapomatic),
    prod(1 - error) over gates and measurements; with idle time it is MQT Predictor's, see
    `Schedule.decay`. Of the branches of an `if` the worst counts; the body of a `while` counts once.

    Args:
        circuit: the circuit.
        target: the device, with the errors and durations of its calibration.
        ends: final places of the circuit's own qubits, which an estimator measures.
    """
    known = calibration(target)
    tally = _tally(circuit, known)
    success = tally.success(known)
    timed = _schedule(circuit, known)
    decay = None if timed is None else timed.decay(known)
    losses = (None, None) if success is None else (tally.gates, tally.readout)
    return Score(
        success=success,
        success_idle=None if success is None or decay is None else success * math.exp(-decay),
        duration_us=None if timed is None or timed.endless else timed.seconds * 1e6,
        idle_us=None if timed is None else timed.total_idle() * 1e6,
        at_most=tally.endless,
        used=tuple(sorted({qubit for _, qubits in tally.seen for qubit in qubits})),
        gate_loss=losses[0],
        readout_loss=losses[1],
        flags=tuple(_flags(tally.seen, known)),
        warnings=tuple(_warnings(tally, known, ends)),
    )


def shot_seconds(circuit: QuantumCircuit, target: Target) -> float | None:
    """Return the length of one shot in seconds; `None` where it cannot be known."""
    timed = _schedule(circuit, calibration(target))
    return None if timed is None or timed.endless else timed.seconds


def _schedule(circuit: QuantumCircuit, known: Calibration) -> Schedule | None:
    try:
        return schedule(circuit, known)
    except UnknownLength:
        return None


@dataclass(slots=True)
class _Tally:
    """Losses of a circuit or block in nats, and its operations.

    `foreign`: with an operation that the device does not have. `dead`: one that fails always.
    """

    gates: float = 0.0
    readout: float = 0.0
    dead: bool = False
    foreign: bool = False
    endless: bool = False
    seen: dict[Key, None] = field(default_factory=dict)

    def success(self, known: Calibration) -> float | None:
        if self.foreign or not known.known:
            return None
        return 0.0 if self.dead else math.exp(-self.gates - self.readout)


def _tally(circuit: QuantumCircuit, known: Calibration, numbers: Numbers | None = None) -> _Tally:
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    total = _Tally()
    counts: Counter[Key] = Counter()
    for instruction in circuit.data:
        if not instruction.is_control_flow():
            counts[instruction.name, tuple([numbers[qubit] for qubit in instruction.qubits])] += 1
            continue
        branches = [
            _tally(block, known, block_numbers(block, instruction, numbers))
            for block in instruction.operation.blocks
        ]
        total.endless |= instruction.name == "while_loop"
        _add_worst(total, branches, turns(instruction))
    for key, times in counts.items():
        name, entry = key[0], known[key]
        if name in ("barrier", "delay"):
            continue
        total.seen[key] = None
        total.foreign |= not entry.supported
        total.dead |= entry.error >= 1
        if name == "measure":
            total.readout += entry.loss * times
        else:
            total.gates += entry.loss * times
    return total


def _add_worst(total: _Tally, branches: list[_Tally], times: int) -> None:
    for branch in branches:
        total.seen |= branch.seen
        total.foreign |= branch.foreign
        total.endless |= branch.endless
    worst = max(branches, key=lambda branch: branch.gates + branch.readout, default=None)
    if worst is not None:
        total.gates += worst.gates * times
        total.readout += worst.readout * times
        total.dead |= worst.dead and times > 0


def _flags(seen: Iterable[Key], known: Calibration) -> Iterator[str]:
    """Yield what the circuit uses and should not, couplers before qubits, each once."""
    couplers: dict[tuple[int, ...], str] = {}
    qubits: dict[int, str] = {}
    for key in seen:
        at, entry = key[1], known[key]
        if len(at) == 2:
            if at in known.faulty:
                couplers[min(at), max(at)] = "is reported faulty"
            elif entry.error >= DEAD:
                couplers.setdefault((min(at), max(at)), "is dead")
        elif len(at) == 1 and entry.error >= DEAD:
            qubits.setdefault(at[0], "is dead")
        for qubit in at:
            if (qubit,) in known.faulty:
                qubits[qubit] = "is reported faulty"
    yield from (f"coupler {first}-{second} {what}" for (first, second), what in sorted(couplers.items()))
    yield from (f"qubit {qubit} {what}" for qubit, what in sorted(qubits.items()))


def _warnings(tally: _Tally, known: Calibration, ends: tuple[int, ...]) -> Iterator[str]:
    foreign: dict[str, None] = {}
    couplers: dict[str, float] = {}
    readouts: dict[str, float] = {}
    for (name, qubits), entry in ((key, known[key]) for key in tally.seen):
        if not entry.supported:
            foreign[f"{name} on {_list(map(str, qubits))}"] = None
        elif len(qubits) == 2 and entry.error >= DEAD:
            couplers["–".join(map(str, sorted(qubits)))] = entry.error
        elif name == "measure" and entry.error >= BAD_READOUT:
            readouts[str(qubits[0])] = entry.error
    if foreign:
        yield f"The device does not know {_list(foreign)}: the service will refuse the circuit."
    if couplers:
        yield (
            f"Uses {_plural('coupler', couplers)}, with an error of {_percent(couplers)} by calibration: "
            "another seed or level may go around."
        )
    if readouts:
        yield f"Measures {_plural('qubit', readouts)}, with a readout error of {_percent(readouts)}."
    success = tally.success(known)
    if success is not None and success < POOR_SUCCESS:
        yield "The estimated success is below 1 %: the result will be noise for the most part."
    if all(name != "measure" for name, _ in tally.seen):
        yield "Measures nothing: a sampler needs a measurement, an estimator none."
        errors = {str(place): known["measure", (place,)].error for place in ends}
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
