"""Runs bound circuits on a simulated device: real shots, one row of bits each, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from qiskit.circuit import CircuitInstruction, ControlFlowOp, QuantumCircuit
from qiskit.circuit.library import XGate, YGate, ZGate
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from tui.qiskit_common.traversal import walk
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.clifford import clifford_form, sample_clifford
from tui.sandbox.simulator.noise.method_selection import CLIFFORD, Method, choose_method

Errors = tuple[tuple[int, int], ...]
"""The Pauli errors of a shot: index of the instruction before it, number in the instruction's channel."""

# Of the letters of a Pauli channel: I, X, Y, Z.
_PAULIS = (None, XGate(), YGate(), ZGate())
# Bounds the memory that Aer's copies of the circuits take.
_TRAJECTORIES_AT_ONCE = 64


@dataclass(frozen=True)
class PlannedRun:
    """A bound circuit on the qubits it uses, their physical numbers, and how to simulate it."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    method: Method


def plan_run(reduced: ReducedCircuit, device: str, shots: int) -> PlannedRun:
    """Choose how to simulate a bound circuit and write it for that method.

    Raises:
        JobFailure: The circuit is too large to simulate.
    """
    circuit = reduced.circuit
    clifford = clifford_form(circuit)
    method = choose_method(circuit, clifford is not None, shots)
    if method.name in CLIFFORD and clifford is not None:
        circuit = clifford
    if not method.sampled_noise:
        # Waiting is long enough for its twirl to differ; a stabilizer simulation can do no better.
        exact = method.name != "stabilizer"
        circuit = noise.with_relaxation(circuit, device, reduced.qubits, exact)
    return PlannedRun(circuit, reduced.qubits, method)


def sample_shots(
    runs: Sequence[PlannedRun], device: str, shots: int, seed: int, *, twirled_readout: bool = False
) -> list[Bits]:
    """Take the shots of several runs.

    Args:
        runs: What to run; runs of the same method and qubits are simulated together.
        device: Name of the device.
        shots: How many shots of each run.
        seed: The same seed gives the same shots.
        twirled_readout: Misread 0 and 1 equally often, as under measurement twirling.

    Returns:
        For each run its outcomes, of shape (shots, classical bits), column i for classical bit i.

    Raises:
        JobFailure: The simulator cannot do it.
    """
    outcomes: dict[int, Bits] = {}
    generator = np.random.default_rng(seed)
    groups: dict[tuple[Method, tuple[int, ...]], list[int]] = {}
    for index, run in enumerate(runs):
        groups.setdefault((run.method, run.qubits), []).append(index)
    for (method, qubits), members in groups.items():
        circuits = [runs[index].circuit for index in members]
        if method.sampled_noise:
            sample = sample_clifford if method.name == "stim" else partial(_sample_trajectories, method.name)
            sampled = [
                sample(circuit, device, qubits, shots, generator, twirled_readout=twirled_readout)
                for circuit in circuits
            ]
        else:
            model = noise.noise_model(
                device,
                qubits,
                {operation for circuit in circuits for operation in _operations(circuit)},
                exact=method.exact,
                twirled_readout=twirled_readout,
            )
            sampled = _sample_aer(circuits, method.name, model, shots, generator)
        outcomes.update(zip(members, sampled, strict=True))
    return [outcomes[index] for index in range(len(runs))]


def _sample_trajectories(
    method: str,
    circuit: QuantumCircuit,
    device: str,
    qubits: Sequence[int],
    shots: int,
    generator: np.random.Generator,
    *,
    twirled_readout: bool,
) -> Bits:
    """Draw the Pauli errors of every shot; shots with the same errors share one simulation without noise.

    Aer's own shot branching, which saves the same time, draws noise wrongly (Aer 0.17 and 0.18).
    """
    rows: dict[Errors, list[int]] = {}
    for shot, errors in enumerate(_draw_errors(circuit, device, qubits, shots, generator)):
        rows.setdefault(errors, []).append(shot)
    by_count: dict[int, list[Errors]] = {}
    for errors, members in rows.items():
        by_count.setdefault(len(members), []).append(errors)
    bits: Bits = np.zeros((shots, circuit.num_clbits), dtype=np.uint8)
    for count, alike in by_count.items():
        for start in range(0, len(alike), _TRAJECTORIES_AT_ONCE):
            chunk = alike[start : start + _TRAJECTORIES_AT_ONCE]
            circuits = [_with_errors(circuit, dict(errors)) for errors in chunk]
            sampled = _sample_aer(circuits, method, None, count, generator)
            for errors, outcomes in zip(chunk, sampled, strict=True):
                bits[rows[errors]] = outcomes
    noise.misread(bits, circuit, device, qubits, generator, twirled=twirled_readout)
    return bits


def _draw_errors(
    circuit: QuantumCircuit, device: str, qubits: Sequence[int], shots: int, generator: np.random.Generator
) -> list[Errors]:
    errors: list[list[tuple[int, int]]] = [[] for _ in range(shots)]
    for index, (instruction, numbers) in enumerate(walk(circuit)):
        physical = tuple(qubits[number] for number in numbers)
        channel = noise.channel_after(device, instruction.operation, physical)
        if channel is not None:
            drawn = generator.choice(len(channel), size=shots, p=channel)
            for shot in np.flatnonzero(drawn).tolist():
                errors[shot].append((index, int(drawn[shot])))
    return [tuple(of_shot) for of_shot in errors]


def _with_errors(circuit: QuantumCircuit, errors: Mapping[int, int]) -> QuantumCircuit:
    """The circuit with Paulis after some of its instructions, the first qubit's letter varying fastest."""
    changed = circuit.copy_empty_like()
    for index, instruction in enumerate(circuit.data):
        changed._append(instruction)
        number = errors.get(index, 0)
        for qubit in instruction.qubits:
            number, letter = divmod(number, 4)
            if letter:
                changed._append(CircuitInstruction(_PAULIS[letter], (qubit,)))
    return changed


def _sample_aer(
    circuits: Sequence[QuantumCircuit],
    method: str,
    model: NoiseModel | None,
    shots: int,
    generator: np.random.Generator,
) -> list[Bits]:
    # Several small circuits at once take less time than several threads for one of them.
    simulator = AerSimulator(method=method, noise_model=model, max_parallel_experiments=0)
    seed = int(generator.integers(2**31))
    result = simulator.run(list(circuits), shots=shots, memory=True, seed_simulator=seed).result()
    sampled = []
    for index, circuit in enumerate(circuits):
        if not result.success and not result.results[index].success:
            status = result.results[index].status if result.results else result.status
            raise JobFailure(f"The simulator could not run the circuit: {status}")
        sampled.append(_unpack(result.data(index).get("memory"), shots, circuit.num_clbits))
    return sampled


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
