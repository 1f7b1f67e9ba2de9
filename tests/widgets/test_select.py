"""Choice lists: typing while the list is open finds an option."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.widgets.forms.select import Choice, SearchedList
from tui.widgets.terminal.themes import THEMES, Look

DEVICES = [("ibm_peekskill 27q", "peekskill"), ("ibm_cusco 127q", "cusco"), ("Skill [b]", "skill")]


class ChoiceApp(App[None]):
    """Only the choice."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = Look.FULL

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#3a3a3a", "cursor-text": "#ffffff", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        yield Choice("", DEVICES, "peekskill", id="choice")


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Pilot[None], Choice[str], SearchedList]]:
    app = ChoiceApp()
    async with app.run_test() as pilot:
        choice = app.query_one(Choice)
        choice.focus()
        await pilot.press("enter")
        yield pilot, choice, app.query_one(SearchedList)


async def test_typing_goes_to_the_option_and_enter_takes_it() -> None:
    async with opened() as (pilot, choice, offers):
        await pilot.press(*"CUS")
        assert offers.highlighted == 1
        assert offers.typed == "CUS" and "CUS" in str(offers.border_subtitle)
        await pilot.press("enter")
        await pilot.pause()
        assert choice.value == "cusco" and not choice.expanded


async def test_the_option_that_begins_with_it_goes_before_one_that_has_it() -> None:
    async with opened() as (pilot, _, offers):
        await pilot.press(*"skill")
        assert offers.highlighted == 2


async def test_what_fits_nothing_stays_where_it_was_and_is_said() -> None:
    async with opened() as (pilot, _, offers):
        await pilot.press(*"cus", "[")
        assert offers.highlighted == 1
        assert "in none of these" in str(offers.border_subtitle)


@pytest.mark.parametrize("between", ["backspace", "pause", "closed"])
async def test_a_new_search_begins(between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.widgets.forms.select.PAUSE", 0.05 if between == "pause" else 60.0)
    async with opened() as (pilot, _, offers):
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
