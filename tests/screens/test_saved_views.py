"""Views of the job table with names: kept and opened by command, key and palette, for each account."""

from __future__ import annotations

import os
from dataclasses import replace

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tui.config.settings import folders
from tui.config.view_settings import change_view, load_view
from tui.jobquery.job_list import Grouping, Order
from tui.jobquery.view import SavedView
from tui.screens.dialogs.pick import Pick
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.chrome.filter_input import FilterInput
from tui.widgets.tables.job_table import JobTable

ACCOUNT = "sandbox platform sandbox"


def table(pilot: Pilot[None]) -> JobTable:
    return pilot.app.screen_stack[0].query_one(JobTable)


def filter_text(pilot: Pilot[None]) -> str:
    return pilot.app.screen_stack[0].query_one(FilterInput).text


def kept() -> tuple[SavedView, ...]:
    return load_view(folders(os.environ).state).views


async def command(pilot: Pilot[None], text: str) -> None:
    await pilot.press("colon", *text, "enter")
    await settled(pilot)


async def arranged(pilot: Pilot[None]) -> None:
    """Filter, order and groups other than at first."""
    await pilot.press("slash", *"backend:cusco", "enter")
    await command(pilot, "sort -name")
    await command(pilot, "group tag")


def test_saved_views_listed_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await arranged(pilot)
        await command(pilot, "view vqe on cusco")
        await pilot.press("escape")
        await command(pilot, "view by tag")
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await settled(pilot)

    assert snap_compare(make_app(), run_before=work)


async def test_saved_view_keeps_and_recalls_all_of_the_table() -> None:
    async with running() as pilot:
        await arranged(pilot)
        await command(pilot, "view mine")
        assert "“:view mine” brings it back" in notices(pilot)
        assert "view mine  2 of 7 jobs" in screen_text(pilot)
        await pilot.press("escape")
        await command(pilot, "sort age")
        await command(pilot, "group none")
        assert "view mine, changed" in screen_text(pilot)
        await command(pilot, "view mine")
        assert filter_text(pilot) == "backend:cusco"
        assert "view mine  2 of 7 jobs  by tag" in screen_text(pilot)
        assert "NAME▼" in screen_text(pilot)
        assert table(pilot).has_focus
    assert kept() == (SavedView("mine", ACCOUNT, "backend:cusco", (), Order("name", True), Grouping.TAG),)
    async with running() as pilot:
        assert filter_text(pilot) == "backend:cusco"
        assert "view mine  2 of 7 jobs  by tag" in screen_text(pilot)


async def test_saved_view_keeps_columns() -> None:
    async with running() as pilot:
        await pilot.press("o")
        await until(pilot, lambda: not isinstance(pilot.app.screen, JobsScreen))
        await pilot.press("space", "enter")
        await settled(pilot)
        assert "STATUS" not in screen_text(pilot)
        await command(pilot, "view narrow")
        await pilot.press("o")
        await until(pilot, lambda: not isinstance(pilot.app.screen, JobsScreen))
        await pilot.press("d", "enter")
        await settled(pilot)
        assert "STATUS" in screen_text(pilot)
        await command(pilot, "view narrow")
        assert "STATUS" not in screen_text(pilot)


async def test_saved_view_is_overwritten_and_deleted_by_command() -> None:
    async with running() as pilot:
        await command(pilot, "view mine")
        await command(pilot, "sort name")
        await command(pilot, "view! mine")
        assert [one.order for one in kept()] == [Order("name")]
        assert "view mine" in screen_text(pilot)
        assert "changed" not in screen_text(pilot)
        await command(pilot, "unview mine")
        assert kept() == ()
        assert "view mine" not in screen_text(pilot)
        await command(pilot, "unview mine")
        assert "no view “mine”" in notices(pilot)
        await command(pilot, "view")
        assert "No view is kept yet" in notices(pilot)
        await command(pilot, "view " + "x" * 61)
        assert "at most 60 characters" in notices(pilot)


async def test_saved_views_are_picked_and_deleted_in_the_list() -> None:
    async with running() as pilot:
        await command(pilot, "view a")
        await command(pilot, "sort name")
        await command(pilot, "view b")
        await command(pilot, "view")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await pilot.press("home", "enter")
        await settled(pilot)
        assert "AGE▲" in screen_text(pilot)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await pilot.press("home", "d")
        await until(pilot, lambda: [one.name for one in kept()] == ["b"])
        await settled(pilot)
        await pilot.press("escape")


async def test_saved_views_complete_by_name_and_stand_in_the_palette() -> None:
    async with running() as pilot:
        await command(pilot, "view of ghz")
        field = pilot.app.screen_stack[0].query_one(FilterInput)
        await pilot.press("colon", *"view of", "tab")
        assert field.command.value == ":view of ghz"
        await pilot.press("escape", "ctrl+p", *"of ghz")
        await until(pilot, lambda: "View of ghz" in screen_text(pilot))
        await pilot.press("escape")


async def test_saved_views_are_those_of_the_account() -> None:
    state = folders(os.environ).state
    change_view(
        state, lambda view: replace(view.with_view(SavedView("theirs", "platform work")), name="theirs")
    )
    async with running() as pilot:
        assert "view theirs" not in screen_text(pilot)
        await command(pilot, "view theirs")
        assert {(one.name, one.account) for one in kept()} == {
            ("theirs", "platform work"),
            ("theirs", ACCOUNT),
        }


async def test_filter_in_use_is_kept_and_can_be_wrong_in_the_file() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"tag:vqe", "enter")
        await settled(pilot)
    assert load_view(folders(os.environ).state).filter == "tag:vqe"
    change_view(folders(os.environ).state, lambda view: replace(view, filter="tag:vqe nonsense:1"))
    async with running(AppServicesHarness()) as pilot:
        assert "1 of 7 jobs" in screen_text(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert len(table(pilot).keys) == 7
    assert load_view(folders(os.environ).state).filter == ""
