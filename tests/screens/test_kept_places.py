"""Where the app was when it was left: the next start is there again."""

from __future__ import annotations

import os

import pytest
from textual.pilot import Pilot

from tests.support.app import running, screen_text, settled, until
from tests.support.fixed_values import jobs
from tests.support.review import transpiled
from tui.config.settings import folders
from tui.config.view_settings import change_view, load_view
from tui.jobquery.view import JobView
from tui.screens.jobs.detail import JobScreen
from tui.widgets.tables.job_table import JobTable


def kept() -> dict[str, str]:
    return dict(load_view(folders(os.environ).state).places)


async def page_of(pilot: Pilot[None], name: str) -> JobScreen:
    """The page of a job of this name."""
    table = pilot.app.screen_stack[0].query_one(JobTable)
    table.move_to(next(job.id for job in jobs() if job.name == name))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
    await settled(pilot)
    assert isinstance(pilot.app.screen, JobScreen)
    return pilot.app.screen


@pytest.mark.parametrize(("key", "mode"), [("f3", "editor"), ("f6", "backends")])
async def test_app_begins_in_the_section_it_was_left_in(key: str, mode: str) -> None:
    async with running() as pilot:
        await pilot.press(key)
        await until(pilot, lambda: kept().get("app") == mode)
    async with running() as pilot:
        await until(pilot, lambda: pilot.app.current_mode == mode)
        await pilot.press("f2")
        await until(pilot, lambda: kept().get("app") == "jobs")


async def test_app_begins_at_the_jobs_where_the_section_is_not_known() -> None:
    def change(_: JobView) -> JobView:
        return JobView(places={"app": "nowhere", "job": "Nothing", "review": "none"})

    change_view(folders(os.environ).state, change)
    async with running() as pilot:
        assert pilot.app.current_mode == "jobs"
        assert (await page_of(pilot, "bell")).view == "Result"


async def test_job_page_begins_with_the_view_looked_at_last() -> None:
    async with running() as pilot:
        await page_of(pilot, "bell")
        await pilot.press("2", "escape")
        await until(pilot, lambda: kept().get("job") == "Bits")
    async with running() as pilot:
        page = await page_of(pilot, "bell")
        assert page.view == "Bits"
        assert "READOUT" in screen_text(pilot)
        await pilot.press("escape")
        await settled(pilot)
        # Of a job that failed the result says why.
        assert (await page_of(pilot, "qft-18")).view == "Result"


async def test_review_begins_with_the_view_looked_at_last() -> None:
    async with running(size=(120, 40)) as pilot:
        await transpiled(pilot)
        await pilot.press("4")
        await until(pilot, lambda: kept().get("review") == "program")
    async with running(size=(120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.current_mode == "transpile")
        await transpiled(pilot)
        assert "[4 QASM]" in screen_text(pilot)
