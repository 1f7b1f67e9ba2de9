"""Decodes results of the executor: tensors by name, of which those of bits become counts (contract 6.3)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tui.domain.results import Counts, ExpectationValue, PubResult
from tui.ibm.results.counts import MAX_BITS, bit_array_counts, shape_places, size_of
from tui.ibm.results.ndarray import Npy, plain_bytes
from tui.ibm.results.payload_split import Part, part_of

_NUMBERS = {"f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "c64", "c128"}
_FLIPS = "measurement_flips"
"""Of twirled measurements: a bit is what was measured only after its flip is undone."""
_MOST_VALUES = 100_000


class _Tensor(msgspec.Struct, frozen=True):
    data: str
    shape: list[int]
    dtype: str


class _Item(msgspec.Struct, frozen=True):
    results: dict[str, _Tensor]


def executor_pubs(version: str, data: msgspec.Raw, parts: Sequence[Part] = ()) -> tuple[PubResult, ...]:
    """Return one `PubResult` for each item of the quantum program.

    A tensor of bits, shape `(..., shots, bits)`, becomes counts, one for each place before the shots; one of
    numbers becomes values (of complex ones the real part). Bits are packed with the first in the lowest
    place.

    Args:
        version: the `schema_version`: from `v2` on the tensors are packed with zlib.
        data: the items, JSON bytes.
        parts: the long arrays that were cut out of them (`payload_split`).

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says.
    """
    items = msgspec.json.decode(data, type=list[_Item], strict=False)
    packed = not version.startswith(("v0", "v1"))
    return tuple(_pub(item, packed, parts) for item in items)


def _pub(item: _Item, packed: bool, parts: Sequence[Part]) -> PubResult:
    counts: list[Counts] = []
    values: list[ExpectationValue] = []
    if any(name.startswith(_FLIPS) for name in item.results):
        raise ValueError("its measurements are twirled, and undoing that is left to Qiskit")
    for name, tensor in item.results.items():
        if any(length < 0 for length in tensor.shape):
            raise ValueError(f"the tensor {name[:40]!r} has no such shape")
        text = part_of(tensor.data, parts) or tensor.data
        if tensor.dtype == "bool":
            if len(tensor.shape) < 2 or not 0 < tensor.shape[-1] <= MAX_BITS:
                raise ValueError(f"the tensor {name[:40]!r} is not bits by shot")
            size = (size_of(tensor.shape) + 7) // 8
            bits = _rows(plain_bytes(text, size, packed=packed), tensor.shape)
            counts.extend(bit_array_counts(name, bits, tensor.shape[-1]))
        elif tensor.dtype in _NUMBERS:
            size = size_of(tensor.shape)
            if size > _MOST_VALUES:
                raise ValueError(f"the tensor {name[:40]!r} has {size:,} numbers, more than are shown")
            kind = f"{tensor.dtype[0]}{int(tensor.dtype[1:]) // 8}"
            raw = plain_bytes(text, size * int(kind[1:]), packed=packed)
            numbers = Npy(tuple(tensor.shape), kind, raw).floats()
            values.extend(
                ExpectationValue(value, observable=name, index=index)
                for value, index in zip(numbers, shape_places(tensor.shape), strict=True)
            )
        else:
            raise ValueError(f"the tensor {name[:40]!r} holds {tensor.dtype[:20]!r}, which is not read")
    return PubResult(counts=tuple(counts), values=tuple(values), shots=counts[0].shots if counts else None)


def _rows(packed: bytearray, shape: Sequence[int]) -> Npy:
    """Return bits one after the other, the first of a byte in its lowest place, as rows of big-endian bytes.

    The first bit of a row is bit 0 of its register.
    """
    *outer, bits = shape
    width = (bits + 7) // 8
    rows = size_of(outer)
    if bits % 8 == 0:
        # Whole bytes a row: only their order is another.
        swapped = bytearray(len(packed))
        for byte in range(width):
            swapped[width - 1 - byte :: width] = packed[byte::width]
        return Npy((*outer, width), "u1", swapped)
    mask = (1 << bits) - 1
    data = bytearray()
    # Eight rows are a whole number of bytes, whatever a row is.
    for first in range(0, rows, 8):
        place = first * bits // 8
        block = int.from_bytes(packed[place : place + bits], "little")
        for _ in range(min(8, rows - first)):
            data += (block & mask).to_bytes(width, "big")
            block >>= bits
    return Npy((*outer, width), "u1", data)
