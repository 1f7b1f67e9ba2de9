"""`qdeck open JOB`: the app begins on the page of a job."""

from __future__ import annotations

from tests.support.app import make_app, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tui.screens.jobs.detail import JobScreen
from tui.screens.login import LoginScreen


async def test_app_opens_on_the_page_of_a_known_job() -> None:
    services = AppServicesHarness()
    job_id = services.jobs.all()[1].id
    app = make_app(services)
    app.first_job = job_id
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, JobScreen) and job_id in screen_text(pilot)
        await pilot.press("escape")
        assert not isinstance(app.screen, JobScreen | LoginScreen)


async def test_app_says_that_it_does_not_know_the_job_and_asks_who_is_there() -> None:
    app = make_app(AppServicesHarness(signed_in=False))
    app.first_job = "no-such-job"
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, LoginScreen)
