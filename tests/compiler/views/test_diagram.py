"""The diagram of a program: every operation once, in a free column, with the line it was written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compiler.devices import device
from tui.compiler.client import Compiler
from tui.compiler.qiskit.parser import Unreadable, read
from tui.compiler.qiskit.views.diagram import MOST_DRAWN, diagram, openqasm2_lines
from tui.compiler.qiskit.views.timeline import statement_lines
from tui.domain.circuits import TranspileOptions
from tui.domain.views.diagram import CircuitDiagram, Wire
from tui.openqasm.analysis.qubits import QubitUse
from tui.openqasm.examples import Example, examples

TEXTS = {example.name: example.text for example in examples()}
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
FEEDBACK = f"""{HEAD}gate g a {{ h a; x a; }}
qubit[3] q; bit[3] c;
h q;
g q[0];
ctrl @ x q[0], q[1];
c[0] = measure q[0];
if (c[0]) {{
  x q[1];
  if (c[1]==1) {{ y q[2]; }} else {{ z q[2];
  h q; }}
}}
while (c[0]==1) {{ x q[0]; break; }}
c = measure q;
"""


def shown(made: CircuitDiagram) -> list[tuple[int, tuple[str, ...]]]:
    return [(symbol.line, symbol.labels) for symbol in made.symbols]


def test_diagram_names_wires_and_gives_each_operation_its_line() -> None:
    made = diagram(FEEDBACK)
    assert [wire.name for wire in made.wires] == ["q[0]", "q[1]", "q[2]"]
    found = shown(made)
    assert [line for line, labels in found if labels == ("H",)][:3] == [5, 5, 5]
    for expected in (
        (6, ("g",)),
        (7, ("●", "⊕")),
        (8, ("M→c0",)),
        (9, ("if c0=1", "┆", "┆")),
        (10, ("X",)),
        (11, ("if c1=1", "┆", "┆")),
        (11, ("else", "┆", "┆")),
        (11, ("Z",)),
        (12, ("H",)),
        (11, ("end", "┆", "┆")),
        (9, ("end", "┆", "┆")),
        (14, ("while c0=1",)),
    ):
        assert expected in found


def test_diagram_names_qubits_that_are_declared_one_by_one() -> None:
    text = f"{HEAD}qubit data; qubit[2] q; qubit[1] one; qubit spare; h data; x q[1]; y one; z spare;"
    assert [wire.name for wire in diagram(text).wires] == ["data", "q[1]", "one", "spare"]
    assert [wire.name for wire in diagram(f"{HEAD}h $3; x $1;").wires] == ["$1", "$3"]


def test_diagram_of_openqasm2_gives_each_operation_its_line() -> None:
    made = diagram(
        'OPENQASM 2.0; include "qelib1.inc";\nqreg q[3]; creg c[3];\nh q; // all; of them\n'
        "gate foo(a) x,y { cx x,y; rz(a) y; }\nfoo(pi/3) q[0],\n q[1];\ncu3(0.1,0.2,0.3) q[0],q[2];\n"
        "measure q->c;\nif(c==2) h q;\nbarrier q[0],q[1];"
    )
    lines = {symbol.labels[0]: symbol.line for symbol in made.symbols}
    assert lines == {
        "H": 9,
        "foo(π/3):0": 5,
        "●": 7,
        "M→c0": 8,
        "M→c1": 8,
        "M→c2": 8,
        "if c=2": 9,
        "end": 9,
        "░": 10,
    }
    assert shown(made)[0] == (3, ("H",))


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_diagram_of_an_example_has_a_line_for_all(example: Example) -> None:
    made = diagram(example.text)
    rows = example.text.split("\n")
    assert made.symbols
    for symbol in made.symbols:
        assert symbol.line and rows[symbol.line - 1].strip()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_diagram_has_each_operation_in_a_column_of_its_own_on_every_qubit(
    pairs: list[tuple[int, int]],
) -> None:
    body = "".join(f"cx q[{a}], q[{b}];\n" if a != b else f"x q[{a}];\n" for a, b in pairs)
    program = f"{HEAD}qubit[4] q;\n{body}"
    made = diagram(program)
    assert len(made.symbols) == len(read(program).data)
    taken = set()
    for symbol in made.symbols:
        for row in range(symbol.rows[0], symbol.rows[-1] + 1):
            assert (symbol.column, row) not in taken
            taken.add((symbol.column, row))
    assert [symbol.line for symbol in sorted(made.symbols, key=lambda one: one.line)] == list(
        range(4, 4 + len(pairs))
    )


def test_diagram_writes_angles_with_free_parameters_by_pi() -> None:
    made = diagram(HEAD + "input float a;\nqubit q;\nrz(pi + a) q;\nrx(pi/2*a) q;\n")
    assert [labels for _, labels in shown(made)] == [("Rz(π + a)",), ("Rx(π/2*a)",)]


def test_diagram_of_a_large_circuit_is_a_summary_of_all_its_gates() -> None:
    count = MOST_DRAWN + 1
    program = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n' + "cx q[0],q[1];\n" * count
    made = diagram(program)
    assert not made.symbols and made.columns == count
    assert sum(number for part in made.summary for _, number in part.gates) == count
    assert made.summary[0].first == 0 and made.summary[-1].last == count - 1
    assert [part.line for part in made.summary] == [part.first + 4 for part in made.summary]


def test_diagram_of_a_broken_program_is_refused() -> None:
    with pytest.raises(Unreadable):
        diagram(HEAD + "qubit q; nothing q;")


def test_openqasm2_lines_of_a_broken_text_are_found_as_far_as_they_go() -> None:
    assert openqasm2_lines("h q; qreg q[; } } h q; {{{ h q;") == [1]


@pytest.mark.asyncio(loop_scope="package")
async def test_diagram_of_an_isa_program_names_rows_by_virtual_and_physical_qubit(warm: Compiler) -> None:
    text = f"{HEAD}bit[1] c;\nx $5;\ncz $5, $6;\nc[0] = measure $5;\n"
    made = await warm.diagram(text, (5,))
    assert made.wires == (Wire("0→5", qubit=5), Wire("$6", qubit=6))
    assert [made.qubits_of(symbol) for symbol in made.symbols] == [(5,), (5, 6), (5,)]
    assert not (await warm.diagram("OPENQASM 3.0;")).symbols


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.parametrize("name", ["qft4", "ghz", "ising-chain"])
async def test_diagram_of_an_isa_program_tells_line_and_qubits_of_each_operation(
    warm: Compiler, name: str
) -> None:
    made = await warm.transpile(TEXTS[name], device("fez"), TranspileOptions(1, 3))
    drawn, program = await warm.diagram(made.qasm, made.layout), made.qasm.split("\n")
    labels = {"rz": "Rz", "sx": "√X", "cz": "●", "x": "X", "measure": "M", "barrier": "░"}
    assert sorted(one.line for one in drawn.symbols) == statement_lines(made.qasm)
    assert tuple(wire.qubit for wire in drawn.wires) == made.used
    for symbol in drawn.symbols:
        words = program[symbol.line - 1]
        gate = "measure" if "measure" in words else words.partition(" ")[0].partition("(")[0]
        assert drawn.qubits_of(symbol) == tuple(sorted(QubitUse(made.qasm).of_line(symbol.line)))
        assert all(label.startswith(labels[gate]) for label in symbol.labels)


@pytest.mark.asyncio(loop_scope="package")
async def test_diagram_of_blocks_tells_their_lines(warm: Compiler) -> None:
    made = await warm.transpile(TEXTS["teleportation"], device("cusco"), TranspileOptions(1, 1))
    drawn, program = await warm.diagram(made.qasm, made.layout), made.qasm.split("\n")
    begins = [one for one in drawn.symbols if one.labels[0].startswith("if ")]
    assert len(begins) == 2 and all(program[one.line - 1].startswith("if (") for one in begins)
    assert all(one.line for one in drawn.symbols)
