"""A circuit pulled through its Clifford gates: rotations about Paulis, then measurements of Paulis.

With C the product of the Clifford gates before it, a rotation about Z is one about C^-1 Z C before them
(Litinski, "A game of surface codes", Quantum 3, 128). All Clifford gates then act after the last rotation,
where they only say which Paulis the measurements are of. A Pauli error flips the signs of the rotations and
of the outcomes that it anticommutes with, and does nothing else; stim tells which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import stim
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from tui.qiskit_common.traversal import has_feedback
from tui.sandbox.simulator.noise import noise_model as noise

Flips = NDArray[np.bool_]

_QUARTER = math.pi / 2
_CLOSE = 1e-9
_ROTATIONS = {"rz": "M", "rx": "MX", "rzz": "MZZ"}
# What `exp(-i quarters pi/4 P)` is, in gates that `_Frame` has.
_QUARTERS: Mapping[str, tuple[str, ...]] = {
    "rz": ("I", "S", "Z", "S_DAG"),
    "rx": ("I", "SQRT_X", "X", "SQRT_X_DAG"),
}
_GATES: Mapping[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    **{name: ((name.upper(), (0,)),) for name in ("x", "y", "z", "h", "s")},
    **{name: ((name.upper(), (0, 1)),) for name in ("cx", "cz", "swap")},
    "id": (),
    "sdg": (("S_DAG", (0,)),),
    "sx": (("SQRT_X", (0,)),),
    "sxdg": (("SQRT_X_DAG", (0,)),),
    # Stim has no ecr; up to a phase it is this.
    "ecr": (("S", (0,)), ("SQRT_X", (1,)), ("CX", (0, 1)), ("X", (0,))),
}


@dataclass(frozen=True, slots=True)
class Pauli:
    """The operator `i**phase X**x Z**z`; bit q of `x` and `z` is for qubit q. Hermitian ones have the phase
    of the number of their Ys, or two more."""

    x: int
    z: int
    phase: int = 0

    def __mul__(self, other: Pauli) -> Pauli:
        """Return the product, this operator to the left."""
        phase = self.phase + other.phase + 2 * (self.z & other.x).bit_count()
        return Pauli(self.x ^ other.x, self.z ^ other.z, phase % 4)

    def times_i(self, quarters: int) -> Pauli:
        """Return the operator times `i**quarters`."""
        return Pauli(self.x, self.z, (self.phase + quarters) % 4)

    def anticommutes(self, other: Pauli) -> bool:
        """Return True when the product changes its sign with the order."""
        return ((self.x & other.z) ^ (self.z & other.x)).bit_count() % 2 == 1


@dataclass(frozen=True)
class PulledCircuit:
    """A circuit without feedback as Pauli rotations and measurements of Paulis, of |0...0>.

    Attributes:
        rotations: Of each rotation its Pauli and its angle, in the order in which they act.
        measured: The Pauli of each measurement; they commute.
        columns: The classical bit of each measurement.
        program: The circuit for stim, with noise, and a measurement record for each rotation and each
            measurement, in program order.
        rotation_places: The index of each rotation in the circuit.
        rotation_records: The place of each rotation in the record.
        measurement_records: The place of each measurement in the record.
    """

    rotations: Sequence[tuple[Pauli, float]]
    measured: Sequence[Pauli]
    columns: Sequence[int]
    program: str
    rotation_places: Sequence[int]
    rotation_records: Sequence[int]
    measurement_records: Sequence[int]

    def draw_flips(self, shots: int, generator: np.random.Generator) -> tuple[Flips, Flips]:
        """Draw the Pauli errors of some shots.

        Returns:
            Which rotations and which outcomes they flip: shape (rotations, shots), (measurements, shots).
        """
        simulator = stim.FlipSimulator(
            batch_size=shots, disable_stabilizer_randomization=True, seed=int(generator.integers(2**31))
        )
        simulator.do(stim.Circuit(self.program))
        flips = simulator.get_measurement_flips()
        return flips[list(self.rotation_records)], flips[list(self.measurement_records)]


def pull_circuit(circuit: QuantumCircuit, device: str, qubits: Sequence[int]) -> PulledCircuit | None:
    """Pull the rotations of a bound circuit to its front.

    A qubit that is reset goes on as a new one, and the outcome of a measurement after which the qubit is
    used is copied to a new one: neither changes any statistics.

    Args:
        circuit: The circuit on the qubits it uses.
        device: Name of the device whose noise, twirled to Paulis, follows every gate.
        qubits: The physical qubit of each qubit of the circuit.

    Returns:
        None when an operation depends on an outcome, or is none that the devices have.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    if has_feedback(circuit):
        return None
    places = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    columns = {bit: index for index, bit in enumerate(circuit.clbits)}
    pulling = _Pulling(circuit.num_qubits)
    for index, (instruction, used_later) in enumerate(zip(circuit.data, _used_later(circuit), strict=True)):
        operation = instruction.operation
        numbers = tuple(places[qubit] for qubit in instruction.qubits)
        name = operation.name
        if name == "barrier":
            continue
        if name == "measure":
            pulling.measure(numbers[0], columns[instruction.clbits[0]], used_later)
        elif name == "reset":
            pulling.reset(numbers[0])
        elif name in _ROTATIONS:
            pulling.rotate(name, float(operation.params[0]), numbers, index)
        elif name in _GATES:
            pulling.gate(name, numbers)
        elif name != "delay":
            return None
        channel = noise.channel_after(device, operation, tuple(qubits[number] for number in numbers))
        if channel is not None:
            pulling.noise(channel, numbers)
    return pulling.pulled()


class _Frame:
    """What X and Z of each qubit are before the Clifford gates so far: `C^-1 X C`, `C^-1 Z C`."""

    def __init__(self, qubits: int) -> None:
        self.x = [Pauli(1 << qubit, 0) for qubit in range(qubits)]
        self.z = [Pauli(0, 1 << qubit) for qubit in range(qubits)]

    def add(self) -> int:
        """Add a qubit and return its number."""
        qubit = len(self.x)
        self.x.append(Pauli(1 << qubit, 0))
        self.z.append(Pauli(0, 1 << qubit))
        return qubit

    def apply(self, name: str, qubits: Sequence[int]) -> None:
        """Append a gate, by its name in stim."""
        x, z, q = self.x, self.z, qubits[0]
        match name:
            case "X":
                z[q] = z[q].times_i(2)
            case "Y":
                x[q], z[q] = x[q].times_i(2), z[q].times_i(2)
            case "Z":
                x[q] = x[q].times_i(2)
            case "H":
                x[q], z[q] = z[q], x[q]
            case "S" | "S_DAG":  # X to -Y and to Y.
                x[q] = (x[q] * z[q]).times_i(3 if name == "S" else 1)
            case "SQRT_X" | "SQRT_X_DAG":  # Z to Y and to -Y.
                z[q] = (x[q] * z[q]).times_i(1 if name == "SQRT_X" else 3)
            case "CX":
                target = qubits[1]
                x[q], z[target] = x[q] * x[target], z[q] * z[target]
            case "CZ":
                other = qubits[1]
                x[q], x[other] = x[q] * z[other], z[q] * x[other]
            case "SWAP":
                other = qubits[1]
                x[q], x[other], z[q], z[other] = x[other], x[q], z[other], z[q]


class _Pulling:
    """The state of pulling a circuit: where its qubits are, the frame, what was found."""

    def __init__(self, qubits: int) -> None:
        self._frame = _Frame(qubits)
        self._current = list(range(qubits))
        self._fresh = [True] * qubits
        self._lines: list[str] = []
        self._records = 0
        self._rotations: list[tuple[Pauli, float, int, int]] = []
        self._measured: list[tuple[Pauli, int, int]] = []

    def gate(self, name: str, numbers: Sequence[int]) -> None:
        for part, operands in _GATES[name]:
            self._apply(part, [numbers[operand] for operand in operands])
        self._touch(numbers)

    def rotate(self, name: str, angle: float, numbers: Sequence[int], index: int) -> None:
        quarters = round(angle / _QUARTER)
        if abs(angle / _QUARTER - quarters) < _CLOSE:
            self._quarters(name, quarters % 4, numbers)
        else:
            at = [self._current[number] for number in numbers]
            paulis = self._frame.x if name == "rx" else self._frame.z
            axis = paulis[at[0]] if len(at) == 1 else paulis[at[0]] * paulis[at[1]]
            self._rotations.append((axis, angle, index, self._record(_ROTATIONS[name], at)))
        self._touch(numbers)

    def measure(self, number: int, column: int, used_later: bool) -> None:
        at = self._current[number]
        if used_later:
            copy = self._frame.add()
            self._frame.apply("CX", (at, copy))
            self._lines.append(f"CX {at} {copy}")
            at = copy
        self._measured.append((self._frame.z[at], column, self._record("M", [at])))
        self._touch((number,))

    def reset(self, number: int) -> None:
        if not self._fresh[number]:
            self._current[number] = self._frame.add()

    def noise(self, channel: noise.Probabilities, numbers: Sequence[int]) -> None:
        # The second letter varies fastest in stim, the first in the channel.
        chances = ",".join(map(repr, channel[1:].tolist()))
        at = " ".join(str(self._current[number]) for number in reversed(numbers))
        self._lines.append(f"PAULI_CHANNEL_{len(numbers)}({chances}) {at}")
        self._touch(numbers)

    def pulled(self) -> PulledCircuit:
        # Of several measurements into one bit the last one counts.
        last = {column: (pauli, column, record) for pauli, column, record in self._measured}.values()
        return PulledCircuit(
            rotations=[(pauli, angle) for pauli, angle, _, _ in self._rotations],
            measured=[pauli for pauli, _, _ in last],
            columns=[column for _, column, _ in last],
            program="\n".join(self._lines),
            rotation_places=[index for _, _, index, _ in self._rotations],
            rotation_records=[record for _, _, _, record in self._rotations],
            measurement_records=[record for _, _, record in last],
        )

    def _quarters(self, name: str, quarters: int, numbers: Sequence[int]) -> None:
        """Rotate by a multiple of pi/2, which is a Clifford gate."""
        gate = _QUARTERS["rx" if name == "rx" else "rz"][quarters]
        # exp(-i quarters pi/4 ZZ): a turn of both, and a CZ for each odd quarter.
        for number in numbers:
            if gate != "I":
                self._apply(gate, [number])
        if len(numbers) == 2 and quarters % 2:
            self._apply("CZ", numbers)

    def _apply(self, name: str, numbers: Sequence[int]) -> None:
        at = [self._current[number] for number in numbers]
        self._frame.apply(name, at)
        self._lines.append(f"{name} {' '.join(map(str, at))}")

    def _record(self, name: str, at: Sequence[int]) -> int:
        self._lines.append(f"{name} {' '.join(map(str, at))}")
        self._records += 1
        return self._records - 1

    def _touch(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._fresh[number] = False


def _used_later(circuit: QuantumCircuit) -> list[bool]:
    """For each instruction whether a qubit of it goes on to anything but a reset."""
    goes_on: dict[object, bool] = {}
    used: list[bool] = []
    for instruction in reversed(circuit.data):
        name = instruction.operation.name
        used.append(any(goes_on.get(qubit, False) for qubit in instruction.qubits))
        if name not in ("barrier", "delay"):
            goes_on.update(dict.fromkeys(instruction.qubits, name != "reset"))
    used.reverse()
    return used
