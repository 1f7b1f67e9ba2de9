"""The focus in a terminal of 256 colours: what has it looks clearly other than what has it not."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual import events
from textual.color import Color
from textual.pilot import Pilot
from textual.widget import Widget

from tests.support.app import notices, running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.chrome.filter_input import FilterInput
from tui.widgets.tables.job_table import JobTable
from tui.widgets.text.styled_text import TextStyle

LEAST = 2.5
"""Ratio of contrast between the backgrounds of a row with the cursor and one without."""


@pytest.fixture(autouse=True)
def colours_256(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm-256color")


def background(style: Style, widget: Widget) -> Color:
    """The background as 256 colours have it."""
    shown = style.bgcolor or widget.rich_style.bgcolor
    assert shown is not None
    return Color.from_rich_color(shown.downgrade(ColorSystem.EIGHT_BIT))


def row_backgrounds(table: JobTable) -> tuple[Color, Color]:
    """Backgrounds of the row with the cursor, and of the next one."""
    first, second = table.render_line(1), table.render_line(2)
    styles = [next(iter(strip)).style for strip in (first, second)]
    assert styles[0] is not None and styles[1] is not None
    return background(styles[0], table), background(styles[1], table)


async def test_focus_of_the_table_is_seen_in_256_colours() -> None:
    async with running() as pilot:
        table = pilot.app.screen.query_one(JobTable)
        with_cursor, without = row_backgrounds(table)
        focused = contrast(with_cursor, without)
        await pilot.press("slash")
        await settled(pilot)
        blurred = contrast(*row_backgrounds(table))
        assert focused >= LEAST
        assert focused > blurred * 1.1, "the cursor of a table without the focus is weaker"
        style = table.get_component_rich_style(TextStyle.CURSOR, partial=True)
        assert style.bold and style.color is not None
        text = Color.from_rich_color(style.color.downgrade(ColorSystem.EIGHT_BIT))
        assert contrast(text, with_cursor) >= 4.5, "legible by WCAG 2.1"


def contrast(one: Color, other: Color) -> float:
    """The ratio of WCAG 2.1, 1.4.3: 1 for the same colour, 21 for black and white."""
    first, second = sorted((luminance(one), luminance(other)))
    return (second + 0.05) / (first + 0.05)


def luminance(colour: Color) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in colour.rgb)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


async def test_focus_of_the_filter_is_seen_in_256_colours() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"bell")
        await settled(pilot)
        field = pilot.app.screen.query_one(FilterInput).field
        focused = [segment.style for segment in field.render_line(0)]
        await pilot.press("enter")
        await settled(pilot)
        blurred = [segment.style for segment in field.render_line(0)]
        assert focused != blurred, "the field without the focus has no cursor"
        candidates = pilot.app.screen.query_one("#candidates")
        cursor = candidates.get_component_rich_style(TextStyle.CURSOR, partial=True)
        plain = background(candidates.rich_style, candidates)
        assert contrast(background(cursor, candidates), plain) >= LEAST


@pytest.mark.parametrize("text", ["cDx", "R\nq\x11", "/tag:x\n:quit\n"])
async def test_text_pasted_onto_the_table_fires_no_keys(text: str) -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        before = screen_text(pilot)
        await paste(pilot, text)
        assert isinstance(pilot.app.screen, JobsScreen)
        assert pilot.app.return_code is None
        assert screen_text(pilot) == before
        assert not {"cancel", "delete", "submit"} & set(services.names_asked())
        assert notices(pilot) == ""


async def paste(pilot: Pilot[None], text: str) -> None:
    """What the driver makes of a paste in brackets."""
    pilot.app.post_message(events.Paste(text))
    await settled(pilot)
