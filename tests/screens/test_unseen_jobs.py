"""Jobs that finished are marked until the user looks at them: opens them, or rests on them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.events import AppBlur, AppFocus
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import FixedClock, jobs
from tui.app import QDeckApp
from tui.domain.jobs import JobStatus
from tui.screens.jobs.detail import JobScreen
from tui.widgets.tables.job_table import JobTable

BELL, QFT, ZZ = (jobs()[place].id for place in (2, 3, 4))


def with_unseen(*ids: str) -> AppServicesHarness:
    """Services with unseen jobs."""
    services = AppServicesHarness()
    services.the_unseen = frozenset(ids or (BELL, QFT, ZZ))
    return services


def table_of(pilot: Pilot[None]) -> JobTable:
    """The table."""
    return pilot.app.screen_stack[0].query_one(JobTable)


class HeldClock(FixedClock):
    """A moment is over when `over` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.over.wait()


def hold(pilot: Pilot[None]) -> HeldClock:
    """Let no moment pass until the test says so."""
    assert isinstance(pilot.app, QDeckApp)
    clock = pilot.app.clock = HeldClock()
    return clock


def row_of(pilot: Pilot[None], name: str) -> str:
    """The table's line of a job."""
    return next(line for line in screen_text(pilot).splitlines() if f" {name} " in line)


def test_unseen_jobs_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        table_of(pilot).mark([QFT, jobs()[1].id], True)
        await settled(pilot)

    assert snap_compare(make_app(with_unseen()), run_before=work)


def test_unseen_jobs_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)

    assert snap_compare(make_app(with_unseen()), run_before=work)


async def test_unseen_job_is_marked_until_opened() -> None:
    services = with_unseen()
    async with running(services) as pilot:
        assert row_of(pilot, "bell").startswith(" •")
        assert "3 unseen" in screen_text(pilot)
        table_of(pilot).mark([BELL], True)
        await settled(pilot)
        assert row_of(pilot, "bell").startswith(" ◉")
        table_of(pilot).move_to(BELL)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobScreen)
        assert services.the_unseen == {QFT, ZZ}
        await pilot.press("escape")
        await settled(pilot)
        assert "2 unseen" in screen_text(pilot)


async def test_unseen_job_is_seen_when_the_user_rests_on_it() -> None:
    first = jobs()[0].id
    services = with_unseen(first, BELL)
    async with running(services) as pilot:
        assert table_of(pilot).cursor_key == first
        services.change(replace(jobs()[0], shots=7))
        await settled(pilot)
        assert services.the_unseen == {first, BELL}
        await pilot.press("down", "down")
        await settled(pilot)
        assert services.the_unseen == {first}
        await pilot.press("up", "up")
        await settled(pilot)
        assert services.the_unseen == frozenset()
        assert "unseen" not in screen_text(pilot)


async def test_unseen_job_stays_unseen_without_focus() -> None:
    services = with_unseen(BELL)
    async with running(services) as pilot:
        clock = hold(pilot)
        await pilot.press("down", "down")
        assert table_of(pilot).cursor_key == BELL
        pilot.app.post_message(AppBlur())
        await pilot.pause()
        clock.over.set()
        await settled(pilot)
        assert services.the_unseen == {BELL}
        pilot.app.post_message(AppFocus())
        await pilot.pause()
        await pilot.press("down", "up")
        await settled(pilot)
        assert services.the_unseen == frozenset()


async def test_unseen_job_stays_unseen_when_passed_by() -> None:
    services = with_unseen(BELL, ZZ)
    async with running(services) as pilot:
        clock = hold(pilot)
        await pilot.press(*["down"] * 4)
        clock.over.set()
        await settled(pilot)
        assert services.the_unseen == {BELL}


async def test_unseen_job_shown_while_it_finishes_is_seen() -> None:
    services = with_unseen(ZZ)
    async with running(services) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        services.the_unseen |= {jobs()[0].id}
        services.change(replace(jobs()[0], status=JobStatus.FAILED))
        await settled(pilot)
        assert services.the_unseen == {ZZ}


async def test_unseen_jobs_next_goes_round_and_all_are_seen_at_once() -> None:
    services = with_unseen()
    async with running(services) as pilot:
        hold(pilot)
        been = []
        for _ in range(4):
            await pilot.press("n")
            been.append(table_of(pilot).cursor_key)
        assert been == [BELL, QFT, ZZ, BELL]
        await pilot.press("Z")
        await pilot.pause()
        assert services.the_unseen == frozenset()
        assert "3 jobs marked as seen." in notices(pilot)
        await pilot.press("n")
        await pilot.pause()
        assert "No unseen jobs." in notices(pilot)


async def test_unseen_jobs_filter_keeps_rows_while_viewed() -> None:
    services = with_unseen()
    async with running(services) as pilot:
        await pilot.press("slash", *"is:unseen", "enter")
        await settled(pilot)
        assert table_of(pilot).keys == (BELL, QFT, ZZ)
        table_of(pilot).move_to(BELL)
        await pilot.press("down")
        await settled(pilot)
        assert services.the_unseen == {BELL, ZZ}
        assert table_of(pilot).keys == (BELL, QFT, ZZ), "no row goes away from under the eyes"
        first = jobs()[0]
        services.the_unseen |= {first.id}
        services.change(replace(first, status=JobStatus.DONE))
        await settled(pilot)
        assert table_of(pilot).keys == (first.id, BELL, QFT, ZZ)
        await pilot.press("Z")
        await settled(pilot)
        assert table_of(pilot).keys == ()
        await pilot.press("escape", "n")
        await settled(pilot)
        assert len(table_of(pilot).keys) == len(jobs())


async def test_unseen_jobs_hidden_by_the_filter_are_reported() -> None:
    async with running(with_unseen(ZZ)) as pilot:
        await pilot.press("slash", *"vqe", "enter")
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        assert "1 unseen job not shown" in notices(pilot)
