"""What the noise of a device makes of a circuit: Aer's model of its calibration, and waiting."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.circuit import Delay, Parameter
from qiskit.exceptions import QiskitError
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, PassManager, Target
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDelay
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_aer.noise.device.models import basic_device_gate_errors, basic_device_readout_errors
from qiskit_aer.noise.passes import RelaxationNoisePass

from tui.compiler.messages import SimulateNoisy
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.simulation.circuits import (
    SimulatedCircuit,
    bound,
    sample,
    seconds_of,
    simulated_circuit,
)
from tui.domain.statistics.distributions import Distribution
from tui.qiskit_common.traversal import has_feedback, walk

MOST_DENSE: Final = 11
"""Qubits of a density matrix, 64 MB, with which all shots are drawn from one run."""
MOST_QUBITS: Final = 20
LONGEST_SECONDS: Final = 10.0
"""Time that a prediction may take by its own estimate."""
SWEEP_SECONDS: Final = 60.0
"""The same for all sets of values of a sweep, part after part."""
LEAST_SHOTS: Final = 400
"""Shots below which a prediction says too little."""
_NO_DECAY: Final = 1.0
"""Seconds: T1 and T2 of a qubit of which none is known."""


def simulate_noisy(request: SimulateNoisy, target: Target) -> Distribution:
    """Simulate an ISA circuit with the noise of its device.

    Gates have depolarizing noise and relaxation, readouts their errors by state where they are told
    (`qiskit_aer.noise.NoiseModel`), and qubits that wait relax. Crosstalk, leakage and drift are not in it,
    so devices do worse.

    Args:
        request: with the circuit, whose qubit `i` is the device's qubit `i`.
        target: the device, with its calibration.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too wide or too deep, which the message says, or the device does not have an
            operation.
    """
    asked = simulated_circuit(request.isa, request.values)
    (found,) = NoisyCircuit(asked, target, shots=request.shots).distributions(
        [{}], request.shots, request.seed
    )
    return found


class NoisyCircuit:
    """A circuit with the noise of its device, ready to be run, for one set of values of its parameters after
    the other.

    Args:
        asked: the circuit, on its used qubits.
        target: the device, with its calibration.
        runs: how often it is to be run: there is to be time for all of them.
        shots: of which there is to be time for a good part.

    Raises:
        NotPossible: it is too wide or too deep for that, or the device does not have an operation.
    """

    def __init__(
        self, asked: SimulatedCircuit, target: Target, *, runs: int = 1, shots: int = LEAST_SHOTS
    ) -> None:
        self._asked, self._runs = asked, runs
        self.dense = len(asked.qubits) <= MOST_DENSE and asked.static
        _affordable(asked, shots, self.dense, runs)
        device = _restricted(asked, target)
        self.circuit, self.waiting = _with_waiting(asked.circuit, device)
        self.simulator = AerSimulator(
            method="density_matrix" if self.dense else "statevector", noise_model=_noise_model(device)
        )

    @property
    def method(self) -> str:
        """The simulator, in words."""
        return "density matrix" if self.dense else "trajectories of the state vector"

    def affordable(self, shots: int) -> int:
        """Return the number of shots there is time for in each run, at most so many."""
        return _affordable(self._asked, shots, self.dense, self._runs)

    def distributions(
        self, sets: Sequence[Mapping[str, float]], shots: int, seed: int
    ) -> tuple[Distribution, ...]:
        """Draw shots with each set of values, fewer where there is no time for all.

        Args:
            sets: values of the circuit's parameters.
            shots: at most.
            seed: of the simulator.
        """
        circuits = [bound(self.circuit, values) for values in sets]
        shots = self.affordable(shots)
        found = sample(circuits, self.simulator, shots, seed, self._asked.circuit.num_clbits)
        made = (self._asked.distribution(outcomes, self.method, shots=shots) for outcomes in found)
        return tuple(replace(one, waiting=self.waiting) for one in made)


def _affordable(asked: SimulatedCircuit, shots: int, dense: bool, runs: int) -> int:
    """Return the number of shots there is time for in each run, at most so many."""
    # Noise doubles the operations, and waiting about does it again.
    once = 4 * seconds_of(asked, runs=runs, factor=2 if dense else 1)
    longest = LONGEST_SECONDS if runs == 1 else SWEEP_SECONDS
    affordable = shots if dense else min(shots, int(longest / once))
    if len(asked.qubits) > MOST_QUBITS or affordable < min(LEAST_SHOTS, shots) or once > longest:
        times = f", {runs:,} times" if runs > 1 else ""
        raise NotPossible(
            f"The circuit is too large to be simulated with noise here: {len(asked.qubits)} qubits and "
            f"{asked.size:,} operations{times}; up to {MOST_QUBITS} qubits are, if it takes at most "
            f"{longest:.0f} s."
        )
    return affordable


class _MeasureProperties(InstructionProperties):  # type: ignore[misc]
    """Aer takes both probabilities of misreading from attributes of these names."""

    prob_meas1_prep0: float
    prob_meas0_prep1: float


def _restricted(asked: SimulatedCircuit, target: Target) -> Target:
    """Return the device with the circuit's qubits and operations alone: Aer models all it is given."""
    known = target.qubit_properties or []
    decay = [known[qubit] if qubit < len(known) else QubitProperties() for qubit in asked.qubits]
    device = Target(
        num_qubits=len(asked.qubits),
        dt=target.dt,
        qubit_properties=[_decay(one) for one in decay],
    )
    misread = getattr(target, "misread", ())
    used: dict[str, dict[tuple[int, ...], InstructionProperties | None]] = {}
    for entry, numbers in walk(asked.circuit):
        if entry.name in ("barrier", "delay") or entry.is_control_flow() or entry.name == "store":
            continue
        physical = tuple(asked.qubits[number] for number in numbers)
        if not target.instruction_supported(entry.name, physical):
            raise NotPossible(f"The device has no {entry.name} on {', '.join(map(str, physical))}.")
        properties = (target[entry.name] or {}).get(physical)
        if entry.name == "measure" and properties is not None:
            properties = _measure_properties(properties, misread[physical[0]] if misread else None)
        used.setdefault(entry.name, {})[numbers] = properties
    for name, by_qubits in used.items():
        device.add_instruction(target.operation_from_name(name), by_qubits, name=name)
    delays = {(qubit,): None for qubit in range(len(asked.qubits))}
    device.add_instruction(Delay(Parameter("t")), delays, name="delay")
    return device


def _decay(qubit: Any) -> QubitProperties:
    """T1 and T2 as they can be: T2 is at most twice T1."""
    t1 = getattr(qubit, "t1", None) or _NO_DECAY
    t2 = min(getattr(qubit, "t2", None) or _NO_DECAY, 2 * t1)
    return QubitProperties(t1=t1, t2=t2, frequency=getattr(qubit, "frequency", None))


def _measure_properties(
    properties: InstructionProperties, misread: tuple[float, float] | None
) -> _MeasureProperties:
    made = _MeasureProperties(duration=properties.duration, error=properties.error)
    error = min(1.0, max(0.0, properties.error or 0.0))
    made.prob_meas1_prep0, made.prob_meas0_prep1 = misread or (error, error)
    return made


def _noise_model(device: Target) -> NoiseModel:
    model = NoiseModel()
    with warnings.catch_warnings():
        # Of errors that are larger than relaxation alone would be, and the like.
        warnings.simplefilter("ignore")
        for name, qubits, error in basic_device_gate_errors(target=device):
            model.add_quantum_error(error, name, qubits, warnings=False)
        for qubits, error in basic_device_readout_errors(target=device):
            model.add_readout_error(error, qubits, warnings=False)
    model.add_basis_gates([name for name in device.operation_names if name not in ("measure", "delay")])
    return model


def _with_waiting(circuit: QuantumCircuit, device: Target) -> tuple[QuantumCircuit, bool]:
    """Put relaxation where qubits wait.

    Returns:
        The circuit, and whether waiting is in it: not where lengths are not told, or a measurement decides.
    """
    if device.dt is None or has_feedback(circuit):
        return circuit, False
    decay = device.qubit_properties or []
    timing = PassManager([ALAPScheduleAnalysis(target=device), PadDelay(target=device, fill_very_end=False)])
    relaxation = RelaxationNoisePass(
        [qubit.t1 for qubit in decay],
        [qubit.t2 for qubit in decay],
        dt=device.dt,
        op_types=Delay,
        target=device,
    )
    try:
        timed = timing.run(circuit)
    except (QiskitError, TypeError, ValueError, ArithmeticError):
        # They fail in several ways where a length is not known.
        return circuit, False
    # A pass manager of its own: the start times of the first one would be missed for the noise.
    return PassManager([relaxation]).run(timed), True
