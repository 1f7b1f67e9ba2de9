"""Corrections: the fault is gone afterwards, and the program is one that Qiskit reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.openqasm.analysis.faults import FAULTS, V2, V3, Fault
from tui.compiler.qiskit.parser import read
from tui.domain.circuits import Diagnostic
from tui.openqasm.analysis.fast import analyse
from tui.openqasm.analysis.qdk_analysis import Qdk
from tui.openqasm.fixes import Fix, fix_of

NO_FIX = {
    "wrong arity", "index out of range", "name taken", "duplicate qubit", "wrong type", "gate on bits",
    "wrong bit width", "measured into a qubit",
}  # fmt: skip
"""Planted faults of which nobody knows what was meant."""


def applied(text: str, fix: Fix) -> str:
    lines = text.split("\n")
    line = lines[fix.row]
    lines[fix.row] = line[: fix.start] + fix.text + line[fix.end :]
    return "\n".join(lines)


def first_fix(text: str, qdk: Qdk | None = None) -> Fix | None:
    found = analyse(text, None, qdk).diagnostics
    return fix_of(found[0], text.split("\n"), [one for one in found if one.line == found[0].line])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_planted_fault_is_gone_after_its_correction(fault: Fault) -> None:
    fix = first_fix(fault.text)
    assert (fix is None) == (fault.name in NO_FIX)
    if fix is not None:
        corrected = applied(fault.text, fix)
        assert analyse(corrected).diagnostics == ()
        read(corrected)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (V3 + "h(q[0]);", V3 + "h q[0];"),
        (V3 + "cx(q[0], q[1]);", V3 + "cx q[0], q[1];"),
        (V3 + "h(1) q[0];", V3 + "h q[0];"),
        (V3 + "h q[0;", V3 + "h q[0];"),
        (V3 + "if (c[0] {\n  x q[0];\n}\n", V3 + "if (c[0]) {\n  x q[0];\n}\n"),
        (V3 + "cu(pi, 0, 0, 0 q[0], q[1];", V3 + "cu(pi, 0, 0, 0) q[0], q[1];"),
        (V3 + "if (c[0])\n  x q[0];\n}\n", V3 + "if (c[0]) {\n  x q[0];\n}\n"),
        (V3 + "gate g a { h a[0]; }\ng q[0];", V3 + "gate g a { h a; }\ng q[0];"),
        (V3 + "measure_2 q[0], c[1];", V3 + "c[1] = measure q[0];"),
        (V3 + "c[1] = measure_2 q[0];", V3 + "c[1] = measure q[0];"),
        (V3 + "c[1] = measure_reset q[0];", V3 + "c[1] = measure q[0]; reset q[0];"),
        (V2 + "measure_reset q[0], c[1];", V2 + "measure q[0] -> c[1]; reset q[0];"),
        (V2 + "bit b;", V2 + "creg b[1];"),
        (V2 + "c = measure q;", V2 + "measure q -> c;"),
        ("OPENQASM 2.x;\nqreg q[1];", "OPENQASM 2.0;\nqreg q[1];"),
        ("OPENQASM;\nqubit q;", "OPENQASM 3.0;\nqubit q;"),
        ("// mine\nqubit q;\nh q;", '// mine\ninclude "stdgates.inc";\nqubit q;\nh q;'),
        ("OPENQASM 3.0; qubit q; h q;", 'OPENQASM 3.0; include "stdgates.inc"; qubit q; h q;'),
    ],
)
def test_correction_writes_what_the_message_says(before: str, after: str) -> None:
    fix = first_fix(before)
    assert fix is not None and applied(before, fix) == after
    read(after)


def test_correction_with_a_definition_puts_it_below_the_header() -> None:
    text = V3 + "xslow q[0];\nrzz(0.5) q[0], q[1];\n"
    for _ in range(2):
        fix = first_fix(text)
        assert fix is not None
        text = applied(text, fix)
    assert text.splitlines()[2].startswith("gate rzz(t)") and text.splitlines()[3].startswith("gate xslow")
    assert len(read(text).data) == 2


def test_correction_of_a_store_is_an_assignment() -> None:
    fix = first_fix(V3 + "store c[0], c[1];")
    assert fix is not None and applied(V3 + "store c[0], c[1];", fix) == V3 + "c[0] = c[1];"


def test_correction_of_what_only_qdk_sees() -> None:
    fix = first_fix(V3 + "x q[0]; ; y q;", Qdk())
    assert fix is not None and applied(V3 + "x q[0]; ; y q;", fix) == V3 + "x q[0];  y q;"


@pytest.mark.parametrize(
    "line",
    ["rx(pi, q[0];", "rx(pi/ q[0];", "h q[i;", "measure_2 q[0];", "x(0);", "gate g(a b { x b; }", "h q[0]);"],
)
def test_nothing_is_corrected_where_more_than_one_would_do(line: str) -> None:
    assert first_fix(V3 + line) is None


@given(st.text('{}()[];"=,.-> \n\tqhx01measure_2“', max_size=60), st.booleans())
def test_corrections_of_any_text_lie_in_it(text: str, header: bool) -> None:
    whole = V3 + text if header else text
    lines = whole.split("\n")
    found = analyse(whole).diagnostics
    for one in found:
        fix = fix_of(one, lines, [other for other in found if other.line == one.line])
        assert fix is None or 0 <= fix.start <= fix.end <= len(lines[fix.row])


def test_diagnostic_of_another_text_is_not_corrected() -> None:
    assert fix_of(Diagnostic(9, 1, "There is no gate cxx.", 3, "cx"), ["cxx"]) is None
    assert fix_of(Diagnostic(1, 9, "There is no gate cxx.", 3, "cx"), ["cxx"]) is None
