"""The table of rows: where its cursor goes, what it posts, and which columns fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.support.app import screen_text
from tui.widgets.tables.row_table import Column, RowTable
from tui.widgets.terminal.themes import THEMES, ThemeName
from tui.widgets.text.styled_text import Span, TextStyle

COLUMNS = (Column("Name", 6, id="name"), Column("Size", 4, right=True, id="size"))


class TableApp(App[None]):
    """Only the table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = ThemeName.FULL
        self.posted: list[str] = []
        self.table = RowTable(columns, self._cells)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#3a3a3a", "cursor-text": "#ffffff", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        yield self.table

    def _cells(self, key: str) -> list[Span]:
        return [Span(f"{column.id[:1]}{key}", TextStyle.PLAIN) for column in self.table.columns]

    def on_row_table_cursor_moved(self, event: RowTable.CursorMoved) -> None:
        self.posted.append(f"moved {event.key}")

    def on_row_table_opened(self, event: RowTable.Opened) -> None:
        self.posted.append(f"opened {event.key}")

    def on_row_table_head_clicked(self, event: RowTable.HeadClicked) -> None:
        self.posted.append(f"head {event.column.id}")


@asynccontextmanager
async def table(
    rows: int, *, columns: Sequence[Column] = COLUMNS, size: tuple[int, int] = (30, 6)
) -> AsyncIterator[tuple[Pilot[None], RowTable, list[str]]]:
    """Yield a table of that many rows, with their numbers as keys; nothing was posted yet."""
    app = TableApp(columns)
    async with app.run_test(size=size) as pilot:
        app.table.focus()
        app.table.show([str(number) for number in range(rows)])
        await pilot.pause()
        app.posted.clear()
        yield pilot, app.table, app.posted


def lines(pilot: Pilot[None]) -> list[str]:
    return [line.rstrip() for line in screen_text(pilot).splitlines()]


async def test_cursor_that_does_not_move_posts_nothing() -> None:
    async with table(3) as (pilot, rows, posted):
        await pilot.press("home", "up", "pageup")
        assert (rows.cursor_key, posted) == ("0", [])
        await pilot.press("end", "down", "pagedown")
        await pilot.pause()
        assert (rows.cursor_key, posted) == ("2", ["moved 2"])
        await pilot.press("up", "up")
        await pilot.pause()
        assert (rows.cursor_key, rows.cursor_index, posted[1:]) == ("0", 0, ["moved 1", "moved 0"])


async def test_cursor_of_an_empty_table_stays() -> None:
    async with table(0) as (pilot, rows, posted):
        await pilot.press("down", "end", "home", "pagedown")
        assert (rows.cursor_key, rows.cursor_index, posted) == ("", 0, [])


async def test_page_keys_move_by_the_rows_in_sight_less_one() -> None:
    async with table(30) as (pilot, rows, _posted):
        await pilot.press("pagedown")
        assert rows.cursor_index == 4
        await pilot.press("pagedown", "pageup")
        assert rows.cursor_index == 4


async def test_cursor_is_kept_in_sight_with_as_little_scrolling_as_possible() -> None:
    async with table(30) as (pilot, rows, _posted):
        await pilot.press(*["down"] * 4)
        assert (rows.cursor_index, rows.scroll_offset.y) == (4, 0)
        await pilot.press("down")
        assert (rows.cursor_index, rows.scroll_offset.y) == (5, 1)
        await pilot.press("up", "up", "up", "up")
        assert (rows.cursor_index, rows.scroll_offset.y) == (1, 1)
        await pilot.press("up")
        assert (rows.cursor_index, rows.scroll_offset.y) == (0, 0)


async def test_double_click_opens_only_the_row_under_the_cursor() -> None:
    async with table(9) as (pilot, rows, posted):
        await pilot.click(rows, offset=(3, 3), times=2)
        await pilot.pause()
        assert posted == ["moved 2", "opened 2"]
        posted.clear()
        await pilot.click(rows, offset=(3, 3))
        await pilot.click(rows, offset=(3, 1))
        await pilot.pause()
        assert posted == ["moved 0"]


async def test_click_below_the_last_row_does_nothing() -> None:
    async with table(2) as (pilot, rows, posted):
        await pilot.click(rows, offset=(3, 3))
        await pilot.pause()
        assert posted == []
        await pilot.click(rows, offset=(3, 2))
        await pilot.pause()
        assert posted == ["moved 1"]


@pytest.mark.parametrize(
    ("x", "head"), [(0, []), (1, ["head name"]), (7, ["head name"]), (8, ["head size"]), (13, [])]
)
async def test_click_on_a_head_names_its_column(x: int, head: list[str]) -> None:
    async with table(2) as (pilot, rows, posted):
        await pilot.click(rows, offset=(x, 0))
        await pilot.pause()
        assert posted == head


async def test_show_keeps_the_cursor_on_its_key_and_its_line() -> None:
    async with table(30) as (pilot, rows, posted):
        await pilot.press(*["down"] * 8)
        await pilot.pause()
        top = rows.scroll_offset.y
        posted.clear()
        rows.show(["new", "newer", *rows.keys])
        await pilot.pause()
        assert (rows.cursor_key, rows.scroll_offset.y, posted) == ("8", top + 2, [])


async def test_show_without_the_key_leaves_the_cursor_at_its_place_and_posts() -> None:
    async with table(4) as (pilot, rows, posted):
        await pilot.press("down", "down")
        await pilot.pause()
        posted.clear()
        rows.show(["0", "1", "3"])
        await pilot.pause()
        assert (rows.cursor_key, posted) == ("3", ["moved 3"])
        rows.show(["0"])
        await pilot.pause()
        assert (rows.cursor_key, posted[1:]) == ("0", ["moved 0"])
        rows.show([])
        await pilot.pause()
        assert (rows.cursor_key, posted[2:]) == ("", ["moved "])


async def test_move_to_a_row_that_is_not_shown_changes_nothing() -> None:
    async with table(4) as (pilot, rows, posted):
        rows.move_to("nowhere")
        await pilot.pause()
        assert posted == []
        rows.move_to("3")
        await pilot.pause()
        assert (rows.cursor_key, posted) == ("3", ["moved 3"])


async def test_row_is_drawn_with_its_cells_and_mark() -> None:
    async with table(2) as (pilot, _rows, _posted):
        assert lines(pilot)[:3] == ["  Name   Size", "▸ n0       s0", "  n1       s1"]


GROWING = (
    Column("A", 4, grow=1, id="a"),
    Column("B", 4, grow=2, id="b"),
    Column("C", 6, need=30, id="c"),
)


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (40, [11, 18, 6]),
        (31, [8, 12, 6]),
        (29, [10, 16, 0]),
        (12, [4, 4, 0]),
        (10, [4, 3, 0]),
        (9, [4, 0, 0]),
    ],
)
async def test_columns_share_what_is_left_and_are_cut_or_left_out(width: int, widths: list[int]) -> None:
    async with table(1, columns=GROWING) as (_pilot, rows, _posted):
        assert rows._divide(width) == widths
