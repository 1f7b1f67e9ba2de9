"""Distances against Qiskit's own function; their bounds against many pairs of samples drawn by numpy."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from qiskit.quantum_info import hellinger_fidelity as qiskits

from tui.domain.statistics.distances import (
    compare_samples,
    compare_with_exact,
    hellinger_fidelity,
    total_variation,
)

_DRAWS = 400
Shares = list[float]
DISTRIBUTIONS: dict[str, Shares] = {
    "a coin": [0.5, 0.5],
    "a rare error": [0.995, 0.005],
    "GHZ with a tail": [0.44, 0.43, *([0.13 / 60] * 60)],
    "a wide register": [1 / 3000] * 3000,
}


def _counts(drawn: object) -> dict[str, int]:
    return {format(place, "012b"): int(n) for place, n in enumerate(np.asarray(drawn)) if n}


@pytest.mark.parametrize("seed", range(5))
def test_distances_equal_those_of_qiskit_and_of_the_definition(seed: int) -> None:
    chance = random.Random(seed)
    first = Counter(chance.choices(["000", "001", "100", "111"], k=500))
    second = Counter(chance.choices(["000", "011", "100", "110"], [5, 1, 2, 2], k=900))
    assert hellinger_fidelity(first, second) == pytest.approx(qiskits(dict(first), dict(second)))
    expected = 0.5 * sum(abs(first[k] / 500 - second[k] / 900) for k in first | second)
    assert total_variation(first, second) == pytest.approx(expected)
    assert total_variation(first, second) == pytest.approx(total_variation(second, first))


def test_distances_of_equal_and_of_disjoint_distributions() -> None:
    one, other = {"0": 3, "1": 1}, {"10": 7}
    assert (total_variation(one, one), hellinger_fidelity(one, one)) == (0, 1)
    assert (total_variation(one, other), hellinger_fidelity(one, other)) == (1, 0)
    assert compare_samples(one, other).differs


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("shots", [(1000, 1000), (4096, 512)])
def test_bound_of_two_samples_is_exceeded_in_no_more_than_one_of_a_hundred_pairs(
    name: str, shots: tuple[int, int]
) -> None:
    generator, shares = np.random.default_rng(7), DISTRIBUTIONS[name]
    above = below = 0
    draws = _DRAWS if len(shares) < 100 else _DRAWS // 4
    for _ in range(draws):
        one, other = (_counts(generator.multinomial(n, shares)) for n in shots)
        found = compare_samples(one, other)
        above += found.total_variation > found.total_variation_bound
        below += found.fidelity < found.fidelity_bound
    # One of a hundred, within what chance and the approximation leave.
    assert above <= 0.025 * draws
    assert below <= 0.025 * draws


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_bound_of_a_sample_of_a_known_distribution_is_exceeded_in_one_of_a_hundred(name: str) -> None:
    generator, shares = np.random.default_rng(11), DISTRIBUTIONS[name]
    exact = {format(place, "012b"): share for place, share in enumerate(shares)}
    above = below = 0
    draws = _DRAWS if len(shares) < 100 else _DRAWS // 4
    for _ in range(draws):
        found = compare_with_exact(_counts(generator.multinomial(1000, shares)), exact)
        above += found.total_variation > found.total_variation_bound
        below += found.fidelity < found.fidelity_bound
    assert above <= 0.025 * draws
    assert below <= 0.025 * draws


def test_bound_is_close_to_the_quantile_of_many_samples() -> None:
    generator, shares = np.random.default_rng(3), DISTRIBUTIONS["GHZ with a tail"]
    pairs = [
        compare_samples(*(_counts(generator.multinomial(2000, shares)) for _ in range(2)))
        for _ in range(1000)
    ]
    bounds = np.array([(one.total_variation_bound, one.fidelity_bound) for one in pairs]).mean(axis=0)
    assert np.quantile([one.total_variation for one in pairs], 0.99) == pytest.approx(bounds[0], rel=0.05)
    lost = 1 - np.quantile([one.fidelity for one in pairs], 0.01)
    assert lost == pytest.approx(1 - bounds[1], rel=0.07)


def test_a_real_difference_is_told_from_shot_noise() -> None:
    generator = np.random.default_rng(5)
    one = _counts(generator.multinomial(4096, [0.5, 0.5]))
    other = _counts(generator.multinomial(4096, [0.56, 0.44]))
    assert compare_samples(one, other).differs
    assert not compare_samples(one, one).differs
    assert compare_with_exact(other, {"0" * 12: 0.5, "0" * 11 + "1": 0.5}).differs
