"""What is offered while typing, and which argument is due."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.completion import MOST_OFFERED, Vocabulary

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
input float angle_a;
qubit[3] data; qubit anc;
bit[2] creg0;
gate mine(theta, eta) first, second {
  rx(theta) first;
}
def sub(qubit qq, int n) -> bit { return measure qq; }
"""
OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg data[3];\ncreg bits[3];\n'
INSIDE, OUTSIDE = 6, 9
"""A row in the block of the gate, and one after all."""
NEW, LATER = Vocabulary(SymbolTable.of(PROGRAM)), Vocabulary(SymbolTable.of(OLD))


def words(before: str, row: int = OUTSIDE, vocabulary: Vocabulary = NEW, after: str = "") -> list[str]:
    return [one.word for one in vocabulary.completions(before, row, after)]


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("cr", ["creg0", "crx", "cry", "crz"]),
        ("ctrl @ cr", ["crx", "cry", "crz"]),
        ("mi", ["mine"]),
        ("me", ["measure"]),
        ("creg0 = me", ["measure"]),
        ("cx da", ["data"]),
        ("cx data[0], an", ["anc"]),
        ("if (creg0[0]) { cs", ["cswap"]),
        ("rx(an", ["angle_a", "anc"]),
        ("measure da", ["data"]),
        ("x data; resc", []),
        ("c", []),  # one letter is a gate as often as not
        ("rx", []),  # complete
        ("1cr", []),
        ("data[cr", ["creg0"]),
    ],
)
def test_words_that_may_stand_there_are_offered(before: str, offered: list[str]) -> None:
    assert words(before) == offered


def test_names_are_offered_where_they_are_known() -> None:
    assert words("  rx(th", INSIDE) == ["theta"]
    assert words("  rx(th", OUTSIDE) == []
    assert words("  x fi", INSIDE) == ["first"]


def test_word_that_goes_on_behind_the_cursor_is_left_alone() -> None:
    assert words("cr", after="x") == [] and words("cr", after=" ") != []


def test_openqasm_2_is_offered_its_own_words() -> None:
    assert words("qr", vocabulary=LATER) == ["qreg"]
    assert "csx" in words("cs", vocabulary=LATER) and "csx" not in words("cs")
    assert words("ga", vocabulary=LATER) == ["gate"] and words("def", vocabulary=LATER) == []


def test_completion_says_what_a_word_is() -> None:
    crx = NEW.completions("crx"[:2], OUTSIDE)[1]
    assert (crx.label, crx.told, crx.ghost) == ("crx(theta) a, b", "rx on b where a is 1.", "x")
    (mine,) = NEW.completions("mi", OUTSIDE)
    assert mine.label == "mine(theta, eta) first, second"


def test_snippet_shows_its_first_line_and_where_the_cursor_comes() -> None:
    (loop,) = NEW.completions("fo", OUTSIDE)
    assert loop.ghost == "r int i in [0:3] { …"
    assert loop.inserted == ("r int i in [0:3] {\n  \n}", len("r int i in [0:"))
    (whole,) = NEW.completions("for", OUTSIDE)
    assert whole.ghost == " int i in [0:3] { …", "a word that is complete still becomes its snippet"


@pytest.mark.parametrize(
    ("before", "hint"),
    [
        ("rx(", "rx([theta]) a"),
        ("rx(1", "rx([theta]) a"),
        ("rx(1, ", None),
        ("cu(1, max(2, 3), ", "cu(theta, phi, [lambda], gamma) a, b"),
        ("cx ", "cx [a], b"),
        ("  ctrl @ cx data[0], ", "cx a, [b]"),
        ("cx data[0], anc, ", None),
        ("mine(1, 2) data[0],", "mine(theta, eta) first, [second]"),
        ("sub(data[0], ", "sub(qq, [n])"),
        ("x data; rz(", "rz([lambda]) a"),
        ("if (", None),
        ("unknown(", None),
        ("cx data;", None),
    ],
)
def test_argument_that_is_due_is_told(before: str, hint: str | None) -> None:
    due = NEW.hint(before, OUTSIDE)
    assert (f"{due.before}[{due.due}]{due.after}" if due is not None else None) == hint


@given(st.text(alphabet="crxq[]()@,;= {}0\"'/dat", max_size=60) | st.text(max_size=60), st.integers(0, 20))
def test_any_line_is_answered(before: str, row: int) -> None:
    offered = NEW.completions(before, row)
    assert len(offered) <= MOST_OFFERED
    for one in offered:
        typed = re.search(r"\w*\Z", before)
        assert typed is not None and (typed[0] + one.rest).startswith(one.word)
        text, place = one.inserted
        assert 0 <= place <= len(text)
    NEW.hint(before, row)
