"""The session guard: one warning for a stretch in which an open session has no job, and none else."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, network
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.config.settings import Settings, load_settings
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.monitor.state.events import SessionIdle

MINUTE = 60.0


async def watching(root: Path, *, minutes: int = 5, lists: bool = True) -> tuple[MonitorHarness, Session]:
    """Signed in, with a dedicated session just opened."""
    harness = MonitorHarness(root, idle=minutes)
    harness.host.lists_sessions = lists
    await harness.enter()
    session = await harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED, 3600)
    return harness, session


def warnings(harness: MonitorHarness) -> list[SessionIdle]:
    return [event for event in harness.events if isinstance(event, SessionIdle)]


def change(harness: MonitorHarness, session: Session, **changes: object) -> None:
    """What the service says of the session from now on."""
    warning = replace(harness.host.sessions[session.id], **changes)  # type: ignore[arg-type]  # of Session
    harness.host.sessions[session.id] = warning


@pytest.mark.parametrize("lists", [True, False])
async def test_idle_session_is_warned_of_once(tmp_path: Path, lists: bool) -> None:
    harness, session = await watching(tmp_path, lists=lists)
    await harness.clock.advance(4.9 * MINUTE)
    assert not warnings(harness)
    await harness.clock.advance(0.7 * MINUTE)
    (warning,) = warnings(harness)
    assert warning.session.id == session.id and 300 <= warning.seconds < 330
    await harness.clock.advance(20 * MINUTE)
    assert len(warnings(harness)) == 1
    await harness.services.aclose()


async def test_session_with_a_job_is_not_idle_and_a_new_stretch_warns_again(tmp_path: Path) -> None:
    harness, session = await watching(tmp_path)
    job = harness.host.add(session_id=session.id)
    await harness.services.polling.refresh()
    assert harness.services.sessions.idle_since(session) is None
    await harness.clock.advance(30 * MINUTE)
    assert not warnings(harness)
    for end in (JobStatus.DONE, JobStatus.FAILED):
        harness.host.turn(job.id, end)
        before = len(warnings(harness))
        await harness.clock.advance(4 * MINUTE)
        assert len(warnings(harness)) == before
        await harness.clock.advance(3 * MINUTE)
        assert len(warnings(harness)) == before + 1
        job = harness.host.add(session_id=session.id)
        await harness.services.polling.refresh()
    await harness.services.aclose()


async def test_idle_time_counts_from_the_last_job_of_the_service(tmp_path: Path) -> None:
    harness, session = await watching(tmp_path)
    await harness.clock.advance(4 * MINUTE)
    change(harness, session, state=SessionState.ACTIVE, last_job_completed=harness.clock.now())
    await harness.clock.advance(4.8 * MINUTE)
    assert not warnings(harness)
    await harness.clock.advance(0.7 * MINUTE)
    assert len(warnings(harness)) == 1
    await harness.services.aclose()


async def test_idle_time_allows_for_the_clock_skew_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path, idle=5).enter()
    behind = timedelta(minutes=-20)
    monkeypatch.setattr(type(harness.made_services[0]), "clock_skew", behind.total_seconds())
    created = harness.clock.now() + behind
    session = Session(
        "s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.OPEN, created=created, max_ttl=3600
    )
    harness.host.sessions["s"] = session
    await harness.services.polling.refresh()
    await harness.clock.advance(4.8 * MINUTE)
    assert not warnings(harness)
    await harness.clock.advance(MINUTE)
    assert len(warnings(harness)) == 1
    await harness.services.aclose()


async def test_idle_time_without_stamps_counts_from_the_first_poll(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path, idle=5).enter()
    await harness.clock.advance(10 * MINUTE)
    session = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.UNKNOWN, "Odd")
    harness.host.sessions["s"] = session
    await harness.services.polling.refresh()
    await harness.clock.advance(4.8 * MINUTE)
    assert not warnings(harness)
    await harness.clock.advance(MINUTE)
    assert len(warnings(harness)) == 1
    await harness.services.aclose()


async def test_idle_warning_is_checked_against_jobs_from_elsewhere(
    tmp_path: Path,
) -> None:
    harness, session = await watching(tmp_path)
    harness.services.polling.focus_changed(False)
    await harness.clock.advance(4.5 * MINUTE)
    harness.host.add(session_id=session.id)
    await harness.clock.advance(20 * MINUTE)
    assert not warnings(harness)
    await harness.services.aclose()


async def test_idle_warning_comes_without_user_activity(tmp_path: Path) -> None:
    harness, _ = await watching(tmp_path)
    harness.services.polling.focus_changed(False)
    await harness.clock.advance(5.7 * MINUTE)
    assert len(warnings(harness)) == 1
    await harness.services.aclose()


async def test_idle_session_costs_one_poll_a_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded, _ = await watching(tmp_path / "one")
    plain, _ = await watching(tmp_path / "other", minutes=0)
    asked: list[float] = []
    real = guarded.host.called

    def called(name: str) -> None:
        if name == "jobs":
            asked.append(guarded.clock.monotonic())
        real(name)

    monkeypatch.setattr(guarded.host, "called", called)
    for harness in (guarded, plain):
        harness.services.polling.focus_changed(False)
        harness.host.calls.clear()
    began = guarded.clock.monotonic()
    await guarded.clock.run_until(lambda: bool(warnings(guarded)), seconds=10 * MINUTE)
    warning = guarded.clock.monotonic()
    await plain.clock.advance(warning - began)
    assert asked[-1] == warning, "it looks right before it says so"
    for harness in (guarded, plain):
        await harness.clock.advance(20 * MINUTE)
        await harness.services.aclose()
    assert len(warnings(guarded)) == 1 and not warnings(plain)
    usual = [later - earlier for earlier, later in pairwise(at for at in asked if at >= warning)]
    assert len(usual) > 10 and min(usual) >= 0.9 * MINUTE, "and looks for it no more"
    assert guarded.host.count("jobs") - plain.host.count("jobs") <= 1
    assert guarded.host.count("sessions") - plain.host.count("sessions") <= 1


async def test_idle_warning_waits_while_offline(tmp_path: Path) -> None:
    harness, _ = await watching(tmp_path)
    harness.host.down = network()
    await harness.clock.advance(20 * MINUTE)
    assert not warnings(harness)
    harness.host.down = None
    await harness.clock.run_until(lambda: bool(warnings(harness)), seconds=5 * MINUTE)
    assert warnings(harness)[0].seconds > 20 * MINUTE
    await harness.services.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        {"state": SessionState.CLOSED},
        {"state": SessionState.DRAINING},
        {"accepting_jobs": False},
        {"closed": datetime.fromisoformat("2026-03-01T12:00:00Z")},
    ],
)
async def test_draining_session_is_not_warned_of(tmp_path: Path, changes: dict[str, object]) -> None:
    harness, session = await watching(tmp_path)
    change(harness, session, **changes)
    await harness.clock.advance(20 * MINUTE)
    assert not warnings(harness)
    await harness.services.aclose()


async def test_zero_minutes_turn_idle_warnings_off(tmp_path: Path) -> None:
    harness, _ = await watching(tmp_path, minutes=0)
    await harness.clock.advance(30 * MINUTE)
    assert not warnings(harness)
    await harness.services.aclose()


async def test_session_of_the_history_is_warned_of_only_when_confirmed(tmp_path: Path) -> None:
    harness, session = await watching(tmp_path)
    await harness.services.aclose()
    await harness.clock.advance(30 * MINUTE)
    harness.host.faults["sessions"] = [network()]
    again = await MonitorHarness(tmp_path, harness.host, idle=5).enter()
    assert [one.id for one in again.services.sessions.all()] == [session.id] and not warnings(again)
    await again.clock.run_until(lambda: bool(warnings(again)), seconds=2 * MINUTE)
    assert warnings(again)[0].seconds > 30 * MINUTE
    await again.services.account.sign_out()
    await again.clock.advance(30 * MINUTE)
    assert len(warnings(again)) == 1
    await again.services.aclose()


async def test_session_with_a_queued_submission_is_not_idle(tmp_path: Path) -> None:
    harness, session = await watching(tmp_path)
    harness.host.faults["submit"] = [_full() for _ in range(40)]
    work = harness.services.outbox.submit(replace(BELL, session_id=session.id))
    task = harness.app_state.events.background(_swallow(work), "test")
    await harness.clock.advance(20 * MINUTE)
    assert harness.services.outbox.queue.waiting() and not warnings(harness)
    task.cancel()
    await harness.services.aclose()


async def test_idle_stretches_of_two_sessions_are_independent(tmp_path: Path) -> None:
    harness, first = await watching(tmp_path)
    await harness.clock.advance(3 * MINUTE)
    second = await harness.services.sessions.open("ibm_cusco", SessionMode.BATCH, 3600)
    await harness.clock.advance(3 * MINUTE)
    assert [warning.session.id for warning in warnings(harness)] == [first.id]
    await harness.clock.advance(3 * MINUTE)
    assert [warning.session.id for warning in warnings(harness)] == [first.id, second.id]
    await harness.services.aclose()


async def test_session_opened_here_is_known_as_such_after_a_restart(tmp_path: Path) -> None:
    harness, session = await watching(tmp_path)
    elsewhere = replace(session, id="elsewhere", opened_here=False)
    harness.host.sessions["elsewhere"] = elsewhere
    await harness.services.polling.refresh()
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter(ACCOUNT)
    assert {one.id: one.opened_here for one in again.services.sessions.all()} == {
        session.id: True,
        "elsewhere": False,
    }
    await again.services.aclose()


async def test_sessions_poller_fetches_missing_times_to_live_once(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    session = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.ACTIVE)
    harness.host.sessions["s"] = session
    await harness.services.polling.refresh()
    assert harness.host.count("session") == 1
    await harness.clock.advance(5 * MINUTE)
    assert harness.host.count("session") == 1
    await harness.services.aclose()


def test_idle_minutes_are_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert load_settings(file).session_idle_minutes == 5
    for text, minutes in (("", 5), ("session_idle_minutes = 0\n", 0), ("session_idle_minutes = 90\n", 90)):
        file.write_text(text)
        assert load_settings(file) == Settings(session_idle_minutes=minutes)
    for wrong in ("-1", "2.5", '"5"', "true"):
        file.write_text(f"session_idle_minutes = {wrong}\n")
        with pytest.raises(QdeckError, match="whole number of minutes"):
            load_settings(file)


def _full() -> QdeckError:
    return QdeckError(ErrorKind.RATE_LIMITED, "Too many.", retry_after=30.0)


async def _swallow(work: Awaitable[object]) -> None:
    with contextlib.suppress(QdeckError):
        await work
