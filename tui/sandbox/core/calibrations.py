"""The calibrations of the devices: the recorded one, and a drifted one every so many simulated hours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from datetime import datetime

from tui.sandbox.base.clock import Clock, from_iso, iso
from tui.sandbox.core import devices
from tui.sandbox.core.devices import Device
from tui.sandbox.core.drift import Drift
from tui.sandbox.db.database import SandboxDatabase

log = logging.getLogger(__name__)

EVERY_HOURS = 24.0
"""Simulated hours from one calibration to the next, unless the sandbox is told otherwise."""
_SETTING = "calibrations"
_MOST_KEPT = 60
_HOUR = 3600.0


class CalibrationSchedule:
    """Calibrates all devices together, at the start when that is due, and then again and again.

    The calibrations are kept in the database: seed, number and moment, of which the figures follow.

    Args:
        hours: simulated hours from one to the next; 0: the recorded calibration stays in force.
        seed: of the noise.
    """

    def __init__(self, database: SandboxDatabase, clock: Clock, hours: float = 0.0, seed: int = 0) -> None:
        self._database = database
        self._clock = clock
        self._seconds = hours * _HOUR
        self._seed = seed
        self._drifts = _read(database.setting(_SETTING)) if hours else []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Calibrate when that is due, and go on doing so."""
        if self._seconds:
            self._calibrate_when_due()
            self._task = asyncio.create_task(self._run(), name="sandbox-calibrations")

    async def stop(self) -> None:
        """Stop calibrating."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def device(self, name: str) -> Device:
        """Return a device with the calibration in force.

        Raises:
            UnknownDevice: there is no device of that name.
        """
        found = devices.device(name)
        return found.drifted(self._drifts[-1]) if self._drifts and name != devices.RETIRED else found

    def all_of(self, name: str) -> list[Device]:
        """Return a device once for each of its calibrations, the recorded one first.

        Raises:
            UnknownDevice: there is no device of that name.
        """
        found = devices.device(name)
        return [found, *(found.drifted(drift) for drift in self._drifts)]

    def device_before(self, name: str, before: datetime) -> Device | None:
        """Return a device with the calibration in force at a time; `None`: there was none yet.

        Raises:
            UnknownDevice: there is no device of that name.
        """
        return next((one for one in reversed(self.all_of(name)) if one.calibrated <= before), None)

    async def _run(self) -> None:
        while True:
            due_in = self._seconds - self._clock.elapsed(self._last())
            # In parts: a machine that slept meanwhile is late, but not by more than that.
            await self._clock.wait(min(max(due_in, 1.0), _HOUR))
            self._calibrate_when_due()

    def _last(self) -> datetime:
        moment = self._drifts[-1].moment if self._drifts else None
        return self._clock.now() if moment is None else moment

    def _calibrate_when_due(self) -> None:
        if self._drifts and self._clock.elapsed(self._last()) < self._seconds:
            return
        number = self._drifts[-1].number + 1 if self._drifts else 1
        # Bodies have whole seconds: what is asked for by the time in one is that one.
        moment = self._clock.now().replace(microsecond=0)
        self._drifts = [*self._drifts, Drift(self._seed, number, moment)][-_MOST_KEPT:]
        kept = [[one.seed, one.number, iso(one.moment)] for one in self._drifts if one.moment is not None]
        self._database.set_setting(_SETTING, json.dumps(kept))


def _read(text: str | None) -> list[Drift]:
    if text is None:
        return []
    try:
        return [Drift(int(seed), int(number), from_iso(moment)) for seed, number, moment in json.loads(text)]
    except (ValueError, TypeError):
        log.warning("the calibrations of former starts cannot be read; they begin anew")
        return []
