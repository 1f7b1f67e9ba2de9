"""Predictions of past jobs beside what came of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from qiskit.quantum_info import hellinger_fidelity

from tui.domain.results import Counts, PubResult
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import Foretold
from tui.domain.statistics.trust import (
    MeasuredFidelity,
    PastPrediction,
    TrustSummary,
    measured_fidelity,
    trust_summary,
)

IDEAL = Distribution({"00": 0.5, "11": 0.5}, (("c", 2),), 2, "state vector")
NOISY = Distribution({"00": 0.48, "11": 0.44, "01": 0.08}, (("c", 2),), 2, "density matrix", 1000)
COUNTS = {"00": 470, "11": 430, "10": 100}


def test_fidelity_is_qiskits_for_the_counts_and_for_the_simulation() -> None:
    found = measured_fidelity(PubResult((Counts("c", 2, 1000, COUNTS),)), Foretold(IDEAL, NOISY))
    assert found is not None and found.foretold is not None
    exact = {"00": 500, "11": 500}
    assert found.fidelity == pytest.approx(hellinger_fidelity(COUNTS, exact))
    assert found.foretold == pytest.approx(hellinger_fidelity({"00": 480, "11": 440, "01": 80}, exact))
    assert found.fidelity < found.bound < 1
    alone = measured_fidelity(PubResult((Counts("c", 2, 1000, COUNTS),)), Foretold(IDEAL))
    assert alone is not None and alone.foretold is None


@pytest.mark.parametrize(
    ("counts", "foretold"),
    [
        ((Counts("c", 2, 10, {"00": 10}),), Foretold()),
        ((Counts("c", 2, 10, {"00": 10}), Counts("d", 2, 10, {"00": 10})), Foretold(IDEAL)),
        ((Counts("c", 2, 10, {"00": 10}, (0,)),), Foretold(IDEAL)),
        ((), Foretold(IDEAL)),
    ],
)
def test_what_cannot_be_held_against_an_estimate_has_no_fidelity(
    counts: tuple[Counts, ...], foretold: Foretold
) -> None:
    assert measured_fidelity(PubResult(counts), foretold) is None


def _past(success: float | None, foretold: float | None, got: float) -> PastPrediction:
    at = datetime(2026, 3, 14, tzinfo=UTC)
    return PastPrediction("j", "bell", at, success, MeasuredFidelity(got, 0.99, foretold))


def test_summary_has_medians_of_the_jobs_that_have_both_figures() -> None:
    past = [_past(0.9, 0.95, 0.93), _past(None, 0.80, 0.86), _past(0.7, None, 0.5), _past(0.8, 0.9, 0.9)]
    found = trust_summary(past)
    assert found.jobs == 4
    assert (found.success, found.got_of_success) == pytest.approx((0.8, 0.9))
    assert found.foretold == pytest.approx(float(np.median([0.95, 0.80, 0.9])))
    assert found.got_of_foretold == pytest.approx(0.9)
    assert (found.off, found.most_off) == pytest.approx((0.02, 0.06))
    assert trust_summary([]) == TrustSummary(0)
