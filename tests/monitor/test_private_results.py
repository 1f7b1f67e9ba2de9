"""Results that can be read only once: kept before they are shown, though the one who asked has gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import Cockpit, FakeService
from tui.domain.jobs import JobStatus
from tui.domain.results import JobResult


async def private_job(pit: Cockpit) -> str:
    job = pit.host.add(JobStatus.DONE, age=7200)
    pit.host.jobs[job.id] = replace(job, private=True)
    await pit.deck.refresh()
    return job.id


async def test_a_private_result_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job_id = await private_job(pit)
    assert pit.host.count("result") == 0
    first = await pit.deck.result(job_id)
    assert await pit.deck.result(job_id) == first
    assert pit.host.count("result") == 1
    await pit.deck.aclose()


async def test_who_asked_and_went_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pit = await Cockpit(tmp_path).enter()
    job_id = await private_job(pit)
    begun, answer = asyncio.Event(), asyncio.Event()
    real = FakeService.result

    async def slow(service: FakeService, job_id: str, *, limit: int | None = None) -> JobResult:
        begun.set()
        await answer.wait()
        return await real(service, job_id, limit=limit)

    monkeypatch.setattr(FakeService, "result", slow)
    asked = asyncio.create_task(pit.deck.result(job_id))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    answer.set()
    async with asyncio.timeout(10):
        while not pit.keeps_result(job_id):  # noqa: ASYNC110  # nobody is told of what nobody asked
            await asyncio.sleep(0.005)
    monkeypatch.undo()
    assert (await pit.deck.result(job_id)).pubs[0].shots == 10
    assert pit.host.count("result") == 1
    await pit.deck.aclose()


async def test_whether_a_job_is_done_is_asked_before_its_one_result(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add(JobStatus.DONE)
    pit.host.calls.clear()
    await pit.deck.result(job.id)
    assert pit.host.calls == ["job", "result"]
    known = pit.deck.job(job.id)
    assert known is not None and known.status is JobStatus.DONE
    await pit.deck.aclose()
