"""The importer of both workers: registers, hardware qubits, and the places of errors."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from tui.qiskit_common.openqasm3 import MOST_BITS, OpenQasm3Error, load
from tui.qiskit_common.traversal import longest_path, walk

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def placed(circuit: QuantumCircuit) -> list[tuple[str, tuple[int, ...]]]:
    return [(instruction.name, qubits) for instruction, qubits in walk(circuit)]


def test_registers_keep_their_names_and_order_and_single_bits_are_registers() -> None:
    circuit = load(HEADER + "bit Alice; bit[2] _b; bit c = measure $0;")
    assert [(register.name, register.size) for register in circuit.cregs] == [
        ("Alice", 1),
        ("_b", 2),
        ("c", 1),
    ]


def test_hardware_qubit_first_named_in_a_block_has_its_place() -> None:
    circuit = load(HEADER + "bit c; c = measure $2; if (c) { x $5; }")
    assert circuit.layout is not None and circuit.num_qubits == 6
    assert placed(circuit) == [("measure", (2,)), ("if_else", (5,)), ("x", (5,))]


def test_hardware_qubits_in_comments_do_not_count() -> None:
    circuit = load(HEADER + "// not $9\nx $1; /* nor $8 */")
    assert circuit.num_qubits == 2
    assert load(HEADER + "qubit q; x q; // $7").layout is None


@pytest.mark.parametrize(
    ("body", "kind", "place", "says"),
    [
        ("x $0", "syntax", (3, 5), "missing ';'"),
        ("foo $0;", "import", (3, 1), "gate 'foo' is not defined"),
        ("qubit[2] q;\ncx q[0], q[0];", "build", (4, 1), "duplicate"),
        ("qubit q; x $0;", "import", (3, 12), "Mixing"),
        ("qubit[2] c; bit c;", "import", (3, 13), "already inserted"),
        (f"x ${MOST_BITS};", "import", (0, 0), "no device has that many qubits"),
        (f"bit[{MOST_BITS + 1}] c;", "import", (3, 1), "more than 20,000 bits"),
    ],
)
def test_error_has_kind_and_place(body: str, kind: str, place: tuple[int, int], says: str) -> None:
    with pytest.raises(OpenQasm3Error) as refused:
        load(HEADER + body)
    (problem,) = refused.value.problems
    assert (problem.kind, (problem.line, problem.column)) == (kind, place)
    assert says in problem.message


@pytest.mark.parametrize(
    ("condition", "value"),
    [("c == 1", True), ("0 == c", False), ("c != 1", False), ("d[1] != 0", True)],
)
def test_bit_is_compared_with_numbers_as_with_booleans(condition: str, value: bool) -> None:
    circuit = load(f"{HEADER}qubit q; bit c; bit[2] d; if ({condition}) {{ x q; }}")
    bit = circuit.cregs[1][1] if "d" in condition else circuit.cregs[0][0]
    assert circuit.data[0].operation.condition == (bit, value)


def test_longest_path_takes_the_longest_branch_as_often_as_it_runs() -> None:
    circuit = load(HEADER + "bit c; x $0; c = measure $0; if (c) { x $1; x $1; } else { x $2; } x $3;")
    assert longest_path(circuit, lambda instruction, _: 1.0) == 4.0
    assert longest_path(circuit, lambda instruction, _: 1.0, lambda _: 3) == 8.0
