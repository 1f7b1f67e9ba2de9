"""Shots of a pulled circuit: errors are drawn for every shot, shots with the same errors share one run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.rotations.pulled_circuit import Flips, PulledCircuit
from tui.sandbox.simulator.rotations.reduction import JoinedRotation, ReducedRotations
from tui.sandbox.simulator.rotations.state_vector import run_states, sample_states

# More runs side by side make the states larger but hardly faster.
_RUNS_AT_ONCE = 64
_MOST_BYTES = 1 << 30
_AMPLITUDE_BYTES = 8

PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True)
class Trajectories:
    """What errors do to the shots of a circuit.

    Attributes:
        flips: The sign flips of the needed rotations that occur: shape (runs, rotations of the circuit).
        runs: For each shot the row of `flips` that it has.
        outcomes: Which outcomes the errors flip: shape (shots, measurements).
    """

    flips: Flips
    runs: NDArray[np.int64]
    outcomes: Flips

    @property
    def counts(self) -> NDArray[np.int64]:
        """Shots of each run."""
        return np.bincount(self.runs, minlength=len(self.flips))


def draw_trajectories(
    pulled: PulledCircuit, needed: Sequence[JoinedRotation], shots: int, generator: np.random.Generator
) -> Trajectories:
    """Draw the Pauli errors of some shots."""
    rotations, outcomes = pulled.draw_flips(shots, generator)
    mask = np.zeros(len(rotations), dtype=np.bool_)
    mask[[source for rotation in needed for source, _ in rotation.terms]] = True
    rotations[~mask] = False
    packed = np.packbits(rotations, axis=0).T
    if not packed.shape[1]:
        packed = np.zeros((shots, 1), dtype=np.uint8)
    _, first, runs = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return Trajectories(rotations.T[first], runs.reshape(-1), outcomes.T)


def sample_rotations(
    pulled: PulledCircuit,
    reduced: ReducedRotations,
    trajectories: Trajectories,
    bits: int,
    generator: np.random.Generator,
) -> Bits:
    """Take the shots with state vectors.

    Args:
        pulled: The circuit.
        reduced: The same on the qubits it needs.
        trajectories: What the errors do.
        bits: Number of classical bits.
        generator: Source of the randomness.

    Returns:
        True outcomes (readout is not misread) of shape (shots, bits).
    """
    shots = len(trajectories.runs)
    found = np.zeros(shots, dtype=np.uint32)
    order = np.argsort(trajectories.runs, kind="stable")
    sorted_runs = trajectories.runs[order]
    chances = generator.random(shots)

    def run(part: slice) -> None:
        members = slice(*np.searchsorted(sorted_runs, (part.start, part.stop)).tolist())
        states = run_states(reduced, _angles(reduced, trajectories.flips[part]))
        found[order[members]] = sample_states(states, chances[members], sorted_runs[members] - part.start)

    # The compiled loops let other threads of Python run.
    with ThreadPoolExecutor(PROCESSORS) as pool:
        list(pool.map(run, batches(reduced.qubits, len(trajectories.flips))))
    parities = np.bitwise_count(found[:, np.newaxis] & reduced.parities[np.newaxis]) & 1
    outcomes = parities.astype(np.bool_) ^ reduced.negated ^ trajectories.outcomes
    outcomes ^= _coins(reduced, shots, generator)
    result: Bits = np.zeros((shots, bits), dtype=np.uint8)
    result[:, list(pulled.columns)] = outcomes
    return result


def batches(qubits: int, runs: int) -> Iterator[slice]:
    """Yield the runs to be simulated side by side, as memory and processors allow."""
    fitting = _MOST_BYTES // PROCESSORS // (_AMPLITUDE_BYTES << qubits)
    size = max(min(_RUNS_AT_ONCE, fitting, -(-runs // PROCESSORS)), 1)
    for start in range(0, runs, size):
        yield slice(start, min(start + size, runs))


def _angles(reduced: ReducedRotations, flips: Flips) -> NDArray[np.float64]:
    """The angles of the joined rotations in some runs: shape (rotations, runs)."""
    angles = np.zeros((len(reduced.terms), len(flips)))
    for index, terms in enumerate(reduced.terms):
        for source, angle in terms:
            angles[index] += angle if source < 0 else np.where(flips[:, source], -angle, angle)
    return angles


def _coins(reduced: ReducedRotations, shots: int, generator: np.random.Generator) -> Flips:
    """What the fair coins add to each outcome: shape (shots, measurements)."""
    tossed = generator.integers(2, size=(shots, reduced.coin_count), dtype=np.uint8)
    added = np.zeros((reduced.coin_count, len(reduced.coins)), dtype=np.uint8)
    for measurement, coins in enumerate(reduced.coins):
        added[list(coins), measurement] = 1
    sums: NDArray[np.uint8] = tossed @ added
    return (sums & 1).astype(np.bool_)
