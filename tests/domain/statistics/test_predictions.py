"""Values and counts held against what was foretold of them: z-scores, which prediction fits, distances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.quantum_info import hellinger_fidelity

from tui.domain.results import Counts, CountsSummary, ExpectationValue
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import (
    ForetoldValues,
    compare_value,
    compare_with,
    rms_difference,
)

NOISY = ForetoldValues((0.9, 0.8), (0.7, 0.6), (0.03, 0.04), 2, "trajectories")


def test_value_is_held_against_the_prediction_with_the_readout_errors_that_it_has() -> None:
    ideal = ForetoldValues((1.0, -1.0))
    raw = ExpectationValue(0.65, 0.05, method="no mitigation")
    assert compare_value(raw, 0, ideal, NOISY).noisy == 0.7
    mitigated = ExpectationValue(0.85, 0.04, method="TREX")
    found = compare_value(mitigated, 0, ideal, NOISY)
    assert (found.ideal, found.noisy) == (1.0, 0.9)
    assert found.ideal_z == pytest.approx(-0.15 / 0.04)
    # The simulation by trajectories has an error of its own.
    assert found.noisy_z == pytest.approx(-0.05 / math.hypot(0.04, 0.03))
    untold = ExpectationValue(0.65, 0.05)
    assert compare_value(untold, 1, None, NOISY).noisy == 0.8
    assert compare_value(untold, 1, None, NOISY, mitigated=False).noisy == 0.6


def test_value_without_an_error_or_a_prediction_has_no_z() -> None:
    exact = ForetoldValues((1.0,))
    assert compare_value(ExpectationValue(0.9), 0, exact, None).ideal_z is None
    beyond = compare_value(ExpectationValue(0.9, 0.1), 3, exact, NOISY)
    assert (beyond.ideal, beyond.noisy, beyond.ideal_z, beyond.noisy_z) == (None, None, None, None)


def test_parts_of_a_sweep_are_joined_observable_by_observable() -> None:
    one = ForetoldValues((1.0, 2.0, 11.0, 12.0), (0.1, 0.2, 1.1, 1.2))
    more = ForetoldValues((3.0, 13.0), (0.3, 1.3))
    joined = one.joined(more, 2)
    assert joined.values == (1.0, 2.0, 3.0, 11.0, 12.0, 13.0)
    assert joined.read == (0.1, 0.2, 0.3, 1.1, 1.2, 1.3)
    assert joined.errors == ()


def test_mean_difference_is_that_of_numpy() -> None:
    got = [ExpectationValue(value) for value in (0.9, -0.2, 0.4)]
    expected = float(np.sqrt(np.mean((np.array([0.9, 0.4]) - [1.0, 0.5]) ** 2)))
    assert rms_difference(got, [1.0, None, 0.5]) == pytest.approx(expected)
    assert rms_difference(got, [None, None, None]) is None
    assert rms_difference([ExpectationValue(math.nan)], [1.0]) is None


def test_counts_are_compared_with_their_own_register() -> None:
    foretold = Distribution(
        {"0 00".replace(" ", ""): 0.5, "111": 0.5}, (("a", 2), ("b", 1)), 3, "state vector"
    )
    counts = Counts("a", 2, 100, {"00": 40, "11": 50, "01": 10})
    found = compare_with(counts, foretold)
    assert found is not None
    assert found.fidelity == pytest.approx(hellinger_fidelity({"00": 50, "11": 50}, dict(counts.counts)))
    assert found.total_variation == pytest.approx(0.1)
    joint = Counts("b a", 3, 100, {"0 00": 50, "1 11": 40, "1 00": 10})
    together = compare_with(joint, foretold)
    assert together is not None and together.total_variation == pytest.approx(0.1)
    assert compare_with(Counts("c", 2, 100, {"00": 100}), foretold) is None
    assert compare_with(Counts("a", 3, 100, {"000": 100}), foretold) is None
    assert compare_with(counts, None) is None
    summed_up = Counts("a", 2, 100, {"00": 40}, (), CountsSummary(3, {}, (), ()))
    assert compare_with(summed_up, foretold) is None
