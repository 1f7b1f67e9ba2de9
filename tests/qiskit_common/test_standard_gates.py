"""Gates of a program's own under names of standard gates."""

from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from tui.compiler.qiskit.parser import read
from tui.qiskit_common.standard_gates import RedefinedGate, with_own_names, with_standard_gates

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
SAME_ECR = HEAD + (
    "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; } "
    "gate ecr a, b { rzx(pi/4) a, b; x a; rzx(-pi/4) a, b; } qubit[2] q; ecr q[0], q[1];"
)
OWN_RZZ = (
    HEAD
    + "input float theta; gate rzz(a) x, y { cx x, y; rz(2*a) y; cx x, y; } "
    + "qubit[2] q; rzz(theta) q[0], q[1];"
)


def test_gate_of_the_same_name_that_does_another_thing_gets_a_name_of_its_own() -> None:
    own = with_own_names(read(HEAD + "gate ecr a, b { cx a, b; } qubit[2] q; ecr q[0], q[1];"))
    (entry,) = own.data
    assert entry.name == "ecr_own"
    plain = QuantumCircuit(2)
    plain.cx(0, 1)
    assert Operator(own).equiv(Operator(plain))


def test_gate_of_the_same_name_that_does_the_same_becomes_the_standard_one() -> None:
    (entry,) = with_own_names(read(SAME_ECR)).data
    assert entry.name == "ecr" and entry.operation.base_class.__name__ == "ECRGate"


def test_gate_with_a_free_parameter_is_told_from_the_standard_one_by_values() -> None:
    (entry,) = with_own_names(read(OWN_RZZ)).data
    assert entry.name == "rzz_own"
    (entry,) = with_own_names(read(OWN_RZZ.replace("2*a", "a"))).data
    assert entry.name == "rzz"
    with pytest.raises(RedefinedGate, match="its own gate rzz"):
        with_standard_gates(read(OWN_RZZ))


def test_circuit_of_standard_gates_is_returned_as_it_is() -> None:
    circuit = QuantumCircuit(2)
    circuit.ecr(0, 1)
    circuit.rz(math.pi / 3, 1)
    assert with_own_names(circuit) is circuit
