"""Runs bound circuits on a simulated device: real shots, one row of bits each, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit_aer import AerSimulator

from tui.sandbox.simulator.base.errors import Failure
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.circuits.qubit_reduction import Reduced
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.clifford import clifford_form
from tui.sandbox.simulator.noise.delays import with_relaxation
from tui.sandbox.simulator.noise.method_selection import CLIFFORD, Method, choose
from tui.sandbox.simulator.noise.pauli_frames import sample_frames


@dataclass(frozen=True)
class Run:
    """A bound circuit on the qubits it uses, and how to simulate it."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    method: Method


def plan(reduced: Reduced, device: str, shots: int) -> Run:
    """Make a bound circuit ready. Raises `Failure` at once when it is too large."""
    plain = clifford_form(reduced.circuit)
    method = choose(reduced.circuit, plain is not None, shots)
    circuit = reduced.circuit
    if method.name in CLIFFORD and plain is not None:
        circuit = plain
    if method.name != "pauli_frames":
        circuit = with_relaxation(circuit, device, reduced.qubits, method.exact)
    return Run(circuit, reduced.qubits, method)


def sample(
    runs: Sequence[Run], device: str, shots: int, seed: int, *, twirled_readout: bool = False
) -> list[Bits]:
    """The outcomes of each run: an array of 0 and 1, a row a shot, column i classical bit i.

    Raises `Failure` when the simulator cannot do it.
    """
    outcomes: list[Bits | None] = [None] * len(runs)
    generator = np.random.default_rng(seed)
    for (method, qubits), members in _alike(runs).items():
        if method.name == "pauli_frames":
            for index in members:
                outcomes[index] = sample_frames(
                    runs[index].circuit, device, qubits, shots, generator, twirled_readout=twirled_readout
                )
            continue
        operations = {op for index in members for op in _operations(runs[index].circuit)}
        model = noise.noise_model(
            device, qubits, operations, exact=method.exact, twirled_readout=twirled_readout
        )
        simulator = AerSimulator(
            method=method.name,
            noise_model=model,
            shot_branching_enable=method.branching,
            shot_branching_sampling_enable=method.branching,
        )
        result = simulator.run(
            [runs[index].circuit for index in members],
            shots=shots,
            memory=True,
            seed_simulator=int(generator.integers(2**31)),
        ).result()
        for place, index in enumerate(members):
            if not result.success and not result.results[place].success:
                status = result.results[place].status if result.results else result.status
                raise Failure(f"The simulator could not run the circuit: {status}")
            memory = result.data(place).get("memory")
            bits = _unpack(memory, shots, runs[index].circuit.num_clbits)
            if method.branching:
                # Branching lists equal shots together; shots are exchangeable, so any order is as true.
                generator.shuffle(bits, axis=0)
            outcomes[index] = bits
    return [bits for bits in outcomes if bits is not None]


def _alike(runs: Sequence[Run]) -> dict[tuple[Method, tuple[int, ...]], list[int]]:
    groups: dict[tuple[Method, tuple[int, ...]], list[int]] = {}
    for index, run in enumerate(runs):
        groups.setdefault((run.method, run.qubits), []).append(index)
    return groups


def _operations(
    circuit: QuantumCircuit, places: Mapping[Any, int] | None = None
) -> Iterable[tuple[str, tuple[int, ...]]]:
    places = places or {qubit: index for index, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            for block in operation.blocks:
                yield from _operations(
                    block,
                    {
                        mine: places[outer]
                        for mine, outer in zip(block.qubits, instruction.qubits, strict=True)
                    },
                )
        else:
            yield operation.name, tuple(places[qubit] for qubit in instruction.qubits)


def _unpack(memory: Sequence[str] | None, shots: int, bits: int) -> Bits:
    if memory is None or bits == 0:
        return np.zeros((shots, bits), dtype=np.uint8)
    width = (bits + 7) // 8
    packed = b"".join(int(text, 16).to_bytes(width, "little") for text in memory)
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(shots, width)
    return np.unpackbits(rows, axis=1, count=bits, bitorder="little")
