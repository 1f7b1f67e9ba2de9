"""Programs as lines: coloured in sight only, and readable however they came."""

from __future__ import annotations

from tests.support.circuits import BELL
from tui.openqasm.highlighter import LONGEST_LINE, TokenKind
from tui.widgets.circuit.qasm_view import QasmLines
from tui.widgets.text.styled_text import QASM_INKS, TextStyle, line, text_of


def test_nothing_of_the_text_is_lost() -> None:
    lines = QasmLines(BELL)
    assert "\n".join(text_of(pieces) for pieces in lines) == BELL
    assert lines.widest == max(map(len, BELL.split("\n")))


def test_words_have_the_ink_of_their_kind() -> None:
    pieces = QasmLines("OPENQASM 3.0;\nqubit[2] q; // two")[1]
    assert [(span.text, span.ink) for span in pieces if span.ink is not TextStyle.PLAIN] == [
        ("qubit", TextStyle.QASM_TYPE),
        ("2", TextStyle.QASM_NUMBER),
        ("// two", TextStyle.QASM_COMMENT),
    ]
    plain = {TokenKind.NAME, TokenKind.OPERATOR}
    assert {f"qasm--{kind}" for kind in TokenKind if kind not in plain} == QASM_INKS


def test_what_stands_above_is_not_taken_for_the_program() -> None:
    drawing = [line("q: ┤ H ├"), line("")]
    lines = QasmLines("h q;", drawing)
    assert [text_of(pieces) for pieces in lines[:3]] == ["q: ┤ H ├", "", "h q;"]
    assert lines[0] == drawing[0] and lines[-1][0].ink is TextStyle.QASM_GATE
    assert lines.widest == 8


def test_a_program_in_one_line_is_shown_by_statements() -> None:
    text = "OPENQASM 3.0; qubit[5] q; " + "".join(f"rz({n}) q[{n % 5}]; " for n in range(10_000))
    lines = QasmLines(text)
    assert len(text) > LONGEST_LINE and len(lines) > 10_000
    assert text_of(lines[9_000]) == "rz(8998) q[3];" and lines[9_000][0].ink is TextStyle.QASM_GATE


def test_control_characters_are_shown() -> None:
    assert text_of(QasmLines("h q;\x1b[31m")[0]) == "h q;␛[31m"
