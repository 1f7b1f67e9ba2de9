"""Differences of two calibrations of a device: what got worse or better, what died or came back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from tui.common.values import Value
from tui.domain.devices.calibrations import DeviceCalibration, QubitMetric

NOTABLE = 1.5
"""Ratio of two figures from which on they differ: less is the scatter from one calibration to the next."""
_A_DAY = timedelta(hours=18)
"""Age from which on a calibration counts as one of the day before."""


class Trend(StrEnum):
    """Kind of a change."""

    WORSE = "worse"
    BETTER = "better"
    DIED = "died"
    CAME_BACK = "came back"

    @property
    def bad(self) -> bool:
        """True when the part is of less use than before."""
        return self in (Trend.WORSE, Trend.DIED)


class CalibrationChange(Value, frozen=True):
    """A figure of a qubit or coupler that changed notably.

    Attributes:
        qubits: one of a qubit, two of a coupler.
        trend: kind of the change.
        metric: the figure; `None`: the two-qubit error, or the part as a whole.
        before: the figure before; `None`: not known, or the part as a whole.
        after: the figure now.
    """

    qubits: tuple[int, ...]
    trend: Trend
    metric: QubitMetric | None = None
    before: float | None = None
    after: float | None = None


class CalibrationMoment(Value, frozen=True):
    """A moment of a job and the calibration in force then.

    Attributes:
        name: `made`, `start`, `now`: short, it heads a column.
        at: the moment (UTC); `None` for now.
        device: `None` where it is not to be had.
        trouble: why it is not.
    """

    name: str
    at: datetime | None = None
    device: DeviceCalibration | None = None
    trouble: str = ""


def calibration_changes(before: DeviceCalibration, after: DeviceCalibration) -> tuple[CalibrationChange, ...]:
    """Compare two calibrations of a device.

    Args:
        before: the earlier one.
        after: the later one.

    Returns:
        Changes of qubits, then of couplers, in their order. Of a part that died or came back there is that
        alone; figures that are not known in both are not compared.
    """
    found: list[CalibrationChange] = []
    for number, (old, new) in enumerate(zip(before.qubits, after.qubits, strict=False)):
        if old.dead != new.dead:
            found.append(CalibrationChange((number,), Trend.DIED if new.dead else Trend.CAME_BACK))
        elif not new.dead:
            for metric in QubitMetric:
                pair = old.figure(metric), new.figure(metric)
                trend = _trend(*pair, more_is_better=metric.is_time)
                if trend is not None:
                    found.append(CalibrationChange((number,), trend, metric, *pair))
    for coupler in after.couplers:
        known = before.coupler(*coupler.qubits)
        if known is None:
            continue
        if known.dead != coupler.dead:
            found.append(CalibrationChange(coupler.qubits, Trend.DIED if coupler.dead else Trend.CAME_BACK))
        elif not coupler.dead and (trend := _trend(known.error, coupler.error)) is not None:
            found.append(CalibrationChange(coupler.qubits, trend, None, known.error, coupler.error))
    return tuple(found)


def _trend(before: float | None, after: float | None, *, more_is_better: bool = False) -> Trend | None:
    if before is None or after is None:
        return None
    if max(before, after) < NOTABLE * min(before, after) or before == after:
        return None
    return Trend.BETTER if (after > before) is more_is_better else Trend.WORSE


def comparison_for(
    calibration: DeviceCalibration, known: Sequence[DeviceCalibration]
) -> DeviceCalibration | None:
    """Choose the calibration to compare one with: the day before's.

    Args:
        calibration: the one looked at.
        known: calibrations of the same device, newest first.

    Returns:
        The newest that is at least 18 hours older, else the oldest that is older; `None` when there is none.
    """
    now = calibration.calibrated
    older = [one for one in known if now is not None and one.calibrated is not None and one.calibrated < now]
    if now is None or not older:
        return None
    day_before = (one for one in older if one.calibrated is not None and now - one.calibrated >= _A_DAY)
    return next(day_before, older[-1])


def count_changes(changes: Iterable[CalibrationChange]) -> str:
    """Return how many parts changed in which way, in words.

    Returns:
        `3 qubits and 1 coupler worse, 2 qubits better, 1 coupler died`; `nothing notable` without changes.
    """
    parts: dict[Trend, tuple[set[tuple[int, ...]], set[tuple[int, ...]]]] = {}
    for change in changes:
        parts.setdefault(change.trend, (set(), set()))[len(change.qubits) - 1].add(change.qubits)
    words: list[str] = []
    for trend in Trend:
        if trend in parts:
            kinds = zip(("qubit", "coupler"), map(len, parts[trend]), strict=True)
            counted = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds if count]
            words.append(f"{' and '.join(counted)} {trend}")
    return ", ".join(words) or "nothing notable"
