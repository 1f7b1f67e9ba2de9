"""Estimates of how long a simulation takes, from short trials of the circuit itself on this machine."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit_aer import AerSimulator

from tui.sandbox.simulator.noise.aer import flipped_circuit, sample_noisy
from tui.sandbox.simulator.noise.clifford import sample_clifford
from tui.sandbox.simulator.rotations.pulled_circuit import PulledCircuit
from tui.sandbox.simulator.rotations.reduction import ReducedRotations
from tui.sandbox.simulator.rotations.state_vector import run_states, sample_states
from tui.sandbox.simulator.rotations.trajectories import PROCESSORS, Trajectories, batches

# A trial stops where a state gets more entangled than this; with as many different errors as shots such a
# circuit takes minutes anyway.
_TRIAL_BOND = 64
_BONDS = re.compile(r"BD=\[([0-9 ]*)\]")
_TRIAL_RUNS = 6
_TRIAL_SECONDS = 1.0
_CACHED_BYTES = 1 << 20
# Work as short as this is measured several times.
_SHORT = 0.05
# A trial grows up to this: the beginning of a circuit may be cheaper than the rest.
_TELLING = 0.3


@dataclass(frozen=True)
class Seconds:
    """Processor time of a simulation, and on how many processors at once it is spent.

    `once` of the processor time is spent once for all runs like it, such as building the noise. Not `known`:
    a trial was given up, and it takes longer than that.
    """

    processor: float
    processors: int = 1
    known: bool = True
    once: float = 0.0

    @property
    def wall(self) -> float:
        """Seconds on a machine that does nothing else."""
        return self.wall_of(1)

    def wall_of(self, runs: int) -> float:
        """Return the seconds of so many runs like it."""
        return (self.once + (self.processor - self.once) * runs) / self.processors

    def after(self, preparing: float) -> Seconds:
        """Return these seconds and before them some on one processor."""
        return replace(self, processor=self.processor + preparing * self.processors)


def density_seconds(circuit: QuantumCircuit, device: str, qubits: tuple[int, ...]) -> Seconds:
    """Estimate a run with the density matrix of a circuit from runs of its beginning."""
    # Else Aer would leave out the qubits that the beginning does not use.
    all_qubits = {"enable_truncation": False}
    operations = len(circuit.data)

    def trial(size: int) -> None:
        beginning = circuit.copy_empty_like()
        for instruction in circuit.data[:size]:
            beginning._append(instruction)
        _noisy([beginning], "density_matrix", device, qubits, 1, exact=True, **all_qubits)

    # Large states run on all processors (Aer's statevector_parallel_threshold is 14 qubits, 7 here).
    processors = PROCESSORS if circuit.num_qubits > 6 else 1
    return extrapolate(trial, 40, operations, processors)


def shots_seconds(
    circuit: QuantumCircuit, method: str, device: str, qubits: tuple[int, ...], shots: int, *, exact: bool
) -> Seconds:
    """Estimate a run with Aer's noise model, shot by shot, from a few shots."""

    def trial(size: int) -> None:
        _noisy([circuit], method, device, qubits, size, exact=exact)

    return extrapolate(trial, 4, shots)


def stim_seconds(circuit: QuantumCircuit, device: str, qubits: tuple[int, ...], shots: int) -> Seconds:
    """Estimate a run with stim from a few shots."""

    def trial(size: int) -> None:
        sample_clifford(circuit, device, qubits, size, np.random.default_rng(0), twirled_readout=False)

    return extrapolate(trial, 64, shots)


def rotations_seconds(reduced: ReducedRotations, runs: int) -> Seconds:
    """Estimate runs with state vectors from the measured speed of the compiled loops."""
    rates = measure_rates()
    seconds = 0.0
    terms = sum(map(len, reduced.terms))
    parts = list(batches(reduced.qubits, runs))
    for part in parts:
        amplitudes = float(part.stop - part.start) * 2.0**reduced.qubits
        rate = rates.cached if 8 * amplitudes <= _CACHED_BYTES else rates.uncached
        seconds += amplitudes * (rate * len(reduced.terms) + rates.sampling)
        seconds += rates.overhead * (terms + len(reduced.terms))
    return Seconds(seconds, max(min(PROCESSORS, len(parts)), 1))


def products_seconds(
    circuit: QuantumCircuit, pulled: PulledCircuit, trajectories: Trajectories, limit: float
) -> Seconds:
    """Estimate runs as matrix product states from some of them.

    Args:
        circuit: The circuit.
        pulled: The same, pulled.
        trajectories: The errors of the shots.
        limit: Seconds at which trying is given up.

    Returns:
        The estimate; at least `limit` when a state gets too entangled for a trial.
    """
    generator = np.random.default_rng(0)
    runs = len(trajectories.flips)
    counts = trajectories.counts
    chosen = generator.permutation(runs)[:_TRIAL_RUNS].tolist()
    spent: list[float] = []
    entangled = 0
    for run in [int(np.argmax(counts)), *chosen]:
        started = time.process_time()
        (bond,) = _bonds([flipped_circuit(circuit, pulled, trajectories.flips[run])], int(counts[run]))
        spent.append(time.process_time() - started)
        entangled += bond >= _TRIAL_BOND
        # Errors make some states more entangled than others.
        if entangled and (len(spent) == 1 or entangled > 2):
            # A lower bound: the trial has cut the state down.
            return Seconds(max(float(np.mean(spent)) * runs, limit * PROCESSORS), PROCESSORS, known=False)
        if min(spent) * runs > limit * PROCESSORS:
            break
        if sum(spent) > _TRIAL_SECONDS and len(spent) > 2:
            break
    return Seconds(spent[0] + float(np.mean(spent[1:] or spent)) * (runs - 1), PROCESSORS)


def _bonds(circuits: list[QuantumCircuit], shots: int) -> list[int]:
    simulator = AerSimulator(
        method="matrix_product_state",
        max_parallel_threads=1,
        mps_log_data=True,
        matrix_product_state_max_bond_dimension=_TRIAL_BOND,
    )
    result = simulator.run(circuits, shots=shots, memory=True, seed_simulator=1).result()
    return [_largest(_log.added(run.metadata.get("MPS_log_data", ""))) for run in result.results]


class _Log:
    """What Aer logs of matrix product states: one text for all runs of the process, which never ends."""

    def __init__(self) -> None:
        self._before = ""

    def added(self, log: str) -> str:
        """Return what the last run has added to the log."""
        # The bracket that closes it moves on.
        before, self._before = self._before, log.rstrip(" }")
        return log[len(before) :] if log.startswith(before) else log


_log = _Log()


def _largest(log: str) -> int:
    return max((int(word) for bonds in _BONDS.findall(log) for word in set(bonds.split())), default=1)


def _noisy(
    circuits: list[QuantumCircuit],
    method: str,
    device: str,
    qubits: tuple[int, ...],
    shots: int,
    *,
    exact: bool,
    **options: Any,
) -> None:
    generator = np.random.default_rng(0)
    sample_noisy(
        circuits, method, device, qubits, shots, generator, exact=exact, twirled_readout=False, **options
    )


def extrapolate(trial: Callable[[int], object], small: int, size: int, processors: int = 1) -> Seconds:
    """Estimate a trial of `size` on the line through two smaller ones.

    The first trial also pays for what is done once, such as building the noise.

    Args:
        trial: Does a part of the work, of the size that it is called with.
        small: Size of the first trial.
        size: Size of the whole work.
        processors: On how many processors the work is spent at once.
    """
    smallest = min(small, size)
    first_time = _once(lambda: trial(smallest))
    first = _spent(lambda: trial(smallest))
    large, second = smallest, first
    while large < size and second < max(_TELLING, 2 * first):
        large = min(4 * large, size)
        second = _spent(partial(trial, large))
    each = max(second - first, 0.0) / (large - small) if large > small else 0.0
    once = max(first_time - first, 0.0)
    return Seconds(first_time + each * (size - smallest), processors, once=once)


def _spent(work: Callable[[], object]) -> float:
    """Processor seconds of work, the best of several times when it is short: noise only adds."""
    best = _once(work)
    for _ in range(2 if best < _SHORT else 0):
        best = min(best, _once(work))
    return best


def _once(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@dataclass(frozen=True)
class _Rates:
    """Seconds of the compiled loops: a rotation of an amplitude, in the cache and not; a sample of it; and
    for each rotation of a batch, whatever its size."""

    cached: float
    uncached: float
    sampling: float
    overhead: float


@cache
def measure_rates() -> _Rates:
    """Measure the speed of the compiled loops once in this process, which compiles them."""
    overhead = _rotation_seconds(1, 1, 64)
    small, large = _rotation_seconds(10, 64, 64), _rotation_seconds(15, 64, 32)
    states = np.ones((1 << 14, 2, 32), dtype=np.float32)
    chances, runs = np.full(32, 0.5), np.arange(32)
    sample_states(states, chances, runs)
    sampling = _spent(lambda: sample_states(states, chances, runs))
    return _Rates(
        cached=small / (64 << 10),
        uncached=large / (64 << 15),
        sampling=sampling / (32 << 14),
        overhead=overhead,
    )


def _rotation_seconds(qubits: int, runs: int, rotations: int) -> float:
    """Processor seconds of a rotation of states."""
    generator = np.random.default_rng(0)
    masks = generator.integers(1 << qubits, size=(2, rotations), dtype=np.uint32)
    phases = (np.bitwise_count(masks[0] & masks[1]) % 4).astype(np.uint8)
    nothing = np.zeros(0, dtype=np.uint32)
    reduced = ReducedRotations(qubits, masks[0], masks[1], phases, [], nothing, nothing > 0, [], 0)
    angles = generator.random((rotations, runs))
    run_states(reduced, angles)
    return _spent(lambda: run_states(reduced, angles)) / rotations
