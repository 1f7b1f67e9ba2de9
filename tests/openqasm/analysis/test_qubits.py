"""Qubits by line: registers are counted as Qiskit does, and whatever the text, nothing fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.circuits import BELL_ISA
from tui.openqasm.analysis import qubits
from tui.openqasm.analysis.qubits import QubitUse

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] a;
qubit one; // a[0]
qubit[2] b;
bit[2] c;
h a[1]; // b[0]
cx a[2], b[1];
x one;
c = measure b;
"""


def test_lines_name_qubits_as_registers_are_counted() -> None:
    use = QubitUse(PROGRAM)
    found = {line: use.of_line(line) for line in range(12) if use.of_line(line)}
    assert found == {7: (1,), 8: (2, 5), 9: (3,), 10: (4, 5)}
    assert use.lines_on((5,)) == (8, 10)
    assert use.lines_on((5, 2)) == (8,)
    assert use.lines_on(()) == use.lines_on((77,)) == ()


def test_physical_qubits_keep_their_numbers() -> None:
    use = QubitUse(BELL_ISA)
    assert use.of_line(7) == (14, 13) and use.of_line(9) == (13,)
    assert use.lines_on((13,)) == (7, 9)


def test_openqasm_2_registers_and_places_beyond_them() -> None:
    use = QubitUse("OPENQASM 2.0;\nqreg q[2];\ncreg c[2];\ncx q[1], q[0];\nx q[7];\nmeasure q[1] -> c[1];")
    assert [use.of_line(line) for line in range(3, 7)] == [(), (1, 0), (), (1,)]


def test_registers_of_a_very_long_program_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qubits, "LONGEST", len(PROGRAM) - 1)
    assert QubitUse(PROGRAM + "x $3;").lines_on((3,)) == (11,)
    assert QubitUse(PROGRAM).of_line(7) == ()


@given(st.text(alphabet="qubit[]3; \n$/*\"reg'", max_size=60))
def test_any_text_is_looked_up_without_failure(text: str) -> None:
    use = QubitUse(text)
    for line in range(-1, 5):
        assert all(qubit >= 0 for qubit in use.of_line(line))
