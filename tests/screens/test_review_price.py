"""The price on the review: of what the form says now and of nothing else, dry runs, what exceeds the rest."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import notices, running, screen_text, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import identity
from tests.support.recording_service import DRY_RUN
from tests.support.review import agreed_on_second_thought, submissions, transpiled
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, Usage
from tui.domain.jobs import Primitive
from tui.domain.pricing import ProgramWork
from tui.domain.primitives import JobProgram
from tui.monitor.state.events import UsageChanged
from tui.screens.dialogs.confirm import Confirm
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.forms.select import SearchableSelect


def programs() -> AppServicesHarness:
    """Services that submit quantum programs: 4.1 s by the formula."""
    return AppServicesHarness(program=JobProgram.EXECUTOR)


def flat(pilot: Pilot[None]) -> str:
    """The text on the screen without the frames of a dialog and the breaks of its lines."""
    return " ".join(screen_text(pilot).replace("│", " ").replace("▌", " ").split())


async def priced(pilot: Pilot[None]) -> TranspileScreen:
    screen = await transpiled(pilot)
    await until(pilot, lambda: shows(pilot, "formula  4.1 s"))
    return screen


async def answered(pilot: Pilot[None], services: AppServicesHarness) -> None:
    """Let the service answer a dry run that was asked for."""
    await until(pilot, lambda: "dry_run" in services.names_asked())
    await services.clock.advance(1)


async def test_price_is_of_the_prepared_program() -> None:
    services = programs()
    async with running(services) as pilot:
        await priced(pilot)
        assert shows(pilot, "dry run  ^r asks the service", "left     9m 12s of 10m QPU left")
        (prepared,) = services.recording.prepared
        assert (prepared.primitive, prepared.shots) == (Primitive.SAMPLER, 4096)


async def test_price_tells_own_jobs_and_the_past_error() -> None:
    services = programs()
    async with running(services) as pilot:
        services.own_jobs(12)
        await priced(pilot)
        assert shows(pilot, "formula  4.1 s  median error 33%", "yours    6.", "12 jobs")


async def test_price_is_pending_and_never_that_of_other_values() -> None:
    services = programs()
    async with running(services) as pilot:
        screen = await priced(pilot)
        services.recording.preparing = asyncio.Event()
        services.recording.work = ProgramWork(100_000, 0.0, 0, 0, 0, 0)
        screen.query_one("#shots", Input).value = "100000"
        await until(pilot, lambda: shows(pilot, "formula  working it out…"))
        assert not shows(pilot, "4.1 s")
        services.recording.preparing.set()
        await until(pilot, lambda: shows(pilot, "formula  27 s"))


async def test_price_of_values_that_changed_meanwhile_is_dropped() -> None:
    services = programs()
    services.recording.preparing = asyncio.Event()
    async with running(services) as pilot:
        screen = await transpiled_at_once(pilot)
        await until(pilot, lambda: shows(pilot, "formula  working it out…"))
        screen.query_one("#shots", Input).value = "2000"
        await until(pilot, lambda: shows(pilot, "formula  working it out…"))
        services.recording.preparing.set()
        await until(pilot, lambda: shows(pilot, "formula  4.1 s"))
        assert [one.shots for one in services.recording.prepared] == [2000]


async def transpiled_at_once(pilot: Pilot[None]) -> TranspileScreen:
    """The review with a candidate, not waiting for anything else."""
    app = pilot.app
    screen = await transpiled(pilot)
    assert app.screen is screen
    return screen


async def test_values_that_cost_nothing_leave_the_price_alone() -> None:
    services = programs()
    async with running(services) as pilot:
        screen = await priced(pilot)
        screen.query_one("#tags", Input).value = "demo"
        screen.query_one("#name", Input).value = "other"
        screen.query_one("#private", SearchableSelect).value = True
        screen.query_one("#max-seconds", Input).value = "3"
        await until(pilot, lambda: shows(pilot, "More than the QPU limit"))
        assert shows(pilot, "formula  4.1 s") and len(services.recording.prepared) == 1
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (sent,) = submissions(services)
        assert (sent.name, sent.private, sent.max_seconds, sent.tags[0]) == ("other", True, 3, "demo")
        assert sent.params and len(services.recording.prepared) == 1, "what was priced is what is sent"


async def test_value_that_cannot_be_meant_has_no_price() -> None:
    async with running(programs()) as pilot:
        screen = await priced(pilot)
        screen.query_one("#shots", Input).value = "0"
        await until(pilot, lambda: shows(pilot, "formula  –"))
        screen.query_one("#shots", Input).value = "4096"
        await until(pilot, lambda: shows(pilot, "formula  4.1 s"))


async def test_job_beyond_a_limit_of_the_service_says_so_in_place_of_a_price() -> None:
    services = programs()
    services.recording.work = ProgramWork(10_000_001, 0.0, 0, 0, 0, 0)
    async with running(services) as pilot:
        await transpiled(pilot)
        await until(pilot, lambda: shows(pilot, "✘ The job has 10,000,001", "10,000,000."))
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "split the job", "formula  –"))
        assert screen_text(pilot).count("10,000,001") == 1
        assert not submissions(services) and not isinstance(pilot.app.screen, Confirm)


async def test_submit_waits_for_the_price_and_can_be_stopped() -> None:
    services = programs()
    services.recording.preparing = asyncio.Event()
    async with running(services) as pilot:
        await transpiled(pilot)
        await pilot.press("f9", "f9")
        await until(pilot, lambda: shows(pilot, "Working out the price…  esc stops"))
        await pilot.press("escape")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert not submissions(services)
        services.recording.preparing.set()
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        assert len(submissions(services)) == 1


async def test_submit_of_values_that_change_before_the_price_is_known_is_left() -> None:
    services = programs()
    services.recording.preparing = asyncio.Event()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        await pilot.press("f9")
        screen.query_one("#shots", Input).value = "2000"
        await until(pilot, lambda: "The form was changed" in notices(pilot))
        services.recording.preparing.set()
        await until(pilot, lambda: shows(pilot, "formula  4.1 s"))
        assert not submissions(services)


@pytest.mark.parametrize("usage", [Usage(598, 600, plan="open"), Usage(600, 600, True, plan="open")])
async def test_run_beyond_what_is_left_asks_with_cancel_focused(usage: Usage) -> None:
    services = programs()
    async with running(services) as pilot:
        await priced(pilot)
        services.connection.usage = usage
        services.events.publish(UsageChanged(usage))
        await until(pilot, lambda: shows(pilot, "More than the instance has left"))
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await until(pilot, lambda: "The run takes about 4.1 s of QPU time" in flat(pilot))
        assert getattr(pilot.app.focused, "id", "") == "keep"
        await agreed_on_second_thought(pilot, services)


async def test_dry_run_shows_what_the_service_says_and_counts_with_it() -> None:
    services = programs()
    services.connection.usage = Usage(593, 600, plan="open")
    services.dry_run_seconds = 8.5
    async with running(services) as pilot:
        await priced(pilot)
        assert not shows(pilot, "More than the instance has left")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: shows(pilot, "dry run  asking…", "esc stops"))
        await answered(pilot, services)
        await until(
            pilot, lambda: shows(pilot, "dry run  8.5 s", "14,368 dt", "More than the instance has left")
        )
        (asked,) = [one for one in services.asked if one[0] == "dry_run"]
        assert getattr(asked[1], "backend", "") == "mock_peekskill"
        assert services.jobs.get(DRY_RUN) is not None
        assert DRY_RUN not in {job.id for job in services.jobs.all()}
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await until(pilot, lambda: "about 8.5 s of QPU time; the instance has 7.0 s" in flat(pilot))


async def test_dry_run_of_other_values_is_not_shown() -> None:
    services = programs()
    async with running(services) as pilot:
        screen = await priced(pilot)
        await pilot.press("ctrl+r")
        await answered(pilot, services)
        await until(pilot, lambda: shows(pilot, "dry run  3.7 s"))
        screen.query_one("#shots", Input).value = "2000"
        await until(pilot, lambda: shows(pilot, "dry run  ^r asks the service"))
        assert not shows(pilot, "3.7 s")


async def test_dry_run_is_stopped_by_escape_and_by_another_value() -> None:
    services = programs()
    async with running(services) as pilot:
        screen = await priced(pilot)
        for number in (1, 2):
            await pilot.press("ctrl+r")
            await until(pilot, lambda number=number: services.names_asked().count("dry_run") == number)  # type: ignore[misc]
            if number == 1:
                await pilot.press("escape")
            else:
                screen.query_one("#shots", Input).value = "2000"
            await until(pilot, lambda: shows(pilot, "dry run  ^r asks the service"))
            await until(pilot, lambda number=number: services.names_asked().count("cancel") == number)  # type: ignore[misc]


async def test_dry_run_that_the_plan_refuses_is_said_once() -> None:
    services = programs()
    no = QdeckError(ErrorKind.FORBIDDEN, "Dry runs are not available on this plan.", status=403)
    services.trouble["dry_run"] = no
    async with running(services) as pilot:
        await priced(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: shows(pilot, "dry run  not on this plan"))
        await pilot.press("ctrl+r", "ctrl+r")
        assert notices(pilot).count("not available on this plan. The formula is used.") == 1
        assert services.names_asked().count("dry_run") == 1
        assert shows(pilot, "formula  4.1 s")


async def test_dry_run_that_fails_says_why_in_the_form() -> None:
    services = programs()
    services.trouble["dry_run"] = QdeckError(ErrorKind.SERVER, "Maintenance.")
    async with running(services) as pilot:
        await priced(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: shows(pilot, "✘ Maintenance."))
        assert shows(pilot, "dry run  ^r asks the service")


async def test_service_primitive_offers_no_dry_run() -> None:
    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    async with running(services) as pilot:
        await transpiled(pilot)
        assert not shows(pilot, "Dry run") and not shows(pilot, "dry run")
        await pilot.press("ctrl+r")
        assert "dry_run" not in services.names_asked()


async def test_transpiling_again_stops_the_pricing_and_begins_it_anew() -> None:
    services = programs()
    services.recording.preparing = asyncio.Event()
    async with running(services) as pilot:
        await transpiled(pilot)
        await until(pilot, lambda: shows(pilot, "formula  working it out…"))
        await pilot.press("f8")
        services.recording.preparing.set()
        await until(pilot, lambda: shows(pilot, "formula  4.1 s"))
        assert len(services.recording.prepared) == 1
