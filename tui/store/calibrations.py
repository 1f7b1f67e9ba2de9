"""The calibrations that were seen of each device, as many as are needed to say what got worse."""

from __future__ import annotations

from tui.common.timing import Clock
from tui.domain.devices.calibrations import DeviceCalibration
from tui.store.cache import StoreCache
from tui.store.records.calibrations import KeptCalibration, keep_calibration, kept_calibration
from tui.store.records.tables import CALIBRATIONS

NEWEST = 2
"""Calibrations of a device that are kept whatever their day."""
MOST_OF_A_DEVICE = 14
"""Kept in all: one a day for about two weeks."""
MOST = 200
"""Kept of all devices together."""


class CalibrationHistory:
    """Calibrations by service, device and moment; changes are made in memory and written with the others."""

    def __init__(self, cache: StoreCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def add(self, service: str, calibration: DeviceCalibration) -> bool:
        """Keep a calibration, and let go of those that are one too many.

        Returns:
            Whether it was not known.
        """
        record = keep_calibration(service, calibration, self._clock.now())
        if record is None or CALIBRATIONS.key(record) in self._cache.values[CALIBRATIONS]:
            return False
        self._cache.upsert(CALIBRATIONS, record)
        kept = _worth_keeping(self._of(service, record.backend))
        everything = sorted(self._cache.values[CALIBRATIONS].values(), key=lambda one: one.seen, reverse=True)
        for one in self._of(service, record.backend):
            if one not in kept:
                self._cache.remove(CALIBRATIONS, CALIBRATIONS.key(one))
        for one in everything[MOST:]:
            self._cache.remove(CALIBRATIONS, CALIBRATIONS.key(one))
        return True

    def of(self, service: str, backend: str) -> tuple[DeviceCalibration, ...]:
        """Return the calibrations kept of a device, newest first, without coordinates."""
        return tuple(kept_calibration(record) for record in self._of(service, backend))

    def _of(self, service: str, backend: str) -> list[KeptCalibration]:
        every = self._cache.values[CALIBRATIONS].values()
        mine = [one for one in every if one.service == service and one.backend == backend]
        return sorted(mine, key=lambda one: one.moment, reverse=True)


def _worth_keeping(records: list[KeptCalibration]) -> list[KeptCalibration]:
    """Choose the newest ones, and the newest of each day before; records are sorted, newest first."""
    kept: list[KeptCalibration] = []
    for place, record in enumerate(records):
        new_day = not kept or record.moment.date() != kept[-1].moment.date()
        if place < NEWEST or new_day:
            kept.append(record)
    return kept[:MOST_OF_A_DEVICE]
