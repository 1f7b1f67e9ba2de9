"""Sides held against the first: figures against SciPy and Qiskit, and which places belong together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.quantum_info import hellinger_fidelity
from scipy import stats

from tui.domain.comparisons.reports import Outcomes, Place, compare_counts, compare_values, outcomes_of
from tui.domain.pubs.sweeps import ParameterValues, Sweep
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult

FIRST = {"001": 480, "110": 500, "010": 20}
SECOND = {"001": 950, "110": 1000, "111": 50}


def counted(counts: dict[str, int], register: str = "c") -> JobResult:
    return JobResult((PubResult((Counts(register, 3, sum(counts.values()), counts),)),))


def swept(shares: dict[float, float], name: str = "theta") -> JobResult:
    """A PUB with the share of ones by the value of its parameter."""
    sweep = Sweep((len(shares),), (ParameterValues(name, tuple(shares), 0),))
    counts = tuple(
        Counts("c", 1, 1000, {"1": round(1000 * one), "0": round(1000 - 1000 * one)}, (place,))
        for place, one in enumerate(shares.values())
    )
    return JobResult((PubResult(counts, sweep=sweep),))


def test_figures_of_two_samples_equal_those_of_qiskit_and_scipy() -> None:
    (table,) = compare_counts([outcomes_of(counted(FIRST)), outcomes_of(counted(SECOND))])
    distance = table.distances[1]
    assert table.distances[0] is None and distance is not None
    assert distance.fidelity == pytest.approx(hellinger_fidelity(FIRST, SECOND))
    keys = sorted({*FIRST, *SECOND})
    p, q = (np.array([of.get(key, 0) for key in keys]) for of in (FIRST, SECOND))
    assert distance.total_variation == pytest.approx(abs(p / p.sum() - q / q.sum()).sum() / 2)
    assert [row.bits for row in table.rows] == ["110", "001", "111", "010"]
    for row in table.rows:
        seen, shown = SECOND.get(row.bits, 0), FIRST.get(row.bits, 0)
        # The pooled z-score is the root of the chi-squared statistic of the two by two table.
        chi = stats.chi2_contingency([[seen, 2000 - seen], [shown, 1000 - shown]], correction=False)[0]
        z = row.z[1]
        assert row.z[0] is None and z is not None
        assert abs(z) == pytest.approx(math.sqrt(chi))
        assert (z > 0, z < 0) == (seen / 2000 > shown / 1000, seen / 2000 < shown / 1000)


def test_sample_against_exact_probabilities_has_binomial_z_scores() -> None:
    exact: dict[Place, Outcomes] = {(1, "c", ()): Outcomes({"001": 0.5, "110": 0.5, "000": 1e-17})}
    (table,) = compare_counts([exact, outcomes_of(counted(FIRST))])
    rows = {row.bits: row for row in table.rows}
    assert rows["001"].shares == (0.5, 0.48)
    assert rows["001"].z[1] == pytest.approx((480 - 500) / stats.binom(1000, 0.5).std())
    assert rows["010"].z[1] == math.inf and rows["000"].z[1] == 0
    distance = table.distances[1]
    assert distance is not None and distance.differs and distance.total_variation == pytest.approx(0.02)


def test_places_belong_together_by_the_values_of_their_parameters() -> None:
    one, two = swept({0.0: 0.1, 1.0: 0.5, 2.0: 0.9}), swept({2.0: 0.8, 1.0: 0.5})
    tables = compare_counts([outcomes_of(one), outcomes_of(two)])
    found = [{row.bits: row.shares for row in table.rows}["1"] for table in tables]
    assert found == [(0.1, None), (0.5, 0.5), (0.9, 0.8)]
    assert [table.parameters for table in tables] == [(("theta", n),) for n in (0.0, 1.0, 2.0)]


def test_register_is_found_by_its_name_else_it_is_the_only_one() -> None:
    (table,) = compare_counts([outcomes_of(counted(FIRST)), outcomes_of(counted(SECOND, "meas"))])
    assert table.distances[1] is not None
    both = PubResult((Counts("a", 3, 10, {"000": 10}), Counts("b", 3, 10, {"000": 10})))
    (table,) = compare_counts([outcomes_of(counted(FIRST)), outcomes_of(JobResult((both,)))])
    assert table.distances[1] is None


def test_registers_of_different_widths_are_not_held_against_each_other() -> None:
    (table,) = compare_counts([outcomes_of(counted(FIRST)), outcomes_of(counted({"01": 10}))])
    assert table.distances == (None, None) and table.shots == (1000, None)


def test_values_have_z_scores_of_both_errors_and_belong_together_by_parameters() -> None:
    sweep = Sweep((2,), (ParameterValues("t", (0.0, 1.0), 0),))
    turned = Sweep((2,), (ParameterValues("t", (1.0, 0.0), 0),))
    one = PubResult(
        values=tuple(ExpectationValue(v, 0.03, "Z", (i,)) for i, v in enumerate((0.9, 0.1))), sweep=sweep
    )
    two = PubResult(
        values=tuple(ExpectationValue(v, 0.04, "Z", (i,)) for i, v in enumerate((0.2, 0.8))), sweep=turned
    )
    at_zero, at_one = compare_values([JobResult((one,)), JobResult((two,)), None])
    assert at_zero.values == ((0.9, 0.03), (0.8, 0.04), None)
    assert at_zero.z[0] is at_zero.z[2] is None
    assert at_zero.z[1] == pytest.approx(-2.0) and at_one.z[1] == pytest.approx(2.0)


def test_same_distribution_is_within_shot_noise_mostly() -> None:
    random = np.random.default_rng(7)
    share = [0.05, 0.15, 0.3, 0.5]
    apart = 0
    for _ in range(200):
        sides: list[dict[Place, Outcomes]] = [
            {(1, "c", ()): Outcomes(dict(zip("abcd", map(int, drawn), strict=True)), 500)}
            for drawn in random.multinomial(500, share, 2)
        ]
        distance = compare_counts(sides)[0].distances[1]
        assert distance is not None
        apart += distance.total_variation > distance.total_variation_bound
    assert apart <= 8
