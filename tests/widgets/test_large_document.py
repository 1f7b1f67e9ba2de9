"""Documents whose edits cost the same in a text of any length: they answer as Textual's own do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset
from textual.widgets import TextArea

from tui.widgets.circuit.large_document import LargeDocument, UnwrappedDocument
from tui.widgets.circuit.qasm_editor import QasmEditor

TAB = 4
TEXTS = st.text(alphabet="aé漢\t\n{ ", max_size=40)
PLACES = st.tuples(st.integers(0, 6), st.integers(0, 8))


def within(document: Document, place: tuple[int, int]) -> tuple[int, int]:
    """The place, or the nearest that the document has."""
    row = min(place[0], document.line_count - 1)
    return row, min(place[1], len(document[row]))


@given(TEXTS, st.lists(st.tuples(PLACES, PLACES, TEXTS), max_size=6))
def test_large_document_answers_as_textuals_after_any_edits(
    text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]
) -> None:
    mine, theirs = LargeDocument(text), Document(text)
    rows = UnwrappedDocument(mine, TAB)
    assert mine.get_size(TAB) == theirs.get_size(TAB)
    for version, (start, end, new) in enumerate(edits):
        start, end = within(theirs, start), within(theirs, end)
        assert mine.get_text_range(start, end) == theirs.get_text_range(start, end)
        assert mine.replace_range(start, end, new) == theirs.replace_range(start, end, new)
        assert mine.version == version + 1
        assert mine.text == theirs.text
        assert mine.empty == (not theirs.text)
        assert mine.get_size(TAB) == theirs.get_size(TAB)
        their_rows = WrappedDocument(theirs, tab_width=TAB)
        assert rows.height == their_rows.height
        place = within(theirs, start)
        assert rows.location_to_offset(place) == their_rows.location_to_offset(place)
        for offset in (Offset(0, 0), Offset(3, 1), Offset(-2, 99)):
            assert rows.offset_to_location(offset) == their_rows.offset_to_location(offset)
        for row in range(rows.height):
            assert rows.get_tab_widths(row) == their_rows.get_tab_widths(row)
            assert rows.get_sections(row) == their_rows.get_sections(row)
            assert rows.get_offsets(row) == their_rows.get_offsets(row) == []
            assert rows._offset_to_line_info[row] == their_rows._offset_to_line_info[row]


def test_large_document_measures_anew_with_another_tab_width() -> None:
    document = LargeDocument("\ta\nab")
    assert document.get_size(4).width == 5
    assert document.get_size(8).width == 9


def test_unwrapped_document_refuses_to_wrap_and_rows_that_are_not_there() -> None:
    rows = UnwrappedDocument(LargeDocument("a\nb"), TAB)
    with pytest.raises(ValueError, match="not wrapped"):
        rows.wrap(40)
    with pytest.raises(ValueError, match="line 2 of 2"):
        rows.get_offsets(2)
    with pytest.raises(IndexError):
        rows._offset_to_line_info[-1]


def test_editor_uses_them_through_the_places_that_textual_has() -> None:
    editor = QasmEditor("h q;")
    assert isinstance(editor.document, LargeDocument)
    assert isinstance(editor.wrapped_document, UnwrappedDocument)
    assert "_set_document" in vars(TextArea), "the one place where TextArea makes its documents"
    assert "_refresh_size" in vars(TextArea), "the one place where it tells its size"


def test_brackets_find_the_partners_that_textual_finds_within_reach() -> None:
    text = "gate g(a) q {\n  U(a, (pi), 0) q[1];\n}\n([)]\n{"
    mine, theirs = QasmEditor(text), TextArea(text)
    for row, line in enumerate(text.split("\n")):
        for column, character in enumerate(line):
            place = (row, column)
            assert mine.find_matching_bracket(character, place) == theirs.find_matching_bracket(
                character, place
            )


ENDS = st.lists(
    st.sampled_from(["a", "\r", "\n", "\r\n", "\t", "\x0b", "\x0c", "\x85", "\u2028", "é"]), max_size=12
)


@given(ENDS.map("".join), st.lists(st.tuples(PLACES, PLACES, st.sampled_from(["", "b", "b\nc"])), max_size=5))
def test_large_document_keeps_every_character_and_undoes_exactly(
    text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]
) -> None:
    document = LargeDocument(text)
    assert document.text == text
    made = []
    for start, end, new in edits:
        start, end = sorted((within(document, start), within(document, end)))
        before = document.text
        result = document.replace_range(start, end, new)
        made.append((start, result.end_location, result.replaced_text, before))
    for start, end, replaced, before in reversed(made):
        document.replace_range(start, end, replaced)
        assert document.text == before


@pytest.mark.parametrize(
    ("text", "newline", "lines"),
    [
        ("a\r\nb\r\n", "\r\n", ["a", "b", ""]),
        ("a\rb", "\r", ["a", "b"]),
        ("a\r\nb\nc\r\n", "\n", ["a\r", "b", "c\r", ""]),
        ("a\x0bb\u2028c", "\n", ["a\x0bb\u2028c"]),
        ("", "\n", [""]),
    ],
)
def test_large_document_ends_lines_as_the_file_does(text: str, newline: str, lines: list[str]) -> None:
    document = LargeDocument(text)
    assert (document.newline, document.lines, document.text) == (newline, lines, text)


def test_unwrapped_document_measures_what_is_drawn() -> None:
    rows = UnwrappedDocument(LargeDocument("é\x1b\u202eab"), TAB)
    assert rows.location_to_offset((0, 4)) == Offset(4, 0)
    assert rows.offset_to_location(Offset(4, 0)) == (0, 4)
    assert rows.document.get_size(TAB).width == 5
