"""The job table on a wide screen: the preview beside the list, and a preview that can be hidden."""

from __future__ import annotations

import os

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import BELL_RESULT, jobs
from tui.config.settings import folders
from tui.config.view_settings import load_view
from tui.screens.jobs.preview import PreviewPane
from tui.widgets.tables.job_table import JobTable


def with_result() -> AppServicesHarness:
    services = AppServicesHarness()
    services.results = {jobs()[2].id: BELL_RESULT}
    return services


def pane(pilot: Pilot[None]) -> PreviewPane:
    return pilot.app.screen_stack[0].query_one(PreviewPane)


def test_job_table_beside_its_preview_at_200x60(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("down", "down")
        await settled(pilot)

    assert snap_compare(make_app(with_result()), terminal_size=(200, 60), run_before=work)


async def test_resizing_keeps_cursor_focus_and_marks() -> None:
    async with running(with_result(), size=(200, 60)) as pilot:
        table = pilot.app.screen.query_one(JobTable)
        await pilot.press("down", "space")
        await settled(pilot)
        assert table.cursor_key == jobs()[2].id
        assert "508" in screen_text(pilot)
        for size, beside in (((120, 40), False), ((80, 24), False), ((200, 60), True)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert pane(pilot).display is beside
            assert table.cursor_key == jobs()[2].id
            assert table.marked == (jobs()[1].id,)
            assert table.has_focus
        assert "508" in screen_text(pilot)


async def test_preview_is_hidden_by_key_and_stays_so() -> None:
    async with running(with_result(), size=(200, 60)) as pilot:
        await pilot.press("down", "down", "p")
        await settled(pilot)
        assert not pane(pilot).display
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "5m ago" not in screen_text(pilot)
    assert not load_view(folders(os.environ).state).preview
    async with running(with_result()) as pilot:
        assert "40s ago" not in screen_text(pilot)
        await pilot.press("p")
        await settled(pilot)
        assert "40s ago" in screen_text(pilot)
