"""Reading a program that stays as it is: the same words as in the editor, wherever one begins to read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.openqasm.test_highlighter import LINES
from tui.openqasm.highlighter import LOOK_BACK, Highlighter, StaticHighlighter
from tui.openqasm.lexers import TokenKind, TokenSpan


class Counted(list[str]):
    """Lines that write down which of them were looked at."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines)
        self.read: set[int] = set()

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # as `list` has it
        if isinstance(place, int):
            self.read.add(place)
        return super().__getitem__(place)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(LINES.filter(lambda line: "\n" not in line), min_size=1, max_size=30), data=st.data())
def test_reading_equals_the_highlighter(lines: list[str], data: st.DataObject) -> None:
    editor, reading = Highlighter(lines.__getitem__, lambda: len(lines)), StaticHighlighter(lines)
    for line in data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=5)):
        assert reading.spans(line) == editor.spans(line)


def test_reading_lexes_the_end_of_a_long_text_alone() -> None:
    lines = Counted([f"rz({n}) q[{n}];" for n in range(5_000)])
    reading = StaticHighlighter(lines)
    lines.read.clear()
    assert reading.spans(4_999)[0] == TokenSpan(0, 2, TokenKind.GATE)
    assert min(lines.read) == 4_999 - LOOK_BACK
    lines.read.clear()
    reading.spans(4_998)
    assert lines.read == {4_998}


def test_reading_knows_a_comment_of_any_length() -> None:
    long = LOOK_BACK * 3
    text = (
        'x q; // /* no\n"/* no" x q;\n/* one\n' + "h q;\n" * long + "*/ h q;\n/* another\n" + "x q;\n" * long
    )
    reading = StaticHighlighter(text.split("\n"))
    first = 3 + long
    assert reading.spans(first - 1) == [TokenSpan(0, 4, TokenKind.COMMENT)]
    assert reading.spans(first)[:2] == [TokenSpan(0, 2, TokenKind.COMMENT), TokenSpan(3, 4, TokenKind.GATE)]
    assert reading.spans(first + long) == [TokenSpan(0, 4, TokenKind.COMMENT)]
    assert StaticHighlighter(["x q;"] * long).spans(long - 1)[0].kind is TokenKind.GATE


def test_reading_raises_past_the_end() -> None:
    with pytest.raises(IndexError):
        StaticHighlighter(["x q;"]).spans(1)
