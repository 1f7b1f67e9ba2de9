"""Gates linked: by a line of the ISA program, by a qubit, by a line of the original, after routing too."""

from __future__ import annotations

from tests.support.circuits import BELL, BELL_ISA
from tui.openqasm.gate_links import NO_GATE, GateLinks, LinkedGate

LINKS = GateLinks(BELL_ISA, BELL, ((14, 13), (14, 13)))


def test_gate_of_an_isa_line_has_its_qubits_and_the_lines_on_them() -> None:
    assert LINKS.of_line(7) == LinkedGate(7, (14, 13), (6, 7))
    assert LINKS.of_line(4) == LinkedGate(4, (14,), (5, 6, 7))
    assert LINKS.of_line(1) == LINKS.of_line(99) == NO_GATE


def test_gate_of_a_qubit_is_the_one_before_where_it_is_on_it() -> None:
    assert LINKS.of_qubit(13).line == 7 and LINKS.of_qubit(14).line == 4
    assert LINKS.of_qubit(14, LINKS.of_line(7)).line == 7
    assert LINKS.of_qubit(5) == LinkedGate(0, (5,), ())


def test_gate_of_a_line_of_the_original_is_the_first_on_its_qubits() -> None:
    assert LINKS.of_source_line(6).line == 7 and LINKS.of_source_line(5) == LinkedGate(4, (14,), (5, 6, 7))
    assert LINKS.of_source_line(3) == NO_GATE == GateLinks(BELL_ISA, BELL).of_source_line(6)


def test_gate_after_routing_is_linked_by_the_layout_at_the_end() -> None:
    """Virtual qubit 1 begins on qubit 13 and ends on qubit 12: a gate on either is linked to its lines."""
    links = GateLinks("OPENQASM 3.0;\nx $12;\nswap $12, $13;\n", BELL, ((14, 13), (14, 12)))
    assert links.of_line(2).source_lines == (6, 7) and links.of_line(3).source_lines == (6, 7)


def test_program_from_elsewhere_has_gates_and_qubits_alone() -> None:
    assert GateLinks(BELL_ISA).of_line(7) == LinkedGate(7, (14, 13), ())
