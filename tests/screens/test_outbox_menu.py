"""Submissions that are no job yet: shown above the table, withdrawn, sent first, sent again by keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.support.app import notices, running, screen_text, settled, until
from tests.support.app_services import FixedServices
from tests.support.fixed_values import NOW, FixedClock
from tui.app import QDeckApp
from tui.domain.jobs import Primitive, Submission, WaitingSubmission, WaitState
from tui.monitor.state.events import OutboxChanged
from tui.screens.dialogs.pick import Pick
from tui.screens.jobs import list_base as job_rows
from tui.screens.jobs.list_base import JobRowsScreen


def waits(name: str, state: WaitState, place: int = 0, *, elsewhere: bool = False) -> WaitingSubmission:
    """A submission that waits."""
    submission = Submission(Primitive.SAMPLER, "ibm_cusco", "", name=name)
    return WaitingSubmission(
        f"qdeck-{name}", submission, state, NOW, place=place, why="5 a minute", elsewhere=elsewhere
    )


LINE = (
    waits("one", WaitState.WAITING, 1),
    waits("two", WaitState.WAITING, 2),
    waits("[red]", WaitState.NOT_CREATED),
    waits("lost", WaitState.UNCONFIRMED),
    waits("three", WaitState.WAITING, 3),
    waits("theirs", WaitState.WAITING, 4, elsewhere=True),
)


async def pick(pilot: Pilot[None], row: int) -> None:
    """Open the list and take a row."""
    await settled(pilot)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
    await settled(pilot)
    await pilot.press(*["down"] * row, "enter")
    await settled(pilot)


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        (0, ("withdraw", "qdeck-one")),
        (1, ("move", "qdeck-one", 1)),
        (2, ("withdraw", "qdeck-two")),
        (3, ("move", "qdeck-two", -1)),
        (4, ("move", "qdeck-two", 1)),
        (5, ("send_again", "qdeck-[red]")),
        (6, ("withdraw", "qdeck-[red]")),
        (7, ("withdraw", "qdeck-lost")),
        (8, ("withdraw", "qdeck-three")),
        (9, ("move", "qdeck-three", -2)),
        (10, ("move", "qdeck-three", -1)),
    ],
)
async def test_outbox_menu_changes_the_queue_by_keys(row: int, asked: tuple[object, ...]) -> None:
    services = FixedServices()
    services.the_waiting = LINE
    async with running(services) as pilot:
        await pick(pilot, row)
        await until(pilot, lambda: asked in services.asked)


async def test_outbox_menu_offers_nothing_for_submissions_of_another_qdeck() -> None:
    services = FixedServices()
    services.the_waiting = LINE
    async with running(services) as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await settled(pilot)
        shown = screen_text(pilot)
        assert "withdraw two" in shown and "send [red] again" in shown
        assert "withdraw theirs" not in shown


async def test_outbox_lines_count_down_to_a_known_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_rows, "_AGES", 1000.0)
    services = FixedServices()
    services.the_waiting = (replace(LINE[0], due=NOW + timedelta(seconds=37)),)
    async with running(services) as pilot:
        await until(pilot, lambda: "waiting 37s" in screen_text(pilot))
        assert isinstance(pilot.app, QDeckApp) and isinstance(pilot.app.clock, FixedClock)
        for seconds in (1, 2):
            pilot.app.clock.at = NOW + timedelta(seconds=seconds)
            await until(pilot, lambda seconds=seconds: f"waiting {37 - seconds}s" in screen_text(pilot))  # type: ignore[misc]
        # Nothing is painted any more when nothing goes out.
        services.the_waiting = (LINE[1],)
        services.events.publish(OutboxChanged(services.the_waiting))
        screen = pilot.app.screen
        assert isinstance(screen, JobRowsScreen)
        await until(pilot, lambda: not screen._countdown._active.is_set())


async def test_outbox_menu_says_when_nothing_waits() -> None:
    async with running() as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "Nothing waits" in notices(pilot))
