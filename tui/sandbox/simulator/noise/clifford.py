"""Clifford circuits with Pauli noise: recognised, written in Clifford gates, and sampled by stim.

Stim propagates Pauli frames through a stabilizer simulation (Gidney, "Stim: a fast stabilizer circuit
simulator", Quantum 5, 497): all shots at once, any number of qubits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import stim
from numpy.typing import NDArray
from qiskit.circuit import CircuitInstruction, QuantumCircuit
from qiskit.circuit.library import CZGate, SdgGate, SGate, SXdgGate, SXGate, XGate, ZGate

from tui.qiskit_common.traversal import rewrite, walk
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.noise import noise_model as noise

_STIM_NAMES = {
    **{name: name.upper() for name in ("x", "y", "z", "h", "s", "cx", "cy", "cz", "swap")},
    "id": "I",
    "sdg": "S_DAG",
    "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG",
    "measure": "M",
    "reset": "R",
}
# Stim has no ecr; up to a phase it is this.
_ECR = "S {0}\nSQRT_X {1}\nCX {0} {1}\nX {0}"
_CLIFFORD = {*_STIM_NAMES, "ecr", "barrier", "delay"}
_QUARTER = math.pi / 2
_CLOSE = 1e-9
_RZ = (None, SGate, ZGate, SdgGate)
_RX = (None, SXGate, XGate, SXdgGate)


def clifford_form(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """Write rotations by multiples of pi/2 as Clifford gates, up to a global phase.

    Returns:
        The circuit with `rx` as the device's `sx` and `x` (backwards: `sxdg`) and `rzz(pi/2)` with a
        `cz`, so that each keeps a noise of its kind; None when it is not a Clifford circuit.
    """
    try:
        return rewrite(circuit, lambda instruction, _: _clifford_gates(instruction))
    except _NotClifford:
        return None


def sample_clifford(
    circuit: QuantumCircuit,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
    *,
    twirled_readout: bool,
) -> Bits:
    """Sample a Clifford circuit in which nothing depends on an outcome.

    Args:
        circuit: The circuit as `clifford_form` writes it.
        device: Name of the device whose noise, twirled to Paulis, follows every gate. While a qubit waits in
            0 or 1, relaxation is not twirled.
        qubits: The physical qubit of each qubit of the circuit.
        shots: How many shots to take.
        generator: Source of the randomness.
        twirled_readout: Misread 0 and 1 equally often, as under measurement twirling.

    Returns:
        Outcomes of shape (shots, classical bits), column i for classical bit i.
    """
    columns = {bit: index for index, bit in enumerate(circuit.clbits)}
    frames = _Frames(circuit.num_qubits, shots, generator)
    measured: list[tuple[int, int]] = []
    for instruction, numbers in walk(circuit):
        operation = instruction.operation
        places = tuple(qubits[number] for number in numbers)
        if operation.name == "delay":
            frames.relax(numbers[0], *noise.delay_chances(device, operation, places[0]))
            continue
        if operation.name == "ecr":
            frames.add(_ECR.format(*numbers))
        elif operation.name != "barrier":
            frames.add(f"{_STIM_NAMES[operation.name]} {' '.join(map(str, numbers))}")
        if operation.name == "measure":
            measured.append((columns[instruction.clbits[0]], frames.count_measurement()))
        channel = noise.channel_after(device, operation, places)
        if channel is not None:
            frames.add_channel(channel, numbers)
    outcomes = frames.outcomes()
    bits: Bits = np.zeros((shots, len(columns)), dtype=np.uint8)
    for column, record in measured:
        bits[:, column] = outcomes[record]
    noise.misread(bits, circuit, device, qubits, generator, twirled=twirled_readout)
    return bits


class _Frames:
    """All shots of a circuit at once: one run without noise, and the Pauli frame of each shot beside it."""

    def __init__(self, qubits: int, shots: int, generator: np.random.Generator) -> None:
        seed = int(generator.integers(2**31))
        self._reference = stim.TableauSimulator(seed=seed)
        self._reference.set_num_qubits(qubits)
        self._flips = stim.FlipSimulator(batch_size=shots, num_qubits=qubits, seed=seed + 1)
        self._shots, self._generator = shots, generator
        # Stim reads a program much faster than it appends to one.
        self._program: list[str] = []
        self._records = 0

    def add(self, lines: str) -> None:
        """Append instructions of stim."""
        self._program.append(lines)

    def add_channel(self, channel: noise.Probabilities, numbers: Sequence[int]) -> None:
        """Append a Pauli channel."""
        # The second letter varies fastest in stim, the first in the channel.
        chances = ",".join(map(repr, channel[1:].tolist()))
        self.add(f"PAULI_CHANNEL_{len(numbers)}({chances}) {' '.join(map(str, numbers[::-1]))}")

    def count_measurement(self) -> int:
        """Return the number of the measurement that was just appended."""
        self._records += 1
        return self._records - 1

    def relax(self, qubit: int, decay: float, channel: noise.Probabilities) -> None:
        """Let a qubit wait.

        Where it is 0 or 1 in every shot, which is the same for all shots of a stabilizer circuit, a 1 decays.
        Elsewhere the channel, which is symmetric, has the right loss of coherence.
        """
        self._run()
        value = self._reference.peek_z(qubit)
        if value == 0:
            self.add_channel(channel, (qubit,))
            return
        # The measurement changes nothing on such a qubit and tells its flips.
        self.add(f"M {qubit}")
        self._run()
        ones = self._flips.get_measurement_flips(record_index=self.count_measurement()) ^ (value < 0)
        decayed = ones & (self._generator.random(self._shots) < decay)
        mask = np.zeros((self._flips.num_qubits, self._shots), dtype=bool)
        mask[qubit] = decayed
        self._flips.broadcast_pauli_errors(pauli="X", mask=mask)

    def outcomes(self) -> NDArray[np.bool_]:
        """Return the outcomes of all measurements, of shape (measurements, shots)."""
        self._run()
        reference = np.array(self._reference.current_measurement_record(), dtype=bool)
        flips: NDArray[np.bool_] = self._flips.get_measurement_flips()
        outcomes: NDArray[np.bool_] = flips ^ reference[:, None]
        return outcomes

    def _run(self) -> None:
        circuit = stim.Circuit("\n".join(self._program))
        self._program.clear()
        self._reference.do(circuit.without_noise())
        self._flips.do(circuit)


class _NotClifford(Exception):
    pass


def _clifford_gates(instruction: CircuitInstruction) -> list[CircuitInstruction]:
    """Clifford gates that do the same as an instruction up to a phase. Raises `_NotClifford`."""
    operation = instruction.operation
    if operation.name in _CLIFFORD:
        return [instruction]
    if operation.name not in ("rz", "rx", "rzz"):
        raise _NotClifford
    quarters = float(operation.params[0]) / _QUARTER
    if abs(quarters - round(quarters)) > _CLOSE:
        raise _NotClifford
    turn = round(quarters) % 4
    gate = (_RX if operation.name == "rx" else _RZ)[turn]
    # exp(-i turn pi/4 ZZ): an S-like turn on both and a CZ for each odd quarter, Zs for halves.
    gates = [] if gate is None else [CircuitInstruction(gate(), (qubit,)) for qubit in instruction.qubits]
    if operation.name == "rzz" and turn % 2:
        gates.append(CircuitInstruction(CZGate(), instruction.qubits))
    return gates
