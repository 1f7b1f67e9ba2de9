"""Outcomes of a register in order, by weight, by Hamming distance, and bit by bit.

Bit strings are written as everywhere in Qiskit: bit 0 is the rightmost character.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from tui.common.values import Value
from tui.domain.results import Counts, CountsSummary, JobResult

MOST_AT_HAND: Final = 20_000
"""Outcomes of a result that are at hand all at once: more are summed up, with the most frequent ones kept."""
_LEAST_AT_HAND: Final = 32
_MOST_KEPT: Final = 2_000
_TOGETHER: Final = 16_384
"""Bit strings that are looked at in one piece, so that it stays in the processor's cache."""


class Order(StrEnum):
    """Orders of outcomes."""

    FREQUENCY = "frequency"
    """The most frequent first."""
    VALUE = "value"
    """By the number that the bits are."""
    WEIGHT = "weight"
    """By the number of ones."""
    DISTANCE = "distance"
    """By the number of bits that differ from a chosen string."""


class Outcome(NamedTuple):
    """A bit string and how often it was seen."""

    bits: str
    times: int


class Histogram(Value, frozen=True):
    """Outcomes in order, and the others summed up.

    Attributes:
        rows: the first outcomes in the order that was asked for.
        outcomes: number of all different ones.
        shots: times seen of all together.
    """

    rows: tuple[Outcome, ...]
    outcomes: int
    shots: int

    @property
    def rest_outcomes(self) -> int:
        """Number of outcomes without a row."""
        return self.outcomes - len(self.rows)

    @property
    def rest_times(self) -> int:
        """Times seen of the outcomes without a row."""
        return self.shots - sum(row.times for row in self.rows)


def histogram(
    counts: Mapping[str, int], most: int, order: Order = Order.FREQUENCY, reference: str = ""
) -> Histogram:
    """Return the first outcomes in an order, ties by the bit string.

    Args:
        counts: times seen by bit string.
        most: number of rows at most.
        order: by frequency, value, weight or distance; of equal weight or distance the most frequent first.
        reference: the bit string to which `Order.DISTANCE` counts; of the same length.
    """
    chosen: Iterable[tuple[str, int]]
    items = counts.items()
    match order:
        case Order.FREQUENCY:
            chosen = heapq.nsmallest(most, items, key=lambda item: (-item[1], item[0]))
        case Order.VALUE:
            chosen = heapq.nsmallest(most, items)
        case Order.WEIGHT:
            chosen = heapq.nsmallest(most, items, key=lambda item: (item[0].count("1"), -item[1], item[0]))
        case Order.DISTANCE:
            mask = _number(reference)
            chosen = heapq.nsmallest(
                most, items, key=lambda item: ((int(item[0], 2) ^ mask).bit_count(), -item[1], item[0])
            )
    rows = tuple(itertools.starmap(Outcome, chosen))
    return Histogram(rows, len(counts), sum(counts.values()))


def weights(counts: Mapping[str, int], num_bits: int) -> tuple[int, ...]:
    """Return how often 0, 1, ..., `num_bits` ones were seen in a shot."""
    return _weights(_numbers(counts), counts.values(), num_bits)


def _numbers(counts: Mapping[str, int]) -> list[int]:
    return list(map(int, counts, itertools.repeat(2)))


def _weights(numbers: Iterable[int], times: Iterable[int], num_bits: int) -> tuple[int, ...]:
    found = [0] * (num_bits + 1)
    for weight, seen in zip(map(int.bit_count, numbers), times, strict=True):
        found[weight] += seen
    return tuple(found)


def hamming_distances(counts: Mapping[str, int], num_bits: int, reference: str) -> tuple[int, ...]:
    """Return how often a shot differs from a bit string in 0, 1, ..., `num_bits` bits.

    Args:
        counts: times seen by bit string.
        num_bits: bits of the register.
        reference: `num_bits` characters `0` and `1`.

    Raises:
        ValueError: `reference` is no such string.
    """
    if len(reference) != num_bits or set(reference) - {"0", "1"}:
        raise ValueError(f"a string of {num_bits} zeros and ones is needed")
    mask = _number(reference)
    found = [0] * (num_bits + 1)
    for bits, times in counts.items():
        found[(int(bits, 2) ^ mask).bit_count()] += times
    return tuple(found)


def ones(counts: Mapping[str, int], num_bits: int) -> tuple[int, ...]:
    """Return how often each bit was 1, bit 0 first.

    A million different strings of 127 bits take about half a second.
    """
    return _ones(_numbers(counts), counts.values(), num_bits)


def _ones(of: Iterable[int], seen: Iterable[int], num_bits: int) -> tuple[int, ...]:
    by_times: dict[int, list[int]] = {}
    for number, times in zip(of, seen, strict=True):
        by_times.setdefault(times, []).append(number)
    found = [0] * num_bits
    width = (num_bits + 7) // 8
    for times, numbers in by_times.items():
        for start in range(0, len(numbers), _TOGETHER):
            piece = numbers[start : start + _TOGETHER]
            data = b"".join([number.to_bytes(width, "little") for number in piece])
            mask = int.from_bytes(b"\1" * len(piece))
            for byte in range(width):
                # One long number of a byte of each string: its bits are counted in one step.
                column = int.from_bytes(data[byte::width])
                for bit in range(8 * byte, min(8 * byte + 8, num_bits)):
                    found[bit] += times * (column >> bit % 8 & mask).bit_count()
    return tuple(found)


def marginal(counts: Mapping[str, int], bits: Sequence[int]) -> dict[str, int]:
    """Return the counts of some bits alone.

    Args:
        counts: times seen by bit string.
        bits: which ones, by number; the first is the rightmost character of what is returned.
    """
    found: Counter[str] = Counter()
    places = [-1 - bit for bit in reversed(bits)]
    for string, times in counts.items():
        found["".join([string[place] for place in places])] += times
    return dict(found)


def spaced(bits: str, sizes: Sequence[int]) -> str:
    """Return a joint bit string with a space between registers.

    Args:
        bits: of all registers.
        sizes: number of bits of each register, in the circuit's order: the first is rightmost.
    """
    ends = list(itertools.accumulate(reversed(sizes), initial=0))
    return " ".join(bits[start:end] for start, end in itertools.pairwise(ends))


def _number(bits: str) -> int:
    return int(bits, 2) if bits else 0


def abridged(result: JobResult, most: int = MOST_AT_HAND) -> JobResult:
    """Return a result with counts that are too many summed up.

    Args:
        result: whole.
        most: outcomes that are kept over all registers and places.

    Returns:
        The result itself where it has no more outcomes; else each register and place with its most frequent
        outcomes and a summary of all.
    """
    if result.abridged or result.outcomes <= most:
        return result
    places = sum(len(pub.counts) for pub in result.pubs)
    share = min(_MOST_KEPT, max(_LEAST_AT_HAND, most // places))
    pubs = tuple(
        replace(pub, counts=tuple(_summed_up(counts, share) for counts in pub.counts)) for pub in result.pubs
    )
    return replace(result, pubs=pubs, abridged=True)


def _summed_up(counts: Counts, most: int) -> Counts:
    if len(counts.counts) <= most:
        return counts
    first = histogram(counts.counts, most, Order.VALUE).rows
    numbers, times = _numbers(counts.counts), counts.counts.values()
    summary = CountsSummary(
        len(counts.counts),
        dict(first),
        _weights(numbers, times, counts.num_bits),
        _ones(numbers, times, counts.num_bits),
    )
    return replace(counts, counts=dict(histogram(counts.counts, most).rows), summary=summary)
