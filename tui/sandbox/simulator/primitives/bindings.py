"""Parameter values of a pub, in every form the service takes, to an array in the circuit's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base import typed_json as wire
from tui.sandbox.simulator.base.values import JobFailure

Values = NDArray[np.float64]


def parameter_values(circuit: QuantumCircuit, given: Any) -> Values:
    """Values of shape `(*shape, number of parameters)`, in the order of `circuit.parameters`.

    `given` is null, `{name: number or array}`, an array whose last axis is the parameters, or one of
    these typed. A `ParameterVector` may be given by its name, with its elements on the last axis.
    Raises `JobFailure`.
    """
    names = [parameter.name for parameter in circuit.parameters]
    values = wire.plain(given)
    if values is None or (isinstance(values, list | Mapping) and not values):
        values = np.empty((0,))
    if isinstance(values, Mapping):
        return _from_names(names, values)
    array = wire.numbers(values)
    if array.ndim == 0:
        array = array.reshape(1)
    if not names:
        if array.size == 0:
            # (0,) is how "no values" looks; (3, 0) is three sets of none.
            return array.reshape(*array.shape[:-1], 0)
        raise JobFailure(f"The circuit has no parameters, but {array.shape[-1]} parameter values were given.")
    if array.shape[-1] != len(names):
        raise JobFailure(
            f"The circuit has {len(names)} parameters ({', '.join(names)}), but {array.shape[-1]} values"
            " were given for each set.",
            solution="Give one value for each parameter of the transpiled circuit.",
        )
    return _finite(array)


def bind(circuit: QuantumCircuit, names: Sequence[str], row: Sequence[float]) -> QuantumCircuit:
    """The circuit with numbers for its parameters."""
    if not names:
        return circuit
    here = {parameter.name: parameter for parameter in circuit.parameters}
    return circuit.assign_parameters(
        {here[name]: float(value) for name, value in zip(names, row, strict=True) if name in here}
    )


def _from_names(names: Sequence[str], given: Mapping[str, Any]) -> Values:
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in given.items():
        array = wire.numbers(value)
        vector = [f"{name}[{index}]" for index in range(array.shape[-1] if array.ndim else 0)]
        if name in names:
            columns[name] = array
        elif vector and all(element in names for element in vector):
            columns.update({element: array[..., index] for index, element in enumerate(vector)})
        else:
            known = f"its parameters are {', '.join(names)}" if names else "it has none"
            raise JobFailure(f"The circuit has no parameter {name!r}: {known}.")
    missing = [name for name in names if name not in columns]
    if missing:
        raise JobFailure(f"There is no value for the parameter {', '.join(map(repr, missing))}.")
    try:
        rows = np.broadcast_arrays(*(columns[name] for name in names))
    except ValueError as error:
        raise JobFailure("The arrays of parameter values have shapes that do not fit together.") from error
    return _finite(np.stack(rows, axis=-1))


def _finite(array: np.ndarray[Any, Any]) -> Values:
    if not np.all(np.isfinite(array)):
        raise JobFailure("Parameter values must be finite numbers.")
    return array.astype(np.float64)
