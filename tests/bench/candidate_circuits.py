"""Circuits of the bench of candidates, made here: small ones, and larger ones like those of QASMBench."""

from __future__ import annotations

import math
import random

from qiskit import QuantumCircuit
from qiskit.circuit.library import CDKMRippleCarryAdder, HRSCumulativeMultiplier


def small() -> dict[str, QuantumCircuit]:
    """The seven small ones."""
    return {
        "ghz20": ghz(20),
        "bv14": bernstein_vazirani(14),
        "qft6": fourier(6),
        "qft10": fourier(10),
        "qaoa12": qaoa_ring(12),
        "random8": random_pairs(8, 6, 1),
        "random12": random_pairs(12, 6, 2),
    }


def large() -> dict[str, QuantumCircuit]:
    """Circuits of up to 25 qubits and some hundreds of two-qubit gates, by the kinds that QASMBench has."""
    return {
        "qaoa6": qaoa_complete(6),
        "bv14": bernstein_vazirani(14),
        "adder10": measured(CDKMRippleCarryAdder(4, kind="half").decompose(reps=5)),
        "multiplier9": measured(HRSCumulativeMultiplier(2).decompose(reps=7)),
        "qft18": fourier(18),
        "ghz23": ghz(23),
        "swap_test25": swap_test(25),
        "random20": random_pairs(20, 6, 3),
    }


def measured(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with all of its qubits in one register, measured."""
    whole = QuantumCircuit(circuit.num_qubits, circuit.num_qubits)
    whole.compose(circuit, inplace=True)
    whole.measure(range(circuit.num_qubits), range(circuit.num_qubits))
    return whole


def ghz(qubits: int) -> QuantumCircuit:
    """A chain of CNOTs."""
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return measured(circuit)


def bernstein_vazirani(qubits: int) -> QuantumCircuit:
    """The secret of all ones."""
    circuit = QuantumCircuit(qubits)
    circuit.x(qubits - 1)
    circuit.h(range(qubits))
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubits - 1)
    circuit.h(range(qubits))
    return measured(circuit)


def fourier(qubits: int) -> QuantumCircuit:
    """The whole Fourier transform, with its swaps."""
    circuit = QuantumCircuit(qubits)
    for target in reversed(range(qubits)):
        circuit.h(target)
        for control in range(target):
            circuit.cp(math.pi / 2 ** (target - control), control, target)
    for qubit in range(qubits // 2):
        circuit.swap(qubit, qubits - 1 - qubit)
    return measured(circuit)


def qaoa_ring(qubits: int) -> QuantumCircuit:
    """Two layers on a ring."""
    circuit = QuantumCircuit(qubits)
    circuit.h(range(qubits))
    for layer in range(2):
        for qubit in range(qubits):
            circuit.rzz(0.3 + layer, qubit, (qubit + 1) % qubits)
        circuit.rx(0.7, range(qubits))
    return measured(circuit)


def qaoa_complete(qubits: int) -> QuantumCircuit:
    """Two layers on the complete graph."""
    circuit = QuantumCircuit(qubits)
    circuit.h(range(qubits))
    for layer in range(2):
        for first in range(qubits):
            for second in range(first):
                circuit.rzz(0.3 + layer, first, second)
        circuit.rx(0.7, range(qubits))
    return measured(circuit)


def swap_test(qubits: int) -> QuantumCircuit:
    """A swap test of two registers; one qubit is measured."""
    half = (qubits - 1) // 2
    circuit = QuantumCircuit(qubits, 1)
    circuit.h(0)
    for qubit in range(1, half + 1):
        circuit.ry(0.3 * qubit, qubit)
        circuit.cswap(0, qubit, qubit + half)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def random_pairs(qubits: int, layers: int, seed: int) -> QuantumCircuit:
    """Layers of CNOTs on random pairs, with rotations."""
    chance = random.Random(seed)
    circuit = QuantumCircuit(qubits)
    for _ in range(layers):
        order = list(range(qubits))
        chance.shuffle(order)
        for first, second in zip(order[::2], order[1::2], strict=True):
            circuit.ry(chance.uniform(0, 6), first)
            circuit.rz(chance.uniform(0, 6), second)
            circuit.cx(first, second)
    return measured(circuit)
