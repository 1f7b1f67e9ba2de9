"""What is fetched by itself of the jobs that became final: how much at once, how large, and when again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, Cockpit, FakeHost, network
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.config.settings import Settings, load_settings
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session, SessionMode
from tui.monitor.state.events import FreshnessChanged, JobsFinished


async def with_pending(root: Path, many: int) -> Cockpit:
    host = FakeHost(FakeClock())
    for _ in range(many):
        host.add()
    cockpit = await Cockpit(root, host).enter()
    await cockpit.clock.run_until(lambda: len(cockpit.deck.jobs()) == many, seconds=60)
    return cockpit


def results_kept(cockpit: Cockpit) -> int:
    return sum(cockpit.keeps_result(job_id) for job_id in cockpit.host.jobs)


async def test_many_jobs_that_ended_while_nobody_looked_are_fetched_within_a_minute(tmp_path: Path) -> None:
    cockpit = await with_pending(tmp_path, 60)
    await cockpit.clock.advance(700)
    assert not cockpit.deck._board.attention.paid
    for job_id in list(cockpit.host.jobs):
        cockpit.host.turn(job_id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: bool(cockpit.told(JobsFinished)), seconds=60)
    await cockpit.clock.advance(60)
    assert results_kept(cockpit) == 60
    cockpit.host.calls.clear()
    await cockpit.clock.advance(3600)
    assert cockpit.host.count("result") == 0
    await cockpit.deck.aclose()


async def test_one_result_that_cannot_be_fetched_is_not_offline_and_keeps_no_other_waiting(
    tmp_path: Path,
) -> None:
    cockpit = await with_pending(tmp_path, 30)
    bad = next(iter(cockpit.host.jobs))
    cockpit.host.bad_results.add(bad)
    for job_id in list(cockpit.host.jobs):
        cockpit.host.turn(job_id, JobStatus.DONE)
    cockpit.events.clear()
    await cockpit.clock.advance(120)
    assert results_kept(cockpit) == 29
    assert cockpit.told(FreshnessChanged) == [] and cockpit.deck.freshness.offline_since is None
    # Spread out: it never ends, and it costs next to nothing.
    cockpit.host.calls.clear()
    await cockpit.clock.advance(6 * 3600)
    assert 1 <= cockpit.host.count("result") <= 4
    cockpit.host.bad_results.clear()
    await cockpit.deck.refresh()
    assert results_kept(cockpit) == 30
    await cockpit.deck.aclose()


async def test_results_none_of_which_can_be_fetched_cost_few_requests(tmp_path: Path) -> None:
    cockpit = await with_pending(tmp_path, 40)
    cockpit.host.bad_results.update(cockpit.host.jobs)
    for job_id in list(cockpit.host.jobs):
        cockpit.host.turn(job_id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: cockpit.host.count("result") > 0, seconds=60)
    await cockpit.clock.advance(600)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(3600)
    assert cockpit.host.count("result") <= 60
    cockpit.host.bad_results.clear()
    await cockpit.clock.advance(3600)
    assert results_kept(cockpit) == 40
    await cockpit.deck.aclose()


async def test_a_token_that_ended_meanwhile_costs_no_result(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    job = await cockpit.deck.submit(BELL)
    cockpit.host.faults["result"] = [QdeckError(ErrorKind.EXPIRED, "The token is over.")]
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.advance(60)
    assert cockpit.keeps_result(job.id)
    await cockpit.deck.aclose()


async def test_a_service_that_goes_away_between_list_and_result_is_offline_at_the_next_list(
    tmp_path: Path,
) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    job = await cockpit.deck.submit(BELL)
    cockpit.host.turn(job.id, JobStatus.DONE)

    def goes_down() -> bool:
        cockpit.host.down = network() if cockpit.host.count("result") else None
        return cockpit.deck.freshness.offline_since is not None

    cockpit.host.faults["result"] = [network()]
    await cockpit.clock.run_until(goes_down, seconds=120)
    cockpit.host.down = None
    await cockpit.clock.run_until(lambda: cockpit.keeps_result(job.id), seconds=600)
    await cockpit.deck.aclose()


async def test_a_large_result_is_left_on_the_service_until_it_is_asked_for(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    cockpit.host.result_bytes = 60 << 20
    job = await cockpit.deck.submit(BELL)
    cockpit.host.turn(job.id, JobStatus.DONE)
    await cockpit.clock.run_until(lambda: bool(cockpit.told(JobsFinished)), seconds=20)
    await cockpit.clock.advance(600)
    assert cockpit.host.count("result") == 1 and not cockpit.keeps_result(job.id)
    known = cockpit.deck.job(job.id)
    assert known is not None and known.qpu_seconds == 2.0
    with pytest.raises(QdeckError) as caught:
        await cockpit.deck.result(job.id, by_itself=True)
    assert caught.value.kind is ErrorKind.TOO_LARGE
    whole = await cockpit.deck.result(job.id)
    assert cockpit.keeps_result(job.id)
    assert await cockpit.deck.result(job.id, by_itself=True) == whole
    await cockpit.deck.aclose()


async def test_a_session_between_two_jobs_is_watched_like_a_job(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    session = await cockpit.deck.open_session("ibm_cusco", SessionMode.DEDICATED)
    await cockpit.clock.advance(60)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(100)
    assert 15 <= cockpit.host.count("jobs") <= 25
    cockpit.deck.focus(False)
    await cockpit.clock.advance(10)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert 8 <= cockpit.host.count("jobs") <= 12
    await cockpit.deck.close_session(session.id)
    await cockpit.clock.advance(100)
    cockpit.host.calls.clear()
    await cockpit.clock.advance(600)
    assert cockpit.host.count("jobs") == 0
    await cockpit.deck.aclose()


async def test_a_time_to_live_that_could_not_be_asked_for_is_asked_for_again(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    service = cockpit.services[-1]
    elsewhere = await service.open_session("ibm_cusco", SessionMode.DEDICATED)
    whole = replace(elsewhere, max_ttl=3600)
    listed = service.sessions

    async def without_limits() -> tuple[Session, ...]:
        return tuple(replace(session, max_ttl=None) for session in await listed())

    service.sessions = without_limits  # type: ignore[method-assign]  # as the platform's list is
    cockpit.host.sessions[elsewhere.id] = whole
    cockpit.host.faults["session"] = [network(), QdeckError(ErrorKind.SERVER, "No.")]
    await cockpit.deck.refresh()
    assert [session.max_ttl for session in cockpit.deck.sessions()] == [None]
    await cockpit.clock.advance(60)
    assert [session.max_ttl for session in cockpit.deck.sessions()] == [3600]
    assert cockpit.deck.freshness.offline_since is None and cockpit.host.count("session") == 3
    await cockpit.deck.aclose()


def test_how_large_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert load_settings(file).auto_result_mib == 5
    for size in (0, 20):
        file.write_text(f"auto_result_mib = {size}\n")
        assert load_settings(file) == Settings(auto_result_mib=size)
    for wrong in ("-1", "2.5", '"5"', "true"):
        file.write_text(f"auto_result_mib = {wrong}\n")
        with pytest.raises(QdeckError, match="whole number of MiB"):
            load_settings(file)
