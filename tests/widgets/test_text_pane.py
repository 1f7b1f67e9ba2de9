"""Pages of text: folded lines lose nothing and stay readable."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.common.sanitize import plain
from tui.widgets.text.styled_text import text_of
from tui.widgets.text.text_pane import folded_page


@given(st.text("ab 漢\n", max_size=300), st.integers(20, 90))
def test_folded_lines_fit_and_hold_the_whole_text(text: str, width: int) -> None:
    lines = [text_of(pieces) for pieces in folded_page(text, width)]
    assert all(cell_len(one) <= width for one in lines)
    assert "".join(lines).replace(" ", "") == plain(text, lines=True).replace(" ", "").replace("\n", "")


def test_what_goes_on_is_indented_and_words_stay_whole() -> None:
    lines = [text_of(pieces) for pieces in folded_page('    raise ValueError("the name is taken")', 30)]
    assert lines == ['    raise ValueError("the ', '      name is taken")']
    assert len(folded_page("x" * 100, 30)) == 4


def test_a_log_of_one_endless_line_is_folded_at_once() -> None:
    began = time.perf_counter()
    assert len(folded_page("word " * 40_000, 78)) > 2_000
    assert time.perf_counter() - began < 2
