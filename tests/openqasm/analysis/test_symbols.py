"""The symbol table: what a name means at a place, whatever state the text is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.standard import Signature
from tui.openqasm.analysis.statements import statements, without_comments
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.examples import Example, examples

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
// qubit[9] q;
const int n = 3;
input float turn;
qubit[n] q;
bit[3] c;
gate half(theta) a { rz(theta/2) a; }
def flip(qubit w, int[8] k) -> bit { x w; return measure w; }
for uint i in {0, 1} { half(turn) q[i]; }
for uint j in [0:2] h q[j];
let pair = q[0:1];
c = measure q;
"""


def declared(text: str) -> list[tuple[str, str]]:
    return [(one.name, str(one.kind)) for one in SymbolTable.of(text).symbols]


def place_of(text: str, words: str) -> int:
    return text.index(words)


def test_symbols_of_openqasm_3_have_kind_size_and_signature() -> None:
    table = SymbolTable.of(PROGRAM)
    assert declared(PROGRAM) == [
        ("n", "constant"),
        ("turn", "input"),
        ("q", "qubits"),
        ("c", "bits"),
        ("half", "gate"),
        ("theta", "parameter"),
        ("a", "operand"),
        ("flip", "subroutine"),
        ("w", "argument"),
        ("k", "argument"),
        ("i", "loop variable"),
        ("j", "loop variable"),
        ("pair", "alias"),
    ]
    n, _, q, c, half = table.symbols[:5]
    assert (n.value, q.size, c.size, q.detail) == ("3", 3, 3, "qubit[n]")
    assert (half.parameters, half.operands, half.detail) == (("theta",), ("a",), "gate half(theta) a")
    assert PROGRAM[q.start : q.end] == "q" and PROGRAM[slice(*q.statement)] == "qubit[n] q;"


def test_symbols_of_openqasm_2_are_registers_and_gates() -> None:
    text = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\ngate g(a,b) x, y { U(a,b,0) x; }\n'
    table = SymbolTable.of(text)
    assert table.version == 2 and table.includes == ("qelib1.inc",)
    assert [(one.name, one.size) for one in table.symbols[:2]] == [("q", 3), ("c", 3)]
    assert table.signature("g", len(text)) == Signature(("a", "b"), ("x", "y"))
    assert table.signature("rxx", len(text)) == Signature(("theta",), ("a", "b"))


@pytest.mark.parametrize(
    ("gate", "qubits"), [("cx", ("a", "b")), ("U", ("a",)), ("gphase", ()), ("rxx", None), ("q", None)]
)
def test_signature_knows_what_may_be_used(gate: str, qubits: tuple[str, ...] | None) -> None:
    found = SymbolTable.of(PROGRAM).signature(gate, len(PROGRAM))
    assert (found.qubits if found is not None else None) == qubits


def test_signature_needs_the_included_file() -> None:
    assert SymbolTable.of("qubit q;\nh q;").signature("h", 10) is None


def test_names_mean_what_the_innermost_scope_declares() -> None:
    text = "qubit q;\nint a = 1;\ngate g(a) q { rz(a) q; }\nif (a == 1) { int a = 2; a += 1; }\na = 3;"
    table = SymbolTable.of(text)
    inside = table.resolve("q", place_of(text, "q; }"))
    assert inside is not None and inside.kind is SymbolKind.OPERAND
    assert [one.kind for one in table.symbols if one.name == "a"].count(SymbolKind.VARIABLE) == 2
    outer, block = (one for one in table.symbols if one.name == "a" and one.kind is SymbolKind.VARIABLE)
    assert table.resolve("a", place_of(text, "a += 1")) is block
    assert table.resolve("a", place_of(text, "a = 3")) is outer
    assert [text[start - 1 : end + 3] for start, end in table.uses(outer)] == [" a = ", "(a ==", "\na = "]
    assert len(table.uses(block)) == 2


def test_name_declared_later_is_no_name_yet() -> None:
    text = "h q;\nqubit q;"
    table = SymbolTable.of(text)
    assert table.resolve("q", 2) is None
    assert table.resolve("q", 2, later=True) is table.symbols[0] is table.at(2)
    assert "q" not in table.visible(2) and "q" in table.visible(len(text))


def test_uses_leave_out_comments_strings_and_parts_of_names() -> None:
    text = 'qubit q; // q\nqubit qq;\nh q; include "q"; /* q\nq */ rz(1.q) q;\n@note q\nx q;'
    table = SymbolTable.of(text)
    assert [table.location(start) for start, _ in table.uses(table.symbols[0])] == [
        (0, 6),
        (2, 2),
        (3, 13),
        (5, 2),
    ]


def test_pulses_hold_no_names() -> None:
    text = 'defcalgrammar "openpulse";\ncal { waveform q = { 1 }; }\ndefcal x $0 { play q; }\nqubit q;'
    table = SymbolTable.of(text)
    assert declared(text) == [("q", "qubits")]
    assert len(table.uses(table.symbols[0])) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("qubit[2] q\nbit[2] c;", ["q", "c"]),
        ("qubit[2] q; h q[0]\nbit c;", ["q", "c"]),
        ("c = measure q[0]\nqubit r;", ["r"]),
        ("gate g a { h a\nqubit q;", ["g", "a", "q"]),
        ("qubit[2 q;\nbit c;", ["c"]),
        ("} qubit q;", ["q"]),
        ("array[int[8], 2] a = {1, 2}; bit b;", ["a", "b"]),
        ("int i = {", ["i"]),
    ],
)
def test_symbols_of_broken_text(text: str, names: list[str]) -> None:
    assert [name for name, _ in declared(text)] == names


def test_statements_over_several_lines_are_whole() -> None:
    text = "cx\n  q[0],\n  q[1];\nfor int i in [0:3]\n  h q[i];\nif (c)\n x q[0];\nlet a =\n q;"
    assert len(list(statements(text))) == 4


def test_place_is_counted_from_0() -> None:
    table = SymbolTable.of("a\nbc\n")
    assert [table.location(offset) for offset in range(6)] == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]
    assert (table.offset(1, 9), table.offset(9, 9), table.offset(-1, 0)) == (4, 5, 0)


_WORDS = """q|a|gate |qubit |bit[2] |for int i in |{|}|;|//|/*|*/|"|def f(|cal |=|,|[|]|(|)|@x|pragma|é|\0|
|in |int a|measure |array[int[8], 2] """
PIECES = st.sampled_from(_WORDS.split("|"))


@given(st.lists(PIECES, max_size=40).map("".join))
def test_table_of_any_text_is_consistent(text: str) -> None:
    table = SymbolTable.of(text)
    assert len(without_comments(text)) == len(text)
    assert [one.start for one in statements(table.bare)] == sorted(
        one.start for one in statements(table.bare)
    )
    for one in table.symbols:
        assert text[one.start : one.end] == one.name
        assert one.statement[0] <= one.start < one.end <= one.statement[1] <= len(text)
        assert (one.start, one.end) in table.uses(one)
    for offset in range(len(text) + 1):
        assert table.offset(*table.location(offset)) == offset
        table.visible(offset), table.at(offset), table.word(offset)


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example.name))
def test_uses_in_examples_mean_their_declaration(example: Example) -> None:
    table = SymbolTable.of(example.text)
    assert {SymbolKind.QUBITS} <= {one.kind for one in table.symbols}
    for one in table.symbols:
        for start, _ in table.uses(one):
            assert table.at(start) is one
