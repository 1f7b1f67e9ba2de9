"""Sizes of circuits: those of own gates inside, branches and loops, against the circuit written out."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import CXGate

from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.parser import read

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[2] c;\n'
TWO = ("cx", "cz", "swap", "rzz")


def pairs(text: str) -> tuple[int, int]:
    """Two-qubit gates and their depth."""
    size = stats(read(HEAD + text))
    return size.two_qubit_gates, size.two_qubit_depth


def test_two_qubit_gates_of_own_gates_are_counted() -> None:
    entangle = "gate pair a, b { h a; cx a, b; cx b, a; }\ngate ring a, b, d { pair a, b; pair b, d; }\n"
    assert pairs(f"{entangle}ring q[0], q[1], q[2];") == (4, 4)
    assert pairs(f"{entangle}ring q[0], q[1], q[2]; ring q[0], q[1], q[2];") == (8, 8)
    assert stats(read(f"{HEAD}{entangle}ring q[0], q[1], q[2];")).operations == {"ring": 1}


def test_own_gate_of_openqasm_2_is_counted() -> None:
    text = (
        'OPENQASM 2.0; include "qelib1.inc"; gate mine a, b { cx a, b; cx b, a; } qreg q[2]; mine q[0], q[1];'
    )
    assert stats(read(text)).two_qubit_gates == 2


def test_gates_over_three_qubits_count_with_what_they_are_made_of() -> None:
    assert pairs("ccx q[0], q[1], q[2];")[0] == 6
    assert pairs("ccx q[0], q[1], q[2]; cx q[2], q[3];") == (7, 6)


def test_branches_count_by_the_worst_and_are_as_deep_as_they_are() -> None:
    branch = (
        "c[0] = measure q[0]; if (c[0]) { cx q[0], q[1]; cx q[1], q[0]; x q[0]; } else { cx q[1], q[0]; }"
    )
    assert pairs(branch) == (2, 2)
    size = stats(read(HEAD + branch))
    assert size.operations == {"measure": 1, "if_else": 1, "cx": 2, "x": 1}
    assert (size.size, size.depth) == (5, 4)


def test_body_of_a_loop_counts_one_turn() -> None:
    assert pairs("for int i in [0:9] { cx q[0], q[1]; }") == (1, 1)
    assert pairs("while (c[0]) { cx q[0], q[1]; c[0] = measure q[0]; }") == (1, 1)


def test_doubling_gates_are_counted_without_being_written_out() -> None:
    gate: Gate = CXGate()
    for number in range(60):
        twice = QuantumCircuit(2)
        twice.append(gate, [0, 1], copy=False)
        twice.append(gate, [0, 1], copy=False)
        gate = Gate(f"g{number}", 2, [])
        gate.definition = twice
    size = stats(twice)
    assert size.two_qubit_gates == size.two_qubit_depth == 2**60


@pytest.mark.parametrize("width", [64, 65])
def test_depth_of_a_wide_own_gate_is_exact_up_to_a_width(width: int) -> None:
    names = [f"a{one}" for one in range(width)]
    ladder = " ".join(f"cx {a}, {b};" for a, b in pairwise(names))
    places = ", ".join(f"q[{one}]" for one in range(width))
    text = (
        f'OPENQASM 3.0; include "stdgates.inc"; qubit[{width}] q; '
        f"gate chain {', '.join(names)} {{ {ladder} }} chain {places}; chain {places};"
    )
    size = stats(read(text))
    assert size.two_qubit_gates == 2 * (width - 1)
    assert size.two_qubit_depth == (width + 1 if width == 64 else 2 * (width - 1))


def random_circuit(random: Random, width: int, gates: list[Any]) -> QuantumCircuit:
    """A circuit of standard gates, barriers and the gates given."""
    circuit = QuantumCircuit(width)
    for _ in range(random.randint(0, 8)):
        count = random.randint(1, min(3, width))
        qubits = random.sample(range(width), count)
        kind = random.choice(["plain", "barrier", "own"])
        fitting = [gate for gate in gates if gate.num_qubits <= width]
        if kind == "own" and fitting:
            gate = random.choice(fitting)
            circuit.append(gate, random.sample(range(width), gate.num_qubits))
        elif kind == "barrier":
            circuit.barrier(*qubits)
        else:
            getattr(circuit, ("h", random.choice(TWO[:3]), "ccx")[count - 1])(*qubits)
    return circuit


def written_out(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with every gate but standard ones on one or two qubits replaced by its definition."""
    out = circuit.copy_empty_like()

    def put(operation: Any, qubits: list[Any]) -> None:
        if operation.name in ("barrier", "h", *TWO) or operation.definition is None:
            out.append(operation, qubits)
            return
        inner = operation.definition
        for entry in inner.data:
            put(entry.operation, [qubits[inner.find_bit(qubit).index] for qubit in entry.qubits])

    for entry in circuit.data:
        put(entry.operation, list(entry.qubits))
    return out


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_stats_are_those_of_the_circuit_written_out(seed: int) -> None:
    random = Random(seed)
    gates: list[Any] = []
    for number in range(4):
        gate = random_circuit(random, random.randint(1, 5), gates).to_instruction()
        gate.name = f"own{number}"
        gates.append(gate)
    circuit = random_circuit(random, 6, gates)
    plain, size = written_out(circuit), stats(circuit)

    def is_pair(entry: Any) -> bool:
        return len(entry.qubits) == 2 and entry.name != "barrier"

    assert size.two_qubit_gates == sum(map(is_pair, plain.data))
    assert size.two_qubit_depth == plain.depth(is_pair)
    assert size.depth == circuit.depth(lambda entry: entry.name != "barrier")
