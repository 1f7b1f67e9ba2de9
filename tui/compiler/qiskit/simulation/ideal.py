"""The ideal distribution of a circuit: exact from its state vector, else sampled without noise."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from tui.compiler.messages import SimulateIdeal
from tui.compiler.qiskit.circuit_summary import NotPossible, is_clifford
from tui.compiler.qiskit.simulation.circuits import (
    LONGEST_SECONDS,
    SimulatedCircuit,
    in_basis,
    run,
    sample,
    seconds_of,
    simulated_circuit,
)
from tui.domain.statistics.distributions import Distribution

MOST_QUBITS: Final = 22
"""Qubits of a state vector: 64 MB, and 10 ms a gate. Clifford circuits may have as many as devices have."""
MOST_OUTCOMES: Final = 1 << 16
"""Outcomes of a distribution that are sent, the most probable ones."""
_LEAST: Final = 1e-12
"""Probability below which an outcome is a rounding of zero."""


def simulate_ideal(request: SimulateIdeal) -> Distribution:
    """Simulate a circuit without noise.

    A circuit of at most `MOST_QUBITS` used qubits that measures at its end alone is simulated exactly;
    others are sampled: with stabilizers where all gates are Clifford gates, else shot by shot.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too wide or too deep, which the message says, or a parameter has no value.
    """
    return ideal_distribution(simulated_circuit(request.qasm, request.values), request.shots, request.seed)


def ideal_distribution(asked: SimulatedCircuit, shots: int, seed: int, *, runs: int = 1) -> Distribution:
    """Simulate a circuit without noise, as `simulate_ideal` does.

    Args:
        asked: the circuit.
        shots, seed: where it is sampled.
        runs: circuits of this size there is to be time for.
    """
    if asked.static and len(asked.qubits) <= MOST_QUBITS:
        check_time(asked, runs)
        return _exact(asked)
    if is_clifford(asked.circuit):
        return _sampled(asked, shots, seed, "stabilizer", "stabilizers")
    if len(asked.qubits) > MOST_QUBITS:
        raise too_wide(len(asked.qubits))
    check_time(asked, runs * shots)
    return _sampled(asked, shots, seed, "statevector", "state vector, shot by shot")


def too_wide(qubits: int) -> NotPossible:
    """Return the refusal of a circuit of so many qubits."""
    return NotPossible(
        f"The circuit is too wide to be simulated here: it uses {qubits:,} qubits; up to "
        f"{MOST_QUBITS} are simulated where not all gates are Clifford gates."
    )


def check_time(asked: SimulatedCircuit, runs: int) -> None:
    """Refuse a simulation that takes too long by its own estimate.

    Raises:
        NotPossible: with the figures.
    """
    seconds = seconds_of(asked, runs=runs)
    if seconds > LONGEST_SECONDS:
        times = f", {runs:,} times," if runs > 1 else ""
        raise NotPossible(
            f"The circuit is too large to be simulated here: {len(asked.qubits)} qubits and "
            f"{asked.size:,} operations{times} would take about {seconds:,.0f} s, of which up to "
            f"{LONGEST_SECONDS:.0f} s are taken."
        )


def _exact(asked: SimulatedCircuit) -> Distribution:
    clbits: list[int] = []
    qubits: list[int] = []
    gates = asked.circuit.copy_empty_like()
    for entry in asked.circuit.data:
        if entry.name == "measure":
            qubits.append(asked.circuit.find_bit(entry.qubits[0]).index)
            clbits.append(asked.circuit.find_bit(entry.clbits[0]).index)
        else:
            gates._append(entry)
    simulator = AerSimulator(method="statevector")
    shares = _probabilities(in_basis(gates, simulator), simulator, qubits)
    chosen = np.flatnonzero(shares > _LEAST)
    if len(chosen) > MOST_OUTCOMES:
        chosen = chosen[np.argpartition(shares[chosen], -MOST_OUTCOMES)[-MOST_OUTCOMES:]]
    numbers = np.zeros(len(chosen), dtype=object)
    for place, clbit in enumerate(clbits):
        numbers += (chosen >> place & 1).astype(object) << clbit
    kept = shares[chosen]
    outcomes = dict(zip(numbers.tolist(), kept.tolist(), strict=True))
    return asked.distribution(outcomes, "state vector", rest=max(0.0, 1 - float(kept.sum())))


def _probabilities(gates: QuantumCircuit, simulator: AerSimulator, qubits: list[int]) -> NDArray[np.float64]:
    # Saving is no method of Qiskit's own circuits before Aer is imported.
    saving: Any = gates
    saving.save_probabilities(qubits)
    found: NDArray[np.float64] = np.asarray(run([saving], simulator, 1, 0)[0]["probabilities"])
    return found


def _sampled(asked: SimulatedCircuit, shots: int, seed: int, method: str, words: str) -> Distribution:
    simulator = AerSimulator(method=method)
    circuit = in_basis(asked.circuit, simulator)
    (outcomes,) = sample([circuit], simulator, shots, seed, asked.circuit.num_clbits)
    return asked.distribution(outcomes, words, shots=shots)
