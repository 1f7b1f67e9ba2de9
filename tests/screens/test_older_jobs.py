"""Older jobs are asked for when the user comes near the end of the list, and it is said how far it goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.widgets.tables.job_table import JobTable


def many(count: int = 300) -> AppServicesHarness:
    """Services with many jobs, one a minute, of which the last hundred may have gaps."""
    services = AppServicesHarness()
    one = jobs()[2]
    services.the_jobs = tuple(
        replace(one, id=f"job-{number:04}", name=f"bell-{number:04}", created=NOW - timedelta(minutes=number))
        for number in range(count)
    )
    services.cover(NOW - timedelta(minutes=max(0, count - 100)))
    return services


def times_asked(services: AppServicesHarness) -> int:
    """How often older jobs were asked for."""
    return services.names_asked().count("older")


async def test_older_jobs_are_asked_for_only_near_the_end() -> None:
    services = many()
    services.older_jobs = tuple(
        replace(job, id=f"{job.id}-{part}", created=job.created - timedelta(minutes=300 * part))
        for part in (1, 2, 3)
        for job in services.the_jobs
    )
    async with running(services) as pilot:
        await pilot.press("down", "pagedown", "pagedown")
        await settled(pilot)
        assert times_asked(services) == 0
        pilot.app.screen.query_one(JobTable).move_to("job-0190")
        await settled(pilot)
        assert times_asked(services) == 0, "only the user's own movement"
        await pilot.press("down")
        await settled(pilot)
        assert times_asked(services) == 1
        for times in (2, 3):
            await until(pilot, lambda: not services.jobs.coverage.asking)
            await pilot.press("end")
            await until(pilot, lambda times=times: times_asked(services) == times)  # type: ignore[misc]
        await until(pilot, lambda: not services.jobs.coverage.asking)
        pilot.app.screen.query_one(JobTable).move_to(services.jobs.all()[-1].id)
        await settled(pilot)
        assert times_asked(services) == 3
        assert "all jobs since 2026-03-14" in screen_text(pilot)


async def test_older_jobs_progress_stands_in_the_rule() -> None:
    services = many(30)
    services.gate = asyncio.Event()
    services.trouble["older"] = QdeckError(ErrorKind.NETWORK, "The host was not reached.")
    async with running(services) as pilot:
        await pilot.press("end")
        await settled(pilot)
        assert "older jobs: asking …" in screen_text(pilot)
        services.gate.set()
        await until(pilot, lambda: "older jobs: The host was not reached." in screen_text(pilot))
        services.trouble.clear()
        await services.clock.advance(60.0)
        await pilot.press("end")
        await until(pilot, lambda: "all jobs there are" in screen_text(pilot))
        await pilot.press("home")
        await settled(pilot)


async def test_older_jobs_are_not_asked_for_at_the_newest_end() -> None:
    services = many()
    async with running(services) as pilot:
        await pilot.press("s")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert pilot.app.screen.query_one(JobTable).keys[-1] == "job-0000"
        assert times_asked(services) == 0


def test_older_jobs_with_nothing_fitting_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"name:qft", "enter")
        await settled(pilot)

    assert snap_compare(make_app(many()), run_before=work)


async def test_older_jobs_are_asked_for_by_end_where_none_fits() -> None:
    services = many()
    services.gate = asyncio.Event()
    services.older_jobs = (replace(jobs()[0], id="old", name="qft-old", created=NOW - timedelta(days=9)),)
    async with running(services) as pilot:
        await pilot.press("slash", *"name:qft", "enter")
        await settled(pilot)
        assert "end asks for older ones" in screen_text(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert "Older jobs: asking …" in screen_text(pilot)
        services.gate.set()
        await until(pilot, lambda: services.jobs.coverage.whole)
        assert times_asked(services) == 1
        await settled(pilot)
        assert pilot.app.screen.query_one(JobTable).keys == ("old",)
        await pilot.press("down")
        await settled(pilot)
        assert "all jobs there are" in screen_text(pilot)
