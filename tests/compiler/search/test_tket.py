"""What TKET makes of a program is the same program, on the same qubits; what it does not take is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator

from tests.compiler.search.test_trials import circuits, probabilities
from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.search.tket import optimized


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_optimized_circuit_is_equivalent(data: st.DataObject) -> None:
    source = data.draw(circuits(data.draw(st.integers(2, 5))))
    assert Operator(optimized(source)).equiv(Operator(source), atol=1e-6)


def test_optimized_circuit_has_registers_and_measurements_of_the_program() -> None:
    """Registers in an order that is not that of their names, and swaps that TKET would leave to the wires."""
    source = QuantumCircuit(QuantumRegister(2, "z"), QuantumRegister(1, "a"), ClassicalRegister(3, "out"))
    source.ry(0.4, 0)
    source.ry(1.1, 1)
    source.swap(0, 2)
    source.cx(2, 1)
    source.measure([0, 1, 2], [2, 0, 1])
    made = optimized(source)
    assert made.qregs == source.qregs and made.cregs == source.cregs
    assert probabilities(made) == pytest.approx(probabilities(source), abs=1e-9)


def test_optimized_circuit_keeps_a_measurement_in_the_middle() -> None:
    source = QuantumCircuit(2, 2)
    source.h(0)
    source.measure(0, 0)
    source.cx(0, 1)
    source.swap(0, 1)
    source.measure(0, 1)
    names = [entry.name for entry in optimized(source).data]
    assert names.index("measure") < len(names) - 1 - names[::-1].index("measure")
    assert names.count("measure") == 2


def test_optimized_circuit_has_fewer_two_qubit_gates() -> None:
    source = QuantumCircuit(2)
    for turn in range(6):
        source.ry(0.3 + turn, 0)
        source.cx(turn % 2, 1 - turn % 2)
    assert stats(optimized(source)).two_qubit_gates <= 3


def test_circuit_that_tket_does_not_take_is_refused_with_a_reason() -> None:
    flow = QuantumCircuit(1, 1)
    flow.measure(0, 0)
    with flow.if_test((0, 1)):
        flow.x(0)
    free = QuantumCircuit(1)
    free.rx(Parameter("theta"), 0)
    waits = QuantumCircuit(1)
    waits.delay(100, 0)
    for source, reason in ((flow, "control flow"), (free, "parameters"), (waits, "does not take")):
        with pytest.raises(NotPossible, match=reason):
            optimized(source)
