"""Jobs side by side: fetches what they gave and how they were made, simulates their ideal, compares."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.domain.comparisons.calibrations import CalibratedParts, calibration_facts
from tui.domain.comparisons.differences import Made, circuit_diffs, facts_of
from tui.domain.comparisons.reports import (
    MOST_SIDES,
    Outcomes,
    Parameters,
    Place,
    Report,
    compare_counts,
    compare_values,
    outcomes_of,
)
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult, PubResult
from tui.domain.statistics.bits import used_parts
from tui.domain.statistics.distributions import Distribution
from tui.monitor.actions.evaluation import JobEvaluation
from tui.monitor.actions.jobs import Jobs
from tui.monitor.actions.predictions import Predictions

IDEAL: Final = "ideal"
_MOST_PLACES: Final = 32
"""Places of a sweep whose ideal is simulated."""


class Comparisons:
    """Compares jobs with one another and with their ideal. Nothing on the service changes."""

    def __init__(
        self, jobs: Jobs, compiler: Compiler, predictions: Predictions, evaluation: JobEvaluation
    ) -> None:
        self._jobs = jobs
        self._compiler = compiler
        self._predictions = predictions
        self._evaluation = evaluation

    async def report(self, job_ids: Sequence[str], *, ideal: bool = False) -> Report:
        """Compare jobs, each against the first.

        Args:
            job_ids: the jobs; two at least, one with `ideal`.
            ideal: the first side is the ideal result of the first job's circuit, simulated in the worker.

        Returns:
            Everything about them; what could not be had is in its notes.

        Raises:
            QdeckError: `INVALID` for too few or too many; `NOT_FOUND` for a job that is not known here;
                with `ideal`, what keeps it from being simulated.
        """
        asked = list(dict.fromkeys(job_ids))
        if len(asked) + ideal < 2:
            raise QdeckError(ErrorKind.INVALID, "Comparing takes two jobs, or one and its ideal.")
        if len(asked) + ideal > MOST_SIDES:
            raise QdeckError(ErrorKind.INVALID, f"At most {MOST_SIDES} are compared at once.")
        notes: list[str] = []
        made: list[Made] = []
        results: list[JobResult | None] = []
        for job_id in asked:
            job = await self._job(job_id)
            results.append(await self._result(job, notes))
            made.append(await self._made(job_id))
        names = _names([of.job for of in made if of.job is not None])
        outcomes = [outcomes_of(result) if result is not None else {} for result in results]
        if ideal:
            exact = await self._ideal_values(made[0], results[0], notes)
            expected = await self._ideal(made[0], results[0], outcomes[0], notes) if exact is None else {}
            outcomes.insert(0, expected)
            results.insert(0, exact)
            names.insert(0, IDEAL)
        # Bits of a million shots are compared for a while.
        counts = await asyncio.to_thread(compare_counts, outcomes)
        diffs = await asyncio.to_thread(circuit_diffs, made)
        facts = facts_of([Made(), *made] if ideal else made)
        if len(made) > 1:
            parts = await self._calibrations(made, notes)
            facts += calibration_facts([CalibratedParts(), *parts] if ideal else parts)
        return Report(
            tuple(names),
            facts,
            counts,
            await asyncio.to_thread(compare_values, results),
            tuple(replace(diff, side=diff.side + ideal) for diff in diffs),
            tuple(notes),
        )

    async def _job(self, job_id: str) -> Job:
        job = await self._jobs.with_texts(job_id)
        if job is None:
            raise QdeckError(ErrorKind.NOT_FOUND, f"No job {plain(job_id, limit=60)!r} is known here.")
        return job

    async def _result(self, job: Job, notes: list[str]) -> JobResult | None:
        name = plain(job.name or job.id, limit=40)
        if job.status is not JobStatus.DONE:
            notes.append(f"{name} has no result: it is {job.status}.")
            return None
        try:
            result = await self._jobs.result(job.id)
        except QdeckError as error:
            notes.append(f"The result of {name} is not to be had: {error}")
            return None
        if result.note:
            notes.append(f"{name}: {result.note}")
        return result

    async def _made(self, job_id: str) -> Made:
        circuits: tuple[str, ...] = ()
        with contextlib.suppress(QdeckError):
            circuits = await self._jobs.circuits(job_id)
        job = await self._job(job_id)
        return Made(job, self._jobs.transpilation(job_id), self._jobs.submission(job_id), circuits)

    async def _calibrations(self, made: Sequence[Made], notes: list[str]) -> list[CalibratedParts]:
        """What the jobs used of their devices, and the calibrations they started with."""
        parts: list[CalibratedParts] = []
        missing: dict[str, list[str]] = {}
        for of in made:
            if of.job is None or not of.circuits:
                parts.append(CalibratedParts())
                continue
            used = [await asyncio.to_thread(used_parts, circuit) for circuit in of.circuits]
            qubits = sorted({qubit for numbers, _ in used for qubit in numbers})
            couplers = sorted({pair for _, pairs in used for pair in pairs})
            moment = await self._evaluation.calibration_at_start(of.job)
            if moment.device is None:
                missing.setdefault(moment.trouble, []).append(plain(of.job.name or of.job.id, limit=40))
            parts.append(CalibratedParts(tuple(qubits), tuple(couplers), moment.device))
        for trouble, names in missing.items():
            notes.append(f"No calibration at the start of {', '.join(names)}: {trouble}")
        return parts

    async def _ideal_values(self, made: Made, result: JobResult | None, notes: list[str]) -> JobResult | None:
        """Work out the values of an estimator's job without noise; `None` for a job of counts."""
        if result is None or made.job is None or not any(pub.values for pub in result.pubs):
            return None
        pubs: list[PubResult] = []
        for place, pub in enumerate(result.pubs):
            found = await self._predictions.values(made.job.id, place, noisy=False)
            exact = [
                replace(value, value=round(near, 12), std=0.0, steps=(), ensemble_std=None)
                for value, near in zip(pub.values, found.values, strict=False)
            ]
            pubs.append(replace(pub, values=tuple(exact)))
            if not place:
                notes.append(f"Ideal: simulated without noise here, {found.method}.")
        return replace(result, pubs=tuple(pubs), raw=b"")

    async def _ideal(
        self,
        made: Made,
        result: JobResult | None,
        measured: dict[Place, Outcomes],
        notes: list[str],
    ) -> dict[Place, Outcomes]:
        """Simulate the circuits of a job without noise, at each place of its sweep."""
        if result is None or not measured:
            raise QdeckError(ErrorKind.CONFLICT, "There are no counts to hold against an ideal.")
        if not made.circuits:
            raise QdeckError(ErrorKind.CONFLICT, "The circuit is not known here, so it is not simulated.")
        known: dict[tuple[int, tuple[int, ...]], Distribution] = {}
        ideal: dict[Place, Outcomes] = {}
        for place in measured:
            pub, register, index = place
            if pub > len(made.circuits) or (len(known) >= _MOST_PLACES and (pub, index) not in known):
                continue
            if (pub, index) not in known:
                values = result.pubs[pub - 1].parameters_at(index)
                known[pub, index] = await self._compiler.simulations.ideal(
                    made.circuits[pub - 1], values=values
                )
            distribution = known[pub, index].of_register(register)
            if distribution is not None:
                ideal[place] = _expected(distribution, measured[place].parameters)
        left = len(measured) - len(ideal)
        if left:
            notes.append(f"{left:,} of {len(measured):,} registers and places have no ideal here.")
        method = next(iter(known.values()))
        notes.append(f"Ideal: simulated without noise here, {method.method}.")
        return ideal


def _expected(distribution: Distribution, parameters: Parameters) -> Outcomes:
    """Exact probabilities, or the counts of a simulation by shots."""
    if distribution.shots is None:
        return Outcomes(distribution.probabilities, None, parameters)
    return Outcomes(distribution.counts, distribution.shots, parameters)


def _names(jobs: Sequence[Job]) -> list[str]:
    """Name each job, by its id too where two have the same name."""
    names = [plain(job.name, limit=24) for job in jobs]
    return [
        name if name and names.count(name) == 1 else f"{name} {plain(job.id, limit=24)[-8:]}".strip()
        for name, job in zip(names, jobs, strict=True)
    ]
