"""The noise of a device on the few qubits a circuit uses, as Aer's noise model and as Pauli channels.

Each gate is followed by thermal relaxation of its qubits for its length and by depolarizing noise that
makes up the rest of its recorded error, as in `qiskit_aer.noise.NoiseModel.from_backend`; each readout
misreads with the recorded probabilities. Only the gates and couplers in use are built: a model of all
of a large device takes half a minute. Waiting is a `delay` (see `idle`), with relaxation for its length.

`exact` relaxation is amplitude and phase damping. The other kind is its Pauli twirl, with the same
average fidelity, which a stabilizer simulation needs and a state vector simulates without
renormalising (Ghosh et al., PRA 86, 062318). It does not prefer 0. Between density matrices with either
noise, delays included, on ibm_peekskill, the outcomes differ in total variation by 0.028 (Bernstein-Vazirani
with 8 bits), 0.053 (Fourier transform of 8 qubits) and 0.020 (GHZ of 9); by 0.19 where a qubit in state 1
waits for 100 us, which is why `clifford` does not twirl that. Jobs say so in their log.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import CircuitInstruction, QuantumCircuit
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    depolarizing_error,
    pauli_error,
    thermal_relaxation_error,
)

from tui.qiskit_common.traversal import rewrite, walk
from tui.sandbox.simulator.base.calibration import QubitData, calibration
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.noise.durations import delay_seconds

Probabilities = NDArray[np.float64]
"""Of the Paulis II, XI, YI, ZI, IX, ...: shape (4**qubits,), the letter of the first qubit varies fastest."""

Times = Sequence[tuple[float, float]]
"""T1 and T2 of each qubit in seconds, infinite where not recorded."""

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
    """Build the noise of some operations on some qubits.

    Args:
        device: Name of the device.
        qubits: The physical qubit of each qubit of the circuit.
        operations: Names and qubits of the circuit, as indices of `qubits`.
        exact: Amplitude and phase damping instead of their Pauli twirl.
        twirled_readout: Misread 0 and 1 equally often, as under measurement twirling.
    """
    data = calibration(device)
    model = NoiseModel()
    noisy = sorted({operation for operation in operations if operation[0] not in _NOT_NOISY})
    for name, places in noisy:
        error = gate_error(device, name, tuple(qubits[place] for place in places), exact)
        if error is not None:
            model.add_quantum_error(error, [name], list(places), warnings=False)
    model.add_basis_gates(sorted({name for name, _ in noisy}))
    for place, qubit in enumerate(qubits):
        up, down = readout_errors(data.qubits[qubit], twirled_readout)
        model.add_readout_error(ReadoutError([[1 - up, up], [down, 1 - down]]), [place], warnings=False)
    return model


@lru_cache(maxsize=4096)
def gate_error(device: str, name: str, qubits: tuple[int, ...], exact: bool) -> QuantumError | None:
    """Return the noise after a gate on physical qubits; None when the device records none.

    Args:
        device: Name of the device.
        name: Name of the gate.
        qubits: The physical qubits in the gate's order.
        exact: Amplitude and phase damping instead of their Pauli twirl.
    """
    parts = _parts(device, name, qubits)
    if parts is None:
        return None
    return _exact(*parts) if exact else _twirled(*parts)


@lru_cache(maxsize=4096)
def delay_error(device: str, qubit: int, seconds: float, exact: bool) -> QuantumError | None:
    """Return the noise of a delay on a physical qubit; None when the device records none.

    Args:
        device: Name of the device.
        qubit: The physical qubit.
        seconds: Duration of the delay.
        exact: Amplitude and phase damping instead of their Pauli twirl.
    """
    times = [_relaxation_times(calibration(device).qubits[qubit])]
    return (_exact if exact else _twirled)(times, max(seconds, 0.0), 0.0)


def delay_chances(device: str, delay: Any, qubit: int) -> tuple[float, Probabilities]:
    """Return the probability that a 1 decays during a delay, and the twirled noise of the delay.

    Raises:
        JobFailure: The duration of the delay is not a number.
    """
    data = calibration(device)
    times = _relaxation_times(data.qubits[qubit])
    seconds = max(delay_seconds(delay, data.dt), 0.0)
    return 1 - math.exp(-seconds / times[0]), _channel([times], seconds, 0.0)


def channel_after(device: str, operation: Any, qubits: tuple[int, ...]) -> Probabilities | None:
    """Return the twirled noise of an operation on physical qubits.

    Returns:
        Probabilities of the Paulis that follow the operation; None when the device records no noise.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    if operation.name == "delay":
        return delay_chances(device, operation, qubits[0])[1]
    return _gate_channel(device, operation.name, qubits)


def misread(
    bits: Bits,
    circuit: QuantumCircuit,
    device: str,
    qubits: Sequence[int],
    generator: np.random.Generator,
    *,
    twirled: bool,
) -> None:
    """Flip outcomes in place as often as the readout of their qubits is wrong.

    Args:
        bits: True outcomes of a circuit without feedback, of shape (shots, classical bits).
        circuit: The circuit; of several measurements into one bit the last one counts.
        device: Name of the device.
        qubits: The physical qubit of each qubit of the circuit.
        generator: Source of the randomness.
        twirled: Misread 0 and 1 equally often, as under measurement twirling.
    """
    columns = {bit: index for index, bit in enumerate(circuit.clbits)}
    measured = {
        columns[instruction.clbits[0]]: qubits[numbers[0]]
        for instruction, numbers in walk(circuit)
        if instruction.operation.name == "measure"
    }
    for column, qubit in measured.items():
        one_for_0, zero_for_1 = readout_errors(calibration(device).qubits[qubit], twirled)
        chance = np.where(bits[:, column], zero_for_1, one_for_0)
        bits[:, column] ^= generator.random(len(bits)) < chance


def with_relaxation(
    circuit: QuantumCircuit, device: str, qubits: Sequence[int], exact: bool
) -> QuantumCircuit:
    """Put relaxation in place of every delay, which Aer's noise models do not do by duration.

    Args:
        circuit: A bound circuit.
        device: Name of the device.
        qubits: The physical qubit of each qubit of the circuit.
        exact: Amplitude and phase damping instead of their Pauli twirl.

    Raises:
        JobFailure: The duration of a delay is not a number.
    """
    data = calibration(device)

    def relax(instruction: CircuitInstruction, numbers: tuple[int, ...]) -> list[CircuitInstruction]:
        if instruction.operation.name != "delay":
            return [instruction]
        error = delay_error(device, numbers[0], delay_seconds(instruction.operation, data.dt), exact)
        return [] if error is None else [CircuitInstruction(error.to_instruction(), instruction.qubits)]

    return rewrite(circuit, relax, dict(zip(circuit.qubits, qubits, strict=True)))


def readout_errors(qubit: QubitData, twirled: bool) -> tuple[float, float]:
    """Return the probabilities to read 1 for 0 and 0 for 1, equal when the readout is twirled."""
    if twirled:
        return flip_probability(qubit), flip_probability(qubit)
    return qubit.read_1_when_0, qubit.read_0_when_1


def flip_probability(qubit: QubitData) -> float:
    """Return the probability that a twirled readout is wrong."""
    return (qubit.read_1_when_0 + qubit.read_0_when_1) / 2


@lru_cache(maxsize=4096)
def _gate_channel(device: str, name: str, qubits: tuple[int, ...]) -> Probabilities | None:
    parts = _parts(device, name, qubits)
    return None if parts is None else _channel(*parts)


def _parts(device: str, name: str, qubits: tuple[int, ...]) -> tuple[Times, float, float] | None:
    """Relaxation times of the qubits, length of the gate in seconds, strength of the depolarizing noise."""
    data = calibration(device)
    gate = data.gates.get((_PLAYED_AS.get(name, name), qubits))
    if gate is None or name in _NOT_NOISY:
        return None
    times = [_relaxation_times(data.qubits[qubit]) for qubit in qubits]
    relaxed = _relaxation_fidelity(times, gate.length)
    dimension = 2 ** len(qubits)
    strength = 0.0
    if gate.error is not None and gate.error > 1 - relaxed:
        strength = dimension * (gate.error - (1 - relaxed)) / (dimension * relaxed - 1)
        strength = min(strength, 4 ** len(qubits) / (4 ** len(qubits) - 1))
    return times, gate.length, strength


def _relaxation_times(qubit: QubitData) -> tuple[float, float]:
    t1 = qubit.t1 if qubit.t1 else math.inf
    t2 = qubit.t2 if qubit.t2 else math.inf
    # Fits of noisy data report T2 above its physical bound now and then.
    return t1, min(t2, 2 * t1)


def _relaxation_fidelity(times: Times, length: float) -> float:
    """Average gate fidelity of relaxation: (d F + 1) / (d + 1), F the product over qubits of
    (1 + exp(-t/T1) + 2 exp(-t/T2)) / 4 (Horodecki et al., PRA 60, 1888; Nielsen, PLA 303, 249)."""
    process: float = math.prod(
        (1 + math.exp(-length / t1) + 2 * math.exp(-length / t2)) / 4 for t1, t2 in times
    )
    dimension: int = 2 ** len(times)
    return (dimension * process + 1) / (dimension + 1)


def _exact(times: Times, length: float, strength: float) -> QuantumError | None:
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


def _twirled(times: Times, length: float, strength: float) -> QuantumError | None:
    # The label's left end is the last qubit, which varies slowest.
    labels = map("".join, product("IXYZ", repeat=len(times)))
    probabilities = _channel(times, length, strength).tolist()
    terms = [(label, value) for label, value in zip(labels, probabilities, strict=True) if value > 0]
    return None if len(terms) == 1 else pauli_error(terms)


def _channel(times: Times, length: float, strength: float) -> Probabilities:
    """The Pauli channel whose factors on the Paulis are those of depolarizing times relaxation.

    The probabilities are the Walsh-Hadamard transform of the factors (Flammia and Wallman, ACM TQC 1, 3).
    """
    factors: NDArray[Any] = np.ones(1)
    for t1, t2 in times:
        one = np.array([1.0, math.exp(-length / t2), math.exp(-length / t2), math.exp(-length / t1)])
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
