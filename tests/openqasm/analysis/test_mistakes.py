"""The app's own analysis: each fault at its place in plain words, and nothing where Qiskit finds nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.openqasm.analysis.faults import FAULTS, V2, V3, Fault
from tui.domain.circuits import Diagnostic
from tui.openqasm.analysis.mistakes import MOST, mistakes
from tui.openqasm.analysis.statements import Program
from tui.openqasm.examples import examples


def found(text: str) -> list[Diagnostic]:
    return mistakes(Program(text))[0]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_planted_fault_is_told_once_at_its_place(fault: Fault) -> None:
    first = found(fault.text)[0]
    assert (first.line, first.column, first.suggestion) == (fault.line, fault.column, fault.suggestion)
    assert fault.says in first.message
    assert {one.line for one in found(fault.text)} == {fault.line}


@pytest.mark.parametrize(
    ("line", "column", "bracket"),
    [("rx(pi q[0]", 3, "("), ("h q[0", 4, "["), ("float f = (3", 11, "("), ("h q[1\n\nh q[0];", 4, "[")],
)
def test_open_bracket_without_an_end_behind_it_is_told_once(line: str, column: int, bracket: str) -> None:
    told = [(one.line, one.column, one.message) for one in found(V3 + line)]
    assert told == [(5, column, f"This '{bracket}' is not closed.")]


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("mesure q[0];", 1, "Did you mean `measure`?"),
        ("cnot q[0], q[1];", 1, "Did you mean `cx`?"),
        ("rzz(0.1) q[0], q[1];", 1, "Define it: gate rzz(t) a, b {"),
        ("cu1(0.1) q[0], q[1];", 1, "cp is like it"),
        ("rx q[0];", 1, "rx takes 1 parameter, not 0: rx(theta)."),
        ("h(1) q[0];", 1, "h takes no parameter"),
        ("ctrl @ x q[0];", 8, "x acts on 2 qubits with its controls, not on 1."),
        ("cx q, q[1];", 4, "cx uses q[1] twice."),
        ("qubit[2] r; cx q, r;", 16, "different sizes: 2 and 3"),
        ("measure c[0];", 9, "only qubits can be measured"),
        ("gate g a { h a[0]; }", 16, "it has no index"),
        ("gate g a { h q[0]; x b; }", 22, "There is no b"),
        ("half q[0]; gate half a { sx a; }", 1, "used before it is defined, on line 5"),
        ("h r; qubit r;", 3, "r is used before it is declared, on line 5."),
        ("h q[0;", 4, "This '[' is not closed."),
        ("rx(1)) q[0];", 6, "')' closes nothing"),
        ("}", 1, "'}' closes nothing"),
        ("if (d == 1) x q[0];", 5, "There is no d"),
        ("for uint i in [0:n] { h q[i]; }", 18, "There is no n"),
        ("bit[n] d;", 5, "There is no n"),
        ("qubit x;", 7, '"stdgates.inc" has a gate of this name'),
        ("OPENQASM 3.0;", 1, "at the very beginning"),
        ("include stdgates;", 1, "stands in quotes"),
        ('include "other.inc";', 9, 'only "stdgates.inc" can be included'),
        ("/* no end", 1, "This comment does not end"),
        ("rx(pi−1) q[0];", 6, "− is not a character of OpenQASM: write -"),
        ("h q[0];\u00a0", 8, "U+00A0 is not a character"),
        ("measure_reset q[0];", 1, "c[0] = measure q[0]; reset q[0];"),
        ("measure_2 q[0];", 1, "write measure"),
        ("c[0] = measure_2 q[0];", 8, "write measure"),
        ("xslow q[0];", 1, "Define it: gate xslow a { x a; }"),
        ("store c[0], 1;", 1, "In OpenQASM: c[0] = c[1];"),
        ("rz(cos(sin(cos(1)))) q[0]\nx q[1];", 26, "';' is missing"),
        ("const int n = 1; bit[int[q[2]]] d\nx q[1];", 34, "';' is missing"),
    ],
)
def test_mistake_has_place_and_plain_words(line: str, column: int, says: str) -> None:
    first = found(V3 + line)[0]
    assert (first.line, first.column) == (5, column)
    assert says in first.message


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("foo q[0];", "There is no gate foo."),
        ("c[0] = measure q[0];", "measure q[0] -> c[0];"),
        ("h q[3];", "q[3] does not exist"),
        ("for uint i in [0:1] { h q[i]; }", "it has no loops"),
        ('include "stdgates.inc";', 'belongs to OpenQASM 3: write "qelib1.inc".'),
    ],
)
def test_mistake_in_openqasm_2_is_told(line: str, says: str) -> None:
    assert says in found(V2 + line)[0].message


def test_all_mistakes_are_told_at_once_in_order() -> None:
    text = V3 + "h q[0]\nfoo q;\nrx q[0];\nh q[9];\ncx q[1], q[1];\n"
    assert [one.line for one in found(text)] == [5, 6, 7, 8, 9]
    assert len(found(V3 + "foo q;\n" * 3 * MOST)) == MOST


@pytest.mark.parametrize(
    "line",
    [
        "cx\n  q[0],\n  q[1];",
        "for uint i in {0, 2} { h q[i]; }",
        "for uint i in [0:2]\n  h q[i];",
        "if (c[0] == 1) { x q[0]; } else { h q[0]; }",
        "if (c[0]) x q[0]; else if (c[1]) y q[0]; else z q[0];",
        "while (c == 0) { x q[0]; c = measure q; }",
        "switch (c) { case 1, 2 { x q[0]; } default { } }",
        "input float[64] turn; rx(2*sin(turn) + pi/2) q[0];",
        "const int n = 2; qubit[n] r; h r[1]; let pair = q[0:1]; cx pair[0], pair[1];",
        "gate g(a, b) p, r { U(a, b, 0) p; ctrl @ rz(a) p, r; } g(1, 2) q[0], q[1];",
        "gphase(pi/4); ctrl(2) @ x q[0], q[1], q[2]; inv @ s q[0]; pow(2) @ x q[0]; negctrl @ x q[0], q[1];",
        "c[0] = measure q[0]; measure q -> c; measure q[1]; bit d = measure q[2];",
        "barrier; barrier q; barrier q[0], q[1]; reset q; delay[100ns] q[0]; delay[10dt] q;",
        "x $0; cx $0, $17; bit b; b = measure $0;",
        "def f(qubit a, int[8] n) -> bit { h a; return measure a; } bit d; d = f(q[0], 3);",
        'box { h q[0]; } box[100ns] { x q[1]; } bit[2] f = "01"; array[int[8], 2] a = {1, 2};',
        "stretch w; delay[w] q[0]; duration d = durationof({x $0;}); box[d] { delay[w] q[1]; }",
        '@reversible\nh q[0];\n#pragma speed\npragma user q\ndefcalgrammar "openpulse"; cal { play(x); }',
        "extern vote(bit[3]) -> bit; bit d; d = vote(c); end;",
        "int[32] i = 0; i += 1; i = i << 2;",
        "bool b = true && !c[0]; angle a = pi; complex[float[64]] w = 2im;",
        "qubit ψ; rx(π/2) ψ; // “quoted” − in a comment /* as is */",
        "h q[-1]; h q[0:1]; h q[{0, 2}]; qreg r[2]; creg d[2]; measure r -> d;",
    ],
)
def test_valid_openqasm_3_has_no_mistakes(line: str) -> None:
    assert found(V3 + line) == []


def test_valid_openqasm_2_has_no_mistakes() -> None:
    text = (
        V2 + "opaque o(a) p; gate g(a) p,r { rxx(a) p,r; CX p,r; } g(1/2) q[0],q[1]; if(c==3) u2(0,pi) q[0];"
    )
    text += "measure q->c; barrier q; reset q[0]; qreg r[5]; c4x r[0],r[1],r[2],r[3],r[4];"
    assert found(text) == []


def test_examples_have_no_mistakes() -> None:
    assert [(one.name, found(one.text)) for one in examples() if found(one.text)] == []


PROGRAM = (
    V3 + "gate g(a) p { rx(a) p; }\nif (c[0]) { x q[0]; }\nfor uint i in [0:2] { h q[i]; }\nc = measure q;\n"
)


@settings(max_examples=150)
@given(st.integers(0, len(PROGRAM)), st.integers(0, 12), st.text('q;{}[]()"/*,=@$ \nλ0x', max_size=4))
def test_place_of_a_mistake_lies_in_the_text(at: int, gone: int, put: str) -> None:
    text = PROGRAM[:at] + put + PROGRAM[at + gone :]
    lines = text.split("\n")
    diagnostics = found(text)
    assert diagnostics == sorted(diagnostics, key=lambda one: (one.line, one.column))
    for one in diagnostics:
        assert 1 <= one.line <= len(lines) and 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.message.endswith((".", ";", "?", "}", '"', "-", ",", "(", ")", "[", "]", "*", "/", ">"))
