"""Results that can be read only once: kept before they are shown, though the one who asked has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.fakes import FakeService, MonitorHarness, network
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.domain.results import JobResult


async def private_job(pit: MonitorHarness) -> str:
    job = pit.host.add(JobStatus.DONE, age=7200)
    pit.host.jobs[job.id] = replace(job, private=True)
    await pit.services.polling.refresh()
    return job.id


async def test_a_private_result_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)
    assert pit.host.count("result") == 0
    first = await pit.services.jobs.result(job_id)
    assert await pit.services.jobs.result(job_id) == first
    assert pit.host.count("result") == 1
    await pit.services.aclose()


async def test_who_asked_and_went_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)
    begun, answer = asyncio.Event(), asyncio.Event()
    real = FakeService.result

    async def slow(
        service: FakeService, job_id: str, *, once: bool = False, limit: int | None = None
    ) -> JobResult:
        begun.set()
        await answer.wait()
        return await real(service, job_id, once=once, limit=limit)

    monkeypatch.setattr(FakeService, "result", slow)
    asked = asyncio.create_task(pit.services.jobs.result(job_id))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    answer.set()
    async with asyncio.timeout(10):
        while not pit.keeps_result(job_id):  # noqa: ASYNC110  # nobody is told of what nobody asked
            await asyncio.sleep(0.005)
    monkeypatch.undo()
    assert (await pit.services.jobs.result(job_id)).pubs[0].shots == 10
    assert pit.host.count("result") == 1
    await pit.services.aclose()


async def test_whether_a_job_is_done_is_asked_before_its_one_result(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job = pit.host.add(JobStatus.DONE)
    pit.host.calls.clear()
    await pit.services.jobs.result(job.id)
    assert pit.host.calls == ["job", "result"]
    known = pit.services.jobs.get(job.id)
    assert known is not None and known.status is JobStatus.DONE
    await pit.services.aclose()


class Gate:
    """Holds back every reading of a result until it is opened."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.once: list[bool] = []
        real = FakeService.result

        async def result(service: FakeService, job_id: str, *, once: bool = False) -> JobResult:
            self.once.append(once)
            self.begun.set()
            await self.open.wait()
            if service.closed:
                raise network()
            return await real(service, job_id, once=once)

        patch.setattr(FakeService, "result", result)


async def refused(pit: MonitorHarness, job_id: str) -> QdeckError:
    with pytest.raises(QdeckError) as caught:
        await pit.services.jobs.result(job_id)
    return caught.value


async def test_two_who_ask_at_once_share_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)
    gate = Gate(monkeypatch)
    asked = [asyncio.create_task(pit.services.jobs.result(job_id)) for _ in range(3)]
    await gate.begun.wait()
    gate.open.set()
    first, *others = await asyncio.gather(*asked)
    assert others == [first, first]
    assert gate.once == [True], "it was asked for once, and not to be repeated"
    assert pit.keeps_result(job_id)
    await pit.services.aclose()


async def test_a_private_result_is_not_read_while_nobody_knows_that_the_job_is_over(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job = pit.host.add(JobStatus.RUNNING)
    pit.host.jobs[job.id] = replace(job, private=True)
    await pit.services.polling.refresh()
    pit.host.turn(job.id, JobStatus.DONE)
    pit.host.faults["job"] = [network()]
    assert (await refused(pit, job.id)).kind is ErrorKind.NETWORK
    pit.host.turn(job.id, JobStatus.RUNNING)
    assert (await refused(pit, job.id)).kind is ErrorKind.CONFLICT
    assert pit.host.count("result") == 0
    pit.host.turn(job.id, JobStatus.DONE)
    await pit.services.jobs.result(job.id)
    assert pit.keeps_result(job.id)
    await pit.services.aclose()


@pytest.mark.parametrize("leave", ["quit", "sign out", "other instance"])
async def test_leaving_waits_for_a_private_result_that_is_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)
    gate = Gate(monkeypatch)
    asked = asyncio.create_task(pit.services.jobs.result(job_id))
    await gate.begun.wait()
    ways: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "quit": pit.services.aclose,
        "sign out": pit.services.account.sign_out,
        "other instance": lambda: pit.services.account.use_instance("crn:two"),
    }
    leaving = asyncio.create_task(ways[leave]())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not leaving.done()
    gate.open.set()
    await leaving
    assert (await asked).pubs
    again = await MonitorHarness(tmp_path, pit.host).enter()
    assert again.keeps_result(job_id)
    await again.services.aclose()
    if leave != "quit":
        await pit.services.aclose()


async def test_what_became_of_a_reading_that_broke_off_is_told(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)
    gone = QdeckError(ErrorKind.NOT_FOUND, "The service keeps no result of this job.", status=204)
    broken = QdeckError(ErrorKind.UNCONFIRMED, "It is not known whether it worked.")
    pit.host.faults["result"] = [broken, gone]
    first = await refused(pit, job_id)
    assert first.kind is ErrorKind.UNCONFIRMED and "may be lost" in first.message
    second = await refused(pit, job_id)
    assert second.kind is ErrorKind.NOT_FOUND and "broke off" in second.message
    await pit.services.aclose()


async def test_a_private_result_is_kept_whatever_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(pit)

    async def torn(_service: FakeService, _job_id: str, *, once: bool = False) -> JobResult:
        return JobResult((), b'{"results": [', "It was cut off.")

    monkeypatch.setattr(FakeService, "result", torn)
    assert (await pit.services.jobs.result(job_id)).raw == b'{"results": ['
    monkeypatch.undo()
    assert (await pit.services.jobs.result(job_id)).note == "It was cut off."
    assert pit.host.count("result") == 0
    await pit.services.aclose()
