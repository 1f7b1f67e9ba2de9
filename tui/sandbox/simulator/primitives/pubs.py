"""Pubs (primitive unified blocs): circuits checked against the device, parameter values in their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ParameterExpression, QuantumCircuit
from qiskit.transpiler import Target

from tui.qiskit_common.traversal import walk
from tui.sandbox.core.devices import device_name
from tui.sandbox.simulator.base import typed_json
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.loader import LoadedCircuit, load_circuit
from tui.sandbox.simulator.primitives.accounting import JobAccounting

Values = NDArray[np.float64]

_MORE = (
    " Circuits that do not match the target hardware definition are no longer supported after March 4, 2024."
    " See the transpilation documentation (https://quantum.cloud.ibm.com/docs/guides/transpile) for"
    " instructions to transform circuits and the primitive examples"
    " (https://quantum.cloud.ibm.com/docs/guides/primitives-examples) to see this coupled with operator"
    " transformations."
)
# Rounding may push an angle of pi/2 over the edge; IBM's client allows as much.
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Pub:
    """A circuit that fits the device, and its parameter values, of shape `(*shape, parameters)`."""

    loaded: LoadedCircuit
    values: Values

    @property
    def circuit(self) -> QuantumCircuit:
        """The circuit, unbound."""
        return self.loaded.circuit

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter sets."""
        return tuple(self.values.shape[:-1])

    def bind(self, circuit: QuantumCircuit, index: tuple[int, ...]) -> QuantumCircuit:
        """Give the parameters of a circuit their values.

        Args:
            circuit: This pub's circuit, or one made from it.
            index: The parameter set, an index of `shape`.

        Raises:
            JobFailure: The device cannot play an angle.
        """
        if not self.circuit.parameters:
            return circuit
        row = dict(zip([p.name for p in self.circuit.parameters], self.values[index].tolist(), strict=True))
        bound = circuit.assign_parameters({p: row[p.name] for p in circuit.parameters})
        check_bound_angles(bound)
        return bound


def read_pub(circuit: Any, values: Any, device: str, accounting: JobAccounting) -> Pub:
    """Read the circuit and the parameter values of a pub and add the circuit to the account.

    Raises:
        JobFailure: One of them is malformed, or the circuit does not fit the device.
    """
    loaded = load_circuit(circuit)
    check_isa(loaded.circuit, target(device), device)
    pub = Pub(loaded, parameter_values(loaded.circuit, values))
    accounting.add_circuit(loaded.circuit)
    return pub


def read_v1_pubs(params: Mapping[str, Any], device: str, accounting: JobAccounting) -> list[Pub]:
    """Read `circuits` with `circuit_indices` and `parameter_values`, as the first primitives had them.

    Raises:
        JobFailure: A circuit, an index or a value is wrong, or there are several sets for one circuit.
    """
    circuits = choose_v1(params["circuits"], params.get("circuit_indices"), "circuit")
    values = params.get("parameter_values") or [None]
    values = repeat_v1(values, len(circuits), "parameter value sets")
    pubs = [read_pub(*pair, device, accounting) for pair in zip(circuits, values, strict=True)]
    if any(pub.shape for pub in pubs):
        raise JobFailure("Give one set of parameter values for each circuit.")
    return pubs


def choose_v1(given: Any, indices: Any, what: str) -> list[Any]:
    """Return the items that `indices` name, in that order; all of them when it is None.

    Args:
        given: A list, or the only item.
        indices: Numbers from 0, below the number of items.
        what: The items' name for the message.

    Raises:
        JobFailure: An index is out of range.
    """
    items: list[Any] = given if isinstance(given, list) else [given]
    if indices is None:
        return items
    if not all(isinstance(index, int) and 0 <= index < len(items) for index in indices):
        raise JobFailure(f"The {what} indices must be numbers from 0 to {len(items) - 1}.")
    return [items[index] for index in indices]


def repeat_v1(items: Sequence[Any], count: int, what: str) -> list[Any]:
    """Return one item for each of `count` circuits, the same for all when there is only one.

    Raises:
        JobFailure: There are as many as neither one nor the circuits.
    """
    if len(items) not in (1, count):
        raise JobFailure(f"There are {count} circuits but {len(items)} {what}.")
    return list(items) * count if len(items) == 1 else list(items)


def check_isa(circuit: QuantumCircuit, target: Target, device: str) -> None:
    """Check that every instruction is one of the target's, on these qubits.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        target: The instructions of the device.
        device: Key of the device, for the advice.

    Raises:
        JobFailure: It does not; code 1517, with the text of IBM's own client.
    """
    if circuit.num_qubits > target.num_qubits:
        message = (
            f"The circuit has {circuit.num_qubits} qubits"
            f" but the target system requires {target.num_qubits} qubits."
        )
    else:
        message = _unsupported(circuit, target)
    if message:
        raise JobFailure(
            message + _MORE, 1517, f"Transpile the circuit for {device_name(device)} and submit the result."
        )


def check_bound_angles(circuit: QuantumCircuit) -> None:
    """Check the angles of a circuit after its parameters got values.

    Raises:
        JobFailure: An rzz angle is outside of what is calibrated; code 1517.
    """
    for instruction in circuit.data:
        if instruction.operation.name == "rzz" and (message := _bad_angle(instruction.operation.params[0])):
            raise JobFailure(message, 1517, "Fold the angle into [0, pi/2] before you submit.")


def parameter_values(circuit: QuantumCircuit, given: Any) -> Values:
    """Read the parameter values of a pub.

    Args:
        circuit: The circuit with the parameters.
        given: Null, `{name: number or array}`, an array whose last axis is the parameters, or one of these
            typed. A `ParameterVector` may be given by its name, with its elements on the last axis.

    Returns:
        Values of shape `(*shape, number of parameters)`, in the order of `circuit.parameters`.

    Raises:
        JobFailure: The values do not fit the parameters or are not finite numbers.
    """
    names = [parameter.name for parameter in circuit.parameters]
    values = typed_json.decode(given)
    if values is None or (isinstance(values, list | Mapping) and not values):
        values = np.empty((0,))
    if isinstance(values, Mapping):
        return _from_names(names, values)
    array = np.atleast_1d(typed_json.number_array(values))
    if not names and array.size == 0:
        # (0,) is how "no values" looks; (3, 0) is three sets of none.
        return array.reshape(*array.shape[:-1], 0)
    if not names:
        raise JobFailure(f"The circuit has no parameters, but {array.shape[-1]} parameter values were given.")
    if array.shape[-1] != len(names):
        raise JobFailure(
            f"The circuit has {len(names)} parameters ({', '.join(names)}), but {array.shape[-1]} values"
            " were given for each set.",
            solution="Give one value for each parameter of the transpiled circuit.",
        )
    return _finite(array)


def _unsupported(circuit: QuantumCircuit, target: Target) -> str:
    for instruction, qubits in walk(circuit):
        operation = instruction.operation
        if operation.name not in ("barrier", "store") and not target.instruction_supported(
            operation.name, qubits
        ):
            return (
                f"The instruction {operation.name} on qubits {qubits} is not supported by the target system."
            )
        if operation.name == "rzz" and (message := _bad_angle(operation.params[0])):
            return message
    return ""


def _bad_angle(angle: Any) -> str:
    if isinstance(angle, ParameterExpression) and angle.parameters:
        return ""
    if 0.0 <= float(angle) <= math.pi / 2 + _TOLERANCE:
        return ""
    return (
        "The instruction rzz is supported only for angles in the range [0, pi/2],"
        f" but an angle ({angle}) outside of this range has been requested."
    )


def _from_names(names: Sequence[str], given: Mapping[str, Any]) -> Values:
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in given.items():
        array = typed_json.number_array(value)
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
