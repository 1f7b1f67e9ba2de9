"""Typed JSON as IBM's client sends it (`{"__type__": ..., "__value__": ...}`), to plain values and numpy.

Nothing is unpickled, and no class is looked up by a name from the message.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.sandbox.simulator.base.values import JobFailure

Bits = NDArray[np.uint8]
"""Outcomes: 0 and 1, the last axis classical bits, the one before it shots."""

_MOST_ARRAY_BYTES = 256 * 1024 * 1024


def decode(value: Any) -> Any:
    """Read the typed members of a JSON value, at any depth.

    Returns:
        The value with arrays as numpy, complex numbers, `BindingsArray` as `{name: array}`, sets as lists,
        and Pauli operators as `{label: coefficient}` or lists of labels.

    Raises:
        JobFailure: A type is not one that a job may contain, or its value is damaged.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "__type__" not in value:
        return {key: decode(item) for key, item in value.items()}
    kind, content = value["__type__"], value.get("__value__")
    if kind == "ndarray":
        return decode_array(content)
    if kind == "complex" and isinstance(content, list) and len(content) == 2:
        return complex(content[0], content[1])
    if kind in ("ObservablesArray", "set"):
        return decode(content)
    if kind == "BindingsArray" and isinstance(content, Mapping):
        return _bindings(content)
    if kind == "settings" and isinstance(content, Mapping):
        return _paulis(str(value.get("__class__")), content)
    raise JobFailure(f"A value of type {kind!r} is not expected here.")


def decode_array(content: Any) -> np.ndarray[Any, Any]:
    """Read the value of an `ndarray`: base64 of compressed `.npy` bytes, or nested lists.

    Raises:
        JobFailure: It is damaged, larger than 256 MiB, or holds anything but numbers.
    """
    if not isinstance(content, str):
        return number_array(content)
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(content), _MOST_ARRAY_BYTES)
        if inflate.unconsumed_tail:
            raise JobFailure("An array is too large.")
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
    except (binascii.Error, ValueError, zlib.error, EOFError, OSError) as error:
        raise JobFailure(f"An array cannot be read: {error}.") from error
    if not isinstance(loaded, np.ndarray) or loaded.dtype.kind not in "biufc":
        raise JobFailure("An array must hold numbers.")
    return loaded


def number_array(content: Any) -> np.ndarray[Any, Any]:
    """Make an array of floats of nested lists of numbers.

    Raises:
        JobFailure: The lists are ragged or hold something else.
    """
    try:
        return np.asarray(content, dtype=float)
    except (TypeError, ValueError) as error:
        raise JobFailure("An array of numbers must be rectangular and hold numbers only.") from error


def _bindings(content: Mapping[str, Any]) -> dict[str, Any]:
    """`{"theta": array}`; several names joined in one array become one entry each."""
    bindings: dict[str, Any] = {}
    for key, item in (content.get("data") or {}).items():
        values = decode(item)
        try:
            names = json.loads(key)
        except ValueError:
            names = [key]
        names = names if isinstance(names, list) else [names]
        values = np.asarray(values)
        if values.ndim == 0 or values.shape[-1] != len(names):
            raise JobFailure("The parameter values do not fit the parameter names.")
        for index, name in enumerate(names):
            bindings[str(name)] = values[..., index]
    return bindings


def _paulis(name: str, content: Mapping[str, Any]) -> Any:
    if name == "Pauli" and isinstance(content.get("data"), str):
        label = content["data"]
        return {label.lstrip("-"): -1.0 if label.startswith("-") else 1.0}
    data = content.get("data")
    if name == "PauliList" and isinstance(data, list):
        return [str(label) for label in data]
    if name == "SparsePauliOp":
        labels = decode(data)
        coefficients = np.asarray(decode(content.get("coeffs")))
        if isinstance(labels, list) and coefficients.shape == (len(labels),):
            terms: dict[str, Any] = {}
            for label, coefficient in zip(labels, coefficients.tolist(), strict=True):
                terms[label] = terms.get(label, 0) + coefficient
            return terms
    raise JobFailure(f"An object of class {name!r} is not expected here.")
