"""Ideal distributions against Qiskit's own state vectors and sampler, bit order above all."""

from __future__ import annotations

import math
import random
import re

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.primitives import StatevectorSampler
from qiskit.quantum_info import Statevector

from tui.compiler.client import Compiler
from tui.compiler.messages import SimulateIdeal
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.simulation.ideal import MOST_QUBITS, simulate_ideal
from tui.domain.statistics.distances import compare_with_exact
from tui.domain.statistics.distributions import Distribution
from tui.openqasm.examples import Example, examples

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def _ideal(circuit: QuantumCircuit | str, **more: object) -> Distribution:
    text = circuit if isinstance(circuit, str) else qasm3.dumps(circuit)
    return simulate_ideal(SimulateIdeal(text, **more))  # type: ignore[arg-type]


def _asymmetric() -> QuantumCircuit:
    """Three qubits into two registers, crosswise, no two outcomes alike."""
    a, b = ClassicalRegister(2, "a"), ClassicalRegister(2, "b")
    circuit = QuantumCircuit(QuantumRegister(4, "q"), a, b)
    circuit.ry(0.4, 0)
    circuit.ry(1.1, 1)
    circuit.ry(2.0, 3)
    circuit.cx(0, 1)
    circuit.measure(0, b[1])
    circuit.measure(1, a[0])
    circuit.measure(3, a[1])
    return circuit


def test_exact_distribution_is_that_of_the_state_vector() -> None:
    circuit = QuantumCircuit(3)
    circuit.ry(0.3, 0)
    circuit.ry(1.2, 1)
    circuit.cx(1, 2)
    circuit.rz(0.7, 2)
    circuit.ry(0.5, 2)
    expected = Statevector(circuit).probabilities_dict()
    circuit.measure_all()
    found = _ideal(circuit)
    assert found.shots is None
    assert found.registers == (("meas", 3),)
    assert found.probabilities == pytest.approx(expected)


def test_registers_are_joined_as_qiskit_joins_them() -> None:
    circuit = _asymmetric()
    found = _ideal(circuit)
    assert found.registers == (("a", 2), ("b", 2))
    pub = StatevectorSampler(seed=3).run([circuit], shots=4000).result()[0]
    assert not compare_with_exact(pub.join_data().get_counts(), found.probabilities).differs
    for name in ("a", "b"):
        alone = found.of_register(name)
        assert alone is not None
        assert not compare_with_exact(pub.data[name].get_counts(), alone.probabilities).differs
    assert found.of_register("c") is None


def test_idle_qubits_and_values_of_parameters() -> None:
    text = HEAD + "input float[64] turn;\nbit[2] c;\nry(turn) $90;\nc[1] = measure $90;\n"
    found = _ideal(text, values=(("turn", 1.0), ("other", 2.0)))
    assert found.qubits == 1
    assert found.probabilities == pytest.approx({"00": 0.770151, "10": 0.229849}, abs=1e-5)
    with pytest.raises(NotPossible, match="parameters without a value here: turn"):
        _ideal(text)


def test_circuit_without_measurement_reads_all_its_qubits() -> None:
    found = _ideal(HEAD + "qubit[3] q;\nx q[2];\nh q[0];\n")
    assert not found.measured
    assert found.probabilities == pytest.approx({"10": 0.5, "11": 0.5})


def test_circuit_that_goes_on_after_measuring_is_sampled() -> None:
    text = HEAD + "qubit[2] q; bit[2] c;\nh q[0];\nc[0] = measure q[0];\nif (c[0]) { x q[1]; }\n"
    found = _ideal(text + "c[1] = measure q[1];\n", shots=1000)
    assert found.shots == 1000
    assert set(found.probabilities) == {"00", "11"}
    assert sum(found.counts.values()) == 1000


def test_wide_clifford_circuit_is_sampled_with_stabilizers() -> None:
    circuit = QuantumCircuit(60, 60)
    circuit.h(0)
    for qubit in range(59):
        circuit.cx(qubit, qubit + 1)
    circuit.x(59)
    circuit.measure(range(60), range(60))
    found = _ideal(circuit, shots=500)
    assert found.method == "stabilizers"
    assert set(found.probabilities) == {"1" + "0" * 59, "0" + "1" * 59}


def test_too_wide_and_too_deep_circuits_are_refused_in_words() -> None:
    wide = HEAD + f"qubit[{MOST_QUBITS + 1}] q;\n" + "".join(f"t q[{n}];\n" for n in range(MOST_QUBITS + 1))
    with pytest.raises(NotPossible, match=rf"too wide .* uses {MOST_QUBITS + 1} qubits"):
        _ideal(wide)
    deep = HEAD + f"qubit[{MOST_QUBITS}] q;\n" + "t q[0];\n" * 2500
    deep += "".join(f"h q[{n}];\n" for n in range(MOST_QUBITS))
    with pytest.raises(NotPossible, match="too large to be simulated here"):
        _ideal(deep)
    with pytest.raises(NotPossible, match="no operations"):
        _ideal(HEAD + "qubit[2] q;\n")


def test_outcomes_that_are_left_out_are_told() -> None:
    circuit = QuantumCircuit(17)
    circuit.h(range(17))
    circuit.rx(0.2, 5)
    circuit.measure_all()
    found = _ideal(circuit)
    assert len(found.probabilities) == 1 << 16
    assert not found.whole
    assert found.rest == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_random_circuits_as_qiskits_state_vectors(seed: int) -> None:
    chance = random.Random(seed)
    circuit = QuantumCircuit(5)
    for _ in range(30):
        circuit.u(*(chance.uniform(0, 6) for _ in range(3)), chance.randrange(5))
        circuit.cz(*chance.sample(range(5), 2))
    expected = {k: v for k, v in Statevector(circuit).probabilities_dict().items() if v > 1e-12}
    circuit.measure_all()
    assert _ideal(circuit).probabilities == pytest.approx(expected)


@pytest.mark.asyncio(loop_scope="package")
async def test_worker_simulates_and_refuses(warm: Compiler) -> None:
    found = await warm.simulations.ideal(qasm3.dumps(_asymmetric()))
    assert found.probabilities == pytest.approx(_ideal(_asymmetric()).probabilities)


EXPECTED = {
    "w-state": {"0001": 0.25, "0010": 0.25, "0100": 0.25, "1000": 0.25},
    "deutsch-jozsa": {"101": 1.0},
    "phase-estimation": {"0101": 1.0},
    "bit-flip-code": {"11111": 1.0},
    "swap-test": {"0": (1 + math.cos(math.pi / 12) ** 2) / 2, "1": math.sin(math.pi / 12) ** 2 / 2},
    "bernstein-vazirani": {"1011": 1.0},
}


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_examples_give_what_they_say(example: Example) -> None:
    names = [name.rstrip(";") for name in re.findall(r"input float\[64\] (\w+)", example.text)]
    found = _ideal(example.text, values=tuple((name, 0.5) for name in names))
    assert sum(found.probabilities.values()) == pytest.approx(1.0)
    if (expected := EXPECTED.get(example.name)) is not None:
        likely = {bits: share for bits, share in found.probabilities.items() if share > 1e-9}
        assert likely == pytest.approx(expected, abs=1e-6)
