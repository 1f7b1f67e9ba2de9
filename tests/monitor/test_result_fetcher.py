"""Results that can be read only once: kept before they are shown, though the one who asked has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.fakes import BELL, FakeService, network
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.forms import ExportChoice, ExportForm
from tui.domain.jobs import JobStatus
from tui.domain.results import Counts, JobResult, PubResult, Role
from tui.ibm.results.offload import offload_result


async def private_job(harness: MonitorHarness) -> str:
    job = harness.host.add(JobStatus.DONE, age=7200)
    harness.host.jobs[job.id] = replace(job, private=True)
    await harness.services.polling.refresh()
    return job.id


async def test_private_result_is_fetched_once_and_kept(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)
    assert harness.host.count("result") == 0
    first = await harness.services.jobs.result(job_id)
    assert await harness.services.jobs.result(job_id) == first
    assert harness.host.count("result") == 1
    await harness.services.aclose()


async def test_private_result_is_kept_although_the_caller_was_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)
    begun, answer = asyncio.Event(), asyncio.Event()
    real = FakeService.result

    async def slow(
        service: FakeService, job_id: str, *, once: bool = False, limit: int | None = None
    ) -> JobResult:
        begun.set()
        await answer.wait()
        return await real(service, job_id, once=once, limit=limit)

    monkeypatch.setattr(FakeService, "result", slow)
    fetching = asyncio.create_task(harness.services.jobs.result(job_id))
    await begun.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    answer.set()
    async with asyncio.timeout(10):
        while not harness.keeps_result(job_id):  # noqa: ASYNC110  # no event is published
            await asyncio.sleep(0.005)
    monkeypatch.undo()
    assert (await harness.services.jobs.result(job_id)).pubs[0].shots == 10
    assert harness.host.count("result") == 1
    await harness.services.aclose()


async def test_private_result_is_fetched_only_after_the_status_is_known(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add(JobStatus.DONE)
    harness.host.calls.clear()
    await harness.services.jobs.result(job.id)
    assert harness.host.calls == ["job", "result"]
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.status is JobStatus.DONE
    await harness.services.aclose()


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


async def refused(harness: MonitorHarness, job_id: str) -> QdeckError:
    with pytest.raises(QdeckError) as caught:
        await harness.services.jobs.result(job_id)
    return caught.value


async def test_concurrent_callers_share_one_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)
    gate = Gate(monkeypatch)
    fetching = [asyncio.create_task(harness.services.jobs.result(job_id)) for _ in range(3)]
    await gate.begun.wait()
    gate.open.set()
    first, *others = await asyncio.gather(*fetching)
    assert others == [first, first]
    assert gate.once == [True], "it was asked for once, and not to be repeated"
    assert harness.keeps_result(job_id)
    await harness.services.aclose()


async def test_private_result_is_not_fetched_before_the_job_is_over(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add(JobStatus.RUNNING)
    harness.host.jobs[job.id] = replace(job, private=True)
    await harness.services.polling.refresh()
    harness.host.turn(job.id, JobStatus.DONE)
    harness.host.faults["job"] = [network()]
    assert (await refused(harness, job.id)).kind is ErrorKind.NETWORK
    harness.host.turn(job.id, JobStatus.RUNNING)
    assert (await refused(harness, job.id)).kind is ErrorKind.CONFLICT
    assert harness.host.count("result") == 0
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.services.jobs.result(job.id)
    assert harness.keeps_result(job.id)
    await harness.services.aclose()


@pytest.mark.parametrize("leave", ["quit", "sign out", "other instance"])
async def test_leaving_waits_for_a_private_result_being_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)
    gate = Gate(monkeypatch)
    fetching = asyncio.create_task(harness.services.jobs.result(job_id))
    await gate.begun.wait()
    ways: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "quit": harness.services.aclose,
        "sign out": harness.services.account.sign_out,
        "other instance": lambda: harness.services.account.use_instance("crn:two"),
    }
    leaving = asyncio.create_task(ways[leave]())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not leaving.done()
    gate.open.set()
    await leaving
    assert (await fetching).pubs
    again = await MonitorHarness(tmp_path, harness.host).enter()
    assert again.keeps_result(job_id)
    await again.services.aclose()
    if leave != "quit":
        await harness.services.aclose()


async def test_private_fetch_that_broke_off_explains_the_loss(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)
    gone = QdeckError(ErrorKind.NOT_FOUND, "The service keeps no result of this job.", status=204)
    broken = QdeckError(ErrorKind.UNCONFIRMED, "It is not known whether it worked.")
    harness.host.faults["result"] = [broken, gone]
    first = await refused(harness, job_id)
    assert first.kind is ErrorKind.UNCONFIRMED and "may be lost" in first.message
    second = await refused(harness, job_id)
    assert second.kind is ErrorKind.NOT_FOUND and "broke off" in second.message
    await harness.services.aclose()


async def test_private_result_is_kept_whatever_the_body_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job_id = await private_job(harness)

    async def torn(_service: FakeService, _job_id: str, *, once: bool = False) -> JobResult:
        return JobResult((), b'{"results": [', "It was cut off.")

    monkeypatch.setattr(FakeService, "result", torn)
    assert (await harness.services.jobs.result(job_id)).raw == b'{"results": ['
    monkeypatch.undo()
    assert (await harness.services.jobs.result(job_id)).note == "It was cut off."
    assert harness.host.count("result") == 0
    await harness.services.aclose()


async def test_result_of_a_dry_run_is_neither_shown_nor_exported(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = replace(harness.host.add(JobStatus.DONE, age=7200), backend="mock_fez", qpu_seconds=2.5)
    harness.host.jobs[job.id] = job
    await harness.services.polling.refresh()
    for by_itself in (True, False):
        result = await harness.services.jobs.result(job.id, by_itself=by_itself)
        assert (result.pubs, result.raw, result.dry_run) == ((), b"", True)
        assert "2.5 s of QPU time" in result.note
    with pytest.raises(QdeckError) as refused:
        await harness.services.exports.content([job.id], ExportChoice(ExportForm.JSON))
    assert "dry run on mock_fez" in str(refused.value)
    await harness.services.aclose()


async def test_result_tells_the_role_of_a_job_submitted_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = replace(harness.host.add(JobStatus.DONE, age=7200), program="executor")
    harness.host.jobs[job.id] = job
    await harness.services.polling.refresh()

    async def result(
        _service: FakeService,
        _job_id: str,
        *,
        once: bool = False,
        limit: int | None = None,
        short: bool = False,
    ) -> JobResult:
        counts = Counts("c", 1, 10, {"0": 10})
        return JobResult((PubResult((counts,), shots=10),), b"{}", role=Role.SAMPLER)

    monkeypatch.setattr(FakeService, "result", result)
    before = harness.services.jobs.get(job.id)
    await harness.services.jobs.result(job.id)
    known = harness.services.jobs.get(job.id)
    assert before is not None and before.primitive == "executor"
    assert known is not None and known.primitive == "sampler"
    await harness.services.aclose()


async def test_result_with_very_many_counts_is_kept_summed_up_and_read_whole_from_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    samples = ",".join(f'"{number:#x}"' for number in range(30_000))
    body = f'{{"results": [{{"data": {{"c": {{"samples": [{samples}], "num_bits": 15}}}}}}]}}'.encode()

    async def result(
        _service: FakeService,
        _job_id: str,
        *,
        once: bool = False,
        limit: int | None = None,
        short: bool = False,
    ) -> JobResult:
        harness.host.called("result")
        return await offload_result(body, short=short)

    monkeypatch.setattr(FakeService, "result", result)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.services.polling.refresh()
    short = await harness.services.jobs.result(job.id, short=True)
    assert short.abridged and short.raw == b"" and short.outcomes == 2_000
    await harness.clock.run_until(lambda: harness.keeps_result(job.id), seconds=60)
    asked = harness.host.count("result")
    assert await harness.services.jobs.result(job.id, short=True) == short
    whole = await harness.services.jobs.result(job.id)
    assert not whole.abridged and whole.outcomes == 30_000 and whole.raw == body
    assert harness.host.count("result") == asked
    await harness.services.aclose()
