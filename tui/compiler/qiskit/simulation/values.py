"""Expectation values of a circuit's state: exact without noise, and with the noise of its device."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator

from tui.compiler.messages import SimulateValues
from tui.compiler.qiskit.circuit_summary import NotPossible, is_clifford
from tui.compiler.qiskit.simulation.circuits import (
    AMPLITUDE_SECONDS,
    LONGEST_SECONDS,
    SimulatedCircuit,
    bound,
    in_basis,
    read_program,
    run,
)
from tui.compiler.qiskit.simulation.ideal import MOST_QUBITS, check_time, too_wide
from tui.compiler.qiskit.simulation.noisy import NoisyCircuit
from tui.domain.pubs.observables import Observable, parse_observable
from tui.domain.statistics.predictions import ForetoldValues
from tui.qiskit_common.traversal import on_qubits, used_qubits

_READ: Final = "read "
"""Before the label of an observable whose readout errors are in it."""


def simulate_values(request: SimulateValues, target: Target | None = None) -> ForetoldValues:
    """Work out expectation values of the state that a circuit leaves, for each set of values.

    Without noise they are exact: by a state vector of at most `MOST_QUBITS` qubits, else by stabilizers
    where all gates are Clifford gates. With noise they are of a density matrix, or means over trajectories.
    Measurements at the end are left out, as the estimator has its own.

    Args:
        request: with the program, the observables over its qubits, and the sets. An observable of fewer
            letters is the identity on the qubits above, one of more reaches qubits that nothing was done to.
        target: the device whose noise is in it; `None`: no noise.

    Returns:
        A value each observable and set.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too wide or too deep, or too many sets, which the message says; it measures before
            its end; an observable is none.
    """
    circuit = read_program(request.qasm)
    observables = list(map(_observable, request.observables))
    support = {qubit for one in observables for term, _ in one.terms for qubit in _support(term)}
    kept = sorted(support | set(used_qubits(circuit))) or [0]
    state = _state(SimulatedCircuit(on_qubits(circuit, kept), tuple(kept), measured=True))
    operators = [_operator(one, kept) for one in observables]
    runs = max(request.of, len(request.sets))
    if target is not None:
        return _noisy(NoisyCircuit(state, target, runs=runs), operators, _readout(kept, target), request)
    return _ideal(state, operators, request.sets, runs)


def _observable(text: str) -> Observable:
    try:
        return parse_observable(text)
    except ValueError as error:
        raise NotPossible(str(error)) from error


def _support(term: str) -> Iterator[int]:
    return (qubit for qubit, letter in enumerate(reversed(term)) if letter != "I")


def _state(asked: SimulatedCircuit) -> SimulatedCircuit:
    """Return the circuit without its measurements.

    Raises:
        NotPossible: something comes after them.
    """
    if not asked.static:
        raise NotPossible(
            "The circuit measures or resets before its end: values of such circuits are not simulated here."
        )
    gates = asked.circuit.copy_empty_like()
    for entry in asked.circuit.data:
        if entry.name != "measure":
            gates._append(entry)
    return SimulatedCircuit(gates, asked.qubits, asked.measured)


def _operator(observable: Observable, kept: Sequence[int]) -> SparsePauliOp:
    """Return the observable over the kept qubits; on the others, and beyond its width, it is the identity."""
    width = kept[-1] + 1
    padded = [(term.rjust(width, "I"), size) for term, size in observable.terms]
    terms = [("".join(term[-1 - qubit] for qubit in reversed(kept)), size) for term, size in padded]
    return SparsePauliOp.from_list(terms, num_qubits=len(kept))


def _readout(kept: Sequence[int], target: Target) -> list[float]:
    """Return by how much a Z of each kept qubit shrinks when it is read out: 1 - P(1|0) - P(0|1)."""
    misread = getattr(target, "misread", ())
    properties = target["measure"] if "measure" in target.operation_names else {}
    shrunk: list[float] = []
    for qubit in kept:
        known = misread[qubit] if misread else None
        error = getattr((properties or {}).get((qubit,)), "error", None) or 0.0
        shrunk.append(1 - sum(known or (error, error)))
    return shrunk


def _read_out(operator: SparsePauliOp, shrunk: Sequence[float]) -> SparsePauliOp:
    paulis = operator.paulis
    factors = np.where(paulis.x | paulis.z, np.array(shrunk), 1.0).prod(axis=1)
    return SparsePauliOp(paulis, operator.coeffs * factors)


def _ideal(
    state: SimulatedCircuit, operators: Sequence[SparsePauliOp], sets: Sequence[Any], runs: int
) -> ForetoldValues:
    qubits = len(state.qubits)
    wide = qubits > MOST_QUBITS
    if not wide:
        check_time(state, runs)
        _check_operators(qubits, operators, runs)
    simulator = AerSimulator(method="stabilizer" if wide else "statevector")
    circuits = [bound(state.circuit, dict(values)) for values in sets]
    if wide and not all(map(is_clifford, circuits)):
        raise too_wide(qubits)
    prepared = [in_basis(circuit, simulator) for circuit in circuits]
    found = _saved(prepared, simulator, {str(at): one for at, one in enumerate(operators)}, 1, 1)
    values_ = tuple(float(one[str(at)]) for at in range(len(operators)) for one in found)
    return ForetoldValues(values_, qubits=qubits, method="stabilizers" if wide else "state vector")


def _noisy(
    noisy: NoisyCircuit,
    operators: Sequence[SparsePauliOp],
    shrunk: Sequence[float],
    request: SimulateValues,
) -> ForetoldValues:
    qubits, runs = len(shrunk), max(request.of, len(request.sets))
    _check_operators(qubits * (2 if noisy.dense else 1), operators, 2 * runs)
    asked = {str(at): one for at, one in enumerate(operators)}
    asked |= {_READ + name: _read_out(one, shrunk) for name, one in asked.items()}
    shots = 1 if noisy.dense else noisy.affordable(request.shots)
    circuits = [bound(noisy.circuit, dict(values)) for values in request.sets]
    found = _saved(circuits, noisy.simulator, asked, shots, request.seed, each=not noisy.dense)
    labels = [str(at) for at in range(len(operators))]
    values, read = (
        tuple(float(np.mean(one[before + label])) for label in labels for one in found)
        for before in ("", _READ)
    )
    spread = [float(np.std(one[label], ddof=1)) for label in labels for one in found] if shots > 1 else []
    errors = tuple(one / math.sqrt(shots) for one in spread)
    return ForetoldValues(values, read, errors, qubits, noisy.method, noisy.waiting)


def _check_operators(qubits: int, operators: Sequence[SparsePauliOp], runs: int) -> None:
    terms = sum(map(len, operators))
    seconds = terms * runs * 2.0**qubits * AMPLITUDE_SECONDS
    if seconds > LONGEST_SECONDS:
        raise NotPossible(
            f"The values are too many to be worked out here: {terms:,} Pauli strings over {runs:,} sets "
            f"would take about {seconds:,.0f} s, of which up to {LONGEST_SECONDS:.0f} s are taken."
        )


def _saved(
    circuits: Sequence[QuantumCircuit],
    simulator: AerSimulator,
    operators: Mapping[str, SparsePauliOp],
    shots: int,
    seed: int,
    *,
    each: bool = False,
) -> list[dict[str, Any]]:
    """Return the expectation values at the end of each circuit by label; `each`: one a shot."""
    copies: list[Any] = []
    for circuit in circuits:
        # Saving is no method of Qiskit's own circuits before Aer is imported.
        saving: Any = circuit.copy()
        for label, operator in operators.items():
            saving.save_expectation_value(operator, saving.qubits, label=label, pershot=each)
        copies.append(saving)
    return run(copies, simulator, shots, seed)
