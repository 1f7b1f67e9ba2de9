"""Select lists: typing while the list is open finds an option."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.widgets.forms.select import SearchableOverlay, SearchableSelect
from tui.widgets.terminal.themes import THEMES, ThemeName

DEVICES = [("ibm_peekskill 27q", "peekskill"), ("ibm_cusco 127q", "cusco"), ("Skill [b]", "skill")]


class ChoiceApp(App[None]):
    """Only the choice."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = ThemeName.FULL

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#3a3a3a", "cursor-text": "#ffffff", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        yield SearchableSelect("", DEVICES, "peekskill", id="choice")


@asynccontextmanager
async def opened_select() -> AsyncIterator[tuple[Pilot[None], SearchableSelect[str], SearchableOverlay]]:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        choice = app.query_one(SearchableSelect)
        choice.focus()
        await pilot.press("enter")
        yield pilot, choice, app.query_one(SearchableOverlay)


async def test_select_typing_highlights_the_option_and_enter_takes_it() -> None:
    async with opened_select() as (pilot, choice, offers):
        await pilot.press(*"CUS")
        assert offers.highlighted == 1
        assert offers.typed == "CUS" and "CUS" in str(offers.border_subtitle)
        await pilot.press("enter")
        await pilot.pause()
        assert choice.value == "cusco" and not choice.expanded


async def test_select_prefers_prefix_over_substring() -> None:
    async with opened_select() as (pilot, _, offers):
        await pilot.press(*"skill")
        assert offers.highlighted == 2


async def test_select_keeps_the_highlight_when_nothing_matches() -> None:
    async with opened_select() as (pilot, _, offers):
        await pilot.press(*"cus", "[")
        assert offers.highlighted == 1
        assert "in none of these" in str(offers.border_subtitle)


@pytest.mark.parametrize("between", ["backspace", "pause", "closed"])
async def test_select_search_restarts(between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.widgets.forms.select.PAUSE", 0.05 if between == "pause" else 60.0)
    async with opened_select() as (pilot, _, offers):
        await pilot.press(*"cus")
        if between == "backspace":
            await pilot.press("backspace")
        elif between == "closed":
            await pilot.press("escape", "enter")
        while offers.typed:
            await pilot.pause(0.01)
        assert offers.border_subtitle is None
        await pilot.press("s")
        assert offers.highlighted == 2
