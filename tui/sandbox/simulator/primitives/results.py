"""Results as the service sends them: plain JSON, the typed form of IBM's client, the older generation's.

Typed forms as read by `qiskit_ibm_runtime.utils.RuntimeDecoder` and described by `ibm-quantum-schemas`.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from tui.sandbox.simulator.base.typed_json import Bits


def typed(kind: str, value: Any) -> dict[str, Any]:
    """`{"__type__": kind, "__value__": value}`."""
    return {"__type__": kind, "__value__": value}


def ndarray(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """An array as base64 of compressed `.npy` bytes."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array) if array.ndim else array, allow_pickle=False)
    return typed("ndarray", base64.b64encode(zlib.compress(buffer.getvalue())).decode())


def bit_array(bits: Bits) -> dict[str, Any]:
    """`bits` of shape `(*shape, shots, num_bits)`, bit 0 first, to bytes with bit 0 in the last one."""
    count = bits.shape[-1]
    padding = -count % 8
    widths = [(0, 0)] * (bits.ndim - 1) + [(padding, 0)]
    packed = np.packbits(np.pad(bits[..., ::-1], widths), axis=-1)
    return typed("BitArray", {"array": ndarray(packed), "num_bits": count})


def samples(bits: Bits) -> Any:
    """Hexadecimal texts, a shot each, nested like the leading axes of `bits`."""
    if bits.ndim > 2:
        return [samples(inner) for inner in bits]
    return [hex(value) for value in integers(bits)]


def integers(bits: Bits) -> list[int]:
    """The number each row of bits stands for, bit 0 the least significant."""
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def data_bin(fields: Mapping[str, dict[str, Any]], shape: Sequence[int]) -> dict[str, Any]:
    """A DataBin of typed fields."""
    return typed(
        "DataBin",
        {
            "field_names": list(fields),
            "field_types": [field["__type__"] for field in fields.values()],
            "shape": list(shape),
            "fields": dict(fields),
        },
    )


def execution_spans(
    pubs: Sequence[tuple[tuple[int, ...], int]], start: datetime, stop: datetime
) -> dict[str, Any]:
    """When the shots were taken: one span over all of `pubs`, each a shape and a number of shots."""
    slices = {
        str(index): [[*shape, shots], 0, int(np.prod(shape, dtype=int)), 0, shots]
        for index, (shape, shots) in enumerate(pubs)
    }
    span = {
        "start": typed("datetime", start.isoformat()),
        "stop": typed("datetime", stop.isoformat()),
        "data_slices": slices,
    }
    return typed("ExecutionSpans", {"spans": [typed("DoubleSliceSpan", span)]})
