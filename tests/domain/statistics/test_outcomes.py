"""Orders, weights, distances and bits of outcomes, on asymmetric strings, against Qiskit's `BitArray`."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.primitives import BitArray

from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.statistics.outcomes import (
    NumberedCounts,
    Order,
    _summed_up,
    abridged,
    hamming_distances,
    histogram,
    marginal,
    ones,
    spaced,
    weights,
)

COUNTS = {"0001": 50, "0011": 30, "1000": 15, "1110": 5}


def _random_counts(num_bits: int, shots: int) -> dict[str, int]:
    chance = random.Random(num_bits)
    found: dict[str, int] = {}
    for _ in range(shots):
        bits = "".join(chance.choices("01", [0.8, 0.2], k=num_bits))
        found[bits] = found.get(bits, 0) + 1
    return found


def _order(order: Order, reference: str = "") -> list[str]:
    return [row.bits for row in histogram(COUNTS, 10, order, reference).rows]


def test_orders_of_outcomes() -> None:
    assert _order(Order.FREQUENCY) == ["0001", "0011", "1000", "1110"]
    assert _order(Order.VALUE) == ["0001", "0011", "1000", "1110"]
    assert _order(Order.WEIGHT) == ["0001", "1000", "0011", "1110"]
    assert _order(Order.DISTANCE, "1100") == ["1000", "1110", "0001", "0011"]


def test_histogram_sums_up_the_rest() -> None:
    found = histogram(COUNTS, 2)
    assert [row.times for row in found.rows] == [50, 30]
    assert (found.rest_outcomes, found.rest_times) == (2, 20)
    assert histogram({}, 3).rest_times == 0


def test_bit_0_is_the_rightmost_character_everywhere() -> None:
    assert ones(COUNTS, 4) == (80, 35, 5, 20)
    assert marginal(COUNTS, [0]) == {"1": 80, "0": 20}
    assert marginal(COUNTS, [0, 3]) == {"01": 80, "10": 20}
    assert marginal(COUNTS, [3, 0]) == {"10": 80, "01": 20}


def test_weights_and_distances_of_shots() -> None:
    assert weights(COUNTS, 4) == (0, 65, 30, 5, 0)
    assert hamming_distances(COUNTS, 4, "1000") == (15, 0, 55, 30, 0)
    assert hamming_distances(COUNTS, 4, "0000") == weights(COUNTS, 4)
    with pytest.raises(ValueError, match="4 zeros and ones"):
        hamming_distances(COUNTS, 4, "10")


@pytest.mark.parametrize("num_bits", [1, 7, 127])
def test_marginals_are_those_of_qiskit(num_bits: int) -> None:
    counts = _random_counts(num_bits, 3000)
    array = BitArray.from_counts(counts, num_bits=num_bits)
    expected = [int(array.slice_bits(bit).get_counts().get("1", 0)) for bit in range(num_bits)]
    assert list(ones(counts, num_bits)) == expected
    chosen = sorted(random.Random(1).sample(range(num_bits), min(3, num_bits)))
    assert marginal(counts, chosen) == array.slice_bits(chosen).get_counts()


def test_joint_strings_are_spaced_by_register() -> None:
    assert spaced("110010", [3, 1, 2]) == "11 0 010"


def test_result_with_too_many_counts_is_summed_up_with_all_its_figures() -> None:
    counts = _random_counts(40, 5000)
    whole = Counts("c", 40, 5000, counts)
    small = Counts("d", 1, 10, {"0": 4, "1": 6})
    result = JobResult((PubResult((whole, small)),), raw=b"x")
    assert abridged(result, most=100_000) is result
    short = abridged(result, most=1000)
    assert short.abridged and short.raw == b"x"
    first, second = short.pubs[0].counts
    assert second is small
    assert len(first.counts) == 500 and first.outcomes == len(counts) and first.shots == 5000
    assert first.summary is not None
    assert first.summary.weights == weights(counts, 40) and first.summary.ones == ones(counts, 40)
    assert list(first.summary.first) == sorted(counts)[:500]
    assert sum(first.counts.values()) >= 500 and set(first.counts) <= set(counts)
    assert min(first.counts.values()) >= sorted(counts.values())[-500]
    assert abridged(short) is short


@given(
    st.integers(1, 40),
    st.dictionaries(st.integers(0, 2**40 - 1), st.integers(1, 3), max_size=60),
    st.integers(1, 9),
)
def test_numbered_counts_are_summed_up_as_their_strings(
    num_bits: int, seen: dict[int, int], most: int
) -> None:
    numbers = {number % 2**num_bits: times for number, times in seen.items()}
    numbered = NumberedCounts(numbers, num_bits)
    whole = {format(number, f"0{num_bits}b"): times for number, times in numbers.items()}
    assert dict(numbered) == numbered.whole() == whole and len(numbered) == len(whole)
    columns = [[int(bits[-1 - bit]) * times for bits, times in whole.items()] for bit in range(num_bits)]
    assert ones(numbered, num_bits) == ones(whole, num_bits) == tuple(map(sum, columns))
    of_weight = [sum(t for bits, t in whole.items() if bits.count("1") == n) for n in range(num_bits + 1)]
    assert weights(numbered, num_bits) == weights(whole, num_bits) == tuple(of_weight)
    mine, theirs = (
        _summed_up(Counts("c", num_bits, 1, numbered), most),
        _summed_up(Counts("c", num_bits, 1, whole), most),
    )
    assert mine == theirs
    if mine.summary is not None:
        assert list(mine.counts.items()) == [tuple(row) for row in histogram(whole, most).rows]
        assert list(mine.summary.first.items()) == [
            tuple(row) for row in histogram(whole, most, Order.VALUE).rows
        ]
