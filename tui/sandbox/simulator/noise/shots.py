"""Runs bound circuits on a simulated device: real shots, one row of bits each, in their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.aer import sample_noisy, sample_products
from tui.sandbox.simulator.noise.clifford import sample_clifford
from tui.sandbox.simulator.noise.method_selection import Method, PlannedRun, choose_run, choose_runs
from tui.sandbox.simulator.rotations.pulled_circuit import pull_circuit
from tui.sandbox.simulator.rotations.reduction import needed_rotations, reduce_rotations
from tui.sandbox.simulator.rotations.trajectories import draw_trajectories, sample_rotations

__all__ = ["PlannedRun", "choose_runs", "plan_run", "sample_shots"]


def plan_run(reduced: ReducedCircuit, device: str, shots: int) -> PlannedRun:
    """Choose how to simulate a bound circuit and write it for that method.

    Raises:
        JobFailure: The circuit is too large to simulate.
    """
    return choose_run(reduced, device, shots)


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
        elif method.sampled_noise:
            sampled = [
                _sample_trajectories(runs[index], device, shots, generator, twirled_readout=twirled_readout)
                for index in members
            ]
        else:
            sampled = sample_noisy(
                circuits,
                method.name,
                device,
                qubits,
                shots,
                generator,
                exact=method.exact,
                twirled_readout=twirled_readout,
            )
        outcomes.update(zip(members, sampled, strict=True))
    return [outcomes[index] for index in range(len(runs))]


def _sample_trajectories(
    run: PlannedRun, device: str, shots: int, generator: np.random.Generator, *, twirled_readout: bool
) -> Bits:
    circuit = run.circuit
    pulled = pull_circuit(circuit, device, run.qubits)
    if pulled is None:
        raise JobFailure("The simulator cannot draw the errors of a circuit with feedback beforehand.")
    needed = needed_rotations(pulled)
    trajectories = draw_trajectories(pulled, needed, shots, generator)
    if run.method.name == "matrix_product_state":
        bits = sample_products(circuit, pulled, trajectories, generator)
    else:
        reduced = reduce_rotations(needed, pulled)
        if reduced is None:
            raise JobFailure("The circuit needs more qubits than a state vector can have.")
        bits = sample_rotations(pulled, reduced, trajectories, circuit.num_clbits, generator)
    noise.misread(bits, circuit, device, run.qubits, generator, twirled=twirled_readout)
    return bits
