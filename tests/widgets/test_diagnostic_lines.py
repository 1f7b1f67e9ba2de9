"""The lines below the editor, for each state of a check."""

from __future__ import annotations

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import CheckReport, CircuitStats, Diagnostic
from tui.widgets.circuit.diagnostic_lines import HEIGHT, CheckState, CheckView, diagnostic_lines

ERRORS = tuple(Diagnostic(line, 1, f"Error {line}.") for line in range(1, 8))
WARNING = Diagnostic(9, 2, "It is large.", warning=True)
FINE = CheckReport((), CircuitStats(2, 2, 3, 3, 1, 1), measures=True)
MISSING = QdeckError(ErrorKind.UNAVAILABLE, "Qiskit is not installed.", "Install it.")


def shown(view: CheckView, width: int = 78) -> list[str]:
    lines = ["".join(span.text for span in line) for line in diagnostic_lines(view, width)]
    assert len(lines) <= HEIGHT and all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize(
    ("state", "analysed", "says"),
    [
        (CheckState.NOTHING, True, ""),
        (CheckState.WAITING, False, "○ not checked yet"),
        (CheckState.WAITING, True, "○ no errors found yet; Qiskit is checking…"),
        (CheckState.STARTING, True, "○ no errors found yet; Qiskit is starting…"),
        (CheckState.LONG, True, "○ no errors found yet; Qiskit is still checking…  esc stops"),
        (CheckState.STOPPED, True, "○ The check was stopped. The next change checks again."),
        (FINE, True, "✔ checked by Qiskit: 2 qubits, 2 bits, depth 3"),
        (MISSING, True, "! Qiskit is not installed. Install it."),
    ],
)
def test_state_without_diagnostics_is_one_line(
    state: CheckState | CheckReport | QdeckError, analysed: bool, says: str
) -> None:
    assert shown(CheckView(state, analysed=analysed)) == [says]


def test_diagnostic_at_the_cursor_stands_first_then_those_after_it() -> None:
    lines = shown(CheckView(CheckReport(ERRORS), ERRORS, 5, analysed=True))
    assert lines[:3] == [f"✘ line {line}, column 1: Error {line}." for line in (6, 7, 1)]
    assert lines[3].startswith("  7 errors, ^g goes there; until it is right")


def test_key_that_corrects_the_current_one_is_told() -> None:
    lines = shown(CheckView(CheckReport(ERRORS), ERRORS, 5, analysed=True, corrects=True))
    assert lines[3] == "  7 errors, alt+q corrects it  ^g goes there; until then nothing can be run"
    lines = shown(CheckView(CheckState.WAITING, ERRORS, 5, analysed=True, corrects=True))
    assert lines[3] == "  7 errors, Qiskit is checking…  alt+q corrects it  ^g goes there"


def test_diagnostic_at_the_cursor_is_shown_in_full() -> None:
    long = Diagnostic(
        3, 1, "There is no gate rzz in the included file. Define it: gate rzz(t) a, b { cx a, b; }"
    )
    lines = shown(CheckView(CheckState.WAITING, (long, *ERRORS), analysed=True))
    assert "".join(lines[:2]).endswith("cx a, b; }") or "cx a, b; }" in lines[1]
    assert lines[3].startswith("  8 errors, Qiskit is checking…  ^g goes there")
    assert "not checked yet" in shown(CheckView(CheckState.WAITING, (long,)))[-1]


def test_warnings_stand_below_the_word_of_qiskit_and_do_not_hide_it() -> None:
    assert shown(CheckView(FINE, (WARNING,), analysed=True)) == [
        "✔ checked by Qiskit: 2 qubits, 2 bits, depth 3",
        "! line 9, column 2: It is large.",
    ]
    assert shown(CheckView(CheckReport(ERRORS[:1]), (ERRORS[0], WARNING)))[1].startswith("! line 9")


def test_errors_are_shown_without_qiskit_too() -> None:
    lines = shown(CheckView(MISSING, ERRORS, analysed=True))
    assert lines[0].startswith("✘ line 1") and lines[-1] == "! 7 errors, Qiskit is not installed. Install it."
