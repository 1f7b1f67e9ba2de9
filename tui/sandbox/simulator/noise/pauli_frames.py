"""Noisy shots of Clifford circuits by Pauli frames: all shots at once, any number of qubits.

One noiseless shot of a stabilizer simulation is the reference. Each noisy shot differs from it by a Pauli
(its frame), which the gates carry along and the noise multiplies; where the frame flips a measured qubit,
the outcome is the other one. A random Z on every fresh or measured qubit, which changes nothing there,
makes outcomes random that are (Gidney, "Stim", Quantum 5, 497, section 4; after Rall et al.,
arXiv:1811.11370). No feedback: nothing may depend on an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit_aer import AerSimulator

from tui.sandbox.simulator.base.calibration import calibration
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.delays import delay_seconds

Flags = NDArray[np.bool_]

_QUARTER_Z = ("s", "sdg")
_QUARTER_X = ("sx", "sxdg")
_ENTANGLING = ("cx", "cy", "cz", "ecr", "swap")
# Of the numbers 0 to 3 for I, X, Y, Z: which flip a qubit, and which its phase.
_FLIPS = np.array([False, True, True, False])
_PHASES = np.array([False, False, True, True])


class Frames:
    """The frames of many shots: for each qubit whether the shot has an X and a Z there."""

    def __init__(self, qubits: int, shots: int, generator: np.random.Generator) -> None:
        self._generator = generator
        self.x: Flags = np.zeros((qubits, shots), dtype=bool)
        self.z: Flags = generator.integers(0, 2, (qubits, shots), dtype=np.uint8).astype(bool)

    def gate(self, name: str, qubits: Sequence[int]) -> None:
        """Carry the frames through a Clifford gate."""
        x, z = self.x, self.z
        first, last = qubits[0], qubits[-1]
        if name == "h":
            x[first], z[first] = z[first].copy(), x[first].copy()
        elif name in _QUARTER_Z:
            z[first] ^= x[first]
        elif name in _QUARTER_X:
            x[first] ^= z[first]
        elif name == "cx":
            x[last] ^= x[first]
            z[first] ^= z[last]
        elif name == "cz":
            z[last] ^= x[first]
            z[first] ^= x[last]
        elif name == "cy":
            self._each(("s", last), ("cx", first, last), ("s", last))
        elif name == "ecr":
            self._each(("s", first), ("sx", last), ("cx", first, last))
        elif name == "swap":
            x[[first, last]], z[[first, last]] = x[[last, first]], z[[last, first]]

    def noise(self, probabilities: NDArray[np.float64], qubits: Sequence[int]) -> None:
        """Multiply the frames by Paulis drawn from a channel, the first qubit's letter varying fastest."""
        chance = self._generator.random(self.x.shape[1])
        drawn: Any = np.searchsorted(np.cumsum(probabilities), chance)
        hit = np.flatnonzero(drawn)
        letters = np.minimum(drawn[hit], len(probabilities) - 1)
        for qubit in qubits:
            self.x[qubit, hit] ^= _FLIPS[letters % 4]
            self.z[qubit, hit] ^= _PHASES[letters % 4]
            letters = letters // 4

    def measured(self, qubit: int) -> Flags:
        """Which shots have the other outcome than the reference."""
        self.z[qubit] ^= self._coins()
        differing: Flags = self.x[qubit].copy()
        return differing

    def reset(self, qubit: int) -> None:
        """The qubit is fresh in every shot."""
        self.x[qubit] = False
        self.z[qubit] = self._coins()

    def _coins(self) -> Flags:
        coins: Flags = self._generator.integers(0, 2, self.x.shape[1], dtype=np.uint8).astype(bool)
        return coins

    def _each(self, *gates: tuple[Any, ...]) -> None:
        for name, *qubits in gates:
            self.gate(name, qubits)


def sample_frames(
    circuit: QuantumCircuit,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
    *,
    twirled_readout: bool,
) -> Bits:
    """The outcomes of a Clifford circuit without feedback: a row a shot, column i classical bit i."""
    data = calibration(device)
    reference = _reference(circuit, generator)
    frames = Frames(circuit.num_qubits, shots, generator)
    bits: Bits = np.zeros((shots, circuit.num_clbits), dtype=np.uint8)
    places = {bit: index for index, bit in enumerate((*circuit.qubits, *circuit.clbits))}
    for instruction in circuit.data:
        name = instruction.operation.name
        here = [places[qubit] for qubit in instruction.qubits]
        if name == "barrier":
            continue
        if name == "measure":
            column = places[instruction.clbits[0]] - circuit.num_qubits
            truth = frames.measured(here[0]) ^ bool(reference[column])
            bits[:, column] = _read(truth, data.qubits[qubits[here[0]]], twirled_readout, generator)
            continue
        if name == "delay":
            seconds = delay_seconds(instruction.operation, data.dt)
            frames.noise(noise.delay_channel(device, qubits[here[0]], seconds), here)
            continue
        if name == "reset":
            frames.reset(here[0])
        else:
            frames.gate(name, here)
        channel = noise.pauli_channel(device, name, tuple(qubits[place] for place in here))
        if channel is not None:
            frames.noise(channel, here)
    return bits


def _read(truth: Flags, qubit: Any, twirled: bool, generator: np.random.Generator) -> Flags:
    up, down = noise.misreading(qubit, twirled)
    return truth ^ (generator.random(truth.shape) < np.where(truth, down, up))


def _reference(circuit: QuantumCircuit, generator: np.random.Generator) -> Mapping[int, int]:
    """The outcomes of one shot without noise, by classical bit."""
    result = AerSimulator(method="stabilizer").run(
        circuit, shots=1, memory=True, seed_simulator=int(generator.integers(2**31))
    )
    memory = result.result().data(0).get("memory")
    number = int(memory[0], 16) if memory else 0
    return {bit: number >> bit & 1 for bit in range(circuit.num_clbits)}
