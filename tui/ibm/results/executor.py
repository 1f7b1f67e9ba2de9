"""Results of the executor: tensors by name, of which those of bits become counts (contract 5.16, 6.3).

IBM's client runs its primitives as programs of the executor. The service stores bits as they were measured;
what a client has to do with them stands in the result itself: `semantic_role` names the primitive,
`passthrough_data` holds how it was prepared, and a tensor `measurement_flips.<register>` says which bits were
flipped before they were measured. Here the flips are undone and the randomizations of a twirled circuit put
together, as in `qiskit_ibm_runtime.decoders.executor_sampler`. The values of an estimator need
`qiskit_mitigation`, which the compiler's worker has; here its counts are read, by measurement basis.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from tui.common.values import Value
from tui.domain.results import Counts, ExpectationValue, PubResult, Role
from tui.ibm.results.counts import MAX_BITS, bit_array_counts, shape_places, size_of
from tui.ibm.results.ndarray import MAX_DIMENSIONS, Npy, plain_bytes
from tui.ibm.results.payload_split import Part, part_of

T = TypeVar("T")
_NUMBERS: Final = {"f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "c64", "c128"}
_FLIPS: Final = "measurement_flips."
_ESTIMATED: Final = "_meas"
"""The register in which IBM's estimator measures."""
_MOST_VALUES: Final = 100_000
_MOST_PLACES: Final = 1_000_000
"""Rows of flips, and places of a sweep, that are read."""
_LARGEST: Final = 48 * 1024 * 1024
_MOST_PACKED: Final = 16
"""Bytes of an array that are always read, and how far a larger one may be packed: bits that were measured are
not packed further, and a thousandfold packing would be made to fill the memory."""
_MOST_ITEMS: Final = 20_000_000
_MOST_ITEMS_A_BYTE: Final = 48
_BLOCKS: Final = 1024
"""Blocks of eight rows that are unpacked together: they fit into the processor's cache."""
_SHAPE: Final = re.compile(rb'"shape"\s*+:\s*+\[([0-9,\s]{0,1000}+)\]')
_FIRST_BITS: Final = [bytes(byte & (1 << keep) - 1 for byte in range(256)) for keep in range(9)]
_SHIFTED_DOWN: Final = [bytes(byte >> shift for byte in range(256)) for shift in range(8)]
_SHIFTED_UP: Final = [bytes(byte << shift & 255 for byte in range(256)) for shift in range(8)]


class _Tensor(msgspec.Struct, frozen=True):
    data: str
    shape: list[int]
    dtype: str


class _Item(msgspec.Struct, frozen=True):
    results: dict[str, _Tensor]


class _PostProcessor(msgspec.Struct, frozen=True):
    twirling: bool = False


class _Task(msgspec.Struct, frozen=True):
    """How one PUB of an estimator, or the calibration of its measurements, was prepared."""

    mitigation: str | None = None
    program_item_index: int = 0
    param_basis_pairs: list[tuple[list[int], str]] | None = None
    noise_factors: list[float] | _Tensor | None = None


class _Passthrough(msgspec.Struct, frozen=True):
    post_processor: _PostProcessor = _PostProcessor()
    qiskit_mitigation: list[_Task] = []


class ProgramResult(Value, frozen=True):
    """What the executor returned of a program.

    Attributes:
        version: the `schema_version`: from `v2` on the tensors are packed with zlib.
        items: the results by item, JSON bytes.
        role: the `semantic_role` as it came.
        passthrough: the `passthrough_data`, JSON bytes.
        parts: the long arrays that were cut out of the items (`payload_split`).
    """

    version: str
    items: msgspec.Raw
    role: str
    passthrough: msgspec.Raw
    parts: Sequence[Part] = ()


def declared_items(body: bytes) -> int:
    """Return how many items the arrays of an executor's result say they have; 0 for other results."""
    found = 0
    for match in _SHAPE.finditer(body):
        lengths = [int(text[:20]) for text in match[1].replace(b",", b" ").split()]
        found += math.prod(lengths[:MAX_DIMENSIONS])
    return found


def is_packed(version: str) -> bool:
    """Return whether the tensors of this schema version are packed with zlib."""
    return not version.startswith(("v0", "v1"))


def is_packed_too_far(body: bytes) -> bool:
    """Return whether the arrays are far larger than a body of this length holds of what was measured.

    IBM's decoder makes a byte of each bit: such a body is not for it.
    """
    return declared_items(body) > max(_MOST_ITEMS, _MOST_ITEMS_A_BYTE * len(body))


def executor_pubs(program: ProgramResult) -> tuple[PubResult, ...]:
    """Return the results of a program: one for each PUB of a sampler, else one for each item.

    A tensor of bits, shape `(..., shots, bits)`, becomes counts, one for each place before the shots; one of
    numbers becomes values (of complex ones the real part). Bits are packed with the first in the lowest
    place. Where a register has flips, they are undone. Of a twirled sampler the first axis, the
    randomizations, is put together. Of an estimator each measurement basis becomes one set of counts, whose
    register is the basis, with the noise factor where the circuit was folded; its calibration is left out.

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says.
    """
    items = msgspec.json.decode(program.items, type=list[_Item], strict=False)
    packed = is_packed(program.version)
    read = [_Registers(item, packed, program.parts) for item in items]
    role = Role.of(program.role)
    if role is Role.ESTIMATOR:
        return _by_basis(read, program, _passthrough(program, role).qiskit_mitigation)
    twirled = role is Role.SAMPLER and _passthrough(program, role).post_processor.twirling
    return tuple(one.pub(merged=twirled) for one in read)


def _passthrough(program: ProgramResult, role: Role) -> _Passthrough:
    try:
        return msgspec.json.decode(program.passthrough, type=_Passthrough, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"how the {role.value} was prepared is not told: {error}") from None


def _by_basis(
    items: Sequence[_Registers], program: ProgramResult, tasks: Sequence[_Task]
) -> tuple[PubResult, ...]:
    """Return the counts of an estimator's PUBs by measurement basis."""
    pubs: list[PubResult] = []
    for task in tasks:
        if task.mitigation == "trex":
            continue
        counts: list[Counts] = []
        for offset, factor in enumerate(_noise_factors(task, program)):
            index = task.program_item_index + offset
            if not 0 <= index < len(items):
                raise ValueError("an item of the program is missing in the result")
            suffix = "" if factor is None else f", noise x {factor:g}"
            counts += items[index].basis_counts(task.param_basis_pairs or [], suffix)
        pubs.append(PubResult(counts=tuple(counts), shots=counts[0].shots if counts else None))
    return tuple(pubs)


def _noise_factors(task: _Task, program: ProgramResult) -> Sequence[float | None]:
    """Return the factors of the items that a folded circuit became; of others one that is not told."""
    if task.mitigation != "gate_folding":
        return (None,)
    factors = task.noise_factors or ()
    if isinstance(factors, _Tensor):
        registers = _Registers(_Item({"noise_factors": factors}), is_packed(program.version), program.parts)
        return [value.value for value in registers.pub(merged=False).values]
    return factors


class _Registers:
    """The tensors of an item."""

    def __init__(self, item: _Item, packed: bool, parts: Sequence[Part]) -> None:
        self._tensors: Mapping[str, _Tensor] = item.results
        self._packed = packed
        self._parts = parts
        for name in item.results:
            if name.startswith(_FLIPS) and name.removeprefix(_FLIPS) not in item.results:
                raise ValueError(f"flips are given for {name[:60]!r}, but no register of that name")

    def pub(self, *, merged: bool) -> PubResult:
        """Return all registers and numbers.

        Args:
            merged: the first axis is randomizations, whose shots belong together.
        """
        counts: list[Counts] = []
        values: list[ExpectationValue] = []
        for name, tensor in self._tensors.items():
            if name.startswith(_FLIPS):
                continue
            if tensor.dtype == "bool":
                counts.extend(bit_array_counts(name, self._bits(name, merged=merged), tensor.shape[-1]))
            else:
                values.extend(self._numbers(name, tensor))
        return PubResult(tuple(counts), None, tuple(values), counts[0].shots if counts else None)

    def basis_counts(self, pairs: Sequence[tuple[list[int], str]], suffix: str) -> list[Counts]:
        """Return the counts of each pair of a parameter's place and a basis, in the order of the pairs."""
        tensor = self._tensors.get(_ESTIMATED)
        if tensor is None or tensor.dtype != "bool":
            raise ValueError("an item of the estimator holds no measurements")
        found = bit_array_counts(_ESTIMATED, self._bits(_ESTIMATED, merged=True), tensor.shape[-1])
        if len(found) != len(pairs):
            # Noise amplified by the service has one more axis; bases without parameters have no pairs.
            return list(found)
        return [
            Counts(basis[:MAX_BITS] + suffix, one.num_bits, one.shots, one.counts, tuple(place))
            for one, (place, basis) in zip(found, pairs, strict=True)
        ]

    def _bits(self, name: str, *, merged: bool) -> Npy:
        """Return a register with its flips undone, as rows of big-endian bytes."""
        tensor = self._tensors[name]
        rows = self._rows(name, tensor)
        flips = self._tensors.get(_FLIPS + name)
        if flips is not None:
            if flips.shape[-1:] != tensor.shape[-1:]:
                raise ValueError(f"the flips of {name[:40]!r} have another shape than its bits")
            rows = _flipped(name, rows, self._rows(_FLIPS + name, flips))
        return _merged(name, rows) if merged else rows

    def _rows(self, name: str, tensor: _Tensor) -> Npy:
        shape = self._shape(name, tensor)
        if len(shape) < 2 or not 0 < shape[-1] <= MAX_BITS or tensor.dtype != "bool":
            raise ValueError(f"the tensor {name[:40]!r} is not bits by shot")
        if size_of(shape[:-2]) > _MOST_PLACES:
            raise ValueError(f"the tensor {name[:40]!r} has more parameter sets than are read")
        return unpacked_rows(self._bytes(tensor, (size_of(shape) + 7) // 8), shape)

    def _numbers(self, name: str, tensor: _Tensor) -> list[ExpectationValue]:
        if tensor.dtype not in _NUMBERS:
            raise ValueError(f"the tensor {name[:40]!r} holds {tensor.dtype[:20]!r}, which is not read")
        shape = self._shape(name, tensor)
        size = size_of(shape)
        if size > _MOST_VALUES:
            raise ValueError(f"the tensor {name[:40]!r} has {size:,} numbers, more than are shown")
        kind = f"{tensor.dtype[0]}{int(tensor.dtype[1:]) // 8}"
        numbers = Npy(shape, kind, self._bytes(tensor, size * int(kind[1:]))).floats()
        return [
            ExpectationValue(value, observable=name, index=index)
            for value, index in zip(numbers, shape_places(shape), strict=True)
        ]

    def _bytes(self, tensor: _Tensor, size: int) -> bytearray:
        text = part_of(tensor.data, self._parts) or tensor.data
        if size > max(_LARGEST, _MOST_PACKED * len(text)):
            raise ValueError(f"an array would have {size // 1_000_000:,} MB, packed into {len(text):,} bytes")
        return plain_bytes(text, size, packed=self._packed)

    def _shape(self, name: str, tensor: _Tensor) -> tuple[int, ...]:
        shape = tuple(tensor.shape)
        if any(length < 0 for length in shape) or len(shape) > MAX_DIMENSIONS:
            raise ValueError(f"the tensor {name[:40]!r} has no such shape")
        return shape


def unpacked_rows(packed: bytearray, shape: Sequence[int]) -> Npy:
    """Return bits that lie one after the other as rows of big-endian bytes.

    Eight rows are a whole number of bytes, whatever a row is: so the bytes of the rows 0, 8, 16, ... are
    found at equal distances, and are moved and shifted together.

    Args:
        packed: the bits, the first of a byte in its lowest place; it is filled up to whole blocks of rows.
        shape: of the bits, `(..., rows, bits)`; the first bit of a row is bit 0 of its register.

    Returns:
        uint8, shape `(..., rows, ceil(bits / 8))`.
    """
    *outer, bits = shape
    width = (bits + 7) // 8
    rows = size_of(outer)
    blocks = (rows + 7) // 8
    packed.extend(bytes(blocks * bits - len(packed)))
    data = bytearray(blocks * 8 * width)
    for start in range(0, blocks, _BLOCKS):
        piece = packed[start * bits : (start + _BLOCKS) * bits]
        unpacked = bytearray(len(piece) // bits * 8 * width)
        for row, byte in itertools.product(range(8), range(width)):
            first, shift = divmod(row * bits + 8 * byte, 8)
            keep = min(8, bits - 8 * byte)
            found: bytes | bytearray = piece[first::bits].translate(_SHIFTED_DOWN[shift])
            if shift + keep > 8:
                rest = piece[first + 1 :: bits].translate(_SHIFTED_UP[8 - shift])
                found = _combined(found, rest, either=True)
            unpacked[row * width + width - 1 - byte :: 8 * width] = found.translate(_FIRST_BITS[keep])
        data[start * 8 * width : start * 8 * width + len(unpacked)] = unpacked
    del data[rows * width :]
    return Npy((*outer, width), "u1", data)


def _flipped(name: str, rows: Npy, flips: Npy) -> Npy:
    """Return rows with flips undone; the flips are broadcast over the axes of length 1, as NumPy does."""
    *outer, shots, width = rows.shape
    shape = (1,) * (len(rows.shape) - len(flips.shape)) + flips.shape
    fits = len(shape) == len(rows.shape) and shape[-1] == width
    if not fits or any(of not in (1, length) for of, length in zip(shape[:-1], rows.shape, strict=False)):
        raise ValueError(f"the flips of {name[:40]!r} have another shape than its bits")
    once = shape[-2] == 1
    size, flip_size = shots * width, shape[-2] * width
    places = {place: number for number, place in enumerate(shape_places(shape[:-2]))}
    data = bytearray(len(rows.data))
    for number, place in enumerate(shape_places(outer)):
        at = places[tuple(min(index, of - 1) for index, of in zip(place, shape, strict=False))]
        flip = flips.data[at * flip_size : (at + 1) * flip_size]
        measured = rows.data[number * size : (number + 1) * size]
        data[number * size : (number + 1) * size] = _combined(measured, flip * shots if once else flip)
    return Npy(rows.shape, "u1", data)


def _combined(left: bytes | bytearray, right: bytes | bytearray, *, either: bool = False) -> bytes:
    """Return the exclusive or of bytes; `either`: the inclusive one."""
    one, other = int.from_bytes(left, "big"), int.from_bytes(right, "big")
    return (one | other if either else one ^ other).to_bytes(len(left), "big")


def _merged(name: str, rows: Npy) -> Npy:
    """Return rows of shape `(randomizations, ..., shots, width)` as `(..., all shots, width)`."""
    if len(rows.shape) < 3:
        raise ValueError(f"the twirled register {name[:40]!r} has no axis of randomizations")
    many, *outer, shots, width = rows.shape
    if not outer:
        return Npy((many * shots, width), "u1", rows.data)
    size, places = shots * width, size_of(outer)
    data = bytearray(len(rows.data))
    for place, number in itertools.product(range(places), range(many)):
        of, to = number * places + place, place * many + number
        data[to * size : (to + 1) * size] = rows.data[of * size : (of + 1) * size]
    return Npy((*outer, many * shots, width), "u1", data)
