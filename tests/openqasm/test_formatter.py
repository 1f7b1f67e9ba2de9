"""The formatter: one style, the same tokens and the same circuit, and nothing left to do the second time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit

from tests.openqasm.test_lexemes import COMMENTS, OWN_LANGUAGE, WORDS, official
from tui.compiler.qiskit.parser import read
from tui.openqasm.examples import Example, examples
from tui.openqasm.formatter import LONGEST_LINE, format_program, same_place
from tui.openqasm.lexemes import LexemeKind, lexemes

_STATEMENTS = [
    "cx q[0],q[1];",
    "if(c[0]==1){x q[0];}", "else {\ny q[0];}", "gate g(a,b) x,y\n{", "}", "h q[i+1];", "// note",
    "for int i in [0:n-1] {", "/* a\n b */", "array[int[8],2] a={1,-2};", "@bind a", "cal {a {b}}", "box{}",
    "U(-pi/2,0,2*-pi) q;", "c=measure q;", "let r=q[0:1]++q[2:3];", "ctrl(2) @ x q;", "return-n;", "x q[0]",
    "delay[100 ns] q;", "switch(i){case 1,2{x q;}", "\n\n\n", " ", "\n", "#pragma a {",
]  # fmt: skip
_PROGRAMS = st.lists(
    st.sampled_from([*_STATEMENTS, *WORDS, " ", "\n", *COMMENTS, *OWN_LANGUAGE]), max_size=25
).map("\n ".join) | st.lists(st.sampled_from([*_STATEMENTS, " ", *WORDS]), max_size=25).map(" ".join)


def tokens(text: str) -> list[str]:
    """The language's own tokens, without the whitespace that is in some."""
    return ["".join(one.split()) for one in official(text) if one.strip()]


def comments(text: str) -> list[str]:
    kinds = (LexemeKind.COMMENT, LexemeKind.BLOCK_COMMENT)
    return [one.text.rstrip() for one in lexemes(text) if one.kind in kinds]


@given(_PROGRAMS)
def test_formatting_keeps_every_token_and_comment(program: str) -> None:
    formatted = format_program(program)
    assert tokens(formatted) == tokens(program)
    assert comments(formatted) == comments(program)


@given(_PROGRAMS | st.text())
def test_formatting_changes_whitespace_alone_and_nothing_the_second_time(text: str) -> None:
    formatted = format_program(text)
    assert "".join(formatted.split()) == "".join(text.split())
    assert format_program(formatted) == formatted


@given(_PROGRAMS, st.data())
def test_place_in_a_formatted_program_is_before_the_same_character(program: str, data: st.DataObject) -> None:
    formatted = format_program(program)
    offset = data.draw(st.integers(0, len(program)))
    place = same_place(program, offset, formatted)
    assert "".join(formatted[:place].split()) == "".join(program[:offset].split())
    if program[offset : offset + 1].strip():
        assert formatted[place] == program[offset]


def _bound(text: str) -> QuantumCircuit:
    """The circuit with numbers for its inputs: two parameters of one name are not equal."""
    circuit = read(text)
    return circuit.assign_parameters([0.1 * place for place in range(circuit.num_parameters)])


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_formatted_example_is_the_same_circuit(example: Example) -> None:
    crowded = " ".join(line.partition("//")[0] for line in example.text.splitlines())
    for text in (example.text, crowded):
        formatted = format_program(text)
        assert _bound(formatted) == _bound(example.text)
        assert all(len(line.partition("//")[0]) <= LONGEST_LINE for line in formatted.splitlines())


STYLE = """\
OPENQASM 3.0; include "stdgates.inc";
qubit[4] q; bit[4] c;

gate foo(a, b) x, y {
  rz(a + b/2) x; cx x, y;  // note
}
if (c[0] == 1) { x q[0]; } else { y q[0]; z q[1]; }
if (c[1]) {
  x q[0];
} else {
  y q[1];  // no
}
for int[32] i in [0:n-1] { h q[i+1]; }
for int i in {1, 2, -3} { h q[i]; }
array[int[8], 3] a = {1, 2, 3};
let r = q[0:1] ++ q[2:3];
ctrl(2) @ x q[0], q[1], q[2]; inv @ s q[0];
U(-pi/2, 0, 2*-pi) q[0]; c = measure q; measure q -> c;
def f(qubit a, int[8] n) -> bit { return -n; }
cx q[0],
    q[1];
while (i < 3 && !c[0]) { i += 1; }
@bind a  b
x q[0];     // first
barrier q;  // second
y q; /* in */ z q;
box[100ns] {}
"""


def test_style_is_left_as_it_is() -> None:
    assert format_program(STYLE) == STYLE


def test_crowded_and_scattered_text_gets_the_style() -> None:
    lines = STYLE.replace("  // note", "// note").splitlines()
    scattered = "\n".join(f"   {line}\t" for line in lines)
    scattered = scattered.replace(") {", ")\n{").replace(", ", " ,").replace("} else", "}\nelse")
    scattered = scattered.replace(" = ", "=").replace("\n\n", "\n\n\n\n").replace("; ", " ;")
    kept = format_program("OPENQASM 3.0;" + scattered.partition(";")[2])
    for line, wanted in zip(kept.splitlines(), STYLE.splitlines(), strict=True):
        assert line == wanted


def test_long_line_of_several_statements_becomes_one_a_statement() -> None:
    block = "if (c[0]) { " + "x q[0]; " * 12 + "} y q;  // end\n"
    assert format_program(block) == "if (c[0]) {\n" + "  x q[0];\n" * 12 + "}\ny q;  // end\n"
    single = f"cx q[0], {', '.join(f'r[{i}]' for i in range(20))};\n"
    assert format_program(single) == single


def test_unfinished_text_is_formatted_as_far_as_it_is_understood() -> None:
    assert format_program("gate g a{x a;") == "gate g a {\n  x a;\n"
    assert format_program("}\nx q[ 0 ;") == "}\nx q[0;\n"
    assert format_program("x   q; /* open  \n y") == "x q; /* open  \n y\n"
    assert format_program("") == format_program(" \n ") == ""


def test_calibrations_directives_and_strings_are_left_alone() -> None:
    text = 'defcal x $0 {\n   play  (a);\n}\npragma  a   b\n@x  y\ninclude "a  b";\n'
    assert format_program(text) == text


def test_line_ends_stay_those_of_the_text() -> None:
    assert format_program("x q;\r\n\r\n\r\ny  q;\r\n") == "x q;\r\n\r\ny q;\r\n"


def test_no_two_operators_become_another() -> None:
    operators = [
        "-",
        "~",
        "!",
        "*",
        "**",
        "/",
        "+",
        "++",
        "=",
        "==",
        "<",
        "<<",
        ">",
        ">=",
        "&",
        "&&",
        "|",
        "->",
    ]
    for first, second in [*pairwise(operators), *((one, one) for one in operators), ("/", "*"), ("-", ">")]:
        program = f"a = b {first} {second} c;"
        assert tokens(format_program(program)) == tokens(program)
