"""Fields and values of a filter, and commands with their arguments, completed by key over the job table."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.chrome.filter_input import FilterInput, candidate_line
from tui.widgets.tables.job_table import JobTable
from tui.widgets.text.styled_text import TextStyle, text_of, width_of


def table(pilot: Pilot[None]) -> JobTable:
    return pilot.app.screen_stack[0].query_one(JobTable)


def fields(pilot: Pilot[None]) -> FilterInput:
    return pilot.app.screen_stack[0].query_one(FilterInput)


def test_filter_candidates_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"backend:cu", "tab", "space", *"status:", "down", "down")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


def test_command_candidates_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("colon", *"c", "down")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


async def test_filter_is_completed_and_never_left_by_tab() -> None:
    async with running() as pilot:
        await pilot.press("slash", "tab", "tab")
        assert fields(pilot).text == "status:queued"
        assert fields(pilot).field.has_focus
        await pilot.press("tab", "tab", "d", "tab")
        assert fields(pilot).text == "status:queuedd"
        assert fields(pilot).field.has_focus
        await pilot.press("ctrl+u", *"-backend:", "up", "tab", "space", *"ag", "tab", *"1", "tab", "enter")
        await settled(pilot)
        assert fields(pilot).text == "-backend:ibm_fez age<1h"
        assert table(pilot).has_focus
        assert "4 of 7 jobs" in screen_text(pilot)


async def test_filter_candidate_goes_to_the_cursor_not_to_the_end() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"tag:v shots>1", *["left"] * 8, "tab")
        assert fields(pilot).text == "tag:vqe shots>1"


async def test_filter_holds_as_far_as_it_can_be_read() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"backend:cusco -status:")
        await settled(pilot)
        assert "2 of 7 jobs" in screen_text(pilot)
        await pilot.press(*"failed")
        await settled(pilot)
        assert "1 of 7 jobs" in screen_text(pilot)


async def test_filter_is_left_by_shift_tab() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"bell", "shift+tab")
        await settled(pilot)
        assert not fields(pilot).field.has_focus
        assert fields(pilot).text == "bell"


async def test_command_sorts_groups_filters_and_goes() -> None:
    async with running() as pilot:
        await pilot.press("colon", *"so", "tab", "space", *"-na", "tab", "enter")
        await settled(pilot)
        assert "NAME▼" in screen_text(pilot)
        await pilot.press("colon", *"group", "space", *"se", "tab", "enter")
        await settled(pilot)
        assert "by session" in screen_text(pilot)
        await pilot.press("colon", *"filter", "space", *"backend:cu", "tab", "enter")
        await settled(pilot)
        assert "2 of 7 jobs" in screen_text(pilot)
        assert table(pilot).has_focus
        await pilot.press("slash", "ctrl+u", "colon")
        await settled(pilot)
        assert fields(pilot).command.has_focus
        await pilot.press(*"backends", "enter")
        await settled(pilot)
        assert pilot.app.current_mode == "backends"


async def test_command_of_a_key_asks_as_the_key_does() -> None:
    async with running() as pilot:
        await pilot.press("down", "colon", *"can", "tab", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("escape")


async def test_command_that_is_none_is_told() -> None:
    async with running() as pilot:
        await pilot.press("colon", *"frobnicate", "enter")
        await settled(pilot)
        assert "no command “frobnicate”" in notices(pilot)
        await pilot.press("colon", *"sort", "space", *"x", "enter", "colon", *"group", "space", *"x", "enter")
        await settled(pilot)
        await pilot.press(
            "colon", *"refresh", "space", *"x", "enter", "colon", *"filter", "space", *"x:1", "enter"
        )
        await settled(pilot)
        for said in ("no column “x”", "grouped by none", "takes nothing behind it", "“x” is no field"):
            assert said in notices(pilot)


async def test_command_is_left_by_escape_and_the_filter_stays() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"bell", "enter", "colon", *"ca", "escape")
        await settled(pilot)
        assert fields(pilot).text == "bell"
        assert table(pilot).has_focus
        assert not fields(pilot).command.display
        await pilot.press("colon", "a", "backspace", "backspace")
        await settled(pilot)
        assert table(pilot).has_focus


async def test_commands_of_a_read_only_app_change_nothing() -> None:
    async with running(AppServicesHarness(read_only=True)) as pilot:
        await pilot.press("colon")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobsScreen)
        offered = fields(pilot).complete_command("").candidates
        assert "export" in offered
        assert not {"cancel", "delete", "tags", "rerun", "line"} & set(offered)
        await pilot.press(*"cancel", "enter")
        await settled(pilot)
        assert "no command “cancel”" in notices(pilot)


def test_candidate_line_shows_the_chosen_one_in_any_width() -> None:
    words = [f"word-{place}" for place in range(30)]
    for chosen in range(30):
        shown = candidate_line(words, chosen, 40)
        assert width_of(shown) <= 40
        assert [span.text for span in shown if span.style is TextStyle.CURSOR] == [f" word-{chosen} "]
    assert text_of(candidate_line(words, 0, 40)).endswith("›")
    assert text_of(candidate_line(words, 29, 40)).startswith("‹")
