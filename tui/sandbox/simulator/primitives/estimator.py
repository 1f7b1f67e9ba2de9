"""The estimator: expectation values from shots in the bases that the observables need.

Readout mitigation is what the service does by default (twirled readout extinction, TREX): the readout is
twirled, so that each Pauli's mean shrinks by a known kind of factor, the factor is measured by
calibration shots and divided out (van den Berg et al., PRA 105, 032620). Extrapolation to zero noise and
probabilistic error cancellation are not simulated; the metadata say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ClassicalRegister, ControlFlowOp, QuantumCircuit

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.shots import PlannedRun, plan_run, sample_shots
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.observables import (
    Observables,
    Terms,
    fit,
    measurement_bases,
    used_qubits,
)
from tui.sandbox.simulator.primitives.pubs import Pub

RANDOMIZATIONS = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How to estimate: shots a basis, twirled readout and its mitigation, how many equal blocks of shots."""

    shots: int
    mitigated: bool
    blocks: int


@dataclass(frozen=True)
class Estimates:
    """Arrays of the pub's shape. `stds`: standard error from the spread over blocks of shots and of the
    calibration; `ensemble`: the standard error of all shots as one ensemble."""

    evs: Floats
    stds: Floats
    ensemble: Floats
    bases: int


@dataclass(frozen=True)
class _Value:
    ev: float
    variance: float
    ensemble_variance: float


def estimate(
    one: Pub, given: Observables, device: str, settings: Settings, seed: int, ledger: JobAccounting
) -> Estimates:
    """The expectation values of a pub. Raises `JobFailure`."""
    width = one.circuit.num_qubits
    # A program on `$n` speaks of the whole device; an observable may be as wide as that.
    widest = len(ledger.data.qubits) if one.loaded.physical else width
    fitted = fit(given, width, widest)
    core = without_final_measurements(one.circuit)
    try:
        shape = np.broadcast_shapes(one.shape, fitted.shape)
    except ValueError as error:
        raise JobFailure(
            f"The shapes of parameter values {one.shape} and observables {fitted.shape} do not fit together."
        ) from error
    sets = np.broadcast_to(np.arange(math.prod(one.shape)).reshape(one.shape), shape)
    items = np.broadcast_to(np.arange(len(fitted.items)).reshape(fitted.shape), shape)
    jobs = _jobs(sets, items, fitted)
    ledger.expect(len(jobs), settings.shots)
    runs = [_run(one, core, sets_index, basis, device, settings, ledger) for sets_index, basis, _ in jobs]
    generator = np.random.default_rng(seed)
    outcomes = sample_shots(
        runs, device, settings.shots, int(generator.integers(2**31)), twirled_readout=settings.mitigated
    )
    scales = _Scales(settings, ledger, generator)
    taken = [_Shots(basis, members, bits) for (_, basis, members), bits in zip(jobs, outcomes, strict=True)]
    by_set: dict[int, list[_Shots]] = {}
    for (index, _, _), shots in zip(jobs, taken, strict=True):
        by_set.setdefault(index, []).append(shots)
    values = [
        _value(fitted.items[item], by_set.get(index, []), scales, settings)
        for index, item in zip(sets.ravel().tolist(), items.ravel().tolist(), strict=True)
    ]
    return Estimates(
        evs=np.array([value.ev for value in values]).reshape(shape),
        stds=np.sqrt([value.variance for value in values]).reshape(shape),
        ensemble=np.sqrt([value.ensemble_variance for value in values]).reshape(shape),
        bases=len(jobs),
    )


def without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit without the measurements after which nothing happens to the qubit.

    A program for the service may end in measurements; the estimator makes its own. Measurements that a
    condition depends on stay.
    """
    needed = {
        bit
        for instruction in circuit.data
        if isinstance(instruction.operation, ControlFlowOp) or instruction.operation.name == "store"
        for bit in instruction.clbits
    }
    kept = []
    done: set[Any] = set()
    for instruction in reversed(circuit.data):
        name = instruction.operation.name
        last = all(qubit not in done for qubit in instruction.qubits)
        if name == "measure" and last and instruction.clbits[0] not in needed:
            continue
        if name != "barrier":
            done.update(instruction.qubits)
        kept.append(instruction)
    changed = circuit.copy_empty_like()
    for instruction in reversed(kept):
        changed._append(instruction)
    return changed


@dataclass(frozen=True)
class _Shots:
    """Shots in one basis: `bits` has a column for each qubit of `basis` that is not I, lowest first."""

    basis: str
    members: list[str]
    bits: Bits

    def signs(self, label: str) -> Floats:
        """+1 or -1 a shot: the measured value of a Pauli."""
        columns = {qubit: place for place, qubit in enumerate(sorted(used_qubits([self.basis])))}
        chosen = [columns[qubit] for qubit in used_qubits([label])]
        parity = np.bitwise_xor.reduce(self.bits[:, chosen], axis=1)
        signs: Floats = 1.0 - 2.0 * parity
        return signs


class _Scales:
    """The factor by which twirled readout shrinks a Pauli, measured by calibration shots."""

    def __init__(self, settings: Settings, ledger: JobAccounting, generator: np.random.Generator) -> None:
        self._settings = settings
        self._ledger = ledger
        self._generator = generator
        self._known: dict[frozenset[int], tuple[float, float]] = {}

    def of(self, label: str) -> tuple[float, float]:
        """The factor and the variance of its measurement: (1, 0) without mitigation."""
        if not self._settings.mitigated:
            return 1.0, 0.0
        support = frozenset(used_qubits([label]))
        if support not in self._known:
            self._known[support] = self._measure(support)
        return self._known[support]

    def _measure(self, support: frozenset[int]) -> tuple[float, float]:
        qubits = self._ledger.data.qubits
        flips = [noise.flip_probability(qubits[qubit]) for qubit in sorted(support)]
        shots = self._settings.shots
        parity = np.zeros(shots, dtype=bool)
        for flip in flips:
            parity ^= self._generator.random(shots) < flip
        factor = float(1 - 2 * parity.mean())
        error = math.sqrt(max(1 - factor**2, 0.0) / shots)
        if factor < 5 * error:
            self._ledger.note(
                f"Readout of qubits {sorted(support)} is too poor to be mitigated: their terms are as read."
            )
            return 1.0, 0.0
        return factor, error**2


def _jobs(
    sets: NDArray[np.int_], items: NDArray[np.int_], given: Observables
) -> list[tuple[int, str, list[str]]]:
    """What to measure: (parameter set, basis, Paulis)."""
    wanted: dict[int, set[str]] = {}
    for index, item in zip(sets.ravel().tolist(), items.ravel().tolist(), strict=True):
        wanted.setdefault(index, set()).update(given.items[item])
    return [
        (index, basis, members)
        for index, labels in wanted.items()
        for basis, members in measurement_bases(labels)
    ]


def _run(
    one: Pub,
    core: QuantumCircuit,
    index: int,
    basis: str,
    device: str,
    settings: Settings,
    ledger: JobAccounting,
) -> PlannedRun:
    place = tuple(int(axis) for axis in np.unravel_index(index, one.shape)) if one.shape else ()
    bound = one.bound(core, place)
    qubits = sorted(used_qubits([basis]))
    if qubits and qubits[-1] >= bound.num_qubits:
        bound = _widened(bound, qubits[-1] + 1)
    measured = _measured(bound, basis, qubits)
    ledger.spend(measured, settings.shots)
    run = plan_run(reduce_qubits(measured, qubits), device, settings.shots)
    ledger.note_run(run, settings.shots)
    return run


def _measured(circuit: QuantumCircuit, basis: str, qubits: Sequence[int]) -> QuantumCircuit:
    """The circuit with rotations of the device's own gates into `basis`, and measurements alone."""
    register = ClassicalRegister(len(qubits), "__observed")
    whole = QuantumCircuit(circuit.qubits, register, circuit.clbits, global_phase=circuit.global_phase)
    for creg in circuit.cregs:
        whole.add_register(creg)
    for variable in circuit.iter_declared_vars():
        whole.add_uninitialized_var(variable)
    for instruction in circuit.data:
        whole._append(instruction)
    for place, qubit in enumerate(qubits):
        letter = basis[len(basis) - 1 - qubit]
        if letter == "X":
            whole.rz(math.pi / 2, qubit)
        if letter in "XY":
            whole.sx(qubit)
        whole.measure(qubit, register[place])
    return whole


def _widened(circuit: QuantumCircuit, width: int) -> QuantumCircuit:
    wide = QuantumCircuit(width, global_phase=circuit.global_phase)
    wide.add_bits(circuit.clbits)
    for creg in circuit.cregs:
        wide.add_register(creg)
    for variable in circuit.iter_declared_vars():
        wide.add_uninitialized_var(variable)
    moved = dict(zip(circuit.qubits, wide.qubits, strict=False))
    for instruction in circuit.data:
        wide._append(instruction.replace(qubits=tuple(moved[qubit] for qubit in instruction.qubits)))
    return wide


def _value(terms: Terms, taken: Sequence[_Shots], scales: _Scales, settings: Settings) -> _Value:
    """Sum the terms of an observable, each from the shots of the basis it was put in."""
    ev = sum(value for label, value in terms.items() if set(label) == {"I"})
    variance = ensemble = 0.0
    for shots in taken:
        mine = [label for label in shots.members if label in terms]
        if not mine:
            continue
        total = np.zeros(settings.shots)
        calibration = 0.0
        for label in mine:
            signs = shots.signs(label)
            factor, error = scales.of(label)
            total += terms[label] / factor * signs
            calibration += (terms[label] * float(signs.mean()) / factor**2) ** 2 * error
        ev += float(total.mean())
        one_ensemble = float(total.var(ddof=1)) / settings.shots if settings.shots > 1 else 0.0
        ensemble += one_ensemble
        if settings.blocks > 1:
            means = total.reshape(settings.blocks, -1).mean(axis=1)
            variance += float(means.var(ddof=1)) / settings.blocks + calibration
        else:
            variance += one_ensemble + calibration
    return _Value(ev, variance, ensemble)
