"""Results as the service sends them: typed for IBM's client, or plain JSON.

Typed forms as read by `qiskit_ibm_runtime.RuntimeDecoder` and described by `ibm-quantum-schemas`. They are
not made by its `RuntimeEncoder`: importing that takes as long as all else that a worker imports.
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
    """Return `{"__type__": kind, "__value__": value}`."""
    return {"__type__": kind, "__value__": value}


def ndarray(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Encode an array of any shape as base64 of compressed `.npy` bytes."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array) if array.ndim else array, allow_pickle=False)
    return typed("ndarray", base64.b64encode(zlib.compress(buffer.getvalue())).decode())


def bit_array(bits: Bits) -> dict[str, Any]:
    """Encode `bits` of shape `(*shape, shots, num_bits)`, bit 0 first, as bytes: bit 0 in the last one."""
    count = bits.shape[-1]
    widths = [(0, 0)] * (bits.ndim - 1) + [(-count % 8, 0)]
    packed = np.packbits(np.pad(bits[..., ::-1], widths), axis=-1)
    return typed("BitArray", {"array": ndarray(packed), "num_bits": count})


def samples(bits: Bits) -> Any:
    """Return hexadecimal texts, a shot each, nested like the leading axes of `bits`."""
    if bits.ndim > 2:
        return [samples(inner) for inner in bits]
    return [hex(value) for value in integers(bits)]


def integers(bits: Bits) -> list[int]:
    """Return the number that each row of shape `(shots, bits)` makes, bit 0 the least significant."""
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def pub_result(
    kind: str, fields: Mapping[str, dict[str, Any]], shape: Sequence[int], metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the typed result of one pub.

    Args:
        kind: "PubResult" or "SamplerPubResult".
        fields: The typed members of its DataBin.
        shape: The shape of the pub.
        metadata: Plain metadata.
    """
    data = {
        "field_names": list(fields),
        "field_types": [field["__type__"] for field in fields.values()],
        "shape": list(shape),
        "fields": dict(fields),
    }
    return typed(kind, {"data": typed("DataBin", data), "metadata": dict(metadata)})


def primitive_result(pub_results: Sequence[dict[str, Any]], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the typed results body of a job."""
    return typed("PrimitiveResult", {"pub_results": list(pub_results), "metadata": dict(metadata)})


def execution_spans(
    pubs: Sequence[tuple[tuple[int, ...], int]], start: datetime, stop: datetime
) -> dict[str, Any]:
    """Return one typed span of time for all shots of a job.

    Args:
        pubs: Shape and number of shots of each pub.
        start: Begin of the first shot.
        stop: End of the last shot.
    """
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
