"""Errors and z-scores against scipy."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from tui.domain.statistics.errors import (
    chance_of,
    count_error,
    share_error,
    share_interval,
    share_z_score,
    z_score,
)


@pytest.mark.parametrize(("times", "shots"), [(0, 100), (1, 100), (37, 100), (4096, 4096), (12, 4096)])
@pytest.mark.parametrize("z", [1.0, 2.5])
def test_interval_is_wilsons(times: int, shots: int, z: float) -> None:
    level = 1 - 2 * float(stats.norm.sf(z))
    expected = stats.binomtest(times, shots).proportion_ci(confidence_level=level, method="wilson")
    assert share_interval(times, shots, z) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_errors_are_those_of_the_binomial_distribution() -> None:
    assert count_error(1000, 4096) == pytest.approx(stats.binom(4096, 1000 / 4096).std())
    assert share_error(1000, 4096) == pytest.approx(stats.binom(4096, 1000 / 4096).std() / 4096)
    assert count_error(0, 10) == count_error(10, 10) == share_error(0, 0) == 0


def test_z_scores_and_their_chance_are_those_of_the_normal_distribution() -> None:
    z = z_score(0.95, 0.02, 0.90, 0.01)
    assert z == pytest.approx(0.05 / math.hypot(0.02, 0.01))
    assert z is not None
    assert chance_of(z) == pytest.approx(2 * stats.norm.sf(z))
    z = share_z_score(520, 1000, 430, 900)
    table = [[520, 480], [430, 470]]
    assert z is not None
    assert z * z == pytest.approx(stats.chi2_contingency(table, correction=False).statistic)


def test_z_score_where_errors_are_not_told_or_none() -> None:
    assert z_score(1, None, 2, None) is None
    assert z_score(math.nan, 0.1, 2, 0.1) is None
    assert z_score(1, None, 2, 0.5) == -2
    assert z_score(1, 0.0, 1, 0.0) == 0
    assert z_score(1, 0.0, 2, 0.0) == -math.inf
    assert share_z_score(0, 10, 0, 0) is None
    assert share_z_score(0, 10, 0, 20) == 0
