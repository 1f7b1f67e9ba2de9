"""A program that is edited: what is read again after an edit is what is read of the whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.openqasm.analysis.faults import V2, V3
from tui.openqasm.analysis import statements
from tui.openqasm.analysis.fast import analyse_program
from tui.openqasm.analysis.mistakes import mistakes
from tui.openqasm.analysis.statements import Program, common_ends
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.examples import examples

PIECES = [
    "x q[0];\n", "h q[7];\n", "cx q[0], q[1];\n", "rz(t) q[1]; // turn\n", "c = measure q;\n", "ghost r;\n",
    "\n",
    "qubit[2] r;\n", "input float t;\n", "const int n = 3;\n", "gate g(a) b { rz(a) b; }\n", "g(1) q[0];\n",
    "if (c[0]) { x q[0]; }\n", "if (c[0]) {\n", "}\n", "for int i in [0:2] x q[i];\n", "u = {1, 2\n", "3};\n",
    "def f(qubit w) { x w; }\n", "cal {\n", "defcal x $0 {\n", "/*", "*/", "// /*\n", '"', "{", ";", "(",
    "x q[0]", "[",
    "@bind y q;\n", "pragma z\n", 'include "stdgates.inc";\n', "OPENQASM 3.0;\n", "OPENQASM 2.0;\n", "“",
    "q", " ",
]  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 12), st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
    ),
    min_size=1,
    max_size=8,
)
BEGINNINGS = st.sampled_from(
    [V3, V2, "", V3 + "x q[0];\nrz(0.1) q[1];\n" * 6, *(one.text for one in examples())]
)


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment has two statements, so that edits meet its ends."""
    monkeypatch.setattr(statements, "_IN_SEGMENT", 2)


def assert_as_whole(program: Program) -> None:
    whole = Program.whole(program.text)
    assert program.bare == whole.bare
    assert list(program.statements()) == list(whole.statements())
    table = SymbolTable.of(program.text)
    found, read = mistakes(program)
    assert (read.symbols, read.scopes, read.includes) == (table.symbols, table.scopes, table.includes)
    assert found == mistakes(whole)[0]


@settings(max_examples=120)
@given(text=BEGINNINGS, edits=EDITS)
def test_edited_program_is_read_as_the_whole(text: str, edits: list[tuple[float, int, str]]) -> None:
    program = Program(text)
    assert_as_whole(program)
    for where, removed, new in edits:
        place = round(where * len(text))
        text = text[:place] + new + text[place + removed :]
        program.edited(text)
        assert program.text == text and "".join(one.text for one in program.segments) == text
        assert_as_whole(program)


def test_edit_leaves_segments_as_they_are_and_checks_them_no_more() -> None:
    text = V3 + "".join(f"rz({number}) q[1];\n" for number in range(100))
    program = Program(text)
    analyse_program(program)
    before = {id(one) for one in program.segments}
    program.edited(text.replace("rz(50)", "rzz(50)"))
    assert len([one for one in program.segments if id(one) not in before]) == 1
    assert [one.line for one in analyse_program(program).diagnostics] == [len(V3.split("\n")) + 50]


@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [
        ("", "", (0, 0)),
        ("abc", "abc", (3, 0)),
        ("abc", "abxc", (2, 1)),
        ("aaa", "aaaa", (3, 0)),
        ("abc", "xyz", (0, 0)),
        ("abc", "bc", (0, 2)),
    ],
)
def test_common_ends_do_not_overlap(old: str, new: str, ends: tuple[int, int]) -> None:
    assert common_ends(old, new) == ends
