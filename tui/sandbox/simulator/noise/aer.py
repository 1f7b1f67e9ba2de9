"""Shots of circuits by Aer, and the runs of a pulled circuit as matrix product states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from tui.qiskit_common.traversal import walk
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.rotations.pulled_circuit import Flips, PulledCircuit
from tui.sandbox.simulator.rotations.trajectories import Trajectories

# Bounds the memory that Aer's copies of the circuits take.
_CIRCUITS_AT_ONCE = 64


def sample_aer(
    circuits: Sequence[QuantumCircuit],
    method: str,
    model: NoiseModel | None,
    shots: int,
    generator: np.random.Generator,
    **options: Any,
) -> list[Bits]:
    """Take shots of circuits.

    Args:
        circuits: What to run.
        method: A method of Aer.
        model: The noise.
        shots: How many shots of each circuit.
        generator: Source of the randomness.
        options: More options of Aer.

    Returns:
        For each circuit its outcomes, of shape (shots, classical bits).

    Raises:
        JobFailure: The simulator cannot do it.
    """
    # Several small circuits at once take less time than several threads for one of them.
    settings = {"max_parallel_experiments": 0, **options}
    # Aer's shot branching draws noise wrongly (0.17 and 0.18): it stays off.
    simulator = AerSimulator(method=method, noise_model=model, **settings)
    seed = int(generator.integers(2**31))
    result = simulator.run(list(circuits), shots=shots, memory=True, seed_simulator=seed).result()
    sampled = []
    for index, circuit in enumerate(circuits):
        if not result.success and not result.results[index].success:
            status = result.results[index].status if result.results else result.status
            raise JobFailure(f"The simulator could not run the circuit: {status}")
        sampled.append(_unpack(result.data(index).get("memory"), shots, circuit.num_clbits))
    return sampled


def sample_noisy(
    circuits: Sequence[QuantumCircuit],
    method: str,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
    *,
    exact: bool,
    twirled_readout: bool,
    **options: Any,
) -> list[Bits]:
    """Take shots of circuits on the same qubits with Aer's noise model.

    Args:
        circuits: What to run, delays already replaced by relaxation.
        method: A method of Aer.
        device: Name of the device.
        qubits: The physical qubit of each qubit of the circuits.
        shots: How many shots of each circuit.
        generator: Source of the randomness.
        exact: Amplitude and phase damping instead of their Pauli twirl.
        twirled_readout: Misread 0 and 1 equally often, as under measurement twirling.
        options: More options of Aer.

    Raises:
        JobFailure: The simulator cannot do it.
    """
    operations = {operation for circuit in circuits for operation in _operations(circuit)}
    model = noise.noise_model(device, qubits, operations, exact=exact, twirled_readout=twirled_readout)
    return sample_aer(circuits, method, model, shots, generator, **options)


def sample_products(
    circuit: QuantumCircuit,
    pulled: PulledCircuit,
    trajectories: Trajectories,
    generator: np.random.Generator,
) -> Bits:
    """Take the shots of a pulled circuit with matrix product states.

    Returns:
        True outcomes (readout is not misread) of shape (shots, classical bits).
    """
    bits: Bits = np.zeros((len(trajectories.runs), circuit.num_clbits), dtype=np.uint8)
    members: dict[int, list[int]] = {}
    for shot, run in enumerate(trajectories.runs.tolist()):
        members.setdefault(run, []).append(shot)
    counts = trajectories.counts
    for count in np.unique(counts).tolist():
        alike = np.flatnonzero(counts == count)
        for start in range(0, len(alike), _CIRCUITS_AT_ONCE):
            chunk = alike[start : start + _CIRCUITS_AT_ONCE].tolist()
            circuits = [flipped_circuit(circuit, pulled, trajectories.flips[run]) for run in chunk]
            for run, outcomes in zip(
                chunk, sample_aer(circuits, "matrix_product_state", None, count, generator), strict=True
            ):
                bits[members[run]] = outcomes
    columns = list(pulled.columns)
    bits[:, columns] ^= trajectories.outcomes.astype(np.uint8)
    return bits


def flipped_circuit(circuit: QuantumCircuit, pulled: PulledCircuit, flips: Flips) -> QuantumCircuit:
    """Return the circuit with some of its rotations the other way round."""
    flipped = circuit.copy()
    for rotation in np.flatnonzero(flips).tolist():
        place = pulled.rotation_places[rotation]
        instruction = flipped.data[place]
        operation = instruction.operation.to_mutable()
        operation.params = [-float(operation.params[0])]
        flipped.data[place] = instruction.replace(operation=operation)
    return flipped


def _operations(circuit: QuantumCircuit) -> set[tuple[str, tuple[int, ...]]]:
    return {
        (instruction.operation.name, numbers)
        for instruction, numbers in walk(circuit)
        if not isinstance(instruction.operation, ControlFlowOp)
    }


def _unpack(memory: Sequence[str] | None, shots: int, bits: int) -> Bits:
    if memory is None or bits == 0:
        return np.zeros((shots, bits), dtype=np.uint8)
    width = (bits + 7) // 8
    packed = b"".join(int(text, 16).to_bytes(width, "little") for text in memory)
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(shots, width)
    return np.unpackbits(rows, axis=1, count=bits, bitorder="little")
