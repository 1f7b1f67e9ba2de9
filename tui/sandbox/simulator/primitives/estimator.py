"""The estimator: expectation values from shots in the bases that the observables need.

Readout mitigation is what the service does by default (twirled readout extinction, TREX): the readout is
twirled, so that each Pauli's mean shrinks by a known kind of factor, the factor is measured by
calibration shots and divided out (van den Berg et al., PRA 105, 032620). For extrapolation to zero noise see
`zero_noise`; probabilistic error cancellation is not simulated, the metadata say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import ClassicalRegister, ControlFlowOp, QuantumCircuit, Qubit

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.idle import with_idle_delays
from tui.sandbox.simulator.noise.shots import plan_run, sample_shots
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.observables import (
    Observables,
    Terms,
    measurement_bases,
    used_qubits,
    widen_observables,
)
from tui.sandbox.simulator.primitives.pubs import Pub

RANDOMIZATIONS = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EstimatorSettings:
    """How to estimate.

    Attributes:
        shots: Shots in each basis.
        mitigated: Twirl the readout and divide out how it shrinks the means.
        blocks: How many blocks of equally many shots the standard error is estimated from.
    """

    shots: int
    mitigated: bool
    blocks: int


@dataclass(frozen=True)
class Estimates:
    """Estimates of all observables of a pub, in arrays of the pub's shape.

    Attributes:
        evs: Expectation values.
        stds: Standard errors from the spread over blocks of shots and of the calibration.
        ensemble: Standard errors of all shots as one ensemble.
        extrapolation: Further arrays of extrapolated values by their names in the results body.
    """

    evs: Floats
    stds: Floats
    ensemble: Floats
    extrapolation: Mapping[str, Floats] = field(default_factory=dict)

    def arrays(self) -> dict[str, Floats]:
        """Return the arrays by their names in the results body."""
        own = {"evs": self.evs, "stds": self.stds, "ensemble_standard_error": self.ensemble}
        return {**own, **self.extrapolation}


def estimate_pub(
    pub: Pub,
    observables: Observables,
    device: str,
    settings: EstimatorSettings,
    generator: np.random.Generator,
    accounting: JobAccounting,
) -> Estimates:
    """Estimate the expectation values of a pub.

    Args:
        pub: Circuit and parameter values.
        observables: Of a shape that broadcasts with the pub's.
        device: Name of the device.
        settings: Shots, mitigation, blocks.
        generator: Source of the randomness.
        accounting: The account of the job.

    Raises:
        JobFailure: Shapes or widths do not fit together, or a circuit cannot be simulated.
    """
    # A program on `$n` speaks of the whole device; an observable may be as wide as that.
    widest = len(accounting.data.qubits) if pub.loaded.physical else pub.circuit.num_qubits
    widened = widen_observables(observables, pub.circuit.num_qubits, widest)
    unmeasured = without_final_measurements(pub.circuit)
    try:
        shape = np.broadcast_shapes(pub.shape, widened.shape)
    except ValueError as error:
        raise JobFailure(
            f"The shapes of parameter values {pub.shape} and observables {widened.shape} do not fit together."
        ) from error
    sets = np.broadcast_to(np.arange(math.prod(pub.shape)).reshape(pub.shape), shape).ravel().tolist()
    items = np.broadcast_to(np.arange(len(widened.items)).reshape(widened.shape), shape).ravel().tolist()
    measurements = _measurements(sets, items, widened)
    accounting.reserve(len(measurements), settings.shots)
    runs = []
    for set_index, basis, _ in measurements:
        place = tuple(int(axis) for axis in np.unravel_index(set_index, pub.shape)) if pub.shape else ()
        measured = _measured(pub.bind(unmeasured, place), basis)
        accounting.add_duration(measured, settings.shots)
        waiting = with_idle_delays(measured, accounting.data)
        run = plan_run(reduce_qubits(waiting, used_qubits([basis])), device, settings.shots)
        accounting.log_run(run, settings.shots)
        runs.append(run)
    seed = int(generator.integers(2**31))
    outcomes = sample_shots(runs, device, settings.shots, seed, twirled_readout=settings.mitigated)
    factors = _ReadoutFactors(settings, accounting, generator)
    shots_by_set: dict[int, list[_BasisShots]] = {}
    for (set_index, basis, labels), bits in zip(measurements, outcomes, strict=True):
        shots_by_set.setdefault(set_index, []).append(_BasisShots(basis, labels, bits))
    values = np.array(
        [
            _value(widened.items[item], shots_by_set.get(set_index, []), factors, settings)
            for set_index, item in zip(sets, items, strict=True)
        ]
    ).reshape(*shape, 3)
    return Estimates(values[..., 0], np.sqrt(values[..., 1]), np.sqrt(values[..., 2]))


def without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """Drop the measurements after which nothing happens to the qubit.

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
    acted_on: set[Any] = set()
    for instruction in reversed(circuit.data):
        name = instruction.operation.name
        last = all(qubit not in acted_on for qubit in instruction.qubits)
        if name == "measure" and last and instruction.clbits[0] not in needed:
            continue
        if name != "barrier":
            acted_on.update(instruction.qubits)
        kept.append(instruction)
    changed = circuit.copy_empty_like()
    for instruction in reversed(kept):
        changed._append(instruction)
    return changed


@dataclass(frozen=True)
class _BasisShots:
    """Shots in one basis: the last columns of `bits` are the qubits where `basis` is not I, lowest first."""

    basis: str
    labels: list[str]
    bits: Bits

    def signs(self, label: str) -> Floats:
        """+1 or -1 a shot: the measured value of a Pauli."""
        qubits = sorted(used_qubits([self.basis]))
        first = self.bits.shape[1] - len(qubits)
        columns = [first + qubits.index(qubit) for qubit in used_qubits([label])]
        parity = np.bitwise_xor.reduce(self.bits[:, columns], axis=1)
        signs: Floats = 1.0 - 2.0 * parity
        return signs


class _ReadoutFactors:
    """The factors by which twirled readout shrinks Paulis, measured by calibration shots."""

    def __init__(
        self, settings: EstimatorSettings, accounting: JobAccounting, generator: np.random.Generator
    ) -> None:
        self._settings = settings
        self._accounting = accounting
        self._generator = generator
        self._measured: dict[frozenset[int], tuple[float, float]] = {}

    def factor(self, label: str) -> tuple[float, float]:
        """The factor of a Pauli and the variance of its measurement: (1, 0) without mitigation."""
        if not self._settings.mitigated:
            return 1.0, 0.0
        support = frozenset(used_qubits([label]))
        if support not in self._measured:
            self._measured[support] = self._measure(support)
        return self._measured[support]

    def _measure(self, support: frozenset[int]) -> tuple[float, float]:
        shots = self._settings.shots
        parity = np.zeros(shots, dtype=bool)
        for qubit in sorted(support):
            flip = noise.flip_probability(self._accounting.data.qubits[qubit])
            parity ^= self._generator.random(shots) < flip
        factor = float(1 - 2 * parity.mean())
        error = math.sqrt(max(1 - factor**2, 0.0) / shots)
        if factor < 5 * error:
            self._accounting.log(
                f"Readout of qubits {sorted(support)} is too poor to be mitigated: their terms are as read."
            )
            return 1.0, 0.0
        return factor, error**2


def _measurements(
    sets: Sequence[int], items: Sequence[int], observables: Observables
) -> list[tuple[int, str, list[str]]]:
    """What to measure: (parameter set, basis, Paulis)."""
    labels_by_set: dict[int, set[str]] = {}
    for set_index, item in zip(sets, items, strict=True):
        labels_by_set.setdefault(set_index, set()).update(observables.items[item])
    return [
        (set_index, basis, members)
        for set_index, labels in labels_by_set.items()
        for basis, members in measurement_bases(labels)
    ]


def _measured(circuit: QuantumCircuit, basis: str) -> QuantumCircuit:
    """The circuit with rotations of the device's own gates into `basis`, and measurements at the end."""
    qubits = sorted(used_qubits([basis]))
    register = ClassicalRegister(len(qubits), "__observed")
    measured = circuit.copy()
    measured.add_bits(Qubit() for _ in range(circuit.num_qubits, max(qubits, default=-1) + 1))
    measured.add_register(register)
    for place, qubit in enumerate(qubits):
        letter = basis[len(basis) - 1 - qubit]
        if letter == "X":
            measured.rz(math.pi / 2, qubit)
        if letter in "XY":
            measured.sx(qubit)
        measured.measure(qubit, register[place])
    return measured


def _value(
    terms: Terms, shots_by_basis: Sequence[_BasisShots], factors: _ReadoutFactors, settings: EstimatorSettings
) -> tuple[float, float, float]:
    """Sum the terms of an observable, each from the shots of the basis it was put in.

    Returns:
        Expectation value, variance over blocks and calibration, variance of the ensemble.
    """
    ev = sum(value for label, value in terms.items() if set(label) == {"I"})
    variance = ensemble = 0.0
    for shots in shots_by_basis:
        labels = [label for label in shots.labels if label in terms]
        if not labels:
            continue
        total = np.zeros(settings.shots)
        calibration = 0.0
        for label in labels:
            signs = shots.signs(label)
            factor, error = factors.factor(label)
            total += terms[label] / factor * signs
            calibration += (terms[label] * float(signs.mean()) / factor**2) ** 2 * error
        ev += float(total.mean())
        ensemble_variance = float(total.var(ddof=1)) / settings.shots if settings.shots > 1 else 0.0
        ensemble += ensemble_variance
        if settings.blocks > 1:
            means = total.reshape(settings.blocks, -1).mean(axis=1)
            variance += float(means.var(ddof=1)) / settings.blocks + calibration
        else:
            variance += ensemble_variance + calibration
    return ev, variance, ensemble
