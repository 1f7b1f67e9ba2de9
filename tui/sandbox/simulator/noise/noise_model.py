"""The noise of a device on the few qubits a circuit uses, as Aer's noise model.

Each gate is followed by thermal relaxation of its qubits for its length and by depolarizing noise that
makes up the rest of its recorded error, as in `qiskit_aer.noise.NoiseModel.from_backend`; each readout
misreads with the recorded probabilities. Only the gates and couplers in use are built: a model of all
of a large device takes half a minute. Qubits that wait are not modelled; `delay` is.

`exact` relaxation is amplitude and phase damping. The other kind is its Pauli twirl, with the same
average fidelity, which a stabilizer simulation and shot branching need (Ghosh et al., PRA 86, 062318).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    depolarizing_error,
    pauli_error,
    thermal_relaxation_error,
)

from tui.sandbox.simulator.base.calibration import QubitData, calibration

Probabilities = NDArray[np.float64]

_PAULIS = "IXYZ"
# Names a Clifford circuit is rewritten to, and the device gate that is really played.
_PLAYED_AS = {"sxdg": "sx"}
_NOT_NOISY = ("measure", "barrier", "delay", "rz", "store")


def noise_model(
    device: str,
    qubits: Sequence[int],
    operations: Iterable[tuple[str, tuple[int, ...]]],
    *,
    exact: bool,
    twirled_readout: bool = False,
) -> NoiseModel:
    """The noise of `operations` (name, qubits) on `qubits`: places in `qubits`, physical numbers in it.

    `twirled_readout` makes both kinds of misreading equally likely, as measurement twirling does.
    """
    data = calibration(device)
    model = NoiseModel()
    basis = set()
    for name, places in sorted(set(operations)):
        if name in _NOT_NOISY:
            continue
        error = gate_error(device, name, tuple(qubits[place] for place in places), exact)
        basis.add(name)
        if error is not None:
            model.add_quantum_error(error, [name], list(places), warnings=False)
    model.add_basis_gates(sorted(basis))
    for place, qubit in enumerate(qubits):
        model.add_readout_error(_readout(data.qubits[qubit], twirled_readout), [place], warnings=False)
    return model


@lru_cache(maxsize=4096)
def gate_error(device: str, name: str, qubits: tuple[int, ...], exact: bool) -> QuantumError | None:
    """The noise after one gate on physical qubits; None when the device knows none."""
    parts = _parts(device, name, qubits)
    if parts is None:
        return None
    return _exact(*parts) if exact else _twirled(*parts)


@lru_cache(maxsize=4096)
def pauli_channel(device: str, name: str, qubits: tuple[int, ...]) -> Probabilities | None:
    """The same, twirled, as probabilities of II, XI, YI, ZI, IX, ...: the first qubit varies fastest."""
    parts = _parts(device, name, qubits)
    return None if parts is None else _channel(*parts)


def _parts(
    device: str, name: str, qubits: tuple[int, ...]
) -> tuple[list[tuple[float, float]], float, float] | None:
    """Relaxation times of the qubits, length of the gate, strength of the depolarizing noise."""
    data = calibration(device)
    gate = data.gates.get((_PLAYED_AS.get(name, name), qubits))
    if gate is None or name in _NOT_NOISY:
        return None
    times = [_relaxation_times(data.qubits[qubit]) for qubit in qubits]
    relaxed = _relaxation_fidelity([(t1, t2, gate.length) for t1, t2 in times])
    dimension = 2 ** len(qubits)
    strength = 0.0
    if gate.error is not None and gate.error > 1 - relaxed:
        strength = dimension * (gate.error - (1 - relaxed)) / (dimension * relaxed - 1)
        strength = min(strength, 4 ** len(qubits) / (4 ** len(qubits) - 1))
    return times, gate.length, strength


def delay_error(device: str, qubit: int, seconds: float, exact: bool) -> QuantumError | None:
    """Relaxation of a physical qubit that is told to wait."""
    if seconds <= 0:
        return None
    times = [_relaxation_times(calibration(device).qubits[qubit])]
    return _exact(times, seconds, 0.0) if exact else _twirled(times, seconds, 0.0)


def delay_channel(device: str, qubit: int, seconds: float) -> Probabilities:
    """The same, twirled, as probabilities of I, X, Y, Z."""
    return _channel([_relaxation_times(calibration(device).qubits[qubit])], max(seconds, 0.0), 0.0)


def misreading(qubit: QubitData, twirled: bool) -> tuple[float, float]:
    """The probabilities to read 1 for 0 and 0 for 1."""
    if twirled:
        return flip_probability(qubit), flip_probability(qubit)
    return qubit.read_1_when_0, qubit.read_0_when_1


def flip_probability(qubit: QubitData) -> float:
    """The probability that a twirled readout is wrong."""
    return (qubit.read_1_when_0 + qubit.read_0_when_1) / 2


def _relaxation_times(qubit: QubitData) -> tuple[float, float]:
    t1 = qubit.t1 if qubit.t1 else math.inf
    t2 = qubit.t2 if qubit.t2 else math.inf
    # Fits of noisy data report T2 above its physical bound now and then.
    return t1, min(t2, 2 * t1)


def _relaxation_fidelity(spans: Iterable[tuple[float, float, float]]) -> float:
    """Average gate fidelity of relaxation: (d F + 1) / (d + 1), F the product over qubits of
    (1 + exp(-t/T1) + 2 exp(-t/T2)) / 4."""
    process, dimension = 1.0, 1
    for t1, t2, length in spans:
        process *= (1 + math.exp(-length / t1) + 2 * math.exp(-length / t2)) / 4
        dimension *= 2
    return (dimension * process + 1) / (dimension + 1)


def _exact(times: Sequence[tuple[float, float]], length: float, strength: float) -> QuantumError | None:
    relaxation = None
    if length > 0:
        for t1, t2 in times:
            one = thermal_relaxation_error(t1, t2, length)
            # Aer's `expand` puts its argument on the lower qubit: the first qubit is the lowest.
            relaxation = one if relaxation is None else relaxation.expand(one)
    if strength <= 0:
        return relaxation
    depolarizing = depolarizing_error(strength, len(times))
    return depolarizing if relaxation is None else depolarizing.compose(relaxation)


def _twirled(times: Sequence[tuple[float, float]], length: float, strength: float) -> QuantumError | None:
    probabilities = _channel(times, length, strength)
    terms = [
        (label, float(probability))
        for label, probability in zip(_labels(len(times)), probabilities, strict=True)
        if probability > 0
    ]
    return None if len(terms) == 1 else pauli_error(terms)


def _channel(times: Sequence[tuple[float, float]], length: float, strength: float) -> Probabilities:
    """The Pauli channel whose factors on the Paulis are those of depolarizing times relaxation.

    The probabilities are the Walsh-Hadamard transform of the factors.
    """
    factors: NDArray[Any] = np.ones(1)
    for t1, t2 in times:
        one = np.array([1.0, math.exp(-length / t2), math.exp(-length / t2), math.exp(-length / t1)])
        # Later qubits vary slower: the label's left end is the highest qubit.
        factors = np.kron(one, factors)
    factors[1:] *= 1 - strength
    probabilities: Probabilities = np.clip(_transform(len(times)) @ factors, 0, None)
    probabilities /= probabilities.sum()
    return probabilities


@cache
def _transform(qubits: int) -> Any:
    # Entry (P, Q) is +1 where the Paulis commute, -1 where not.
    single = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 4
    whole: Any = np.ones((1, 1))
    for _ in range(qubits):
        whole = np.kron(single, whole)
    return whole


@cache
def _labels(qubits: int) -> list[str]:
    labels = [""]
    for _ in range(qubits):
        labels = [letter + rest for letter in _PAULIS for rest in labels]
    return labels


def _readout(qubit: QubitData, twirled: bool) -> ReadoutError:
    up, down = misreading(qubit, twirled)
    return ReadoutError([[1 - up, up], [down, 1 - down]])
