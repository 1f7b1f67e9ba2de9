"""What is fetched by itself of the jobs that became final: how much at once, how large, and when again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, FakeHost, network
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.values import Listed
from tui.config.settings import Settings, load_settings
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session, SessionMode
from tui.monitor.state.events import FreshnessChanged, JobsFinished, Notice

pytestmark = pytest.mark.usefixtures("history_synced_rarely")


async def with_pending(root: Path, many: int) -> MonitorHarness:
    host = FakeHost(FakeClock())
    for _ in range(many):
        host.add()
    harness = await MonitorHarness(root, host).enter()
    await harness.clock.run_until(lambda: len(harness.services.jobs.all()) == many, seconds=60)
    return harness


def results_kept(harness: MonitorHarness) -> int:
    return sum(harness.keeps_result(job_id) for job_id in harness.host.jobs)


async def test_many_finished_jobs_are_fetched_within_a_minute(tmp_path: Path) -> None:
    harness = await with_pending(tmp_path, 60)
    await harness.clock.advance(700)
    assert not harness.app_state.activity.attentive
    for job_id in list(harness.host.jobs):
        harness.host.turn(job_id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=60)
    await harness.clock.advance(60)
    assert results_kept(harness) == 60
    harness.host.calls.clear()
    await harness.clock.advance(3600)
    assert harness.host.count("result") == 0
    await harness.services.aclose()


async def test_failing_result_is_not_offline_and_delays_no_other(
    tmp_path: Path,
) -> None:
    harness = await with_pending(tmp_path, 30)
    bad = next(iter(harness.host.jobs))
    harness.host.bad_results.add(bad)
    for job_id in list(harness.host.jobs):
        harness.host.turn(job_id, JobStatus.DONE)
    harness.events.clear()
    await harness.clock.advance(120)
    assert results_kept(harness) == 29
    assert (
        harness.published(FreshnessChanged) == []
        and harness.services.connection.freshness.offline_since is None
    )
    # Spread out: it never ends, and it costs next to nothing.
    harness.host.calls.clear()
    await harness.clock.advance(6 * 3600)
    assert 1 <= harness.host.count("result") <= 4
    harness.host.bad_results.clear()
    await harness.services.polling.refresh()
    assert results_kept(harness) == 30
    await harness.services.aclose()


async def test_failing_results_cost_few_requests(tmp_path: Path) -> None:
    harness = await with_pending(tmp_path, 40)
    harness.host.bad_results.update(harness.host.jobs)
    for job_id in list(harness.host.jobs):
        harness.host.turn(job_id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.host.count("result") > 0, seconds=60)
    await harness.clock.advance(600)
    harness.host.calls.clear()
    await harness.clock.advance(3600)
    assert harness.host.count("result") <= 60
    harness.host.bad_results.clear()
    await harness.clock.advance(3600)
    assert results_kept(harness) == 40
    await harness.services.aclose()


async def test_expired_token_loses_no_result(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.faults["result"] = [QdeckError(ErrorKind.EXPIRED, "The token is over.")]
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.advance(60)
    assert harness.keeps_result(job.id)
    await harness.services.aclose()


async def test_service_down_between_list_and_result_is_offline_at_the_next_list(
    tmp_path: Path,
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.DONE)

    def goes_down() -> bool:
        harness.host.down = network() if harness.host.count("result") else None
        return harness.services.connection.freshness.offline_since is not None

    harness.host.faults["result"] = [network()]
    await harness.clock.run_until(goes_down, seconds=120)
    harness.host.down = None
    await harness.clock.run_until(lambda: harness.keeps_result(job.id), seconds=600)
    await harness.services.aclose()


async def test_large_result_is_fetched_only_when_requested(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.result_bytes = 60 << 20
    job = await harness.services.outbox.submit(BELL)
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: bool(harness.published(JobsFinished)), seconds=20)
    await harness.clock.advance(600)
    assert harness.host.count("result") == 1 and not harness.keeps_result(job.id)
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.qpu_seconds == 2.0
    with pytest.raises(QdeckError) as caught:
        await harness.services.jobs.result(job.id, by_itself=True)
    assert caught.value.kind is ErrorKind.TOO_LARGE
    whole = await harness.services.jobs.result(job.id)
    assert harness.keeps_result(job.id)
    assert await harness.services.jobs.result(job.id, by_itself=True) == whole
    await harness.services.aclose()


async def test_open_session_shortens_the_poll_interval(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    session = await harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED)
    await harness.clock.advance(60)
    harness.host.calls.clear()
    await harness.clock.advance(100)
    assert 15 <= harness.host.count("jobs") <= 25
    harness.services.polling.focus_changed(False)
    await harness.clock.advance(10)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert 8 <= harness.host.count("jobs") <= 12
    await harness.services.sessions.close(session.id)
    await harness.clock.advance(100)
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert harness.host.count("jobs") == 0
    await harness.services.aclose()


async def test_sessions_poller_retries_a_failed_time_to_live(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    service = harness.made_services[-1]
    elsewhere = await service.open_session("ibm_cusco", SessionMode.DEDICATED)
    whole = replace(elsewhere, max_ttl=3600)
    listed = service.sessions

    async def without_limits() -> Listed[Session]:
        return Listed(replace(session, max_ttl=None) for session in await listed())

    service.sessions = without_limits  # type: ignore[method-assign]  # as the platform's list is
    harness.host.sessions[elsewhere.id] = whole
    harness.host.faults["session"] = [network(), QdeckError(ErrorKind.SERVER, "No.")]
    await harness.services.polling.refresh()
    assert [session.max_ttl for session in harness.services.sessions.all()] == [None]
    await harness.clock.advance(60)
    assert [session.max_ttl for session in harness.services.sessions.all()] == [3600]
    assert harness.services.connection.freshness.offline_since is None and harness.host.count("session") == 3
    await harness.services.aclose()


def test_auto_result_size_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert load_settings(file).auto_result_mib == 5
    for size in (0, 20):
        file.write_text(f"auto_result_mib = {size}\n")
        assert load_settings(file) == Settings(auto_result_mib=size)
    for wrong in ("-1", "2.5", '"5"', "true"):
        file.write_text(f"auto_result_mib = {wrong}\n")
        with pytest.raises(QdeckError, match="whole number of MiB"):
            load_settings(file)


async def test_unreadable_entries_of_the_lists_of_sessions_and_backends_are_told_once(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    harness.host.unreadable = ("No `id`.", "No `id`.")
    await harness.enter()
    harness.host.unreadable = ("No `name`.",)
    for _ in range(3):
        await harness.services.polling.refresh()
        await harness.clock.advance(600)
    told = [event.text for event in harness.events if isinstance(event, Notice)]
    assert sorted(told) == [
        "1 entry of the backend list is left out: No `name`.",
        "1 entry of the session list is left out: No `name`.",
        "2 entries of the backend list are left out: No `id`.",
        "2 entries of the session list are left out: No `id`.",
    ]
    await harness.services.aclose()
