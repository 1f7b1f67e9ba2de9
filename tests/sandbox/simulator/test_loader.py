"""Loading of circuits and the ISA check: the right qubits and gates, or an error with line and column."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit.circuit import QuantumCircuit

from tests.sandbox.simulator.programs import ECR, HEADER, WALKTHROUGH
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import JobFailure, TooLarge
from tui.sandbox.simulator.circuits.loader import load_circuit
from tui.sandbox.simulator.primitives.pubs import check_isa


def places(circuit: QuantumCircuit) -> list[tuple[str, list[int]]]:
    return [
        (instruction.operation.name, [circuit.find_bit(qubit).index for qubit in instruction.qubits])
        for instruction in circuit.data
    ]


def test_loader_places_hardware_qubits_at_their_number() -> None:
    loaded = load_circuit(HEADER + "bit[1] c; x $5; sx $2; c[0] = measure $5; if (c[0]) { x $9; }")
    assert loaded.physical
    assert loaded.circuit.num_qubits == 10
    assert places(loaded.circuit) == [("x", [5]), ("sx", [2]), ("measure", [5]), ("if_else", [9])]


def test_loader_places_declared_qubits_in_order() -> None:
    loaded = load_circuit(WALKTHROUGH)
    assert not loaded.physical
    assert places(loaded.circuit) == [("x", [0]), ("measure", [0])]


def test_loader_keeps_register_names_and_makes_registers_of_single_bits() -> None:
    circuit = load_circuit(HEADER + "bit Alice; bit[2] _b; bit[3] c; Alice = measure $0;").circuit
    assert [(creg.name, creg.size) for creg in circuit.cregs] == [("Alice", 1), ("_b", 2), ("c", 3)]


@pytest.mark.parametrize(
    "program",
    [
        HEADER + ECR + "ecr $1, $0; id $0; delay[100ns] $0;",
        'OPENQASM 2.0; include "qelib1.inc"; gate ecr q0,q1 { s q0; sx q1; cx q0,q1; x q0; }'
        " opaque delay(p) q; qreg q[2]; ecr q[1],q[0]; id q[0]; delay(100) q[0];",
    ],
)
def test_loader_replaces_definitions_equivalent_to_device_gates(program: str) -> None:
    circuit = load_circuit(program).circuit
    assert [type(i.operation).__name__.strip("_") for i in circuit.data] == [
        "SingletonECRGate",
        "SingletonIGate",
        "Delay",
    ]


def test_loader_refuses_own_gate_under_standard_name() -> None:
    with pytest.raises(JobFailure, match="its own gate ecr"):
        load_circuit(HEADER + "gate ecr a, b { h a; } ecr $0, $1;")


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("OPENQASM 3.0;\n\nfoo $1;", "line 3, column 1: gate 'foo'"),
        (HEADER + "\nx $1", "line 2, column 5: unexpected the end"),
        (HEADER + "\n) x $1;", "line 2, column 1: unexpected"),
        (HEADER + "\nqubit[2] q;\nx q[7];", "line 3"),
        (HEADER + "\nqubit[2] q;\ncx q[0], q[0];", "line 3"),
        (HEADER + "input float t;", "the name t is already taken"),
        (HEADER + "x $123456789;", "no device has that many"),
        ('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1]; x q[4];', "line 3, column 16"),
        ('OPENQASM 2.0; include "/etc/passwd";', "unable to find"),
        ("OPENQASM 4.0; x q;", "OpenQASM 4"),
        ("[red]\x1b[31m", "error"),
    ],
)
def test_loader_error_has_line_and_column(program: str, text: str) -> None:
    with pytest.raises(JobFailure) as caught:
        load_circuit(program)
    assert text in caught.value.reason


@pytest.mark.parametrize(
    ("program", "start"),
    [
        (HEADER + "qubit[2] q; h q[0];", "The instruction h on qubits (0,) is not supported by the target"),
        (HEADER + ECR + "ecr $0, $20;", "The instruction ecr on qubits (0, 20) is not supported"),
        (HEADER + ECR + "ecr $1, $0;", "The instruction ecr on qubits (1, 0) is not supported"),
        (HEADER + "x $27;", "The circuit has 28 qubits but the target system requires 27 qubits."),
        (HEADER + "bit c; c = measure $0; if (c) { h $3; }", "The instruction h on qubits (3,)"),
    ],
)
def test_isa_check_fails_with_ibms_text_and_code_1517(program: str, start: str) -> None:
    with pytest.raises(JobFailure) as caught:
        check_isa(load_circuit(program).circuit, target("ibm_peekskill"), "ibm_peekskill")
    assert caught.value.reason.startswith(start)
    assert "no longer supported after March 4, 2024" in caught.value.reason
    assert caught.value.code == 1517
    assert "Transpile the circuit for ibm_peekskill" in str(caught.value.solution)


def test_isa_check_refuses_rzz_angle_out_of_range() -> None:
    circuit: Any = QuantumCircuit(2)
    circuit.rzz(-0.5, 0, 1)
    with pytest.raises(JobFailure, match="range \\[0, pi/2\\]"):
        check_isa(circuit, target("ibm_fez"), "ibm_fez")
    fine: Any = QuantumCircuit(2)
    fine.rzz(0.5, 0, 1)
    check_isa(fine, target("ibm_fez"), "ibm_fez")


def test_loader_refuses_program_that_is_long_to_read_before_it_reads_it() -> None:
    with pytest.raises(
        TooLarge, match=r"has 1,000,001 statements, .* about 5 minutes; .* is 187,500"
    ) as refused:
        load_circuit("OPENQASM 3.0;" + "x $0;" * 1_000_000)
    assert refused.value.seconds == pytest.approx(320, rel=0.01)
