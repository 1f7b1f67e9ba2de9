"""Submissions that are no job yet: shown above the table, withdrawn, sent first, sent again by keys."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.support.app import notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW, FixedClock
from tui.app import QDeckApp
from tui.screens.dialogs.pick import Pick
from tui.screens.jobs import list_base as job_rows
from tui.screens.jobs.list_base import JobRowsScreen
from tui.store.records.models import PendingState

ALIVE = f"{socket.gethostname()}:{os.getpid()}"
"""Another qdeck that runs."""


def waiting_services() -> AppServicesHarness:
    """The services with six submissions, of which nothing is sent for an hour."""
    services = AppServicesHarness()
    services.queue("lost", PendingState.UNCONFIRMED)
    services.queue("[red]", PendingState.UNSENT)
    for place, name in enumerate(("one", "two", "three"), 1):
        services.queue(name, PendingState.PREPARED, place)
    services.queue("theirs", PendingState.PREPARED, 4, owner=ALIVE)
    services.outbox.queue.hold_for(3600.0, "5 a minute")
    return services


async def pick(pilot: Pilot[None], row: int) -> None:
    """Open the list and take a row."""
    await settled(pilot)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
    await settled(pilot)
    await pilot.press(*["down"] * row, "enter")
    await settled(pilot)


@pytest.mark.parametrize(
    ("row", "tag", "becomes"),
    [
        (0, "qdeck-lost", (PendingState.WITHDRAWN, 0)),
        (1, "qdeck-[red]", (PendingState.PREPARED, 1)),
        (2, "qdeck-[red]", (PendingState.WITHDRAWN, 0)),
        (3, "qdeck-one", (PendingState.WITHDRAWN, 0)),
        (4, "qdeck-one", (PendingState.PREPARED, 2)),
        (5, "qdeck-two", (PendingState.WITHDRAWN, 0)),
        (6, "qdeck-two", (PendingState.PREPARED, 1)),
        (7, "qdeck-two", (PendingState.PREPARED, 3)),
        (8, "qdeck-three", (PendingState.WITHDRAWN, 0)),
        (9, "qdeck-three", (PendingState.PREPARED, 1)),
        (10, "qdeck-three", (PendingState.PREPARED, 2)),
    ],
)
async def test_outbox_menu_changes_the_queue_by_keys(
    row: int, tag: str, becomes: tuple[PendingState, int]
) -> None:
    services = waiting_services()
    async with running(services) as pilot:
        assert services.queued(tag) != becomes
        await pick(pilot, row)
        await until(pilot, lambda: services.queued(tag) == becomes)


async def test_outbox_menu_offers_nothing_for_submissions_of_another_qdeck() -> None:
    services = waiting_services()
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
    services = AppServicesHarness()
    services.queue("one", PendingState.PREPARED, 1)
    services.outbox.queue.hold_for(37.0, "5 a minute")
    async with running(services) as pilot:
        await until(pilot, lambda: "waiting 37s" in screen_text(pilot))
        assert isinstance(pilot.app, QDeckApp) and isinstance(pilot.app.clock, FixedClock)
        for seconds in (1, 2):
            pilot.app.clock.at = NOW + timedelta(seconds=seconds)
            await until(pilot, lambda seconds=seconds: f"waiting {37 - seconds}s" in screen_text(pilot))  # type: ignore[misc]
        # Nothing is painted any more when nothing goes out.
        services.outbox.queue.checking = True
        services.outbox.queue.release()
        services.outbox.queue.publish()
        screen = pilot.app.screen
        assert isinstance(screen, JobRowsScreen)
        await until(pilot, lambda: not screen._countdown._active.is_set())


async def test_outbox_menu_says_when_nothing_waits() -> None:
    async with running() as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "Nothing waits" in notices(pilot))
