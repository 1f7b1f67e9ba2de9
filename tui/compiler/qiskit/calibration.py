"""The errors, durations and decay of a device, laid out to be looked up for each operation of a circuit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qiskit.transpiler import Target

Key = tuple[str, tuple[int, ...]]
"""An operation of a circuit: its name and the device's qubits."""
DEAD: Final = 0.5
"""Calibrated error from which a coupler or qubit is as good as broken; devices list such couplers."""
MOST_LOSS: Final = -math.log(1e-15)
"""Loss of an operation that always fails, in nats: finite, so that losses can be added up and sent."""
_FREE: Final = frozenset({"barrier", "delay", "store", "break_loop", "continue_loop"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation on its qubits.

    Attributes:
        error: as calibrated, 0 to 1; 0 where none is known.
        loss: -ln(1 - error), in nats, at most `MOST_LOSS`.
        seconds: its duration; `None` when not known.
        supported: False when it is no instruction of the device.
    """

    error: float = 0.0
    loss: float = 0.0
    seconds: float | None = None
    supported: bool = True


class Calibration(dict[Key, Entry]):
    """Entries by operation; one that the device does not have is an entry, too, which says so.

    Attributes:
        dt: seconds of the device's unit of time; `None` when not told.
        known: True when any error is calibrated.
        rates: by qubit 1 / min(T1, T2), in 1/s; `None` where neither is known.
        faulty: qubits and couplers that the device reports as not operational.
    """

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self.dt: float | None = target.dt
        self.faulty: frozenset[tuple[int, ...]] = getattr(target, "faulty", frozenset())
        self.rates = tuple(_rates(target))
        self.known = False
        for name in target.operation_names:
            for qubits, properties in (target[name] or {}).items():
                if qubits is None:
                    continue
                error = None if properties is None else properties.error
                self.known |= error is not None
                self[name, qubits] = _entry(error, None if properties is None else properties.duration)

    def __missing__(self, key: Key) -> Entry:
        name, qubits = key
        if name in _FREE:
            entry = Entry(seconds=None if name == "delay" else 0.0)
        else:
            entry = Entry(supported=bool(self._target.instruction_supported(name, qubits)))
        self[key] = entry
        return entry

    def typical_loss(self, count: int) -> float:
        """Return the median loss of a gate on so many qubits, those that work, in nats.

        Gates without error (rz is a change of frame) do not count; 0 without calibrated errors.
        """
        losses = [
            entry.loss
            for (name, qubits), entry in self.items()
            if len(qubits) == count and name not in ("measure", "reset", "id") and 0 < entry.error < DEAD
        ]
        return statistics.median(losses) if losses else 0.0


@lru_cache(maxsize=16)
def calibration(target: Target) -> Calibration:
    """Return the calibration of a target, made once for each."""
    return Calibration(target)


def _entry(error: float | None, seconds: float | None) -> Entry:
    error = min(1.0, max(0.0, error or 0.0))
    loss = MOST_LOSS if error >= 1 else min(MOST_LOSS, -math.log1p(-error))
    return Entry(error, loss, seconds)


def _rates(target: Target) -> Iterable[float | None]:
    known = target.qubit_properties or [None] * (target.num_qubits or 0)
    for qubit in known:
        times = [time for time in (getattr(qubit, "t1", None), getattr(qubit, "t2", None)) if time]
        yield 1 / min(times) if times else None
