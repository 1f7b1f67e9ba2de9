"""Outcomes of a register in order, by weight, by Hamming distance, and bit by bit.

Bit strings are written as everywhere in Qiskit: bit 0 is the rightmost character.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from tui.common.values import Value

_TOGETHER: Final = 8_192
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
    found = [0] * (num_bits + 1)
    for bits, times in counts.items():
        found[bits.count("1")] += times
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
    found = [0] * num_bits
    by_times: dict[int, list[str]] = {}
    for bits, times in counts.items():
        by_times.setdefault(times, []).append(bits)
    for times, strings in by_times.items():
        for piece in _pieces(strings):
            for place in range(num_bits):
                # Place 0 of the text is the highest bit.
                found[num_bits - 1 - place] += times * piece[place::num_bits].count(b"1")
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


def _pieces(strings: Sequence[str]) -> Iterator[bytes]:
    for start in range(0, len(strings), _TOGETHER):
        yield "".join(strings[start : start + _TOGETHER]).encode("ascii")
