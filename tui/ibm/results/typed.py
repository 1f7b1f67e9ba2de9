"""The typed result form that IBM's Python client asks for: `{"__type__", "__value__"}` (contract 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from tui.domain.results import Counts, ExpectationValue, PubResult
from tui.ibm.results.counts import (
    ShotsByPlace,
    bit_array_counts,
    bit_array_shots,
    leaves,
    shape_places,
    size_of,
)
from tui.ibm.results.ndarray import Npy, read_ndarray, to_float
from tui.ibm.results.payload_split import Part, part_of

T = TypeVar("T")


class _Typed(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="__type__", default="")
    value: msgspec.Raw = msgspec.field(name="__value__", default=msgspec.Raw(b"null"))


class _Primitive(msgspec.Struct, frozen=True):
    pub_results: list[_Typed]


class _Metadata(msgspec.Struct, frozen=True):
    shots: int | None = None


class _Pub(msgspec.Struct, frozen=True):
    data: _Typed
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class _DataBin(msgspec.Struct, frozen=True):
    fields: dict[str, msgspec.Raw]


class _BitArray(msgspec.Struct, frozen=True):
    array: _Typed
    num_bits: int


def typed_pubs(value: msgspec.Raw, parts: Sequence[Part] = ()) -> tuple[PubResult, ...]:
    """Return the PUBs of a `PrimitiveResult`.

    Args:
        value: its `__value__`, JSON bytes.
        parts: the long arrays that were cut out of it (`payload_split`).

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says.
    """
    primitive = _as(value, _Primitive)
    return tuple(_pub(_as(item.value, _Pub), parts) for item in primitive.pub_results)


def typed_shots(value: msgspec.Raw) -> list[dict[str, ShotsByPlace]]:
    """Return the bit string of each shot of a `PrimitiveResult`: by PUB, register and place.

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says.
    """
    found = []
    for item in _as(value, _Primitive).pub_results:
        fields = _as(_as(item.value, _Pub).data.value, _DataBin).fields
        bits = {name: _as(_as(raw, _Typed).value, _BitArray) for name, raw in fields.items()}
        found.append(
            {name: bit_array_shots(_samples(of.array, ()), of.num_bits) for name, of in bits.items()}
        )
    return found


def _pub(pub: _Pub, parts: Sequence[Part]) -> PubResult:
    try:
        shots = _as(pub.metadata, _Metadata).shots
    except msgspec.ValidationError:
        shots = None
    fields = _as(pub.data.value, _DataBin).fields
    if "evs" in fields:
        return PubResult(values=_values(fields, parts), shots=shots)
    counts: list[Counts] = []
    for name, raw in fields.items():
        item = _as(raw, _Typed)
        if item.kind != "BitArray":
            raise ValueError(f"the data of {name!r} are {item.kind[:40]!r}, not samples")
        bits = _as(item.value, _BitArray)
        counts.extend(bit_array_counts(name, _samples(bits.array, parts), bits.num_bits))
    if shots is None and counts:
        shots = counts[0].shots
    return PubResult(counts=tuple(counts), shots=shots)


def _samples(item: _Typed, parts: Sequence[Part]) -> Npy:
    """Return the bytes of a `BitArray`: packed, or a nested list (small arrays)."""
    value: Any = msgspec.json.decode(item.value)
    if isinstance(value, str):
        return read_ndarray(part_of(value, parts) or value)
    rows = list(leaves(value))
    data = bytearray()
    for _, row in rows:
        if not all(isinstance(byte, int) and 0 <= byte < 256 for byte in row):
            raise ValueError("samples are not bytes")
        data += bytes(byte for byte in row if isinstance(byte, int))
    shape = _list_shape(value)
    if size_of(shape) != len(data):
        raise ValueError("samples are ragged")
    return Npy(shape, "u1", data)


def _values(fields: dict[str, msgspec.Raw], parts: Sequence[Part]) -> tuple[ExpectationValue, ...]:
    shape, evs = _floats(fields["evs"], parts)
    errors = fields.get("stds", fields.get("ensemble_standard_error"))
    stds: list[float | None] = [None] * len(evs)
    if errors is not None:
        _, found = _floats(errors, parts)
        if len(found) == len(evs):
            stds = list(found)
    return tuple(
        ExpectationValue(value, std, index=index)
        for value, std, index in zip(evs, stds, shape_places(shape), strict=True)
    )


def _floats(raw: msgspec.Raw, parts: Sequence[Part]) -> tuple[tuple[int, ...], list[float]]:
    """Return shape and items of an ndarray, a nested list or a bare number."""
    value: Any = msgspec.json.decode(raw)
    if isinstance(value, dict):
        value = value.get("__value__")
    if isinstance(value, str):
        array = read_ndarray(part_of(value, parts) or value)
        return array.shape, array.floats()
    if isinstance(value, list):
        items = [item for _, row in leaves(value) for item in row]
        shape = _list_shape(value)
        if size_of(shape) != len(items):
            raise ValueError("values are ragged")
        return shape, [to_float(item) for item in items]
    return (), [to_float(value)]


def _list_shape(value: object) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _as(raw: msgspec.Raw, kind: type[T]) -> T:
    return msgspec.json.decode(raw, type=kind, strict=False)
