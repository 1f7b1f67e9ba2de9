"""A calibration that came after a review: is the circuit that was reviewed still the one to submit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from tui.common.errors import QdeckError
from tui.common.values import Value
from tui.domain.circuits import Candidate
from tui.domain.devices.calibration_changes import CalibrationChange, calibration_changes
from tui.domain.devices.calibrations import DeviceCalibration
from tui.domain.ranking import TIE
from tui.monitor.actions.circuits import Transpiler
from tui.monitor.polling.account_pollers import BackendsPoller

PATIENCE: Final = 20.0
"""Seconds that the question may take beside the search; a submission does not wait any longer for it."""


class Recalibration(Value, frozen=True):
    """A candidate by a later calibration than that of its review.

    Attributes:
        reviewed: the candidate as it was reviewed.
        now: the same circuit, measured by the later calibration.
        redone: what transpiling anew in the same way brings, best first.
        searched: how the search for them went, in words; empty where it was one run.
        changes: notable changes of qubits and couplers in use, as far as both calibrations are known.
    """

    reviewed: Candidate
    now: Candidate
    redone: tuple[Candidate, ...]
    searched: str = ""
    changes: tuple[CalibrationChange, ...] = ()

    @property
    def pays(self) -> bool:
        """True when what was made anew is better by more than a tie, or unlike the reviewed not broken."""
        if not self.redone:
            return False
        best, success = self.redone[0], self.now.estimated_success
        if bool(best.flags) is not bool(self.now.flags):
            return not best.flags
        return (best.estimated_success or 0.0) * (1 - TIE) > (success or 0.0)


async def recalibration(
    transpiler: Transpiler,
    backends: BackendsPoller,
    candidate: Candidate,
    source: str,
    *,
    search: bool,
    tell: Callable[[], object] = lambda: None,
) -> Recalibration | None:
    """Compare a candidate with what a later calibration of its device allows.

    Args:
        transpiler: measures and transpiles.
        backends: has the calibrations.
        candidate: as it was reviewed.
        source: the program it was made from.
        search: look for the best one anew, with many seeds; else transpile once as the candidate was.
        tell: called when there is a later calibration, before the work that takes seconds.

    Returns:
        The comparison; `None` when there is no later calibration, or it is not to be had in time.
    """
    try:
        async with asyncio.timeout(PATIENCE + transpiler.search_options.budget):
            device = await backends.calibration(candidate.backend)
            if not _later(device.calibrated, candidate.calibrated):
                return None
            tell()
            now = await transpiler.measured(candidate, source)
            searched = ""
            if search:
                found = await transpiler.search(source, candidate.backend, transpiler.search_options)
                redone, searched = found.candidates, found.progress.words
            else:
                redone = (await transpiler.transpile(source, candidate.backend, candidate.options),)
    except (QdeckError, TimeoutError):
        # What is wrong with service or program, the submission itself will tell.
        return None
    seen = backends.seen_calibrations(candidate.backend)
    before = next((one for one in seen if one.calibrated == candidate.calibrated), None)
    return Recalibration(candidate, now, redone, searched, _changes(before, device, candidate))


def _later(moment: datetime | None, than: datetime | None) -> bool:
    return moment is not None and than is not None and moment > than


def _changes(
    before: DeviceCalibration | None, after: DeviceCalibration, candidate: Candidate
) -> tuple[CalibrationChange, ...]:
    if before is None:
        return ()
    used = frozenset(candidate.used)
    return tuple(one for one in calibration_changes(before, after) if used.issuperset(one.qubits))
