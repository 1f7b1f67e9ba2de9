"""Lines of styled text: widths, cuts and wrapping."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.text.styled_text import (
    Span,
    StyledLine,
    TextStyle,
    crop,
    fit,
    fit_line,
    justify,
    line,
    text_of,
    width_of,
    wrapped,
)

TEXT = st.text(st.sampled_from("ab漢é́ █…"), max_size=12)
LINES = st.lists(st.builds(Span, TEXT, st.sampled_from([TextStyle.PLAIN, TextStyle.BAD])), max_size=4).map(
    tuple
)


@given(TEXT, st.integers(1, 20), st.booleans())
def test_fit_fills_the_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(LINES, st.integers(1, 30))
def test_fit_line_fills_the_width(pieces: StyledLine, width: int) -> None:
    assert width_of(fit_line(pieces, width)) == width


@given(LINES, st.integers(0, 20), st.integers(1, 20))
def test_crop_has_the_cells_in_range(pieces: StyledLine, left: int, width: int) -> None:
    assert width_of(crop(pieces, left, width)) == max(0, min(width, width_of(pieces) - left))


@given(st.lists(st.builds(Span, st.text("ab c", max_size=9)), max_size=4).map(tuple), st.integers(0, 20))
def test_crop_of_narrow_text_is_a_slice(pieces: StyledLine, left: int) -> None:
    assert text_of(crop(pieces, left, 5)) == text_of(pieces)[left : left + 5]


def test_justify_keeps_the_right_side_and_cuts_the_left() -> None:
    assert text_of(justify(line("a long left side"), line("right"), 14)) == "a long … right"


@given(st.text(st.sampled_from("ab 漢\n"), max_size=60), st.integers(2, 20))
def test_wrapped_lines_fit_the_width_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(width_of(pieces) <= width for pieces in lines)
    kept = "".join(text_of(pieces) for pieces in lines)
    assert [letter for letter in kept if letter not in " \n"] == [
        letter for letter in text if letter not in " \n"
    ]
