"""Shots into counts, quickly: without one Python object for each of ten million samples."""

from __future__ import annotations

import itertools
import math
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Literal

from tui.domain.results import Counts
from tui.domain.statistics.outcomes import MOST_AT_HAND, NumberedCounts
from tui.ibm.results.ndarray import Npy
from tui.ibm.results.payload_split import Part, part_of

_CHUNK = 1 << 16
_SLICE = 1 << 14
_WORDS: dict[int, Literal["H", "I", "Q"]] = {2: "H", 4: "I", 8: "Q"}
MAX_BITS = 100_000

ShotsByPlace = list[tuple[tuple[int, ...], list[str]]]
"""Each place in a shape, in C order, with the bit string of each of its shots; bit 0 is rightmost."""


def bit_array_counts(register: str, array: Npy, num_bits: int) -> tuple[Counts, ...]:
    """Return the counts of a typed `BitArray`, one for each place in the PUB's shape.

    Args:
        register: the classical register.
        array: uint8, shape `pub_shape + (shots, ceil(num_bits / 8))`, big-endian (contract 6.2).
        num_bits: bits of the register.

    Raises:
        ValueError: the array has not that shape.
    """
    if array.kind != "u1" or len(array.shape) < 2:
        raise ValueError(f"the samples of {register!r} are not bytes by shot")
    *outer, shots, width = array.shape
    if not 0 < num_bits <= MAX_BITS or width != (num_bits + 7) // 8:
        raise ValueError(f"the samples of {register!r} do not have {num_bits} bits")
    size = shots * width
    data = memoryview(array.data)
    places = shape_places(outer)
    return tuple(
        Counts(
            register,
            num_bits,
            shots,
            _strings(_count(data[n * size : (n + 1) * size], width), num_bits),
            index,
        )
        for n, index in enumerate(places)
    )


def hex_counts(
    register: str, samples: bytes | memoryview, num_bits: int, index: tuple[int, ...] = ()
) -> Counts:
    """Return the counts of a plain list of hex strings (contract 6.1).

    Args:
        register: the classical register.
        samples: the list as JSON bytes, e.g. `["0x3", "0x0"]`.
        num_bits: bits of the register.
        index: place in the PUB's shape.

    Raises:
        ValueError: an item is not a hex string that fits.
    """
    if not 0 < num_bits <= MAX_BITS:
        raise ValueError(f"the samples of {register!r} do not have {num_bits} bits")
    counter: Counter[bytes] = Counter()
    for chunk in _chunks(samples):
        counter.update(chunk.translate(None, b' \t\r\n[]"').split(b","))
    counter.pop(b"", None)
    values: Mapping[int, int] = dict(
        zip(map(int, counter, itertools.repeat(16)), counter.values(), strict=True)
    )
    if len(values) < len(counter):
        # `0x3`, `0X03` and `3` are the same.
        summed: Counter[int] = Counter()
        for text, times in counter.items():
            summed[int(text, 16)] += times
        values = summed
    return Counts(register, num_bits, counter.total(), _strings(values, num_bits), index)


def listed_counts(
    register: str, samples: object, num_bits: int, parts: Sequence[Part] = ()
) -> tuple[Counts, ...]:
    """Return the counts of samples that are nested by the PUB's shape, one for each place.

    Args:
        register: the classical register.
        samples: lists of hex strings or numbers; one whose only item is a mark stands for the part of that
            mark.
        num_bits: bits of the register.
        parts: the parts that were cut out (`payload_split`).

    Raises:
        ValueError: the nesting or an item is not as it should be.
    """
    found: list[Counts] = []
    for index, items in leaves(samples):
        part = part_of(items[0], parts) if len(items) == 1 else None
        if part is not None:
            found.append(hex_counts(register, part, num_bits, index))
            continue
        counter = Counter(_number(item) for item in items)
        found.append(Counts(register, num_bits, counter.total(), _strings(counter, num_bits), index))
    return tuple(found)


def listed_shots(samples: object, num_bits: int) -> ShotsByPlace:
    """Return the bit string of each shot of samples that are nested by the PUB's shape.

    Args:
        samples: lists of hex strings or numbers.
        num_bits: bits of the register.

    Returns:
        Each place, in C order, with its shots.

    Raises:
        ValueError: the nesting or an item is not as it should be.
    """
    known: dict[object, str] = {}

    def written(item: object) -> str:
        text = known.get(item)
        if text is None:
            value = _number(item)
            if value < 0 or value >> num_bits:
                raise ValueError(f"a sample has more than {num_bits} bits")
            text = known[item] = format(value, f"0{num_bits}b")
        return text

    return [(index, list(map(written, items))) for index, items in leaves(samples)]


def bit_array_shots(array: Npy, num_bits: int) -> ShotsByPlace:
    """Return the bit string of each shot of a typed `BitArray`: each place, in C order, with its shots.

    Args:
        array: as of `bit_array_counts`.
        num_bits: bits of the register.

    Raises:
        ValueError: the array has not that shape.
    """
    if array.kind != "u1" or len(array.shape) < 2 or array.shape[-1] != (num_bits + 7) // 8:
        raise ValueError(f"the samples do not have {num_bits} bits")
    *outer, shots, width = array.shape
    rows = [bytes(row) for (row,) in struct.iter_unpack(f"{width}s", array.data)]
    known = {row: format(int.from_bytes(row, "big"), f"0{num_bits}b") for row in set(rows)}
    return [
        (index, [known[row] for row in rows[n * shots : (n + 1) * shots]])
        for n, index in enumerate(shape_places(outer))
    ]


def leaves(nested: object, index: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], list[object]]]:
    """Yield the innermost lists of nested lists, each with its place.

    Raises:
        ValueError: not lists, nested over 32 deep, or of mixed depth.
    """
    if not isinstance(nested, list) or len(index) > 32:
        raise ValueError("the samples are not lists")
    if not any(isinstance(item, list) for item in nested):
        yield index, nested
        return
    for place, item in enumerate(nested):
        yield from leaves(item, (*index, place))


def shape_places(shape: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Yield every place of an array of that shape, in C order; one empty place for a scalar."""
    return itertools.product(*(range(n) for n in shape))


def size_of(shape: Iterable[int]) -> int:
    """Return the number of items of an array of that shape."""
    return math.prod(shape)


def _number(item: object) -> int:
    if isinstance(item, str):
        return int(item, 16)
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    raise ValueError("a sample is neither a hex string nor a number")


def _count(data: memoryview, width: int) -> Mapping[int, int]:
    if width == 1:
        return _tally(data)
    if width in _WORDS:
        # One machine word a shot: counted as it lies in memory, put in order afterwards.
        words = _tally(data.cast(_WORDS[width]))
        if sys.byteorder == "big":
            return words
        return {int.from_bytes(word.to_bytes(width, "little"), "big"): n for word, n in words.items()}
    rows: Counter[bytes] = Counter()
    for start in range(0, len(data), _SLICE * width):
        piece = data[start : start + _SLICE * width]
        rows.update(map(itemgetter(0), struct.iter_unpack(f"{width}s", piece)))
    return {int.from_bytes(row, "big"): n for row, n in rows.items()}


def _tally(items: memoryview[int]) -> Counter[int]:
    """Counts in slices: `Counter` lets no other thread run until it is through with what it was given."""
    counter: Counter[int] = Counter()
    for start in range(0, len(items), _SLICE):
        counter.update(items[start : start + _SLICE])
    return counter


def _strings(values: Mapping[int, int], num_bits: int) -> Mapping[str, int]:
    """Times seen by bit string; strings that are too many to be at hand are not made yet."""
    if values and (min(values) < 0 or max(values) >> num_bits):
        raise ValueError(f"a sample has more than {num_bits} bits")
    counts = NumberedCounts(values, num_bits)
    return counts if len(values) > MOST_AT_HAND else counts.whole()


def _chunks(samples: bytes | memoryview) -> Iterator[bytes]:
    """Yield pieces that end between two samples."""
    start = 0
    while start < len(samples):
        piece = bytes(samples[start : start + _CHUNK])
        if start + len(piece) < len(samples):
            end = piece.rfind(b",")
            if end < 0:
                raise ValueError("a sample is too long")
            piece = piece[: end + 1]
        yield piece
        start += len(piece)
