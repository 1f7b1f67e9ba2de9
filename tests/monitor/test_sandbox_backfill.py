"""Hundreds of jobs on the real sandbox: gone through to the beginning, deleted, their tags found."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.monitor.test_on_sandbox import live_services
from tests.store.samples import make_folders
from tui.domain.accounts import Channel
from tui.monitor.services import AppServices
from tui.monitor.state.events import HistoryCoverageChanged
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face, Job
from tui.sandbox.lifecycle.launch import launch

_HOSTILE = ("[red]x[/]", "\x1b[31mesc", "‮rtl", "x" * 5000)


def filled(folder: Path, face: Face) -> list[str]:
    """Jobs of the last weeks, 250 of them of one second; returns their ids."""
    folder.mkdir(parents=True, exist_ok=True)
    database = SandboxDatabase(folder)
    now = datetime.now(UTC)
    ids = []
    for number in range(480):
        hours = 900 - number if number < 100 else 700 if number < 350 else 1000 - 2 * number
        created = now - timedelta(hours=hours) + timedelta(microseconds=number)
        tags = ("ancient-run", _HOSTILE[number % 4]) if number < 4 else (f"vqe-{number % 5}",)
        job = Job(f"c{number:019}", face, "sampler", "ibm_peekskill", created, tags=tags)
        database.jobs.insert(job.with_status("Completed", created + timedelta(seconds=9)), params="{}")
        ids.append(job.id)
    database.close()
    return ids


async def older(services: AppServices) -> None:
    """Ask for a page and wait for it."""
    come = asyncio.Event()
    end = services.events.subscribe(
        lambda event: None if event.reach.asking else come.set(), HistoryCoverageChanged
    )
    services.jobs.request_older()
    await asyncio.wait_for(come.wait(), 20)
    end()
    assert services.jobs.coverage.error is None


@pytest.mark.parametrize("channel", list(Channel))
async def test_backfill_on_the_sandbox_finds_all_jobs_and_deletes_them(
    tmp_path: Path, channel: Channel
) -> None:
    folders = make_folders(tmp_path)
    ids = filled(folders.sandbox, "platform" if channel is Channel.PLATFORM else "classic")
    services = live_services(folders, lambda: launch(folders.sandbox))
    await services.start()
    try:
        await services.account.sign_in_sandbox(channel)
        await services.polling.refresh()
        assert 0 < len(services.jobs.all()) < len(ids)
        assert await services.jobs.tags_like("ient-r") == (
            ("ancient-run",) if channel is Channel.PLATFORM else ()
        )
        pages = 0
        while not services.jobs.coverage.whole:
            await older(services)
            pages += 1
        assert {job.id for job in services.jobs.all()} == set(ids)
        assert pages <= 4
        oldest = [job for job in services.jobs.all() if "ancient-run" in job.tags]
        assert {job.tags[1] for job in oldest} == set(_HOSTILE)
        await services.jobs.delete(oldest[0].id)
        await services.polling.refresh()
        assert {job.id for job in services.jobs.all()} == set(ids) - {oldest[0].id}
    finally:
        await services.aclose()
