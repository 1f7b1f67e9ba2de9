"""Runs bound circuits on a simulated device: real shots, one row of bits each, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit_aer import AerSimulator

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit
from tui.sandbox.simulator.circuits.traversal import walk
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.clifford import clifford_form, sample_clifford
from tui.sandbox.simulator.noise.method_selection import CLIFFORD, Method, choose_method


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
    if method.name != "stim":
        circuit = noise.with_relaxation(circuit, device, reduced.qubits, method.exact)
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
        if method.name == "stim":
            sampled = [
                sample_clifford(circuit, device, qubits, shots, generator, twirled_readout=twirled_readout)
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
            sampled = _sample_aer(circuits, method, model, shots, int(generator.integers(2**31)))
        outcomes.update(zip(members, sampled, strict=True))
    return [outcomes[index] for index in range(len(runs))]


def _sample_aer(
    circuits: Sequence[QuantumCircuit], method: Method, model: noise.NoiseModel, shots: int, seed: int
) -> list[Bits]:
    # Aer's shot branching would save time, but draws its noise wrongly: see the test of the statistics.
    simulator = AerSimulator(method=method.name, noise_model=model)
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
