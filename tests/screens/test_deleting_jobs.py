"""Deleting: asked for with Keep focused, for jobs that are over, here and on the service."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot
from textual.widgets import Button

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import GONE, JobStatus
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.detail import JobScreen
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.tables.job_table import JobTable

BELL, QFT, ODD = jobs()[2], jobs()[3], jobs()[6]


def said(pilot: Pilot[None]) -> str:
    """The screen's text without what frames it."""
    return " ".join(screen_text(pilot).replace("│", "").split())


async def asked(pilot: Pilot[None]) -> None:
    """Wait for the question."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await settled(pilot)


def deleted(services: AppServicesHarness) -> list[object]:
    """The ids that were deleted, in order."""
    return [asked[1] for asked in services.asked if asked[0] == "delete"]


def test_delete_question_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("a", "D")
        await asked(pilot)

    assert snap_compare(make_app(), run_before=work)


async def test_delete_asks_with_keep_focused() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "down", "D")
        await asked(pilot)
        assert "Delete bell?" in said(pilot)
        assert "its result are deleted, here and on the service. They cannot be brought back." in said(pilot)
        assert isinstance(pilot.app.focused, Button) and pilot.app.focused.id == "keep"
        await pilot.press("enter")
        await settled(pilot)
        assert deleted(services) == []
        await pilot.press("D")
        await asked(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: deleted(services) == [BELL.id])
        await settled(pilot)
        assert BELL.id not in pilot.app.screen.query_one(JobTable).keys
        assert "Deleted bell." in notices(pilot)


async def test_delete_leaves_jobs_that_are_not_over() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("D")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobsScreen)
        assert "vqe-step-7 is running: only a job that is over can be deleted." in notices(pilot)
        await pilot.press("a", "D")
        await asked(pilot)
        assert "Delete 4 jobs?" in said(pilot)
        assert "3 marked jobs more: not over" in said(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: len(deleted(services)) == 4)
        await settled(pilot)
        assert "Deleted 4 jobs." in notices(pilot)
        assert len(pilot.app.screen.query_one(JobTable).keys) == 3
        await pilot.press("D")
        await settled(pilot)
        assert "The 3 marked jobs are not over" in notices(pilot)


async def test_delete_removes_a_job_unknown_to_the_service() -> None:
    services = AppServicesHarness()
    services.the_jobs = (replace(ODD, status_text=GONE), *services.the_jobs[:6])
    async with running(services) as pilot:
        await pilot.press("D")
        await asked(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: deleted(services) == [ODD.id])


async def test_delete_reports_refusals_and_goes_on() -> None:
    services = AppServicesHarness()
    services.trouble["delete"] = QdeckError(ErrorKind.FORBIDDEN, "The key may not delete jobs.")
    async with running(services) as pilot:
        await pilot.press("a", "D")
        await asked(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: len(deleted(services)) == 4)
        await settled(pilot)
        assert "Deleted 0 jobs. 4 jobs failed: The key may not delete jobs." in notices(pilot)


async def test_delete_in_the_job_page_returns_to_the_table() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
        await settled(pilot)
        await pilot.press("D")
        await asked(pilot)
        assert "Delete qft-18?" in said(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: deleted(services) == [QFT.id])
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobsScreen)
        assert QFT.id not in pilot.app.screen.query_one(JobTable).keys


async def test_job_page_says_when_the_job_was_deleted_elsewhere() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
        await settled(pilot)
        await services.jobs.delete(BELL.id)
        await settled(pilot)
        assert "is not known here any more" in said(pilot)


async def test_delete_without_sign_in_says_so() -> None:
    services = AppServicesHarness(signed_in=False)
    services.the_jobs = tuple(job for job in jobs() if job.status is JobStatus.DONE)
    async with running(services) as pilot:
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("D")
        await settled(pilot)
        assert "Not signed in" in notices(pilot)
        assert deleted(services) == []
