"""Calibrations in force when jobs started, side by side: what their qubits and couplers were like."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from tui.common.values import Value
from tui.domain.comparisons.differences import Fact
from tui.domain.devices.calibration_changes import NOTABLE
from tui.domain.devices.calibrations import DeviceCalibration, QubitMetric

MOST_PARTS: Final = 24
"""Figures of single qubits and couplers that are told, those that differ most."""

P = TypeVar("P")


class CalibratedParts(Value, frozen=True):
    """What a job used of its device, and the calibration in force when it started.

    Attributes:
        qubits, couplers: in use.
        device: `None` where it is not to be had.
    """

    qubits: tuple[int, ...] = ()
    couplers: tuple[tuple[int, int], ...] = ()
    device: DeviceCalibration | None = None


def calibration_facts(sides: Sequence[CalibratedParts]) -> tuple[Fact, ...]:
    """Return what is known of the sides' calibrations.

    Args:
        sides: in order; empty ones for sides that did not run.

    Returns:
        Mean errors and the median T1 of what each side used; then single figures of what two sides used of
        one device where they differ by half or more, those that differ most, and what was dead.
    """
    facts = [
        Fact("calibration at start", tuple(map(_moment, sides))),
        Fact("readout error", tuple(_mean(_qubit_figures(side, QubitMetric.READOUT)) for side in sides)),
        Fact("1Q error", tuple(_mean(_qubit_figures(side, QubitMetric.SINGLE_QUBIT)) for side in sides)),
        Fact("2Q error", tuple(_mean(_coupler_errors(side)) for side in sides)),
        Fact("T1", tuple(_median(_qubit_figures(side, QubitMetric.T1)) for side in sides)),
    ]
    devices = {side.device.name for side in sides if side.device is not None}
    parts = _parts(sides) if len(devices) == 1 else []
    return tuple(fact for fact in [*facts, *parts] if any(fact.values))


def _moment(side: CalibratedParts) -> str:
    at = side.device.calibrated if side.device is not None else None
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _qubit_figures(side: CalibratedParts, metric: QubitMetric) -> list[float]:
    return [figure for qubit in side.qubits if (figure := _qubit(side, qubit, metric)) is not None]


def _qubit(side: CalibratedParts, number: int, metric: QubitMetric) -> float | None:
    known = side.device.qubits if side.device is not None and number in side.qubits else ()
    return known[number].figure(metric) if number < len(known) else None


def _coupler_errors(side: CalibratedParts) -> list[float]:
    return [error for pair in side.couplers if (error := _coupler(side, pair)) is not None]


def _coupler(side: CalibratedParts, pair: tuple[int, int]) -> float | None:
    found = side.device.coupler(*pair) if side.device is not None and pair in side.couplers else None
    return None if found is None else found.error


def _mean(errors: Sequence[float]) -> str:
    if not errors:
        return ""
    return _percent(statistics.fmean(errors)) + (f", mean of {len(errors)}" if len(errors) > 1 else "")


def _median(times: Sequence[float]) -> str:
    if not times:
        return ""
    return _microseconds(statistics.median(times)) + (f", median of {len(times)}" if len(times) > 1 else "")


def _percent(error: float) -> str:
    return f"{100 * error:.3g} %"


def _microseconds(time: float) -> str:
    return f"{time:.0f} µs"


def _parts(sides: Sequence[CalibratedParts]) -> list[Fact]:
    """Single figures that differ notably, the most different first."""
    found: list[tuple[float, Fact]] = []
    for number in _shared(side.qubits for side in sides):
        for metric in QubitMetric:
            values = [_qubit(side, number, metric) for side in sides]
            written = _microseconds if metric.is_time else _percent
            found += _notable(f"q{number} {metric}", values, written)
    for pair in _shared(side.couplers for side in sides):
        found += _notable(f"{pair[0]}-{pair[1]} 2Q error", [_coupler(side, pair) for side in sides], _percent)
    found.sort(key=lambda ranked: -ranked[0])
    return [fact for _, fact in found[:MOST_PARTS]]


def _shared(used: Iterable[Sequence[P]]) -> list[P]:
    """Return what more than one side uses, in the order of the first."""
    times = Counter(part for parts in used for part in parts)
    return [part for part, count in times.items() if count > 1]


def _notable(
    name: str, values: Sequence[float | None], written: Callable[[float], str]
) -> list[tuple[float, Fact]]:
    known = [value for value in values if value is not None]
    if len(known) < 2 or max(known) == min(known) or max(known) < NOTABLE * min(known):
        return []
    ratio = max(known) / min(known) if min(known) > 0 else float("inf")
    return [(ratio, Fact(name, tuple("" if value is None else written(value) for value in values)))]
