"""Planted faults, told by the fast analysis and Qiskit together: place, words, and what was meant."""

from __future__ import annotations

import pytest

from tests.openqasm.analysis.faults import FAULTS, V3, Fault
from tui.compiler.qiskit.parser import check
from tui.openqasm.analysis.client import VALID, combined
from tui.openqasm.analysis.fast import analyse
from tui.openqasm.analysis.qdk_analysis import Qdk
from tui.openqasm.examples import examples


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_fault_is_refused_by_qiskit_too_and_told_at_its_place(fault: Fault) -> None:
    report = check(fault.text)
    assert not report.ok
    first = combined(analyse(fault.text, None, Qdk()), report)[0]
    assert (first.line, first.column, first.suggestion) == (fault.line, fault.column, fault.suggestion)
    assert fault.says in first.message


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("stretch w;", "write the time itself, as in delay[100ns]"),
        ("def f(qubit a) { h a; }", "a `gate` definition may do"),
        ("const int n = 2;", "write the value itself where it is used"),
        ("uint[4] n = 1;", "write the value itself, or a parameter"),
        ("bit d; d = c[0] ^ c[1];", "assignments other than `= measure`"),
        ("extern vote(bit[3]) -> bit;", "work their values out beforehand"),
    ],
)
def test_valid_openqasm_3_that_qiskit_lacks_is_told_apart_with_what_to_write(line: str, instead: str) -> None:
    text = V3 + line
    (only,) = combined(analyse(text, None, Qdk()), check(text))
    assert only.line == 5 and only.message.startswith(VALID) and instead in only.message


def test_what_qiskit_accepts_has_no_errors_in_the_fast_analysis() -> None:
    qdk = Qdk()
    for example in examples():
        assert check(example.text).ok and not analyse(example.text, None, qdk).errors, example.name
