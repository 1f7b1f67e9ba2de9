"""Jobs of other accounts in the history: how many there are is told, and one key lists them."""

from __future__ import annotations

from dataclasses import replace

from tests.support.app import notices, running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tui.app import QDeckApp
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.tables.job_table import JobTable


def with_others() -> AppServicesHarness:
    services = AppServicesHarness()
    others = [
        replace(jobs()[number], id=f"other-{number}", name=f"other-{number}", instance="crn:another")
        for number in (2, 3)
    ]
    services.the_jobs = (*jobs(), *others)
    return services


async def test_jobs_of_other_accounts_are_told_and_listed_by_key() -> None:
    services = with_others()
    async with running(services) as pilot:
        table = pilot.app.screen.query_one(JobTable)
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.workspace.places["account"] = "platform work"
        services._app_state._switch_account()
        await settled(pilot)
        assert "holds 2 jobs of other accounts: O shows them" in notices(pilot)
        assert len(table.keys) == 7
        await pilot.press("O")
        await settled(pilot)
        assert len(table.keys) == 9
        assert "2 jobs of other accounts" in screen_text(pilot)
        table.move_to("other-2")
        await pilot.press("enter")
        await settled(pilot)
        assert "other-2" in screen_text(pilot)
        await pilot.press("escape", "O")
        await settled(pilot)
        assert len(table.keys) == 7
        assert "left out" in notices(pilot)


async def test_jobs_of_other_accounts_are_not_changed() -> None:
    services = with_others()
    async with running(services) as pilot:
        services._app_state._switch_account()
        await pilot.press("O")
        await settled(pilot)
        table = pilot.app.screen.query_one(JobTable)
        for key in ("t", "D", "R"):
            table.move_to("other-2")
            await pilot.press(key)
            await settled(pilot)
            assert isinstance(pilot.app.screen, JobsScreen)
        assert "other-2 is a job of another account" in notices(pilot)
        assert not {"set_tags", "delete", "submit"} & set(services.names_asked())


async def test_no_jobs_of_other_accounts_is_told_only_when_asked() -> None:
    async with running() as pilot:
        assert "other accounts" not in notices(pilot)
        await pilot.press("O")
        await settled(pilot)
        assert "no jobs of other accounts" in notices(pilot)
