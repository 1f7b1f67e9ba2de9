"""Checking: Qiskit's verdict, at the place it belongs to, in words."""

from __future__ import annotations

import pytest

from tui.compiler.qiskit.parser import check, read

V2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2]; creg c[2];\n'
V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q; bit[2] c;\n'
WALKTHROUGH = 'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];'


def test_check_accepts_the_walkthroughs_circuit() -> None:
    report = check(WALKTHROUGH)
    assert report.ok and report.measures and report.stats is not None
    assert (report.stats.qubits, report.stats.clbits, report.stats.size) == (1, 1, 2)


def test_check_reports_sizes_parameters_and_measurement() -> None:
    report = check(V3 + "input float[64] theta; rx(theta) q[0]; cx q[0], q[1]; barrier q; h q[1];")
    assert report.ok and not report.measures and report.parameters == ("theta",)
    assert report.stats is not None
    assert (report.stats.size, report.stats.depth, report.stats.two_qubit_gates) == (3, 3, 1)
    assert report.stats.operations == {"rx": 1, "cx": 1, "h": 1}


def test_check_counts_blocks_of_control_flow() -> None:
    report = check(V3 + "c[0] = measure q[0]; if (c[0]) { cx q[0], q[1]; x q[0]; }")
    assert report.stats is not None
    assert report.stats.two_qubit_gates == 1 and report.stats.operations["x"] == 1


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("  h q[0] cx q[0], q[1];", 10, "';' is missing before 'cx'."),
        ("h q[0];;", 8, "This ';' is one too many"),
        ("}", 1, "'}' closes nothing"),
        ("x q[0] # why", 8, "'#' cannot stand here."),
        ("/* open", 1, "This comment does not end"),
        ("include stdgates;", 9, "'s' cannot stand here."),
        ("rx(pi q[0];", 7, "cannot stand here"),
        (" foo q[0];", 2, "There is no gate foo."),
        (" h r[0];", 4, "There is no r: it is not declared above."),
        (" rx q[0];", 2, "Rx takes 1 parameter, not 0."),
        (" h(0.3) q[0];", 2, "H takes 0 parameters, not 1."),
        (" cx q[0];", 2, "cx acts on 2 qubits, not on 1."),
        (" cx q[0], q[0];", 2, "cx uses the same qubit twice."),
        (" h q[7];", 2, "The index is outside the register."),
        (" rx(1/0) q[0];", 2, "This divides by zero."),
        (" bit[3] d; d = measure q;", 12, "different numbers of qubits and bits"),
        ("qubit q;", 1, "The name q is taken"),
        ("const int n = 2;", 1, "cannot import `const` declarations"),
        ("def f(qubit a) { h a; }", 1, "cannot import `def` subroutines"),
        ("int i = 4;", 1, "cannot import variables of type int"),
        ("duration d = 100ns;", 1, "cannot import variables of type duration"),
        ("switch (3) { case 3 { h q[0]; } }", 1, "cannot import `switch`"),
        ("cal { x; }", 1, "cannot import `cal` blocks"),
        ("c[0] = !c[1];", 1, "cannot import assignments"),
        ('include "other.inc";', 1, 'no included file but "stdgates.inc"'),
        ("for int i in [0:1] { h q[i]; }", 22, "only a number as an index"),
        ("qubit[999999999] big;", 1, "more than 20,000 bits"),
    ],
)
def test_openqasm_3_error_has_place_and_plain_words(line: str, column: int, says: str) -> None:
    first = check(f"{V3}{line}\n").diagnostics[0]
    assert (first.line, first.column) == (4, column)
    assert says in first.message
    assert not any(jargon in first.message for jargon in ("expecting", "mismatched", "viable", "node of"))


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("  h q[0] cx q[0],q[1];", 10, "Needed ';'"),
        ("rx q[0];", 1, "rx needs more parameters: theta."),
        ("rx() q[0];", 1, "'rx' takes 1 parameter"),
        (" foo q[0];", 2, "'foo' is not defined"),
        (" h q[7];", 6, "out-of-range"),
        (" cx q[0],q[0];", 2, "Duplicate qubits"),
        ("h q[0]", 1, "a ';' is missing at the end"),
        ('include "/etc/passwd";', 9, "is not read"),
        ("qreg big[999999999];", 1, "more than 20,000 bits"),
    ],
)
def test_openqasm_2_error_has_place(line: str, column: int, says: str) -> None:
    first = check(f"{V2}{line}").diagnostics[0]
    assert (first.line, first.column) == (4, column)
    assert says.lower() in first.message.lower()


def test_openqasm_2_statement_that_makes_qiskit_raise_is_found_among_many() -> None:
    text = V2 + "gate g a { h a; x a; }\n" + "g q[0]; // rx q[0];\n" * 50 + "h q[0]; rz q[1]; h q[1];\n" * 3
    first = check(text).diagnostics[0]
    assert (first.line, first.column) == (55, 9)
    assert first.message == "rz needs more parameters: phi."


def test_check_reports_each_line_with_a_syntax_error_once() -> None:
    report = check(V3 + "h q[0]\nx q[1]\ny q[0];\n")
    assert [(error.line, error.column) for error in report.diagnostics] == [(4, 7), (5, 7)]
    assert {error.message for error in report.diagnostics} == {"';' is missing at the end of this line."}


@pytest.mark.parametrize("text", [V3, V2])
@pytest.mark.parametrize("end", ["", "\n", " // why\n\n", "\n// why\n  x q[1];\n"])
def test_missing_semicolon_is_placed_at_the_end_of_its_line(text: str, end: str) -> None:
    first = check(f"{text} h q[0]{end}").diagnostics[0]
    assert first.line == 4 and "';' is missing" in first.message


def test_unclosed_block_is_reported() -> None:
    assert "a '}' is missing" in check(V3 + "if (c == 1) { x q[0];\n").diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("// a comment\n/* and another */\n", "empty"),
        ("\n\nOPENQASM 4;\nqubit q;", "There is no OpenQASM 4"),
        ("qubit q;\nx q;", 'include "stdgates.inc"'),
        ("OPENQASM 3.0;\nqubit q;\n" + "{" * 5_000, "nested too deeply"),
        ("OPENQASM 3.0;\nqubit \x1b[31m q;", "cannot stand here"),
    ],
)
def test_check_reports_empty_unknown_nested_and_hostile_texts(text: str, says: str) -> None:
    assert says in check(text).diagnostics[0].message


def test_single_bit_becomes_a_register_with_its_name() -> None:
    """A sampler returns registers; Qiskit's importer would leave the bit without one."""
    circuit = read(V3 + "bit flag; flag = measure q[0];")
    assert [register.name for register in circuit.cregs] == ["c", "flag"]


def test_id_is_read_as_the_identity_gate() -> None:
    assert read(V3 + "id q[0];").data[0].name == "id"
