"""Predictions of jobs: which program and observables are simulated, what is kept, what is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, TRANSPILED
from tests.monitor.harness import MonitorHarness
from tests.support.circuits import BELL_ISA, bell_candidate
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.simulations import Values
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import Primitive
from tui.domain.pubs.inputs import Pub, encode_inputs
from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.pubs.sweeps import Sweep
from tui.domain.results import Counts, PubResult
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import Foretold, ForetoldValues
from tui.monitor.actions.predictions import MOST_SETS, SETS_AT_ONCE

ASKED = tuple[str, tuple[str, ...], int, bool, int]


async def test_ideal_of_a_circuit_too_wide_is_that_of_its_source_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[str] = []

    async def simulate(
        qasm: str, *, values: Sequence[tuple[str, float]] = (), shots: int = 0
    ) -> Distribution:
        asked.append(qasm)
        if qasm == BELL_ISA:
            raise QdeckError(ErrorKind.CIRCUIT, "It is too wide.")
        return Distribution({"0": 1.0}, (("c", 1),), 1, "stabilizers", shots)

    monkeypatch.setattr(harness.compiler.simulations, "ideal", simulate)
    job_id = await harness.finish(TRANSPILED)
    found = await harness.services.predictions.ideal(job_id)
    assert (found.method, found.shots) == ("stabilizers", BELL.shots)
    assert await harness.services.predictions.ideal(job_id) is found
    assert asked == [BELL_ISA, "source"]
    # The program of a second PUB is not known.
    with pytest.raises(QdeckError, match="not known here"):
        await harness.services.predictions.ideal(job_id, 1)
    await harness.services.aclose()


async def test_refusal_of_a_prediction_is_kept_and_other_errors_are_not(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await harness.finish(TRANSPILED)
    for _ in range(2):
        with pytest.raises(QdeckError, match="Qiskit is not installed"):
            await harness.services.predictions.noisy(job_id)
    await harness.services.aclose()


def _sweep(text: str) -> Sweep:
    sweep = sweep_of([("theta", text)], ["theta"])
    assert sweep is not None
    return sweep


async def _estimated(harness: MonitorHarness, asked: list[ASKED], sweep: Sweep | None = None) -> str:
    """A job of an estimator with two observables; what is asked of the simulations is noted."""

    async def values(
        qasm: str,
        observables: Sequence[str],
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
    ) -> ForetoldValues:
        asked.append((qasm, tuple(observables), len(sets), target is not None, of))
        found = [size * math.fsum(v for _, v in one) for size in (1, 10) for one in sets]
        return ForetoldValues(tuple(found), qubits=2, method="state vector")

    harness.compiler.simulations.values = values  # type: ignore[method-assign]
    made = replace(bell_candidate(), final_layout=(5, 3)).transpilation
    labels = ("ZX", "0.5*XI - 1*IZ")
    pub = Pub(BELL_ISA, ("theta",), sweep, (), "bell", "", labels, made)
    submission = replace(
        TRANSPILED,
        primitive=Primitive.ESTIMATOR,
        observables=("ZZ", "XX"),
        observable_labels=labels,
        transpilation=made,
        inputs=encode_inputs([pub]),
    )
    return await harness.finish(submission)


async def test_observables_are_laid_out_as_they_were_submitted(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[ASKED] = []
    job_id = await _estimated(harness, asked)
    found = await harness.services.predictions.values(job_id, 0, noisy=False)
    # Qubit 0 ends on physical qubit 5, qubit 1 on 3: the leftmost letter is of qubit 5.
    assert asked == [(BELL_ISA, ("XIZIII", "0.5*IIXIII - ZIIIII"), 1, False, 1)]
    assert await harness.services.predictions.values(job_id, 0, noisy=False) is found
    assert len(asked) == 1
    await harness.services.aclose()


async def test_sweep_is_simulated_in_parts_and_told_of(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[ASKED] = []
    sweep = _sweep(f"0:1:{SETS_AT_ONCE + 2}")
    job_id = await _estimated(harness, asked, sweep)
    told: list[int] = []
    found = await harness.services.predictions.values(job_id, 0, noisy=False, tell=told.append)
    values = sweep.columns[0].values
    assert found.values == pytest.approx([*values, *(10 * value for value in values)])
    assert [(sets, of) for _, _, sets, _, of in asked] == [(SETS_AT_ONCE, sweep.sets), (2, sweep.sets)]
    assert told == [SETS_AT_ONCE, sweep.sets]
    await harness.services.aclose()


async def test_sweep_of_too_many_places_is_refused_with_its_number(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[ASKED] = []
    job_id = await _estimated(harness, asked, _sweep(f"0:1:{MOST_SETS + 1}"))
    for _ in range(2):
        with pytest.raises(QdeckError, match=f"{MOST_SETS + 1:,} places: up to {MOST_SETS}"):
            await harness.services.predictions.values(job_id, 0, noisy=False)
    assert not asked
    await harness.services.aclose()


async def test_job_from_elsewhere_has_no_observables_to_foretell(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await harness.finish(TRANSPILED)
    with pytest.raises(QdeckError, match="from elsewhere"):
        await harness.services.predictions.values(job_id, 0, noisy=False)
    await harness.services.aclose()


async def test_counts_of_a_sweep_are_held_against_each_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()

    async def sweep(
        qasm: str,
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
        shots: int = 0,
    ) -> tuple[Distribution, ...]:
        ones = [dict(values)["theta"] for values in sets]
        return tuple(Distribution({"0": 1 - one, "1": one}, (("c", 1),), 1, "state vector") for one in ones)

    monkeypatch.setattr(harness.compiler.simulations, "sweep", sweep)
    job_id = await harness.finish(TRANSPILED)
    given = _sweep("0, 0.25, 0.5")
    counts = tuple(Counts("c", 1, 100, {"0": 75, "1": 25}, (place,)) for place in range(3))
    result = PubResult(counts=(*counts, Counts("d", 1, 100, {"0": 100}, (0,))), sweep=given)
    found = await harness.services.predictions.places(job_id, 0, result, noisy=False)
    apart = [None if one is None else one.total_variation for one in found]
    assert apart == pytest.approx([0.25, 0.0, 0.25, None])
    with pytest.raises(QdeckError, match="values of the parameters are not known"):
        await harness.services.predictions.places(job_id, 1, replace(result, sweep=None), noisy=False)
    await harness.services.aclose()


async def test_predictions_are_kept_with_their_jobs_and_judged_by_them(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    predictions = harness.services.predictions
    made = replace(bell_candidate(), estimated_success=0.9, estimated_success_idle=0.8).transpilation
    jobs = [
        await harness.finish(replace(TRANSPILED, name=name, transpilation=made))
        for name in ("one", "two", "three")
    ]
    ideal = Distribution({"00": 0.5, "11": 0.5}, (("c", 2),), 2, "state vector")
    result = PubResult(counts=(Counts("c", 2, 100, {"00": 50, "11": 40, "01": 10}),))
    for job_id in jobs[:2]:
        await predictions.keep_fidelity(job_id, result, Foretold(ideal))
    await predictions.keep_fidelity(jobs[2], result, Foretold(ideal_note="It is too wide."))
    last = harness.services.jobs.get(jobs[2])
    assert last is not None
    past = predictions.past(last)
    assert {(one.job_id, one.name, one.success) for one in past} == {
        (jobs[0], "one", 0.8),
        (jobs[1], "two", 0.8),
    }
    assert past[0].measured.fidelity == pytest.approx((math.sqrt(0.25) + math.sqrt(0.2)) ** 2)
    assert predictions.past(replace(last, backend="ibm_other")) == ()
    assert predictions.measured(jobs[2]) is None
    # A job is not judged by itself; and what is kept is there when the history is opened again.
    first = harness.services.jobs.get(jobs[0])
    assert first is not None and [one.job_id for one in predictions.past(first)] == [jobs[1]]
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path).enter()
    assert again.services.predictions.measured(jobs[0]) == past[0].measured
    await again.services.aclose()
