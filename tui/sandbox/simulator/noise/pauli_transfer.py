"""Exact noisy simulation of few qubits for many angles at once, in the Pauli basis.

A state is the real vector of its Pauli means (Greenbaum, "Introduction to quantum gate set tomography",
arXiv:1509.02921, section 2); gates and noise are real matrices on it. All executions of a template differ
in the angles of some rotations alone, so they are one array with the executions as first axis. Gates on one
qubit are gathered and applied together with the next gate on two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ParameterExpression, QuantumCircuit
from qiskit.circuit.library import RXGate, RZGate, RZZGate, get_standard_gate_name_mapping
from qiskit.quantum_info import PTM, Operator, SuperOp

from tui.qiskit_common.traversal import walk
from tui.sandbox.simulator.base.calibration import calibration
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.durations import delay_seconds

Floats = NDArray[np.float64]

MOST_QUBITS = 8
# Bounds the memory of the states that are simulated together.
_MOST_ELEMENTS = 1 << 22
_ROTATIONS = {"rx": RXGate, "rz": RZGate, "rzz": RZZGate}
_STANDARD = get_standard_gate_name_mapping()
_IDLE = ("barrier", "delay")


def measures_last(circuit: QuantumCircuit) -> bool:
    """Return True when nothing but idling follows a measurement of a qubit, and no bit is written twice."""
    measured: set[Any] = set()
    written: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name in _IDLE:
            continue
        if not measured.isdisjoint(instruction.qubits):
            return False
        if name == "measure":
            if instruction.clbits[0] in written:
                return False
            measured.add(instruction.qubits[0])
            written.add(instruction.clbits[0])
    return True


def sample_batch(
    circuit: QuantumCircuit,
    values: Mapping[Any, Floats],
    batch: int,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
) -> Bits:
    """Take shots of many executions of a circuit without feedback whose measurements are last.

    Args:
        circuit: At most `MOST_QUBITS` qubits.
        values: For each parameter its value in every execution, of shape (batch,).
        batch: The number of executions.
        device: Name of the device.
        qubits: The physical qubit of each qubit of the circuit.
        shots: Shots of every execution.
        generator: Source of the randomness.

    Returns:
        Outcomes of shape (batch, shots, classical bits), column i for classical bit i.
    """
    size = max(1, _MOST_ELEMENTS // max(4**circuit.num_qubits, shots))
    parts = []
    for start in range(0, batch, size):
        part = {parameter: value[start : start + size] for parameter, value in values.items()}
        parts.append(_sample(circuit, part, min(size, batch - start), device, qubits, shots, generator))
    return np.concatenate(parts)


def _sample(
    circuit: QuantumCircuit,
    values: Mapping[Any, Floats],
    batch: int,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
) -> Bits:
    state = _BatchState(circuit.num_qubits, batch)
    measured: list[tuple[int, int]] = []
    columns = {bit: index for index, bit in enumerate(circuit.clbits)}
    for instruction, numbers in walk(circuit):
        operation = instruction.operation
        if operation.name == "measure":
            measured.append((numbers[0], columns[instruction.clbits[0]]))
        elif operation.name != "barrier" and not any(number in dict(measured) for number in numbers):
            physical = tuple(qubits[number] for number in numbers)
            state.apply(_transfer(operation, values, device, physical), numbers)
    bits: Bits = np.zeros((batch, shots, len(columns)), dtype=np.uint8)
    if measured:
        data = calibration(device)
        confusion = []
        for number, _ in measured:
            up, down = noise.readout_errors(data.qubits[qubits[number]], False)
            confusion.append(np.array([[1 - up, down], [up, 1 - down]]))
        probabilities = state.probabilities([number for number, _ in measured], confusion)
        bits[..., [column for _, column in measured]] = _draw(probabilities, shots, generator)
    return bits


class _BatchState:
    """The states of all executions: means of shape (batch, 4, ..., 4), axis 1 + i for qubit i."""

    def __init__(self, qubits: int, batch: int) -> None:
        means = np.ones((1,) * (qubits + 1))
        for axis in range(qubits):
            shape = [1] * (qubits + 1)
            shape[axis + 1] = 4
            means = means * np.array([1.0, 0, 0, 1.0]).reshape(shape)
        self._means: Floats = np.repeat(means, batch, axis=0)
        self._pending: dict[int, Floats] = {}

    def apply(self, matrix: Floats, numbers: tuple[int, ...]) -> None:
        """Apply a transfer matrix of shape (1 or batch, 4**k, 4**k), the first qubit's letter fastest."""
        if len(numbers) == 1:
            before = self._pending.get(numbers[0])
            self._pending[numbers[0]] = matrix if before is None else matrix @ before
            return
        if any(number in self._pending for number in numbers):
            gathered = np.ones((1, 1, 1))
            for number in numbers:
                one = self._pending.pop(number, np.eye(4)[None])
                gathered = _kron(one, gathered)
            matrix = matrix @ gathered
        self._multiply(matrix, numbers)

    def probabilities(self, measured: Sequence[int], confusion: Sequence[Floats]) -> Floats:
        """Return probabilities as read, of shape (batch, 2**measured), the first qubit's bit fastest."""
        for number, matrix in list(self._pending.items()):
            self._multiply(matrix, (number,))
        self._pending.clear()
        means = self._means
        for axis in range(1, means.ndim):
            # Of a qubit that is measured I and Z matter, of any other I alone.
            means = means.take([0, 3] if axis - 1 in measured else [0], axis=axis)
        order = [number + 1 for number in reversed(measured)]
        rest = [axis for axis in range(1, means.ndim) if axis not in order]
        means = means.transpose(0, *order, *rest).reshape(len(means), *(2,) * len(measured))
        to_probabilities = np.array([[1.0, 1.0], [1.0, -1.0]]) / 2
        for axis, matrix in enumerate(reversed(confusion), start=1):
            means = np.moveaxis(np.tensordot(matrix @ to_probabilities, means, axes=(1, axis)), 0, axis)
        found = np.clip(means.reshape(len(means), -1), 0, None)
        normalized: Floats = found / found.sum(axis=1, keepdims=True)
        return normalized

    def _multiply(self, matrix: Floats, numbers: tuple[int, ...]) -> None:
        axes = [number + 1 for number in reversed(numbers)]
        front = list(range(1, 1 + len(axes)))
        moved = np.moveaxis(self._means, axes, front)
        product = matrix @ moved.reshape(len(moved), 4 ** len(axes), -1)
        self._means = np.moveaxis(product.reshape(moved.shape), front, axes)


def _kron(first: Floats, second: Floats) -> Floats:
    """Kronecker products of two stacks of square matrices, the index of the second varying fastest."""
    side = first.shape[-1] * second.shape[-1]
    product: Floats = first[:, :, None, :, None] * second[:, None, :, None, :]
    return product.reshape(-1, side, side)


def _draw(probabilities: Floats, shots: int, generator: np.random.Generator) -> Bits:
    """Draw outcomes of shape (batch, shots, bits), the bit that varies fastest first."""
    batch, count = probabilities.shape
    edges = np.cumsum(probabilities, axis=1)
    edges[:, -1] = 1.0
    rows = np.arange(batch)[:, None]
    drawn = np.searchsorted(
        (edges + rows).ravel(), (generator.random((batch, shots)) + rows).ravel(), "right"
    )
    outcomes = np.minimum(drawn.reshape(batch, shots) - rows * count, count - 1)
    shifts = np.arange(count.bit_length() - 1)
    bits: Bits = ((outcomes[..., None] >> shifts) & 1).astype(np.uint8)
    return bits


def _transfer(operation: Any, values: Mapping[Any, Floats], device: str, physical: tuple[int, ...]) -> Floats:
    """The transfer matrix of an operation and the noise after it, of shape (1 or batch, 4**k, 4**k)."""
    name = operation.name
    if name == "delay":
        return _delay_matrix(device, physical[0], delay_seconds(operation, calibration(device).dt))
    noisy = _noise_matrix(device, name, physical)
    if name not in _ROTATIONS:
        return noisy @ _fixed_matrix(name)
    angle = _angles(operation.params[0], values)[:, None, None]
    still, cosine, sine = _rotation_parts(name)
    return noisy @ (still + np.cos(angle) * cosine + np.sin(angle) * sine)


def _angles(angle: Any, values: Mapping[Any, Floats]) -> Floats:
    """The angle in every execution, of shape (1 or batch,)."""
    if not isinstance(angle, ParameterExpression):
        return np.array([float(angle)])
    if angle in values:
        return values[angle]
    names = list(angle.parameters)
    if not names:
        return np.array([float(angle)])
    rows = zip(*(values[name].tolist() for name in names), strict=True)
    return np.array([float(angle.bind(dict(zip(names, row, strict=True)))) for row in rows])


@lru_cache(maxsize=64)
def _fixed_matrix(name: str) -> Floats:
    if name == "reset":
        matrix = np.zeros((1, 4, 4))
        matrix[0, 0, 0] = matrix[0, 3, 0] = 1.0
        return matrix
    return _real(PTM(Operator(_STANDARD[name])))


@lru_cache(maxsize=8)
def _rotation_parts(name: str) -> tuple[Floats, Floats, Floats]:
    """The parts of the matrix of a rotation about a Pauli: what stays, goes by the cosine, by the sine."""
    nothing, quarter, half = (
        _real(PTM(Operator(_ROTATIONS[name](angle)))) for angle in (0.0, math.pi / 2, math.pi)
    )
    still = (nothing + half) / 2
    return still, (nothing - half) / 2, quarter - still


@lru_cache(maxsize=4096)
def _noise_matrix(device: str, name: str, physical: tuple[int, ...]) -> Floats:
    error = None if name == "reset" else noise.gate_error(device, name, physical, exact=True)
    return np.eye(4 ** len(physical))[None] if error is None else _real(PTM(SuperOp(error)))


@lru_cache(maxsize=4096)
def _delay_matrix(device: str, qubit: int, seconds: float) -> Floats:
    error = noise.delay_error(device, qubit, seconds, exact=True)
    return np.eye(4)[None] if error is None else _real(PTM(SuperOp(error)))


def _real(transfer: Any) -> Floats:
    # Qiskit orders the letters as here: the last qubit's varies slowest.
    matrix: Floats = np.ascontiguousarray(transfer.data.real)[None]
    return matrix
