"""Account of a job: executions, time on the device, circuits as run, and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import qasm3
from qiskit.circuit import QuantumCircuit
from qiskit.transpiler import Layout
from qiskit.transpiler.layout import TranspileLayout

from tui.sandbox.simulator.base.calibration import Calibration, calibration
from tui.sandbox.simulator.base.values import JOB_OVERHEAD_SECONDS, JobFailure
from tui.sandbox.simulator.noise.durations import circuit_seconds, has_parametric_delay, repetition_delay
from tui.sandbox.simulator.noise.shots import PlannedRun

_MOST_EXECUTIONS = 10_000_000

# Measured between density matrices with either noise; see `noise.noise_model`.
_TWIRLED = (
    "Pauli-twirled relaxation loses as much on average as the recorded one, but does not prefer 0: outcomes"
    " differ by 2 to 5 % (total variation), and more where a qubit waits long in a superposition."
)


class JobAccounting:
    """The account of one job on one device."""

    def __init__(self, device: str, options: Mapping[str, Any]) -> None:
        self.data: Calibration = calibration(device)
        self._rep_delay = repetition_delay(options, self.data)
        self._executions = 0
        self._seconds = 0.0
        self._lines: list[str] = []
        self.circuits = 0
        self.shots: set[int] = set()
        self.transpiled: list[str] = []

    def reserve(self, circuits: int, shots: int) -> None:
        """Count executions before they are made.

        Raises:
            JobFailure: They are beyond the limits of device or service.
        """
        if shots > self.data.max_shots:
            raise JobFailure(
                f"{shots} shots are more than {self.data.name} takes for a circuit ({self.data.max_shots}).",
                solution="Ask for fewer shots, or for less precision.",
            )
        self._executions += circuits * shots
        if self._executions > _MOST_EXECUTIONS:
            raise JobFailure(
                f"The job asks for {self._executions:,} executions (circuits times shots); the limit is"
                f" {_MOST_EXECUTIONS:,}.",
                solution="Split the job, or ask for fewer shots.",
            )
        self.circuits += circuits
        self.shots.add(shots)

    def add_duration(self, circuit: QuantumCircuit, shots: int) -> None:
        """Add the time that the shots of a bound circuit on the device's own qubits take.

        Raises:
            JobFailure: The duration of a delay is not a number.
        """
        self._seconds += shots * (self._rep_delay + circuit_seconds(circuit, self.data))

    def add_durations(self, circuit: QuantumCircuit, values: NDArray[np.float64], shots: int) -> None:
        """Add the time that the shots of all executions of a circuit take.

        Args:
            circuit: A circuit on the device's own qubits.
            values: The values of its parameters, of shape (executions, parameters).
            shots: Shots of every execution.

        Raises:
            JobFailure: The duration of a delay is not a number.
        """
        if not has_parametric_delay(circuit):
            self.add_duration(circuit, shots * len(values))
            return
        for row in values:
            self.add_duration(circuit.assign_parameters(row.tolist()), shots)

    def add_circuit(self, circuit: QuantumCircuit) -> None:
        """Keep the circuit of a pub as OpenQASM 3."""
        self.transpiled.append(physical_qasm3(circuit))

    def log(self, line: str) -> None:
        """Add a line to the log unless it is there."""
        if line not in self._lines:
            self._lines.append(line)

    def log_without_effect(self, options: Mapping[str, Any]) -> None:
        """Add to the log which of the options that suppress errors are enabled, but have no effect."""
        if (options.get("dynamical_decoupling") or {}).get("enable"):
            self.log(
                "Dynamical decoupling has no effect here: qubits that wait lose their state to relaxation and"
                " dephasing without memory, which no pulses undo."
            )
        if (options.get("twirling") or {}).get("enable_gates"):
            self.log(
                "Twirling of gates has no effect here: the recorded noise is random already, without"
                " coherent errors that twirling would make so."
            )

    def log_run(self, run: PlannedRun, shots: int) -> None:
        """Add to the log how a circuit was simulated."""
        self.log_method(run.method.name, run.method.exact, run.qubits, shots)

    def log_method(self, name: str, exact: bool, qubits: Sequence[int], shots: int) -> None:
        """Add to the log by which method some qubits were simulated, with exact or with twirled noise."""
        kind = "recorded noise" if exact else "recorded noise, Pauli-twirled"
        self.log(f"{shots} shots by {name} with {kind} of qubits {sorted(qubits)}")
        if not exact:
            self.log(_TWIRLED)

    @property
    def execution_ns(self) -> int:
        """Time on the device in nanoseconds, without the overhead of the job."""
        return round(self._seconds * 1e9)

    @property
    def qpu_seconds(self) -> float:
        """Estimate of the seconds that the job is charged."""
        return round(JOB_OVERHEAD_SECONDS + self._seconds, 3)

    @property
    def logs(self) -> str:
        """The lines of the log, each with its line feed."""
        return "".join(f"{line}\n" for line in self._lines)


def physical_qasm3(circuit: QuantumCircuit) -> str:
    """Write a circuit as OpenQASM 3 on one line.

    Returns:
        The program with `$n` for qubit n; empty when Qiskit cannot write the circuit.
    """
    named = circuit.copy()
    # The exporter writes hardware qubits for circuits that carry a layout.
    named._layout = TranspileLayout(
        initial_layout=Layout.from_qubit_list(named.qubits),
        input_qubit_mapping={qubit: index for index, qubit in enumerate(named.qubits)},
        final_layout=None,
    )
    try:
        return one_line(qasm3.dumps(named))
    except qasm3.QASM3ExporterError:
        return ""


def one_line(program: str) -> str:
    """Write a program without comments on one line."""
    return " ".join(program.split())
