"""Quantum programs read from the params of a job, schema v0.1 to v2.0.

The models of `ibm-quantum-schemas` are the contract. They inflate what they are given without a bound, so
every compressed member is measured before a model sees it.
"""

from __future__ import annotations

import binascii
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray
from pydantic import ValidationError
from qiskit.circuit import QuantumCircuit
from samplomatic.samplex import Samplex
from samplomatic.tensor_interface import TensorInterface

from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.loader import with_standard_gates

VERSIONS = ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")

_MOST_BYTES = 256 * 1024 * 1024
_MOST_ITEMS = 10_000
_MOST_ELEMENTS = 10_000_000
_BITS = {
    "bool": 1,
    "u8": 8,
    "i8": 8,
    "c128": 128,
    "c64": 64,
    **{f"{kind}{bits}": bits for kind in "fiu" for bits in (16, 32, 64)},
}


@dataclass(frozen=True)
class Item:
    """A circuit and where its arguments come from.

    Attributes:
        circuit: The circuit or template.
        shape: The shape of the item; one execution of the circuit for every element.
        arguments: Values of shape `(*broadcastable to shape, circuit.num_parameters)`; None with a samplex.
        samplex: Draws the arguments; None when they are given.
        inputs: The inputs of the samplex.
    """

    circuit: QuantumCircuit
    shape: tuple[int, ...]
    arguments: NDArray[np.float64] | None = None
    samplex: Samplex | None = None
    inputs: TensorInterface | None = None

    @property
    def size(self) -> int:
        """Executions of the circuit."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Program:
    """A quantum program.

    Attributes:
        version: Its schema version, which is that of the result, too.
        shots: Shots of every execution.
        items: What to execute, in order.
        options: `init_qubits`, `rep_delay` (s), `scheduler_timing`, `stretch_values`, `experimental`.
        meas_level: "classified", or a level that needs analog signals.
        semantic_role: Says what the program stands for, as it came; None when it does not.
        passthrough_data: Returned with the result, as it came.
    """

    version: str
    shots: int
    items: tuple[Item, ...]
    options: Mapping[str, Any]
    meas_level: str
    semantic_role: str | None
    passthrough_data: Any

    @property
    def has_role(self) -> bool:
        """True when results of this version have a semantic role."""
        return self.version not in ("v0.1", "v0.2")


def read_program(params: Mapping[str, Any]) -> Program:
    """Read the params of an executor job.

    Args:
        params: The params, of which only the kinds of the outermost members have been validated.

    Raises:
        JobFailure: A member is missing, malformed, too large, or does not fit another.
    """
    version = params["schema_version"]
    given = params["quantum_program"]
    _measure_members(given)
    # It goes back as it came, whatever it is: no model needs to see it.
    checked = {name: value for name, value in given.items() if name != "passthrough_data"}
    model = _validate(version, {**params, "quantum_program": checked})
    program = model.quantum_program
    circuits = _circuits(program)
    return Program(
        version=version,
        shots=program.shots,
        items=tuple(_item(*pair) for pair in zip(circuits, program.items, strict=True)),
        options=model.options.model_dump(mode="json"),
        meas_level=getattr(program, "meas_level", "classified"),
        semantic_role=getattr(program, "semantic_role", None),
        passthrough_data=given.get("passthrough_data"),
    )


def tensor(version: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Encode an array as results of a schema version have it: `{"data", "shape", "dtype"}`."""
    common = import_module("ibm_quantum_schemas.common")
    model = common.CompressedTensorModel if version == "v2.0" else common.TensorModel
    encoded: dict[str, Any] = model.from_numpy(array).model_dump(mode="json")
    return encoded


def _validate(version: str, params: Mapping[str, Any]) -> Any:
    module = import_module(f"ibm_quantum_schemas.executor.version_{version[1:].replace('.', '_')}")
    try:
        return module.ParamsModel.model_validate(params)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        message = str(first["msg"]).removeprefix("Value error, ")
        raise JobFailure(
            f"The quantum program is not valid at {place or 'params'}: {message}", 1002
        ) from error
    except Exception as error:
        # The models let errors of the decoders they call through: base64, zlib, struct.
        raise JobFailure(f"The quantum program cannot be read: {error}.") from error


def _measure_members(program: Mapping[str, Any]) -> None:
    """Refuse members that would take more memory than their share. Raises `JobFailure`."""
    items = program.get("items")
    items = items if isinstance(items, list) else []
    if len(items) > _MOST_ITEMS:
        raise JobFailure(f"The program has {len(items)} items; the sandbox takes {_MOST_ITEMS}.")
    _measure_qpy(program.get("circuits"), "b64_data", "circuits")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise JobFailure(f"The item {index} of the program must be an object.")
        place = f"items.{index}"
        _measure_shape(item.get("shape"), f"{place}.shape")
        _measure_qpy(item.get("circuit"), "circuit_b64", f"{place}.circuit")
        arguments = item.get("samplex_arguments")
        tensors = dict(arguments) if isinstance(arguments, Mapping) else {}
        tensors["circuit_arguments"] = item.get("circuit_arguments")
        for name, value in tensors.items():
            _measure_tensor(value, f"{place}.{name}")


def _measure_shape(shape: Any, place: str) -> None:
    if shape is None:
        return
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise JobFailure(f"The shape at {place} must be a list of integers of at least 0.")
    if len(shape) > 32:
        raise JobFailure(f"The shape at {place} has {len(shape)} axes; 32 are the most.")
    if math.prod(shape) > _MOST_ELEMENTS:
        raise JobFailure(
            f"The shape at {place} has {math.prod(shape):,} elements; a job may make"
            f" {_MOST_ELEMENTS:,} executions.",
            solution="Split the job, or ask for fewer randomizations or parameter sets.",
        )


def _measure_tensor(value: Any, place: str) -> None:
    if not isinstance(value, Mapping) or not {"data", "shape", "dtype"} <= value.keys():
        return
    data, shape, dtype = value["data"], value["shape"], value["dtype"]
    if not isinstance(data, str) or dtype not in _BITS:
        raise JobFailure(f"The tensor at {place} must have text as data and a known dtype.")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise JobFailure(f"The shape of the tensor at {place} must be integers of at least 0.")
    if len(shape) > 32:
        raise JobFailure(f"The shape of the tensor at {place} has {len(shape)} axes; 32 are the most.")
    expected = -(-math.prod(shape) * _BITS[dtype] // 8)
    if expected > _MOST_BYTES:
        raise JobFailure(f"The tensor at {place} has {expected:,} bytes; the sandbox takes {_MOST_BYTES:,}.")
    if inflated_size(data, expected) not in (expected, None):
        raise JobFailure(f"The data of the tensor at {place} does not have the size that its shape says.")


def _measure_qpy(value: Any, name: str, place: str) -> None:
    data = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(data, str) and (inflated_size(data, _MOST_BYTES) or 0) > _MOST_BYTES:
        raise JobFailure(f"The QPY data at {place} is too large.")


def inflated_size(text: str, most: int) -> int | None:
    """Return how many bytes base64 of compressed data holds; stops inflating a little past `most`.

    Returns:
        The size, something above `most` when it is larger; None when the text is no compressed data.
    """
    try:
        inflate = zlib.decompressobj()
        data = pybase64.b64decode(text)
        size = 0
        while data and size <= most:
            size += len(inflate.decompress(data, 1 << 20))
            data = inflate.unconsumed_tail
    except (binascii.Error, ValueError, zlib.error):
        return None
    return size


def _circuits(program: Any) -> Sequence[QuantumCircuit]:
    try:
        if hasattr(program, "circuits"):
            loaded = program.circuits.to_python(use_cached=True)
        else:
            loaded = [item.circuit.to_quantum_circuit(use_cached=True) for item in program.items]
    except Exception as error:
        # Damaged QPY or OpenQASM makes the readers raise whatever their parts raise.
        raise JobFailure(f"The circuits of the program cannot be read: {error}.") from error
    if not all(isinstance(circuit, QuantumCircuit) for circuit in loaded):
        raise JobFailure("The program holds something that is no circuit.")
    return [with_standard_gates(circuit) for circuit in loaded]


def _item(circuit: QuantumCircuit, model: Any) -> Item:
    if model.item_type == "samplex":
        return _samplex_item(circuit, model)
    arguments = model.circuit_arguments.to_numpy()
    arguments = arguments.reshape(0) if arguments.ndim == 0 else arguments
    if arguments.shape[-1] != circuit.num_parameters:
        raise JobFailure(
            f"The circuit has {circuit.num_parameters} parameters, but its arguments have"
            f" {arguments.shape[-1]} values for each execution."
        )
    if not np.all(np.isfinite(arguments)):
        raise JobFailure("The arguments of a circuit must be finite numbers.")
    shape = _broadcast(getattr(model, "shape", []), arguments.shape[:-1])
    return Item(circuit, shape, arguments=arguments)


def _samplex_item(circuit: QuantumCircuit, model: Any) -> Item:
    try:
        samplex = model.samplex.to_samplex(use_cached=True).finalize()
        inputs = samplex.inputs().make_broadcastable()
        for name, value in model.samplex_arguments.items():
            inputs[name] = _argument(value)
        drawn = samplex.outputs().get_specs("parameter_values")
        given = inputs.shape
    except Exception as error:
        # Loading and binding raise whatever the parts of a malformed samplex raise.
        raise JobFailure(f"A samplex or its arguments cannot be read: {error}.") from error
    if not inputs.fully_bound:
        missing = " ".join(inputs.describe(include_bound=False).split())
        raise JobFailure(f"Arguments of a samplex are missing: {missing}")
    parameters = int(drawn[0].shape[-1]) if drawn else 0
    if parameters != circuit.num_parameters:
        raise JobFailure(
            f"A samplex draws {parameters} parameters, but its circuit has {circuit.num_parameters}."
        )
    return Item(circuit, _broadcast(model.shape, given), samplex=samplex, inputs=inputs)


def _argument(value: Any) -> Any:
    if hasattr(value, "to_numpy"):
        return value.to_numpy()
    return value.to_pauli_lindblad_map() if hasattr(value, "to_pauli_lindblad_map") else value


def _broadcast(asked: Sequence[int], given: Sequence[int]) -> tuple[int, ...]:
    try:
        shape = np.broadcast_shapes(tuple(asked), tuple(given))
    except ValueError as error:
        raise JobFailure(
            f"The shape {tuple(asked)} of an item does not fit its arguments, of shape {tuple(given)}."
        ) from error
    _measure_shape(list(shape), "items")
    return tuple(shape)
