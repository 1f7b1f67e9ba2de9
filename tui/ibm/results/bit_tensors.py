"""Tensors of measured bits: unpacked, flips undone and counted a block at a time, never whole in memory.

In a tensor all bits lie one after the other (contract 6.3), so a row, the bits of one shot, begins anywhere
in a byte. Eight rows are a whole number of bytes, whatever a row is: the bytes of the rows 0, 8, 16, ... are
found at equal distances, and are moved and shifted together.
"""

from __future__ import annotations

import itertools
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, Literal

from tui.domain.results import Counts
from tui.ibm.results.counts import ShotsByPlace, shape_places, size_of
from tui.ibm.results.ndarray import plain_pieces

MOST_PLACES: Final = 100_000
"""Places of a sweep that are counted."""
MOST_ROWS: Final = 50_000_000
"""Shots of a register, those of all places together; a job has ten million at most (contract 5.16)."""
MOST_GROUPS: Final = 1_000_000
"""Places with their randomizations, and rows of flips."""
_BLOCKS: Final = 1024
"""Blocks of eight rows that are unpacked together: they fit into the processor's cache."""
_BLOCK_BYTES: Final = 1024 * 1024
_BATCH: Final = 1024
_WORDS: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
_FIRST_BITS: Final = [bytes(byte & (1 << keep) - 1 for byte in range(256)) for keep in range(9)]
_SHIFTED_DOWN: Final = [bytes(byte >> shift for byte in range(256)) for shift in range(8)]
_SHIFTED_UP: Final = [bytes(byte << shift & 255 for byte in range(256)) for shift in range(8)]

Tally = Counter[Any]
"""How often each row was seen: words of this machine, or the bytes of longer ones."""


@dataclass(frozen=True, slots=True)
class BitTensor:
    """Bits by shot, as they came.

    Attributes:
        name: of the tensor, for messages.
        text: base64 of its bytes.
        shape: `(..., shots, bits)`; the first bit of a row is bit 0 of its register.
        packed: whether zlib packed the bytes.
    """

    name: str
    text: str | memoryview = field(repr=False)
    shape: tuple[int, ...]
    packed: bool

    @property
    def bits(self) -> int:
        """Bits of a row."""
        return self.shape[-1]

    def blocks(self) -> Iterator[bytearray]:
        """Yield the rows in blocks, each as `unpacked_rows` returns it.

        Raises:
            ValueError: the bytes are fewer than the shape says, or not base64, or not packed.
        """
        bits, left = self.bits, size_of(self.shape[:-1])
        step = max(1, min(_BLOCKS, _BLOCK_BYTES // bits)) * bits
        packed = bytearray()
        for piece in plain_pieces(self.text, (left * bits + 7) // 8, packed=self.packed):
            packed += piece
            done = 0
            while len(packed) - done >= step:
                rows = unpacked_rows(packed[done : done + step], bits)
                # The last byte may hold some bits that belong to no row.
                del rows[left * row_width(bits) :]
                yield rows
                left -= len(rows) // row_width(bits)
                done += step
            del packed[:done]
        if left:
            packed.extend(bytes((left + 7) // 8 * bits - len(packed)))
            rows = unpacked_rows(packed, bits)
            del rows[left * row_width(bits) :]
            yield rows


def row_width(bits: int) -> int:
    """Return the bytes of an unpacked row: those of a machine word, up to the longest one."""
    width = (bits + 7) // 8
    return next((word for word in _WORDS if word >= width), width)


def unpacked_rows(packed: bytes | bytearray, bits: int) -> bytearray:
    """Return bits that lie one after the other as rows of `row_width` bytes.

    Args:
        packed: a multiple of eight rows, the first bit of a byte in its lowest place.
        bits: bits of a row.

    Returns:
        Each row as a machine word; a longer one as its bytes, the lowest first.
    """
    width = row_width(bits)
    backwards = width in _WORDS and sys.byteorder == "big"
    unpacked = bytearray(len(packed) // bits * 8 * width)
    for row, byte in itertools.product(range(8), range((bits + 7) // 8)):
        first, shift = divmod(row * bits + 8 * byte, 8)
        keep = min(8, bits - 8 * byte)
        found: bytes | bytearray = packed[first::bits].translate(_SHIFTED_DOWN[shift])
        if shift + keep > 8:
            rest = packed[first + 1 :: bits].translate(_SHIFTED_UP[8 - shift])
            found = _combined(found, rest, either=True)
        place = width - 1 - byte if backwards else byte
        unpacked[row * width + place :: 8 * width] = found.translate(_FIRST_BITS[keep])
    return unpacked


def bit_counts(tensor: BitTensor, flips: BitTensor | None, *, merged: bool) -> list[Counts]:
    """Return the counts of a register, one for each place before the shots, in C order.

    Args:
        flips: bits that were flipped before they were measured, and are flipped back; broadcast over the axes
            of length 1, as NumPy does.
        merged: the first axis is randomizations, whose shots belong together.

    Raises:
        ValueError: the shapes do not fit, are too large, or the bytes are not what they should be.
    """
    outer, shots = _places(tensor, merged=merged)
    width = row_width(tensor.bits)
    tallies: list[Tally] = [Counter() for _ in shape_places(outer)]
    for place, rows in _measured(tensor, flips, len(tallies)):
        _add(tallies[place], rows, width)
    found = []
    for number, index in enumerate(shape_places(outer)):
        found.append(Counts(tensor.name, tensor.bits, shots, _strings(tallies[number], tensor.bits), index))
        tallies[number] = Counter()
    return found


def bit_shots(tensor: BitTensor, flips: BitTensor | None, *, merged: bool) -> ShotsByPlace:
    """Return the bit string of each shot of a register, in the order of the shots.

    Args:
        flips, merged: as of `bit_counts`; shots of the first randomization come first.

    Returns:
        Each place before the shots, in C order, with its shots. Equal strings are one object.

    Raises:
        ValueError: as by `bit_counts`.
    """
    outer, _ = _places(tensor, merged=merged)
    width = row_width(tensor.bits)
    found: ShotsByPlace = [(index, []) for index in shape_places(outer)]
    known: dict[bytes, str] = {}
    for place, rows in _measured(tensor, flips, len(found)):
        for (row,) in struct.iter_unpack(f"{width}s", rows):
            text = known.get(row)
            if text is None:
                order: Literal["big", "little"] = sys.byteorder if width in _WORDS else "little"
                text = known[row] = format(int.from_bytes(row, order), f"0{tensor.bits}b")
            found[place][1].append(text)
    return found


def _places(tensor: BitTensor, *, merged: bool) -> tuple[list[int], int]:
    """Return the axes before the shots, and the shots of each place.

    Raises:
        ValueError: they are too many, or there is no axis of randomizations.
    """
    *outer, shots, _ = tensor.shape
    groups = size_of(outer)
    if merged:
        if not outer:
            raise ValueError(f"the twirled register {tensor.name[:40]!r} has no axis of randomizations")
        shots *= outer.pop(0)
    if groups * tensor.shape[-2] > MOST_ROWS:
        raise ValueError(f"the tensor {tensor.name[:40]!r} has more shots than a job can have")
    if groups > MOST_GROUPS or size_of(outer) > MOST_PLACES:
        raise ValueError(f"the tensor {tensor.name[:40]!r} has more parameter sets than are read")
    return outer, shots


def _measured(
    tensor: BitTensor, flips: BitTensor | None, places: int
) -> Iterator[tuple[int, bytes | memoryview]]:
    """Yield the number of a place and some of its rows, flips undone, in the order of the shots."""
    undo = None if flips is None else _Flips(flips, tensor)
    # Without flips all rows of a single place belong together.
    alone = places == 1 and undo is None
    length = size_of(tensor.shape[:-1]) if alone else tensor.shape[-2]
    for group, first, rows in _grouped(tensor.blocks(), length, row_width(tensor.bits)):
        yield group % places, rows if undo is None else undo.undone(rows, group, first)


class _Flips:
    """Which bits of a tensor were flipped."""

    def __init__(self, flips: BitTensor, tensor: BitTensor) -> None:
        shape = (1,) * (len(tensor.shape) - len(flips.shape)) + flips.shape
        fits = len(shape) == len(tensor.shape) and shape[-1] == tensor.bits
        if not fits or any(of not in (1, length) for of, length in zip(shape, tensor.shape, strict=True)):
            raise ValueError(f"the flips of {tensor.name[:40]!r} have another shape than its bits")
        if size_of(shape[:-1]) > MOST_GROUPS:
            raise ValueError(f"the flips of {tensor.name[:40]!r} are more than are read")
        self._outer, self._shape = tensor.shape[:-2], shape[:-2]
        self._width, self._shots = row_width(tensor.bits), shape[-2]
        self._rows = b"".join(flips.blocks())

    def undone(self, rows: memoryview, group: int, first: int) -> bytes:
        """Return rows with the flips undone.

        Args:
            group: the place before the shots that they are of, in C order.
            first: place of the first of them among its shots.
        """
        at = self._place(group) * self._shots
        if self._shots == 1:
            flip = self._rows[at * self._width : (at + 1) * self._width] * (len(rows) // self._width)
        else:
            start = (at + first) * self._width
            flip = self._rows[start : start + len(rows)]
        return _combined(rows, flip)

    def _place(self, group: int) -> int:
        at, stride = 0, 1
        for length, of in zip(reversed(self._outer), reversed(self._shape), strict=True):
            group, index = divmod(group, length)
            at += index * stride if of != 1 else 0
            stride *= of
        return at


def _grouped(blocks: Iterator[bytearray], length: int, width: int) -> Iterator[tuple[int, int, memoryview]]:
    """Yield rows that belong to one group of so many: its number, the place of the first row in it, rows."""
    group = first = 0
    for block in blocks:
        view, at, end = memoryview(block), 0, len(block) // width
        while at < end:
            taken = min(end - at, length - first)
            yield group, first, view[at * width : (at + taken) * width]
            at, first = at + taken, first + taken
            if first == length:
                group, first = group + 1, 0


def _add(tally: Tally, rows: bytes | memoryview, width: int) -> None:
    if width in _WORDS:
        tally.update(memoryview(rows).cast(_WORDS[width]))
    else:
        tally.update(map(itemgetter(0), struct.iter_unpack(f"{width}s", rows)))


def _strings(tally: Tally, bits: int) -> dict[str, int]:
    """Return how often each bit string was seen, bit 0 rightmost."""
    width = row_width(bits)
    if width in _WORDS:
        form = f"0{bits}b"
        return {format(value, form): times for value, times in tally.items()}
    strings: dict[str, int] = {}
    seen = iter(tally.items())
    while batch := list(itertools.islice(seen, _BATCH)):
        # Of all at once, with a bit above the first zeros that must not get lost.
        packed = int.from_bytes(b"".join(row for row, _ in batch) + b"\x01", "little")
        written = format(packed, "b")
        end = len(written)
        for _, times in batch:
            strings[written[end - bits : end]] = times
            end -= 8 * width
    return strings


def _combined(
    left: bytes | bytearray | memoryview, right: bytes | bytearray, *, either: bool = False
) -> bytes:
    """Return the exclusive or of bytes; `either`: the inclusive one."""
    one, other = int.from_bytes(left, "big"), int.from_bytes(right, "big")
    return (one | other if either else one ^ other).to_bytes(len(left), "big")
