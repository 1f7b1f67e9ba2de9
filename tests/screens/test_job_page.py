"""The job page: why a job failed, its log, its place in line, its buttons, submitting it again."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Button, Input

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tests.support.job_page import BELL, FAILED, open_page
from tui.domain.jobs import JobStatus
from tui.monitor.state.events import JobsChanged
from tui.screens.dialogs.rerun import Rerun


def test_job_page_failed_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=lambda pilot: open_page(pilot, FAILED))


async def test_job_page_log_shows_a_traceback_to_its_end() -> None:
    services = AppServicesHarness()
    services.the_logs = "Traceback:\n" + "\n".join(f"    deep in {'x' * 150} END{row}" for row in range(40))
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        await pilot.press("8", "G")
        await settled(pilot)
        text = screen_text(pilot).replace(" ", "").replace("\n", "")
        assert "END39" in text


async def test_job_page_opens_each_view_by_its_number() -> None:
    async with running() as pilot:
        await open_page(pilot, BELL)
        for key, expected in (
            ("2", "P(1)"),
            ("3", "billed"),
            ("4", "2Q %"),
            ("5", "sx $14;"),
            ("6", "h q[0];"),
            ("7", "execution time"),
            ("8", "job finished"),
            ("9", '"results": ['),
            ("1", "49.6 %"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert expected in screen_text(pilot), key
        await pilot.press("tab")
        await settled(pilot)
        assert "[2 Bits]" in screen_text(pilot)


async def test_job_page_of_a_failed_job_says_why_and_what_to_do() -> None:
    async with running() as pilot:
        await open_page(pilot, FAILED)
        text = screen_text(pilot)
        assert "Why: The instruction cp on qubits (0, 1)" in text
        assert "1517" in text
        assert "What to do:" in text
        assert "it has no result" in text


async def test_run_again_submits_the_copies_that_were_asked_for() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        services.the_params = '{"pubs": []}'
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Rerun))
        assert "as they were submitted" in screen_text(pilot)
        pilot.app.screen.query_one(Input).value = "0"
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: "a number from 1 to 100" in screen_text(pilot))
        pilot.app.screen.query_one(Input).value = "2"
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: "again: 2 jobs" in notices(pilot))
        assert services.names_asked().count("submit") == 2


async def test_job_page_of_a_vanished_job_says_so() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_page(pilot, BELL)
        job = jobs()[BELL]
        services.the_jobs = ()
        services.events.publish(JobsChanged((job,)))
        await settled(pilot)
        assert "is not known here any more" in screen_text(pilot)


async def test_job_page_fetches_the_place_of_a_queued_job() -> None:
    services = AppServicesHarness()
    place = next(place for place, job in enumerate(jobs()) if job.status is JobStatus.QUEUED)
    services.queue_positions[jobs()[place].id] = 12
    async with running(services) as pilot:
        await open_page(pilot, place)
        await until(pilot, lambda: "position 12" in screen_text(pilot))


async def test_job_page_offers_cancel_only_while_the_job_is_not_over() -> None:
    services = AppServicesHarness()
    place = next(place for place, job in enumerate(jobs()) if job.status is JobStatus.QUEUED)
    async with running(services) as pilot:
        await open_page(pilot, place)
        assert "Cancel job" in screen_text(pilot)
        services.change(replace(jobs()[place], status=JobStatus.DONE))
        await until(pilot, lambda: "Cancel job" not in screen_text(pilot))
        await pilot.press("c")
        await settled(pilot)
        assert "cancel" not in services.names_asked() and len(pilot.app.screen_stack) == 2
