"""A name changed everywhere: the program means the same, or the change is refused in words."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from tui.compiler.qiskit.parser import read
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.examples import Example, examples
from tui.openqasm.renaming import rename_trouble, renamed

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc"; // q in a comment stays
gate pair(t) q, r { rx(t) q; cx q, r; }
qubit[2] q; bit[2] c; const int n = 2;
pair(pi) q[0], q[1];
for int i in [0:1] { x q[0]; }
c = measure q;
"""


@pytest.mark.parametrize(
    ("place", "name", "trouble"),
    [
        ("q[0];", "data", ""),
        ("q[0];", "q", "called q already"),
        ("q[0];", "c", "c is declared on line 4 already."),
        ("q[0];", "i", "declared on line 6"),
        ("q[0];", "2q", "begins with none of the digits"),
        ("q[0];", "a b", "A name is made of"),
        ("q[0];", "measure", "word of the language"),
        ("q[0];", "pi", "word of the language"),
        ("q[0];", "U", "word of the language"),
        ("q[0];", "cx", "cx is a gate of stdgates.inc."),
        ("t) q;", "angle_1", ""),
        ("t) q;", "r", "declared on line 3"),
        ("t) q;", "n", "declared on line 4"),
        ("pair(pi)", "q", "declared on line"),
    ],
)
def test_new_name_is_refused_where_it_would_change_the_meaning(place: str, name: str, trouble: str) -> None:
    table = SymbolTable.of(PROGRAM)
    symbol = table.at(PROGRAM.index(place))
    assert symbol is not None
    said = rename_trouble(table, symbol, name)
    assert trouble in said and bool(trouble) == bool(said)


def test_renaming_finds_every_use_of_this_name_and_no_other() -> None:
    table = SymbolTable.of(PROGRAM)
    outer, inner = table.at(PROGRAM.index("q[0];")), table.at(PROGRAM.index("q; cx"))
    assert outer is not None and inner is not None
    text, places = renamed(table, outer, "data")
    assert text.count("data") == len(places) == 5
    assert "gate pair(t) q, r { rx(t) q; cx q, r; }" in text and "// q in" in text
    text, _ = renamed(table, inner, "first")
    assert "gate pair(t) first, r { rx(t) first; cx first, r; }" in text and "qubit[2] q;" in text


def test_names_of_openqasm_2_begin_with_a_small_letter() -> None:
    table = SymbolTable.of('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n')
    (symbol,) = table.symbols
    assert "small letter" in rename_trouble(table, symbol, "Data")
    assert rename_trouble(table, symbol, "data") == ""


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_example_with_every_name_changed_is_the_same_circuit(example: Example) -> None:
    text, count = example.text, len(SymbolTable.of(example.text).symbols)
    for number in range(count):
        table = SymbolTable.of(text)
        symbol = table.symbols[number]
        assert rename_trouble(table, symbol, f"name_{number}") == ""
        text, places = renamed(table, symbol, f"name_{number}")
        assert places
    before, after = read(example.text), read(text)
    assert [_step(before, one) for one in before.data] == [_step(after, one) for one in after.data]


def _step(circuit: QuantumCircuit, instruction: CircuitInstruction) -> tuple[int, ...]:
    bits = (*instruction.qubits, *instruction.clbits)
    return len(instruction.operation.params), *(circuit.find_bit(bit).index for bit in bits)
