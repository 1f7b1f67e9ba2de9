"""Error mitigation by IBM's client on results of the sandbox: nearer the ideal than what was read."""

from __future__ import annotations

import json
import statistics
from functools import cache
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.decoders.executor_estimator.decoder import ClientSideEstimatorDecoder
from qiskit_ibm_runtime.executor_estimator.prepare import prepare
from qiskit_ibm_runtime.options_models import EstimatorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from tests.sandbox.simulator.programs import completed
from tui.sandbox.simulator.base.calibration import target

SEEDS = range(20)
DEVICE = "ibm_peekskill"


def ghz() -> tuple[QuantumCircuit, SparsePauliOp]:
    """A GHZ state of five qubits, and the sum of its stabilizer generators."""
    circuit = QuantumCircuit(5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    return circuit, SparsePauliOp(["XXXXX", "IIIZZ", "IIZZI", "IZZII", "ZZIII"], [0.2] * 5)


def ansatz() -> tuple[QuantumCircuit, SparsePauliOp]:
    """An ansatz of four qubits at fixed angles, and the energy of a Heisenberg chain a bond."""
    circuit = efficient_su2(4, reps=2, entanglement="linear")
    angles = np.random.default_rng(11).uniform(-1, 1, circuit.num_parameters)
    bonds = [(letter, [first, first + 1], 1 / 3) for first in range(3) for letter in ("XX", "YY", "ZZ")]
    return circuit.assign_parameters(angles), SparsePauliOp.from_sparse_list(bonds, 4)


PROGRAMS = {"GHZ-5": ghz, "ansatz": ansatz}


def estimate(name: str, level: int, seed: int) -> Any:
    """The client's own value of a program at a resilience level, from a run with a seed."""
    circuit, observable = PROGRAMS[name]()
    fitted = transpile(circuit, target=target(DEVICE), optimization_level=3, seed_transpiler=5)
    options = EstimatorOptions()
    options.resilience_level = level
    program, execution = prepare([(fitted, observable.apply_layout(fitted.layout))], options)
    program._semantic_role = "estimator_v2"
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, execution).model_dump(mode="json")
    body = completed("executor", params, DEVICE, seed)
    return ClientSideEstimatorDecoder.decode(ExecutorResultDecoder.decode(json.dumps(body)))[0].data


@cache
def errors(name: str, level: int) -> list[float]:
    """How far the values of all seeds are from the ideal one."""
    circuit, observable = PROGRAMS[name]()
    ideal = float(np.real(Statevector(circuit).expectation_value(observable)))
    return [abs(float(estimate(name, level, seed).evs) - ideal) for seed in SEEDS]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_mitigated_values_are_nearer_the_ideal_than_raw_ones(name: str) -> None:
    raw, trex, zne = (statistics.median(errors(name, level)) for level in (0, 1, 2))
    print(f"{name}: median error raw {raw:.4f}, TREX {trex:.4f}, ZNE {zne:.4f}")
    assert zne < trex < raw
