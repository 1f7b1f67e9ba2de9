"""Checking: Qiskit's verdict, at the place it belongs to, in words."""

from __future__ import annotations

import time

import pytest

from tui.compiler.qiskit.parser import (
    _HUGE_NUMBER,
    _SINGLE_EQUALS,
    check,
    read,
)
from tui.openqasm.analysis.brackets import misplaced_closing, unpaired_brace
from tui.openqasm.analysis.statements import without_comments

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
        ("h q[];", 5, "An index is missing between '[' and ']'."),
        ("h q[0]];", 7, "']' closes nothing: there is no '[' for it."),
        ("if () { h q[0]; }", 5, "Something is missing between '(' and ')'."),
        ("rx(pi", 3, "This '(' is not closed."),
        ("h q[c];", 3, "An index is a whole number or a range of them, not of type bit[2]."),
        ("h c[0];", 3, "A qubit or qubit register is needed here."),
        ("w = 3;", 1, "There is no w: it is not declared above."),
        ("h;", 1, "a gate needs its qubits"),
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
        ("if(c=1) x q[0];", 5, "A single '=' cannot stand here."),
        ("rx(2=3) q[0]; // =", 5, "A single '='"),
        (" h q[99999999999999999999];", 6, "This number is too large."),
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


@pytest.mark.parametrize(
    ("line", "lacking"),
    [
        ("const int n = 2;", "`const` declarations; write the value itself where it is used"),
        ("uint[4] a = 1;", "variables of type uint"),
        ("if (int[2](c) == 1) { h q[0]; }", "conversions between types, such as int(c)"),
        ("if (c[0] && c[1]) { h q[0]; }", "this operator here"),
        ("rx(sin(1)) q[0];", "calls of functions in expressions"),
        ("output bit z1;", "`output`; leave the word out"),
        ("h $0;", "physical qubits ($0) and declared ones in one program"),
        ("measure q[0];", "a measurement without a bit for its result"),
    ],
)
def test_valid_openqasm_3_that_qiskit_lacks_is_called_valid(line: str, lacking: str) -> None:
    message = check(f"{V3}{line}\n").diagnostics[0].message
    assert message.startswith(f"This is valid OpenQASM 3, but Qiskit cannot import {lacking}")


@pytest.mark.parametrize("line", ["const int n;", "h q[1.5];", "rx(q[0]) q[1];", "gate g a { measure a; }"])
def test_invalid_openqasm_3_is_not_called_valid(line: str) -> None:
    assert "valid" not in check(f"{V3}{line}\n").diagnostics[0].message


PROGRAM_3 = """\
OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
gate twice(a) r {
  rx(a) r;
  rx(a) r;
}
if (c == 1) {
  for int i in [0:1] {
    x q[0];
  }
} else {
  z q[1];
}
twice(pi / 2) q[0];
c = measure q;
"""
PROGRAM_2 = """\
OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
gate twice(a) r {
  rx(a) r;
  rx(a) r;
}
twice(pi/2) q[0];
if(c==1) x q[1];
measure q -> c;
"""
USES = {"qubit[2] q;": "x q[0]", "bit[2] c;": "if (c", "qreg q[2];": "twice(pi", "creg c[2];": "if(c"}
"""Declarations, and the beginning of the line that misses them first."""


@pytest.mark.parametrize("program", [PROGRAM_2, PROGRAM_3])
def test_deleted_line_is_reported_beside_it_or_where_its_name_is_missed(program: str) -> None:
    lines = program.splitlines()
    for number, deleted in enumerate(lines):
        rest = [*lines[:number], *lines[number + 1 :]]
        diagnostics = check("\n".join(rest)).diagnostics
        if not diagnostics:
            continue
        use = USES.get(deleted, "twice(" if deleted.startswith("gate") else "")
        near = {number, number + 1, min(number + 1, len(rest))}
        uses = {place for place, line in enumerate(rest, 1) if use and line.strip().startswith(use)}
        assert diagnostics[0].line in near | uses, (deleted, diagnostics[0])


@pytest.mark.parametrize(
    ("block", "line", "says"),
    [
        ("if (c == 1) {\nx q[0];\nh q[1];\n", 4, "The block that starts here does not end"),
        ("x q[0];\n}\n", 5, "'}' closes nothing"),
        (
            "if (c == 1) {\n  x q[0];\nh q[1];\n",
            5,
            "The block of line 4 does not end: a '}' is missing after",
        ),
        ("  x q[0];\n  x q[1];\n}\n", 4, "A '{' is missing before this line"),
        ("if (c == 1) {\n    x q[0];\n  }\n}\n", 5, "A '{' is missing before this line"),
        ("if (c == 1) {\n  while (c == 1) {\n    x q[0];\n}\n", 6, "The block of line 5 does not end"),
        ('// {\n/* { */ include "{";', 5, "no included file"),
    ],
)
def test_missing_brace_is_placed_by_the_indentation(block: str, line: int, says: str) -> None:
    first = check(V3 + block).diagnostics[0]
    assert first.line == line and says in first.message


@pytest.mark.parametrize(("text", "file"), [(V2, "qelib1.inc"), (V3, "stdgates.inc")])
def test_missing_include_is_placed_at_the_end_of_the_header(text: str, file: str) -> None:
    header, _, rest = text.split("\n", 2)
    first = check(f"{header}\n{rest}h q[0];").diagnostics[0]
    assert (first.line, first.column) == (1, len(header) + 1)
    assert first.message == f'include "{file}"; is missing here: h on line 3 is a standard gate.'


@pytest.mark.parametrize("opening", ["/*", '"', "{", "[(", "=", "} ", "9", "OPENQASM ", "//"])
def test_program_of_repeated_openings_is_checked_in_linear_time(opening: str) -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        without_comments(text)
        unpaired_brace(text)
        misplaced_closing(text, "]")
        _SINGLE_EQUALS.search(text)
        _HUGE_NUMBER.search(text)
        return time.process_time() - start

    short, long = (min(seconds(opening * count) for _ in range(3)) for count in (40_000, 160_000))
    assert long < 4 * 3 * max(short, 0.01)


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
        ("OPENQASM 3.0;\ndef f(creg c[3]) { return 1; }", "reader of OpenQASM fails"),
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
