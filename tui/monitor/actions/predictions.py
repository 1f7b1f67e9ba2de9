"""Predictions of a job by simulation: its counts, its values, each place of its sweeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.compiler.simulations import Values
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import DEFAULT_SHOTS, Job
from tui.domain.pubs.inputs import PubInputs, decode_inputs
from tui.domain.pubs.observables import parse_observable
from tui.domain.results import PubResult
from tui.domain.statistics.distances import Comparison
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import NOTHING_FORETOLD, Foretold, ForetoldValues, compare_with
from tui.domain.statistics.trust import MeasuredFidelity, PastPrediction, measured_fidelity
from tui.domain.statistics.waiting import times_of
from tui.monitor.actions.jobs import Jobs
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.state.app_state import AppState
from tui.store.records.models import JobRecord

MOST_SHOTS: Final = 10_000
"""Shots of a noisy prediction."""
MOST_SETS: Final = 500
"""Sets of values of a sweep that are simulated."""
SETS_AT_ONCE: Final = 16
"""Sets of one request: between two of them it can be seen how far it is."""
MOST_PAST: Final = 10
"""Past jobs of a backend by which its predictions are judged."""
_MOST_KEPT: Final = 40

T = TypeVar("T")
Tell = Callable[[int], object]
"""Called with the number of sets that were simulated."""
Places = tuple[Comparison | None, ...]
"""Distances of the counts of a PUB from a prediction, in their order."""


class Predictions:
    """Has jobs simulated, without noise and with that of their device when they ran.

    Answers, and refusals of circuits that are too large, are kept in memory. Cancelling the awaiting task
    stops the work. Nothing on the service changes. All methods but `of_pub` raise `QdeckError`: `CIRCUIT`
    where it is too wide, too deep or of too many sets of values, in words; where circuit, observables,
    calibration or Qiskit are not to be had.
    """

    def __init__(self, app_state: AppState, jobs: Jobs, backends: BackendsPoller, compiler: Compiler) -> None:
        self._app_state = app_state
        self._jobs = jobs
        self._backends = backends
        self._simulations = compiler.simulations
        self._known: dict[tuple[str, str, int], Distribution | ForetoldValues | Places | QdeckError] = {}

    async def of_pub(
        self,
        job_id: str,
        pub: int,
        result: PubResult,
        known: Foretold = NOTHING_FORETOLD,
        *,
        noisy: bool,
        tell: Tell = lambda _: None,
    ) -> Foretold:
        """Foretell what a PUB gave: its counts, each place of its sweep, or its values.

        Args:
            job_id: the job.
            pub: the PUB, from 0.
            result: its result.
            known: what is foretold of it already.
            noisy: with the noise of its device.
            tell: told how far it is.

        Returns:
            What is known and this; where it cannot be simulated, why. Nothing is raised.
        """
        name, kind = "", "noisy" if noisy else "ideal"
        try:
            if not result.counts:
                name = "_values"
                found: object = await self.values(job_id, pub, noisy=noisy, tell=tell)
            elif any(counts.index for counts in result.counts):
                name = "_places"
                found = await self.places(job_id, pub, result, noisy=noisy, tell=tell)
            else:
                found = await (self.noisy if noisy else self.ideal)(job_id, pub)
        except QdeckError as error:
            return replace(known, **{f"{kind}_note": str(error)})  # type: ignore[arg-type]
        # The names are made above.
        return replace(known, **{f"{kind}{name}": found, f"{kind}_note": ""})  # type: ignore[arg-type]

    async def keep_fidelity(self, job_id: str, result: PubResult, foretold: Foretold) -> None:
        """Keep with the job how near its counts came to their ideal, for trust in later predictions.

        Args:
            job_id: the job.
            result: of its first PUB.
            foretold: of that PUB; nothing is kept where that cannot be told.
        """
        found, record = measured_fidelity(result, foretold), self._app_state.jobs.record(job_id)
        if record is not None and found is not None and found != record.fidelity:
            await self._app_state.jobs.upsert([replace(record, fidelity=found)])

    def past(self, job: Job) -> tuple[PastPrediction, ...]:
        """Return what was predicted of other jobs on the job's backend and what came, the newest first."""
        found = [
            PastPrediction(
                record.job.id,
                record.job.name,
                record.job.created,
                _success(record),
                record.fidelity,
            )
            for record in self._app_state.history.records()
            if record.fidelity is not None
            and (record.job.service, record.job.backend) == (job.service, job.backend)
            and record.job.id != job.id
        ]
        return tuple(sorted(found, key=lambda one: one.created, reverse=True)[:MOST_PAST])

    def measured(self, job_id: str) -> MeasuredFidelity | None:
        """Return how near the job's counts came to their ideal, as it is kept; `None`: not simulated yet."""
        record = self._app_state.jobs.record(job_id)
        return None if record is None else record.fidelity

    async def ideal(self, job_id: str, pub: int = 0) -> Distribution:
        """Simulate a circuit of the job without noise.

        One too wide for that as it was submitted is simulated as the user wrote it, where that is known:
        transpiling hides that all gates of a circuit are Clifford gates.
        """

        async def simulated() -> Distribution:
            job, circuit = await self._circuit(job_id, pub)
            return await _as_written(
                job,
                circuit,
                pub,
                lambda text: self._simulations.ideal(text, shots=job.shots or DEFAULT_SHOTS),
            )

        return await self._kept(Distribution, ("ideal", job_id, pub), simulated)

    async def noisy(self, job_id: str, pub: int = 0) -> Distribution:
        """Simulate a circuit of the job with the noise of its device when it ran."""

        async def simulated() -> Distribution:
            job, circuit = await self._circuit(job_id, pub)
            shots = min(job.shots or DEFAULT_SHOTS, MOST_SHOTS)
            return await self._simulations.noisy(circuit, await self._device(job), shots=shots)

        return await self._kept(Distribution, ("noisy", job_id, pub), simulated)

    async def values(
        self, job_id: str, pub: int, *, noisy: bool, tell: Tell = lambda _: None
    ) -> ForetoldValues:
        """Work out the values of a PUB's observables, at each place of its sweep.

        Args:
            job_id: the job.
            pub: the PUB, from 0.
            noisy: with the noise of its device.
            tell: told how far it is.
        """

        async def simulated() -> ForetoldValues:
            job, circuit = await self._circuit(job_id, pub)
            given = self._inputs(job, pub)
            if not given.observables:
                raise QdeckError(
                    ErrorKind.NOT_FOUND,
                    "The observables of this job are not known here: it is from elsewhere.",
                )
            sets = _sets(given)
            laid_out, target = _laid_out(given, job), await self._device(job) if noisy else None

            async def run(text: str, observables: Sequence[str]) -> ForetoldValues:
                found: ForetoldValues | None = None
                for start in range(0, len(sets), SETS_AT_ONCE):
                    part = sets[start : start + SETS_AT_ONCE]
                    more = await self._simulations.values(
                        text, observables, part, target=target, of=len(sets)
                    )
                    found = more if found is None else found.joined(more, len(observables))
                    tell(start + len(part))
                assert found is not None
                return found

            if laid_out is not None and (noisy or pub or not job.source):
                return await run(circuit, laid_out)
            if laid_out is not None:
                as_labels = {circuit: laid_out, job.source: given.observables}
                return await _as_written(job, circuit, pub, lambda text: run(text, as_labels[text]))
            if noisy or not job.source or pub:
                raise QdeckError(
                    ErrorKind.NOT_FOUND, "The qubits that the observables are on are not known here."
                )
            return await run(job.source, given.observables)

        kind = "noisy values" if noisy else "ideal values"
        return await self._kept(ForetoldValues, (kind, job_id, pub), simulated)

    async def places(
        self, job_id: str, pub: int, result: PubResult, *, noisy: bool, tell: Tell = lambda _: None
    ) -> Places:
        """Hold the counts of a sweep against what is foretold at each of its places.

        Args:
            job_id: the job.
            pub: the PUB, from 0.
            result: its result, with the values of its parameters.
            noisy: against the prediction with the noise of its device.
            tell: told how far it is.
        """

        async def simulated() -> Places:
            if result.sweep is None:
                raise QdeckError(
                    ErrorKind.NOT_FOUND,
                    "The values of the parameters are not known here: it is from elsewhere.",
                )
            job, circuit = await self._circuit(job_id, pub)
            indices = list(dict.fromkeys(counts.index for counts in result.counts))
            sets = _affordable([result.parameters_at(index) for index in indices])
            target = await self._device(job) if noisy else None
            shots = min(job.shots or DEFAULT_SHOTS, MOST_SHOTS)
            found: list[Comparison | None] = [None] * len(result.counts)
            for start in range(0, len(sets), SETS_AT_ONCE):
                part = sets[start : start + SETS_AT_ONCE]
                foretold = await self._simulations.sweep(
                    circuit, part, target=target, of=len(sets), shots=shots
                )
                by_index = dict(zip(indices[start:], foretold, strict=False))
                await asyncio.to_thread(_compare, result, by_index, found)
                tell(start + len(part))
            return tuple(found)

        kind = "noisy places" if noisy else "ideal places"
        return await self._kept(tuple, (kind, job_id, pub), simulated)

    async def _kept(
        self, kind: type[T], key: tuple[str, str, int], simulate: Callable[[], Awaitable[T]]
    ) -> T:
        known = self._known.get(key)
        if isinstance(known, QdeckError):
            raise known
        if isinstance(known, kind):
            return known
        try:
            found = await simulate()
        except QdeckError as error:
            if error.kind is ErrorKind.CIRCUIT:
                # It stays too wide.
                self._keep(key, error)
            raise
        self._keep(key, found)
        return found

    def _keep(self, key: tuple[str, str, int], found: object) -> None:
        self._known = dict([*self._known.items(), (key, found)][-_MOST_KEPT:])  # type: ignore[arg-type]

    async def _circuit(self, job_id: str, pub: int) -> tuple[Job, str]:
        programs = await self._jobs.circuits(job_id)
        job = await self._jobs.with_texts(job_id)
        if job is None or pub >= len(programs):
            raise QdeckError(ErrorKind.NOT_FOUND, "The circuit of this result is not known here.")
        return job, programs[pub]

    async def _device(self, job: Job) -> BackendData:
        created, start, _ = times_of(job, None)
        return await self._backends.data_at(job.backend, start or created)

    def _inputs(self, job: Job, pub: int) -> PubInputs:
        inputs = decode_inputs(job.inputs)
        if pub < len(inputs):
            return inputs[pub]
        alone = PubInputs(observables=job.observables, transpilation=self._jobs.transpilation(job.id))
        return PubInputs() if inputs or pub else alone


def _success(record: JobRecord) -> float | None:
    made = record.prediction
    if made is None:
        return None
    return made.success if made.success_idle is None else made.success_idle


async def _as_written(job: Job, circuit: str, pub: int, simulate: Callable[[str], Awaitable[T]]) -> T:
    """Simulate the circuit, or where it is too wide what the user wrote."""
    try:
        return await simulate(circuit)
    except QdeckError as error:
        if error.kind is not ErrorKind.CIRCUIT or pub or not job.source:
            raise
    return await simulate(job.source)


def _sets(given: PubInputs) -> list[Values]:
    return [()] if given.sweep is None else _affordable([given.sweep.at(at) for at in given.sweep.places()])


def _affordable(sets: list[Values]) -> list[Values]:
    if len(sets) > MOST_SETS:
        raise QdeckError(
            ErrorKind.CIRCUIT,
            f"The sweep has {len(sets):,} places: up to {MOST_SETS:,} are simulated.",
        )
    return sets


def _laid_out(given: PubInputs, job: Job) -> list[str] | None:
    """Return the observables over the circuit's own qubits as over the device's.

    Returns:
        `None` where it is not known which of them are which.
    """
    made = given.transpilation
    if made is None:
        # Submitted as it was written, they are over the device's qubits already.
        return None if job.source else list(given.observables)
    layout = made.final_layout
    parsed = list(map(parse_observable, given.observables))
    if any(one.qubits > len(layout) for one in parsed):
        return None
    return [one.laid_out(layout, max(layout) + 1).text for one in parsed]


def _compare(
    result: PubResult, foretold: dict[tuple[int, ...], Distribution], found: list[Comparison | None]
) -> None:
    for at, counts in enumerate(result.counts):
        if counts.index in foretold:
            found[at] = compare_with(counts, foretold[counts.index])
