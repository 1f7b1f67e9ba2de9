"""Watching jobs: what is asked, what is shown, what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, FakeHost, FakeService, network
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel
from tui.domain.jobs import JobStatus
from tui.domain.results import JobResult
from tui.ibm.results.decoder import decode_result
from tui.monitor.state.events import FreshnessChanged, IdentityChanged, JobsChanged, JobsFinished, Notice


async def test_poller_sends_one_list_request_a_tick_for_all_watched_jobs(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    for _ in range(40):
        host.add()
    harness = await MonitorHarness(tmp_path, host).enter()
    host.calls.clear()
    await harness.clock.advance(120)
    asked = [call for call in host.calls if call in {"job", "jobs", "job with params", "find"}]
    assert set(asked) == {"jobs"}
    # Deep in the queue: 30 s apart in the end.
    assert len(asked) <= 12
    await harness.services.aclose()


async def test_poller_fetches_a_finished_job_once_and_keeps_its_result(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.RUNNING)
    await harness.clock.run_until(lambda: harness.status(job.id) is JobStatus.RUNNING, seconds=20)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=20)
    known = harness.services.jobs.get(job.id)
    assert known is not None
    assert (known.name, known.qpu_seconds, known.circuit) == ("bell", 2.0, "OPENQASM 3;")
    assert [step.status for step in known.timeline] == [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE]
    await harness.clock.advance(300)
    assert (harness.host.count("result"), harness.host.count("metrics"), harness.host.count("job")) == (
        1,
        1,
        1,
    )
    result = await harness.services.jobs.result(job.id)
    assert result.pubs[0].counts[0].counts == {"00": 5, "11": 5}
    assert (await harness.services.jobs.metrics(job.id)).qpu_seconds == 2.0
    assert (harness.host.count("result"), harness.host.count("metrics")) == (1, 1)
    assert len(harness.published(JobsFinished)) == 1
    await harness.services.aclose()

    away = MonitorHarness(tmp_path, harness.host)
    await away.services.start()
    assert (await away.services.jobs.result(job.id)) == result
    assert away.status(job.id) is JobStatus.DONE
    await away.services.aclose()


async def test_poller_fetches_and_announces_jobs_finished_while_away(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    await harness.services.aclose()
    harness.host.turn(job.id, JobStatus.DONE)
    for _ in range(300):
        harness.host.add(JobStatus.DONE, age=-60)
    await harness.clock.advance(86_400)
    again = await MonitorHarness(tmp_path, harness.host).enter()
    await again.clock.run_until(lambda: bool(again.published(JobsFinished)), seconds=60)
    assert again.host.count("result") == 1
    assert again.status(job.id) is JobStatus.DONE
    await again.services.aclose()


async def test_poller_shows_jobs_from_elsewhere_without_fetching_old_results(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    old = host.add(JobStatus.DONE, age=86_400)
    harness = await MonitorHarness(tmp_path, host).enter()
    new = host.add(tags=("from-python",))
    await harness.clock.run_until(lambda: harness.status(new.id) is not None, seconds=60)
    assert harness.status(old.id) is JobStatus.DONE
    assert host.count("result") == 0
    host.turn(new.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=60)
    job = harness.services.jobs.get(new.id)
    assert job is not None and job.circuit == "OPENQASM 3; // from there"
    await harness.services.jobs.result(old.id)
    await harness.services.jobs.metrics(old.id)
    assert harness.services.jobs.all()[0].id == new.id
    assert host.count("result") == 2
    await harness.services.aclose()


async def test_poller_does_not_read_private_results(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.jobs[job.id] = replace(harness.host.jobs[job.id], private=True)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=20)
    assert harness.host.count("result") == 0
    await harness.services.aclose()


async def test_poller_watches_jobs_older_than_the_first_page(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    old = host.add(age=3600)
    harness = await MonitorHarness(tmp_path, host).enter()
    await harness.clock.run_until(lambda: harness.status(old.id) is not None, seconds=60)
    for _ in range(260):
        host.add(JobStatus.DONE, age=60)
    await harness.clock.advance(60)
    assert harness.status(old.id) is JobStatus.QUEUED
    host.turn(old.id, JobStatus.FAILED)
    await harness.clock.run_until(lambda: harness.status(old.id) is JobStatus.FAILED, seconds=120)
    await harness.services.aclose()


async def test_poller_keeps_a_job_that_vanished_from_the_service(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    del harness.host.jobs[job.id]
    await harness.clock.advance(30)
    known = harness.services.jobs.get(job.id)
    assert known is not None and "Not on the service" in known.status_text
    harness.host.calls.clear()
    await harness.clock.advance(300)
    assert harness.host.count("job") == 0
    await harness.services.aclose()


async def test_poller_offline_keeps_cached_jobs_and_the_time_since(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    await harness.clock.advance(2)
    confirmed = harness.services.connection.freshness.confirmed
    harness.events.clear()
    harness.host.down = network()
    await harness.clock.advance(600)
    fresh = harness.services.connection.freshness
    assert fresh.offline_since is not None and fresh.error is not None
    assert confirmed is not None and fresh.confirmed is not None and fresh.confirmed >= confirmed
    assert harness.status(job.id) is JobStatus.QUEUED
    assert len(harness.published(FreshnessChanged)) == 1
    with pytest.raises(QdeckError):
        await harness.services.polling.refresh()
    harness.host.down = None
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.status(job.id) is JobStatus.DONE, seconds=150)
    assert harness.services.connection.freshness.offline_since is None
    assert len(harness.published(FreshnessChanged)) == 2
    await harness.services.aclose()


async def test_poller_publishes_nothing_on_an_unchanged_tick(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    for _ in range(20):
        host.add()
    harness = await MonitorHarness(tmp_path, host).enter()
    await harness.clock.advance(5)
    (first,) = [
        event for event in harness.published(JobsChanged) if isinstance(event, JobsChanged) and event.jobs
    ]
    assert len(first.jobs) == 20
    harness.events.clear()
    await harness.clock.advance(120)
    assert [event for event in harness.events if not isinstance(event, IdentityChanged)] == []
    await harness.services.aclose()


async def test_commands_cancel_tag_and_delete_jobs(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    await harness.services.jobs.cancel(job.id)
    assert harness.status(job.id) is JobStatus.CANCELLED
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=20)
    await harness.services.jobs.set_tags(job.id, tuple("abcdefgh"))
    assert harness.host.jobs[job.id].tags == tuple("abcdefgh")
    await harness.services.jobs.delete(job.id)
    assert harness.services.jobs.all() == ()
    assert harness.published(JobsChanged)[-1] == JobsChanged((), (job.id,))
    await harness.services.polling.refresh()
    assert harness.services.jobs.all() == ()
    await harness.services.aclose()


async def test_cancel_that_came_too_late_says_how_the_job_ended(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    conflict = QdeckError(ErrorKind.CONFLICT, "Job cannot be cancelled.")
    harness.host.faults["cancel"] = [conflict, conflict]
    with pytest.raises(QdeckError, match="cannot be cancelled"):
        await harness.services.jobs.cancel(job.id)
    harness.host.turn(job.id, JobStatus.DONE)
    with pytest.raises(QdeckError, match="bell is already done: the cancel came too late"):
        await harness.services.jobs.cancel(job.id)
    assert harness.status(job.id) is JobStatus.DONE
    await harness.services.aclose()


@pytest.mark.parametrize("kind", [ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.SERVER])
async def test_cancel_without_a_clear_end_is_done_when_the_job_is_cancelled(
    tmp_path: Path, kind: ErrorKind
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    broken = QdeckError(kind, "The connection broke.")
    harness.host.faults["cancel"] = [broken, broken]
    with pytest.raises(QdeckError, match="broke"):
        await harness.services.jobs.cancel(job.id)
    harness.host.turn(job.id, JobStatus.CANCELLED)
    await harness.services.jobs.cancel(job.id)
    assert harness.status(job.id) is JobStatus.CANCELLED
    await harness.services.aclose()


async def test_jobs_of_other_accounts_are_not_shown(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.services.outbox.submit(BELL)
    await harness.services.account.sign_out()
    assert len(harness.services.jobs.all()) == 1
    other = FakeHost(harness.clock)
    harness.host = other
    await harness.services.account.sign_in(
        replace(ACCOUNT, channel=Channel.CLASSIC, instance="ibm-q/open/main")
    )
    assert harness.services.jobs.all() == ()
    await harness.services.account.sign_out()
    assert len(harness.services.jobs.all()) == 1
    await harness.services.aclose()


async def test_worker_exception_is_shown_and_does_not_end_the_worker(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["jobs"] = [ZeroDivisionError("token=very-secret")]
    await harness.clock.advance(60)
    notices = [event.text for event in harness.events if isinstance(event, Notice)]
    assert any("jobs" in text and "ZeroDivisionError" in text for text in notices)
    assert not any("very-secret" in text for text in notices)
    job = harness.host.add()
    await harness.clock.run_until(lambda: harness.status(job.id) is not None, seconds=60)
    await harness.services.aclose()


async def test_poller_fetches_a_failed_result_later(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.faults["result"] = [network(), network()]
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.host.count("result") == 3, seconds=60)
    await harness.clock.advance(5)
    assert len(harness.published(JobsFinished)) == 1
    harness.host.down = network()
    await harness.services.jobs.result(job.id)
    await harness.services.aclose()


async def test_commands_without_sign_in_raise_expired(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    await harness.services.start()
    for command in (
        harness.services.polling.refresh(),
        harness.services.outbox.submit(BELL),
        harness.services.jobs.cancel("x"),
        harness.services.backends.data("ibm_cusco"),
    ):
        with pytest.raises(QdeckError) as caught:
            await command
        assert caught.value.kind is ErrorKind.EXPIRED
    await harness.services.aclose()


async def test_event_bus_goes_on_after_a_failing_listener(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)

    def failing(event: object) -> None:
        raise ZeroDivisionError

    end = harness.services.events.subscribe(failing)
    heard: list[object] = []
    harness.services.events.subscribe(heard.append)
    await harness.enter()
    end()
    assert heard
    await harness.services.aclose()


async def test_second_app_on_the_same_history_sees_the_job(tmp_path: Path) -> None:
    first = await MonitorHarness(tmp_path).enter()
    second = MonitorHarness(tmp_path, first.host, seed=2)
    await second.services.start()
    job = await first.services.outbox.submit(BELL)
    await first.clock.advance(3)
    assert second.status(job.id) is JobStatus.QUEUED
    await asyncio.gather(first.services.aclose(), second.services.aclose())


@pytest.mark.parametrize("body", [b"Traceback: no", b'{"results": [{"data"'])
async def test_poller_does_not_keep_a_body_that_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """Something between here and the service answered in its place, or cut its answer off."""
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    bodies = [body] * 2

    async def result(
        service: FakeService,
        job_id: str,
        *,
        once: bool = False,
        limit: int | None = None,
        short: bool = False,
    ) -> JobResult:
        return decode_result(bodies.pop()) if bodies else await real(service, job_id, once=once, limit=limit)

    real = FakeService.result
    monkeypatch.setattr(FakeService, "result", result)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: len(bodies) == 1, seconds=60)
    assert not harness.keeps_result(job.id)
    with pytest.raises(QdeckError) as caught:
        await harness.services.jobs.result(job.id)
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert not harness.keeps_result(job.id)
    await harness.clock.run_until(lambda: harness.keeps_result(job.id), seconds=600)
    assert (await harness.services.jobs.result(job.id)).pubs
    await harness.services.aclose()


async def test_kept_page_that_is_no_result_is_fetched_again(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = harness.host.add(JobStatus.DONE, age=7200)
    await harness.services.polling.refresh()
    page = JobResult((), b"<html>Log in", "The service answered with text instead of a result.")
    await harness.app_state.history.save_result(("platform", job.id), page)
    assert (await harness.services.jobs.result(job.id)).pubs
    assert (await harness.services.jobs.result(job.id)).pubs
    assert harness.host.count("result") == 1
    await harness.services.aclose()


async def test_v1_result_is_as_wide_as_its_circuit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    circuit = "OPENQASM 3.0; bit[5] c; x $0; c[0] = measure $0;"
    job = await harness.services.outbox.submit(replace(BELL, qasm=circuit))

    async def result(
        _service: FakeService,
        _job_id: str,
        *,
        once: bool = False,
        limit: int | None = None,
        short: bool = False,
    ) -> JobResult:
        return decode_result(b'{"quasi_dists": [{"0": 0.5, "1": 0.5}], "metadata": [{"shots": 8}]}')

    monkeypatch.setattr(FakeService, "result", result)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.keeps_result(job.id), seconds=60)
    quasi = (await harness.services.jobs.result(job.id)).pubs[0].quasi
    assert quasi is not None and set(quasi.quasi) == {"00000", "00001"}
    await harness.services.aclose()
