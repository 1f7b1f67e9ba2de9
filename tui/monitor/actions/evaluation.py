"""The evaluation of one job: calibrations at its moments, its executions, its start."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.calibration_changes import CalibrationMoment
from tui.domain.export.tables import joint_result
from tui.domain.jobs import Job
from tui.domain.results import Counts, ExecutionSpan, JobResult
from tui.domain.statistics.waiting import StartEstimate, start_estimate, times_of
from tui.ibm.codec.calibrations import decode_calibration
from tui.ibm.results.decoder import decode_shots
from tui.ibm.results.spans import execution_spans
from tui.monitor.actions.jobs import Jobs
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.state.app_state import AppState

MOST_JOINED: Final = 2_000_000
"""Shots, times registers, that are counted over all registers together."""
_SMALL: Final = 256 * 1024
"""Bytes of a result whose metadata are read in the event loop."""


class JobEvaluation:
    """Works out what a job's page shows beside what the service told. Nothing on the service changes."""

    def __init__(self, app_state: AppState, jobs: Jobs, backends: BackendsPoller) -> None:
        self._app_state = app_state
        self._jobs = jobs
        self._backends = backends

    async def calibrations(self, job: Job) -> tuple[CalibrationMoment, ...]:
        """Return the calibrations of the job's device when it was made, when it started, and now.

        Returns:
            One a moment, in order; without a device where it is not to be had, and why. A job that has not
            started has none for its start.
        """
        created, start, _ = times_of(job, None)
        moments = [CalibrationMoment("made", created)]
        moments += [CalibrationMoment("start", start)] if start is not None else []
        found = [await self._calibrated(job.backend, moment) for moment in moments]
        try:
            now = CalibrationMoment("now", device=await self._backends.calibration(job.backend))
        except QdeckError as error:
            now = CalibrationMoment("now", trouble=str(error))
        return (*found, now)

    async def calibration_at_start(self, job: Job) -> CalibrationMoment:
        """Return the calibration of the job's device when it started, else when it was made.

        Where the service cannot be asked it is the latest before that of those that were seen here.
        """
        created, start, _ = times_of(job, None)
        at = start or created
        found = await self._calibrated(job.backend, CalibrationMoment("start", at))
        if found.device is not None:
            return found
        seen = self._app_state.history.calibrations.of(job.service, job.backend)
        before = (one for one in seen if one.calibrated is not None and one.calibrated <= at)
        return replace(found, device=next(before, None))

    async def _calibrated(self, backend: str, moment: CalibrationMoment) -> CalibrationMoment:
        assert moment.at is not None
        try:
            device = await decode_calibration(await self._backends.data_at(backend, moment.at))
        except QdeckError as error:
            return replace(moment, trouble=str(error))
        return replace(moment, device=device)

    async def spans(self, result: JobResult) -> tuple[ExecutionSpan, ...]:
        """Return when the device ran the parts of a job; none where its result does not tell."""
        if result.spans:
            return result.spans
        if len(result.raw) <= _SMALL:
            return execution_spans(result.raw)
        return await asyncio.to_thread(execution_spans, result.raw)

    async def joint(self, result: JobResult) -> tuple[tuple[Counts, ...], ...]:
        """Count the registers of each PUB together, shot by shot.

        Returns:
            For each PUB a `Counts` a place, whose register is named by all of them, the last one first as it
            stands leftmost in the bit strings; nothing for a PUB of one register.

        Raises:
            QdeckError: `CONFLICT` where the shots are not in the result, or are too many.
        """
        shots = sum(counts.shots for pub in result.pubs for counts in pub.counts)
        if result.abridged or shots > MOST_JOINED:
            raise QdeckError(
                ErrorKind.CONFLICT, f"Up to {MOST_JOINED:,} shots are counted over all registers together."
            )
        try:
            return await asyncio.to_thread(_joint, result)
        except ValueError as error:
            raise QdeckError(ErrorKind.CONFLICT, f"The shots cannot be joined: {error}.") from error

    def start(self, job: Job) -> StartEstimate:
        """Estimate when a job that waits starts, from the backend's queue and own jobs there."""
        named = (one for one in self._backends.all() if one.name == job.backend)
        backend = next(named, None)
        queue = None if backend is None else backend.queue_length
        return start_estimate(job, self._jobs.all(), queue, self._app_state.clock.now())

    def formula_seconds(self, job_id: str) -> float | None:
        """Return the QPU seconds by IBM's published formula when the job was submitted here."""
        record = self._app_state.jobs.record(job_id)
        return None if record is None else record.formula_seconds

    def hashes(self, job_id: str) -> dict[str, str]:
        """Return SHA-256 of the job's texts that are kept: `circuit`, `source`, `inputs`."""
        record = self._app_state.jobs.record(job_id)
        if record is None:
            return {}
        found = {"circuit": record.circuit_hash, "source": record.source_hash, "inputs": record.inputs_hash}
        return {name: digest for name, digest in found.items() if digest}


def _joint(result: JobResult) -> tuple[tuple[Counts, ...], ...]:
    joined = joint_result(result, decode_shots(result.raw))
    # Without the blanks between registers: distances and weights are of bit strings.
    return tuple(
        tuple(
            replace(one, counts={bits.replace(" ", ""): times for bits, times in one.counts.items()})
            for one in pub.counts
            if " " in one.register
        )
        for pub in joined.pubs
    )
