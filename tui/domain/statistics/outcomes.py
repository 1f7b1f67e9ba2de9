"""Outcomes of a register in order, by weight, by Hamming distance, and bit by bit.

Bit strings are written as everywhere in Qiskit: bit 0 is the rightmost character.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class NumberedCounts(Mapping[str, int]):
    """Times seen by bit string, where the strings are made when they are asked for.

    Args:
        numbers: times seen by the number that the bits are.
        num_bits: characters of a string.
    """

    def __init__(self, numbers: Mapping[int, int], num_bits: int) -> None:
        self.numbers = numbers
        self._format = f"0{num_bits}b"

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, bits: str) -> int:
        return self.numbers[int(bits, 2)]

    def __iter__(self) -> Iterator[str]:
        return map(format, self.numbers, itertools.repeat(self._format))

    def whole(self) -> dict[str, int]:
        """Return the same with all strings made: a million of 127 characters take a second."""
        return dict(zip(self, self.numbers.values(), strict=True))


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
    return _weights(_by_times(counts), num_bits)


def _by_times(counts: Mapping[str, int]) -> dict[int, list[int]]:
    """The numbers that the bits are, in their order, by how often they were seen."""
    if isinstance(counts, NumberedCounts):
        numbers, times = list(counts.numbers), counts.numbers.values()
    else:
        numbers, times = list(map(int, counts, itertools.repeat(2))), counts.values()
    different = set(times)
    if len(different) == 1:
        return {different.pop(): numbers}
    found: dict[int, list[int]] = {}
    for number, seen in zip(numbers, times, strict=True):
        found.setdefault(seen, []).append(number)
    return found


def _weights(by_times: Mapping[int, Iterable[int]], num_bits: int) -> tuple[int, ...]:
    found = [0] * (num_bits + 1)
    for times, numbers in by_times.items():
        for weight, seen in Counter(map(int.bit_count, numbers)).items():
            found[weight] += times * seen
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
    return _ones(_by_times(counts), num_bits)


def _ones(by_times: Mapping[int, Sequence[int]], num_bits: int) -> tuple[int, ...]:
    found = [0] * num_bits
    for times, numbers in by_times.items():
        for start in range(0, len(numbers), _TOGETHER):
            for bit, seen in enumerate(_sums(numbers[start : start + _TOGETHER], num_bits)):
                found[bit] += times * seen
    return tuple(found)


def _sums(numbers: Sequence[int], num_bits: int) -> list[int]:
    """How many of the numbers have each bit set, bit 0 first.

    One long integer has all of them side by side. Its halves are added bit by bit until one place is left:
    plane `k` has the bits of the sums that count 2 to the power of `k`.
    """
    width = (num_bits + 7) // 8
    planes = [int.from_bytes(b"".join([number.to_bytes(width, "little") for number in numbers]), "little")]
    count = 1 << (len(numbers) - 1).bit_length()
    while count > 1:
        count //= 2
        places = 8 * width * count
        mask = (1 << places) - 1
        carry, summed = 0, []
        for plane in planes:
            low, high = plane & mask, plane >> places
            different = low ^ high
            summed.append(different ^ carry)
            carry = low & high | different & carry
        planes = [*summed, carry]
    return [sum((plane >> bit & 1) << k for k, plane in enumerate(planes)) for bit in range(num_bits)]


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
    by_times = _by_times(counts.counts)
    written = f"0{counts.num_bits}b"
    first = heapq.nsmallest(
        most, ((number, times) for times, numbers in by_times.items() for number in numbers)
    )
    summary = CountsSummary(
        len(counts.counts),
        {format(number, written): times for number, times in first},
        _weights(by_times, counts.num_bits),
        _ones(by_times, counts.num_bits),
    )
    frequent = {format(number, written): times for number, times in _most_frequent(by_times, most)}
    return replace(counts, counts=frequent, summary=summary)


def _most_frequent(by_times: Mapping[int, Sequence[int]], most: int) -> Iterator[tuple[int, int]]:
    """The numbers that were seen most often with their times, in the order of `Order.FREQUENCY`."""
    for times in sorted(by_times, reverse=True):
        chosen = heapq.nsmallest(most, by_times[times])
        yield from zip(chosen, itertools.repeat(times))
        most -= len(chosen)
        if not most:
            return
