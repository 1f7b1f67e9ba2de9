"""Pages of text and of programs: nothing of the text is lost, lines are made readable."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui.common.safe_text import plain
from tui.widgets.terminal.themes import VARIABLES
from tui.widgets.text.styled_text import StyledLine, line, text_of
from tui.widgets.text.text_widgets import TextPane, wrapped_page


@given(st.text("ab 漢\n", max_size=300), st.integers(20, 90))
def test_wrapped_page_fits_the_width_and_loses_no_text(text: str, width: int) -> None:
    lines = [text_of(pieces) for pieces in wrapped_page(text, width)]
    assert all(cell_len(one) <= width for one in lines)
    assert "".join(lines).replace(" ", "") == plain(text, lines=True).replace(" ", "").replace("\n", "")


def test_wrapped_page_indents_continuations_and_keeps_words_whole() -> None:
    lines = [text_of(pieces) for pieces in wrapped_page('    raise ValueError("the name is taken")', 30)]
    assert lines == ['    raise ValueError("the ', '      name is taken")']
    assert len(wrapped_page("x" * 100, 30)) == 4


def test_wrapped_page_of_one_huge_line_is_fast() -> None:
    began = time.perf_counter()
    assert len(wrapped_page("word " * 40_000, 78)) > 2_000
    assert time.perf_counter() - began < 2


async def test_page_that_takes_long_is_made_in_a_thread() -> None:
    """The event loop goes on; of two pages the later one is shown, whichever is ready first."""
    first, threads = threading.Event(), set()

    def slow(_width: int) -> list[StyledLine]:
        threads.add(threading.current_thread())
        first.wait(20)
        return [line("slow")]

    class PageApp(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return dict(VARIABLES)

        def compose(self) -> ComposeResult:
            yield TextPane()

    app = PageApp()
    async with app.run_test() as pilot:
        pane = app.query_one(TextPane)
        pane.show(slow, in_thread=True)
        await pilot.pause()
        assert not pane.lines
        pane.show(lambda width: [line(f"quick {width}")], in_thread=True)
        while not pane.lines:
            await pilot.pause()
        first.set()
        await pilot.pause()
        assert [text_of(one) for one in pane.lines] == [f"quick {pane.size.width}"]
        assert threads and threading.main_thread() not in threads
