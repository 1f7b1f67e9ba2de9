"""Widgets drawn line by line: only lines that changed are drawn again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock


@pytest.fixture
def refreshed_rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Rows that widgets asked to be drawn again, in order; -1: a whole widget."""
    rows: list[int] = []
    textual_refresh = Widget.refresh

    def refresh(self: Widget, *regions: Region, **more: bool) -> Widget:
        if isinstance(self, RowTable | TextBlock):
            rows.extend([region.y for region in regions] if regions else [-1])
        return textual_refresh(self, *regions, **more)

    monkeypatch.setattr(Widget, "refresh", refresh)
    yield rows


class OneWidget(App[None]):
    """An app with nothing but the widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget


def _lines(*states: str) -> Sequence[StyledLine]:
    return [line("job ", (state, TextStyle.GOOD), " 2m") for state in states]


async def test_text_block_shows_its_lines_when_it_was_hidden_meanwhile() -> None:
    block = TextBlock()
    async with OneWidget(block).run_test(size=(40, 10)) as pilot:
        for state in ("queued", "done"):
            block.display = False
            block.show(())
            await pilot.pause()
            block.display = True
            block.show(_lines(state, state))
            await pilot.pause()
            assert [block.render_line(y).text.split()[1] for y in range(2)] == [state, state]


async def test_text_block_draws_again_only_the_lines_that_changed(refreshed_rows: list[int]) -> None:
    block = TextBlock()
    async with OneWidget(block).run_test(size=(40, 10)) as pilot:
        block.show(_lines("queued", "queued", "queued"))
        await pilot.pause()
        refreshed_rows.clear()
        block.show(_lines("queued", "done", "queued"))
        assert refreshed_rows == [1]
        block.show(_lines("queued", "done", "queued"))
        assert refreshed_rows == [1], "the same lines need nothing"
        await pilot.pause()
        assert [block.render_line(y).text.split()[1] for y in range(3)] == ["queued", "done", "queued"]


async def test_row_table_draws_again_only_the_rows_that_changed(refreshed_rows: list[int]) -> None:
    states = {"a": "queued", "b": "queued"}

    def cells_of(key: str) -> Cells:
        return [Span(key), Span(states[key])]

    table = RowTable([Column("ID", 5), Column("STATUS", 10)], cells_of)
    async with OneWidget(table).run_test(size=(40, 10)) as pilot:
        table.show(("a", "b"))
        await pilot.pause()
        refreshed_rows.clear()
        states["b"] = "done"
        table.repaint()
        assert refreshed_rows == [2]
        table.repaint()
        assert refreshed_rows == [2], "what was already asked for is not asked for again"
        await pilot.pause()
        assert [table.render_line(y).text.split()[-1] for y in range(3)] == ["STATUS", "queued", "done"]
