"""Prices before a submit: the formula, its correction by own jobs, the limits."""

from __future__ import annotations

import math
from random import Random

import pytest

from tests.support.circuits import bell_candidate
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Usage
from tui.domain.jobs import Primitive
from tui.domain.pricing import (
    Correction,
    DryRun,
    Price,
    PricedJob,
    ProgramWork,
    corrected,
    total_price,
    unprepared_seconds,
)
from tui.domain.pubs.inputs import Pub
from tui.domain.submissions import Submission


def work(**changes: int) -> ProgramWork:
    values = {"executions": 4096, "control_instructions": 90, "rz": 3, "sx": 3, "two_qubit_gates": 1}
    return ProgramWork(circuit_seconds=0.01, **(values | changes))


def test_formula_counts_overhead_pauses_and_circuits() -> None:
    assert work().seconds(250.0) == pytest.approx(2 + 4096 * 250e-6 + 0.01)


@pytest.mark.parametrize(
    ("name", "limit", "words"),
    [
        ("executions", 10_000_000, "10,000,001 executions"),
        ("control_instructions", 26_800_000, "26,800,001 control instructions"),
        ("rz", 30_000_000, "30,000,001 rz"),
        ("sx", 20_000_000, "20,000,001 sx"),
        ("two_qubit_gates", 5_000_000, "5,000,001 two-qubit gates"),
    ],
)
def test_limit_is_refused_with_figure_and_limit(name: str, limit: int, words: str) -> None:
    work(**{name: limit}).check_limits()
    with pytest.raises(QdeckError, match=words) as refused:
        work(**{name: limit + 1}).check_limits()
    assert refused.value.kind is ErrorKind.INVALID
    assert f"{limit:,}" in refused.value.message


def test_estimate_without_own_jobs_is_the_formula() -> None:
    price = corrected(5.0, [])
    assert price.seconds == pytest.approx(5.0)
    assert price.low < 5.0 < price.high
    assert (price.jobs, price.past_error) == (0, None)


def test_estimate_follows_own_jobs_and_narrows() -> None:
    random = Random(7)
    jobs = [PricedJob(f, 1.4 * f * random.lognormvariate(0, 0.1)) for f in (3.0, 4.0, 6.0, 9.0) * 10]
    few, many = corrected(5.0, jobs[:3]), corrected(5.0, jobs)
    assert many.seconds == pytest.approx(7.0, rel=0.06)
    assert many.spread < few.spread
    assert many.past_error == pytest.approx(1 - 1 / 1.4, abs=0.06)


def test_single_job_moves_the_estimate_part_of_the_way() -> None:
    assert 5.0 < corrected(5.0, [PricedJob(5.0, 10.0)]).seconds < 10.0


def test_job_far_off_hardly_moves_the_estimate() -> None:
    jobs = [PricedJob(5.0, 6.0 + n * 0.05) for n in range(12)]
    price = corrected(5.0, [*jobs, PricedJob(5.0, 5000.0)])
    assert abs(math.log(price.seconds / corrected(5.0, jobs).seconds)) < 0.15


def test_jobs_that_were_not_charged_do_not_count() -> None:
    assert corrected(5.0, [PricedJob(5.0, 0.0)]).jobs == 0


@pytest.mark.parametrize(
    ("price", "seconds"),
    [
        (Price(None), None),
        (Price(4.0), 4.0),
        (Price(4.0, Correction(6.0, 5.0, 7.0, 12, 0.3)), 6.0),
        (Price(4.0, Correction(6.0, 5.0, 7.0, 12, 0.3), DryRun("m", None)), 6.0),
        (Price(4.0, Correction(6.0, 5.0, 7.0, 12, 0.3), DryRun("m", 9.0)), 9.0),
    ],
)
def test_price_counts_with_the_best_that_is_known(price: Price, seconds: float | None) -> None:
    assert price.seconds == seconds


@pytest.mark.parametrize(
    ("usage", "limit", "exceeds"),
    [
        (None, None, False),
        (Usage(100.0, None), None, False),
        (Usage(596.0, 600.0), None, False),
        (Usage(596.1, 600.0), None, True),
        (Usage(596.1, 600.0), 3, False),
        (Usage(700.0, 600.0), None, True),
        (Usage(None, None, limit_reached=True), None, True),
    ],
)
def test_price_exceeds_what_is_left(usage: Usage | None, limit: int | None, exceeds: bool) -> None:
    assert Price(4.0).exceeds(usage, limit) is exceeds
    assert Price(None).exceeds(usage, limit) is (usage is not None and usage.limit_reached)


def test_unprepared_job_is_priced_by_its_candidate() -> None:
    submission = Submission(Primitive.SAMPLER, "ibm_peekskill", "", shots=10_000)
    candidate = bell_candidate(duration_us=10.0)
    assert unprepared_seconds([candidate], submission) == pytest.approx(2 + 10_000 * 260e-6)
    unknown = bell_candidate(duration_us=None, rep_delay_us=200.0)
    assert unprepared_seconds([unknown], submission) == pytest.approx(2 + 10_000 * 200e-6)
    estimator = Submission(Primitive.ESTIMATOR, "ibm_peekskill", "", precision=0.1)
    assert unprepared_seconds([candidate], estimator) == pytest.approx(2 + 100 * 260e-6)
    default = Submission(Primitive.ESTIMATOR, "ibm_peekskill", "")
    assert unprepared_seconds([candidate], default) == pytest.approx(2 + 4096 * 260e-6)


def test_unprepared_job_of_several_pubs_has_one_overhead() -> None:
    submission = Submission(Primitive.SAMPLER, "ibm_peekskill", "", shots=1000, further=(Pub(""), Pub("")))
    candidates = [bell_candidate(duration_us=duration) for duration in (10.0, 20.0, 30.0)]
    assert unprepared_seconds(candidates, submission) == pytest.approx(2 + 1000 * (3 * 250 + 60) * 1e-6)


def test_price_of_several_jobs_has_the_overhead_of_each() -> None:
    job = Price(3.0, Correction(3.5, 3.0, 4.0, 7, 0.1))
    total = total_price([job, job, Price(5.0, Correction(6.0, 5.0, 7.0, 7, 0.1))])
    assert total == Price(11.0, Correction(13.0, 11.0, 15.0, 7, 0.1))
    assert total_price([job, job], 3.25) == Price(6.0, Correction(6.5, 6.0, 6.5, 7, 0.1))
    assert total_price([job, Price(None)]) == Price(None)
    assert total_price([Price(3.0), Price(4.0)]) == Price(7.0)
    assert total_price([job]) is job
