"""Arrays as IBM sends them: base64(zlib(npy)), read without numpy (contract 6.2; NumPy's NEP 1 format)."""

from __future__ import annotations

import ast
import binascii
import itertools
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

MAX_BYTES = 512 * 1024 * 1024
"""Bytes that one array may have."""
MAX_DIMENSIONS = 32
_HEADER_LIMIT = 64 * 1024
_MOST_SLICES = 1_000_000
"""Slices in which an array may be put from Fortran's order to C's: about a second."""
_INTEGERS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
_PIECE = 256 * 1024
"""Bytes that are decoded at once; a multiple of 4, for base64."""
_MAGIC = b"\x93NUMPY"
_FORMATS = {
    "b1": "B", "u1": "B", "i1": "b", "u2": "H", "i2": "h", "u4": "I", "i4": "i", "u8": "Q", "i8": "q",
    "f4": "f", "f8": "d", "c16": "d", "c8": "f",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Npy:
    """An array: `data` holds its items in C order, in this machine's byte order.

    `kind` is NumPy's type without the byte order, e.g. `u1`, `f8`; a complex item is two floats.
    """

    shape: tuple[int, ...]
    kind: str
    data: bytes | bytearray = field(repr=False)

    def floats(self) -> list[float]:
        """Return the items in C order, as floats; of complex ones the real part."""
        items: array[float] | array[int] = array(_FORMATS[self.kind])
        items.frombytes(self.data)
        step = 2 if self.kind.startswith("c") else 1
        return [float(item) for item in items[::step]]


def read_ndarray(text: str | memoryview) -> Npy:
    """Return the array that is the value of a typed `ndarray`.

    Args:
        text: base64, as text or as its ASCII bytes.

    Raises:
        ValueError: it is not such an array, or larger than allowed.
    """
    unpacked = _decompressed(text)
    head = b""
    for piece in unpacked:
        head += piece
        if len(head) >= _HEADER_LIMIT:
            break
    shape, descr, fortran, start = _header(head)
    order, kind = (descr[0], descr[1:]) if descr[:1] in {*"<>|="} else ("=", descr)
    code = _FORMATS.get(kind)
    if code is None:
        raise ValueError(f"an array holds items of type {descr[:20]!r}, which are not read")
    width = int(kind[1:])
    size = math.prod(shape) * width
    if size > MAX_BYTES:
        raise ValueError(f"an array has {size // 1024 // 1024} MB, which is more than is read")
    body = bytearray(head[start : start + size])
    for piece in unpacked:
        if len(body) >= size:
            break
        body += piece
    if len(body) < size:
        raise ValueError("an array is shorter than its shape")
    del body[size:]
    item = struct.calcsize(code)
    if item > 1 and (order == ">") != (sys.byteorder == "big") and order != "=":
        swapped: array[float] | array[int] = array(code)
        swapped.frombytes(body)
        swapped.byteswap()
        body = bytearray(swapped.tobytes())
    return Npy(shape, kind, _to_c_order(body, shape, width) if fortran else body)


def plain_pieces(text: str | memoryview, size: int, *, packed: bool) -> Iterator[bytes]:
    """Yield `size` bytes in all from base64, packed with zlib or not.

    Args:
        text: base64, as text or as its ASCII bytes.
        size: bytes of the array.
        packed: whether zlib packed it.

    Raises:
        ValueError: there are fewer, or it is not that.
    """
    if size > MAX_BYTES:
        raise ValueError(f"an array has {size // 1024 // 1024} MB, which is more than is read")
    left = size
    for piece in _decompressed(text) if packed else _decoded(text):
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return
    if left > 0:
        raise ValueError("an array is shorter than its shape")


def to_float(item: object) -> float:
    """Return a decoded JSON number as a float; NaN for `null`, which stands for it.

    Raises:
        ValueError: it is no number.
    """
    if item is None:
        return math.nan
    if isinstance(item, (int, float)) and not isinstance(item, bool):
        return float(item)
    raise ValueError("an expectation value is not a number")


def _decompressed(text: str | memoryview) -> Iterator[bytes]:
    """Decompress zlib-packed base64 in pieces: none holds other threads up for long."""
    unpack = zlib.decompressobj()
    try:
        for packed in _decoded(text):
            rest: bytes = packed
            while rest and not unpack.eof:
                yield unpack.decompress(rest, _PIECE)
                rest = unpack.unconsumed_tail
        yield unpack.flush()
    except zlib.error:
        raise ValueError("an array is not compressed as it should be") from None


def _decoded(text: str | memoryview) -> Iterator[bytes]:
    try:
        for start in range(0, len(text), _PIECE):
            yield binascii.a2b_base64(text[start : start + _PIECE], strict_mode=True)
    except (binascii.Error, ValueError):
        raise ValueError("an array is not base64") from None


def _header(head: bytes) -> tuple[tuple[int, ...], str, bool, int]:
    if head[:6] != _MAGIC or len(head) < 12:
        raise ValueError("an array is not in NumPy's format")
    if head[6] == 1:
        length, start = struct.unpack("<H", head[8:10])[0], 10
    else:
        length, start = struct.unpack("<I", head[8:12])[0], 12
    if length > _HEADER_LIMIT - start or len(head) < start + length:
        raise ValueError("an array's header is too long")
    try:
        header = ast.literal_eval(head[start : start + length].decode("latin-1").strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        # A `TypeError` is a key that is a list or the like.
        raise ValueError("an array's header cannot be read") from None
    if not isinstance(header, dict):
        raise ValueError("an array's header cannot be read")
    shape, descr, fortran = header.get("shape"), header.get("descr"), header.get("fortran_order")
    good = isinstance(shape, tuple) and all(isinstance(n, int) and 0 <= n < 2**48 for n in shape)
    if not good or not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS or not isinstance(descr, str):
        raise ValueError("an array's header cannot be read")
    return shape, descr, bool(fortran), start + length


def _to_c_order(body: bytearray, shape: tuple[int, ...], width: int) -> bytearray:
    """Reorder items from first-index-fastest to last-index-fastest, in slices along the longest axis.

    Raises:
        ValueError: so many axes are long that it would take too many slices.
    """
    if len(shape) < 2 or not body:
        return body
    from_strides = [math.prod(shape[:axis]) for axis in range(len(shape))]
    to_strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    longest = max(range(len(shape)), key=shape.__getitem__)
    parts = max(1, width // 8)
    if math.prod(shape) // shape[longest] * parts > _MOST_SLICES:
        raise ValueError("an array in Fortran's order has too many long axes")
    # A complex item is two parts, and no format of `memoryview` has both.
    code = _INTEGERS[width // parts]
    ordered = bytearray(len(body))
    source, target = memoryview(body).cast(code), memoryview(ordered).cast(code)
    others = [axis for axis in range(len(shape)) if axis != longest]
    from_step, to_step = from_strides[longest] * parts, to_strides[longest] * parts
    from_span, to_span = from_step * (shape[longest] - 1) + 1, to_step * (shape[longest] - 1) + 1
    for indices in itertools.product(*(range(shape[axis]) for axis in others)):
        start = sum(at * from_strides[axis] for at, axis in zip(indices, others, strict=True)) * parts
        place = sum(at * to_strides[axis] for at, axis in zip(indices, others, strict=True)) * parts
        for part in range(parts):
            target[place + part : place + part + to_span : to_step] = source[
                start + part : start + part + from_span : from_step
            ]
    target.release()
    return ordered
