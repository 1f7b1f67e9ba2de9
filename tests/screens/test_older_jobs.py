"""Older jobs are asked for when the user comes near the end of the list, and it is said how far it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled
from tests.support.app_services import FixedServices
from tests.support.fixed_values import NOW, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.state.events import HistoryCoverage, HistoryCoverageChanged
from tui.widgets.tables.job_table import JobTable


def many(count: int = 300) -> FixedServices:
    """A services of many jobs, one a minute, of which the last hundred may have gaps."""
    services = FixedServices()
    one = jobs()[2]
    services.the_jobs = tuple(
        replace(one, id=f"job-{number:04}", name=f"bell-{number:04}", created=NOW - timedelta(minutes=number))
        for number in range(count)
    )
    services.the_reach = HistoryCoverage(NOW - timedelta(minutes=count - 100))
    return services


def times_asked(services: FixedServices) -> int:
    """How often older jobs were asked for."""
    return services.names_asked().count("older")


def tell(services: FixedServices, reach: HistoryCoverage) -> None:
    """The services knows more of how far back it goes."""
    services.the_reach = reach
    services.events.publish(HistoryCoverageChanged(reach))


async def test_older_jobs_are_asked_for_only_near_the_end() -> None:
    services = many()
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
        await pilot.press("end", "down")
        await settled(pilot)
        assert times_asked(services) == 3
        assert "all jobs since 2026-03-14" in screen_text(pilot)


async def test_older_jobs_progress_stands_in_the_rule() -> None:
    services = many(30)
    async with running(services) as pilot:
        await pilot.press("end")
        tell(services, HistoryCoverage(NOW, asking=True))
        await settled(pilot)
        assert "older jobs: asking …" in screen_text(pilot)
        tell(services, HistoryCoverage(NOW, error=QdeckError(ErrorKind.NETWORK, "The host was not reached.")))
        await settled(pilot)
        assert "older jobs: The host was not reached." in screen_text(pilot)
        tell(services, HistoryCoverage(None, whole=True))
        await settled(pilot)
        assert "all jobs there are" in screen_text(pilot)
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
    async with running(services) as pilot:
        await pilot.press("slash", *"name:qft", "enter")
        await settled(pilot)
        assert "end asks for older ones" in screen_text(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert times_asked(services) == 1
        tell(services, HistoryCoverage(NOW, asking=True))
        await settled(pilot)
        assert "Older jobs: asking …" in screen_text(pilot)
        old = replace(jobs()[0], id="old", name="qft-old", created=NOW - timedelta(days=9))
        services.change(old)
        tell(services, HistoryCoverage(whole=True))
        await settled(pilot)
        assert pilot.app.screen.query_one(JobTable).keys == ("old",)
        await pilot.press("down")
        await settled(pilot)
        assert "all jobs there are" in screen_text(pilot)
