"""Executions of an item: its arguments drawn, its circuit simulated for all of them, outcomes in arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from tui.qiskit_common.traversal import has_feedback
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit, reduce_qubits
from tui.sandbox.simulator.executor.independent import independent_parts
from tui.sandbox.simulator.executor.program import Item
from tui.sandbox.simulator.noise.durations import has_parametric_delay
from tui.sandbox.simulator.noise.idle import with_idle_delays
from tui.sandbox.simulator.noise.pauli_transfer import MOST_QUBITS, measures_last, sample_batch
from tui.sandbox.simulator.noise.shots import choose_runs, sample_shots
from tui.sandbox.simulator.primitives.accounting import JobAccounting

Floats = NDArray[np.float64]
BATCH_METHOD = "density matrices in the Pauli basis"

# A samplex draws angles in single precision; a Clifford circuit is recognised by exact quarter turns.
_QUARTER = math.pi / 2
_CLOSE = 1e-6


def draw_arguments(item: Item, generator: np.random.Generator) -> tuple[Floats, dict[str, Any]]:
    """Draw the arguments of all executions of an item.

    A samplex is sampled once for every place of its inputs' shape, with as many randomizations as the shape
    of the item has beside it.

    Args:
        item: The item.
        generator: Source of the randomness.

    Returns:
        Values of shape `(item.size, parameters)` in the order of `circuit.parameters`; and the other outputs
        of the samplex, by name, of shape `(*item.shape, ...)`.

    Raises:
        JobFailure: The samplex cannot be sampled.
    """
    parameters = item.circuit.num_parameters
    if item.samplex is None or item.inputs is None:
        given = np.empty((0,)) if item.arguments is None else item.arguments
        values = np.broadcast_to(given, (*item.shape, parameters)).reshape(item.size, parameters)
        return values.astype(np.float64), {}
    given_shape = (1,) * (len(item.shape) - item.inputs.ndim) + tuple(item.inputs.shape)
    swept = [axis for axis, size in enumerate(given_shape) if size > 1]
    repeated = [size for axis, size in enumerate(item.shape) if axis not in swept]
    drawn: dict[str, Any] = {}
    for place in np.ndindex(*(item.shape[axis] for axis in swept)):
        where: list[Any] = [slice(None)] * len(item.shape)
        for axis, index in zip(swept, place, strict=True):
            where[axis] = index
        first = len(item.shape) - item.inputs.ndim
        inputs = tuple(index if isinstance(index, int) else 0 for index in where[first:])
        for name, sample in _sample(item, inputs, math.prod(repeated), generator).items():
            if name not in drawn:
                drawn[name] = np.empty((*item.shape, *sample.shape[1:]), dtype=sample.dtype)
            drawn[name][tuple(where)] = sample.reshape(*repeated, *sample.shape[1:])
    values = drawn.pop("parameter_values", np.empty((*item.shape, 0)))
    return values.reshape(item.size, parameters).astype(np.float64), drawn


def _sample(
    item: Item, place: tuple[int, ...], randomizations: int, generator: np.random.Generator
) -> dict[str, np.ndarray[Any, Any]]:
    assert item.samplex is not None and item.inputs is not None
    try:
        sampled = item.samplex.sample(
            item.inputs[place] if place else item.inputs,
            num_randomizations=randomizations,
            rng=generator,
            max_workers=1,
        )
    except Exception as error:
        # A samplex from outside runs here: its nodes raise whatever numpy raises.
        raise JobFailure(f"A samplex cannot be sampled: {error}.") from error
    return {name: np.asarray(array) for name, array in dict(sampled).items()}


def sample_item(
    circuit: QuantumCircuit,
    values: Floats,
    device: str,
    shots: int,
    generator: np.random.Generator,
    accounting: JobAccounting,
) -> Bits:
    """Take the shots of all executions of a circuit.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        values: Its arguments, of shape `(executions, parameters)`.
        device: Name of the device.
        shots: Shots of every execution.
        generator: Source of the randomness.
        accounting: The account of the job.

    Returns:
        Outcomes of shape (executions, shots, classical bits), column i for classical bit i.

    Raises:
        JobFailure: A part of the circuit cannot be simulated.
    """
    bits: Bits = np.zeros((len(values), shots, circuit.num_clbits), dtype=np.uint8)
    together: list[tuple[int, ...]] = []
    for part in item_parts(circuit, values, accounting):
        if part.in_batches:
            sampled = part.sample_batch(len(values), device, shots, generator)
            together.append(part.reduced.qubits)
        else:
            sampled = _one_by_one(part, len(values), device, shots, generator, accounting)
        bits[..., part.columns] = sampled[..., part.columns]
    alone = sum((qubits for qubits in together if len(qubits) == 1), ())
    for qubits in (*(qubits for qubits in together if len(qubits) > 1), *filter(None, [alone])):
        accounting.log_method(BATCH_METHOD, True, qubits, shots)
    return bits


@dataclass(frozen=True)
class ItemPart:
    """A part of an item that shares no qubit with another one.

    Attributes:
        circuit: The part on all the qubits and bits of the item's circuit.
        reduced: The same on the qubits in use.
        columns: Numbers of the classical bits that it writes.
        values: For each of its parameters the value in every execution.
        in_batches: Simulate many executions at once.
    """

    circuit: QuantumCircuit
    reduced: ReducedCircuit
    columns: list[int]
    values: Mapping[Any, Floats]
    in_batches: bool

    def bound(self, execution: int) -> ReducedCircuit:
        """Bind the circuit for an execution."""
        row = {parameter: _snapped(float(column[execution])) for parameter, column in self.values.items()}
        return reduce_qubits(self.circuit.assign_parameters(row))

    def sample_batch(self, executions: int, device: str, shots: int, generator: np.random.Generator) -> Bits:
        """Take the shots of the first executions, many of them at once."""
        values = {parameter: column[:executions] for parameter, column in self.values.items()}
        circuit, qubits = self.reduced.circuit, self.reduced.qubits
        return sample_batch(circuit, values, executions, device, qubits, shots, generator)


def item_parts(circuit: QuantumCircuit, values: Floats, accounting: JobAccounting) -> list[ItemPart]:
    """Split the circuit of an item into what is simulated by itself, with the noise of waiting.

    Args:
        circuit: A circuit whose qubit i is physical qubit i.
        values: Its arguments, of shape `(executions, parameters)`.
        accounting: The account of the job.
    """
    if not has_parametric_delay(circuit):
        circuit = with_idle_delays(circuit, accounting.data)
    named = {parameter: values[:, index] for index, parameter in enumerate(circuit.parameters)}
    parts = []
    for part in independent_parts(circuit):
        own = {parameter: named[parameter] for parameter in part.circuit.parameters}
        reduced = reduce_qubits(part.circuit)
        batched = _in_batches(reduced.circuit)
        parts.append(ItemPart(part.circuit, reduced, list(part.columns), own, batched))
    return parts


def _in_batches(circuit: QuantumCircuit) -> bool:
    return circuit.num_qubits <= MOST_QUBITS and not has_feedback(circuit) and measures_last(circuit)


def _one_by_one(
    part: ItemPart,
    executions: int,
    device: str,
    shots: int,
    generator: np.random.Generator,
    accounting: JobAccounting,
) -> Bits:
    """Bind the circuit for every execution and simulate it by the method that suits it best."""
    runs = choose_runs([part.bound(index) for index in range(executions)], device, shots)
    for run in runs:
        accounting.log_run(run, shots)
    return np.stack(sample_shots(runs, device, shots, int(generator.integers(2**31))))


def _snapped(angle: float) -> float:
    """The angle, made exact when it is all but a multiple of a quarter turn."""
    exact = round(angle / _QUARTER) * _QUARTER
    return exact if abs(angle - exact) < _CLOSE else angle
