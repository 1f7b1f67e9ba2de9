"""The session guard: one warning for a stretch in which an open session has no job, and none else."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, Cockpit, network
from tui.common.errors import ErrorKind, QdeckError
from tui.config.settings import Settings, load_settings
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.monitor.state.events import SessionIdle

MINUTE = 60.0


async def watching(root: Path, *, minutes: int = 5, lists: bool = True) -> tuple[Cockpit, Session]:
    """Signed in, with a dedicated session just opened."""
    cockpit = Cockpit(root, idle=minutes)
    cockpit.host.lists_sessions = lists
    await cockpit.enter()
    session = await cockpit.deck.open_session("ibm_cusco", SessionMode.DEDICATED, 3600)
    return cockpit, session


def warnings(cockpit: Cockpit) -> list[SessionIdle]:
    return [event for event in cockpit.events if isinstance(event, SessionIdle)]


def change(cockpit: Cockpit, session: Session, **changes: object) -> None:
    """What the service says of the session from now on."""
    told = replace(cockpit.host.sessions[session.id], **changes)  # type: ignore[arg-type]  # of Session
    cockpit.host.sessions[session.id] = told


@pytest.mark.parametrize("lists", [True, False])
async def test_a_session_that_gets_no_job_is_told_of_once(tmp_path: Path, lists: bool) -> None:
    cockpit, session = await watching(tmp_path, lists=lists)
    await cockpit.clock.advance(4.9 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.clock.advance(0.7 * MINUTE)
    (told,) = warnings(cockpit)
    assert told.session.id == session.id and 300 <= told.seconds < 330
    await cockpit.clock.advance(20 * MINUTE)
    assert len(warnings(cockpit)) == 1
    await cockpit.deck.aclose()


async def test_a_session_with_a_job_is_not_idle_and_a_new_stretch_is_told_of_anew(tmp_path: Path) -> None:
    cockpit, session = await watching(tmp_path)
    job = cockpit.host.add(session_id=session.id)
    await cockpit.deck.refresh()
    assert cockpit.deck.idle_since(session) is None
    await cockpit.clock.advance(30 * MINUTE)
    assert not warnings(cockpit)
    for end in (JobStatus.DONE, JobStatus.FAILED):
        cockpit.host.turn(job.id, end)
        before = len(warnings(cockpit))
        await cockpit.clock.advance(4 * MINUTE)
        assert len(warnings(cockpit)) == before
        await cockpit.clock.advance(3 * MINUTE)
        assert len(warnings(cockpit)) == before + 1
        job = cockpit.host.add(session_id=session.id)
        await cockpit.deck.refresh()
    await cockpit.deck.aclose()


async def test_time_counts_from_the_last_job_as_the_service_tells_it(tmp_path: Path) -> None:
    cockpit, session = await watching(tmp_path)
    await cockpit.clock.advance(4 * MINUTE)
    change(cockpit, session, state=SessionState.ACTIVE, last_job_completed=cockpit.clock.now())
    await cockpit.clock.advance(4.8 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.clock.advance(0.7 * MINUTE)
    assert len(warnings(cockpit)) == 1
    await cockpit.deck.aclose()


async def test_a_service_whose_clock_is_wrong_warns_neither_too_early_nor_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cockpit = await Cockpit(tmp_path, idle=5).enter()
    behind = timedelta(minutes=-20)
    monkeypatch.setattr(type(cockpit.services[0]), "clock_skew", behind.total_seconds())
    created = cockpit.clock.now() + behind
    session = Session(
        "s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.OPEN, created=created, max_ttl=3600
    )
    cockpit.host.sessions["s"] = session
    await cockpit.deck.refresh()
    await cockpit.clock.advance(4.8 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.clock.advance(MINUTE)
    assert len(warnings(cockpit)) == 1
    await cockpit.deck.aclose()


async def test_without_any_time_it_counts_from_when_it_was_first_seen(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path, idle=5).enter()
    await cockpit.clock.advance(10 * MINUTE)
    session = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.UNKNOWN, "Odd")
    cockpit.host.sessions["s"] = session
    await cockpit.deck.refresh()
    await cockpit.clock.advance(4.8 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.clock.advance(MINUTE)
    assert len(warnings(cockpit)) == 1
    await cockpit.deck.aclose()


async def test_a_script_that_feeds_the_session_while_nobody_looks_keeps_it_from_being_told_of(
    tmp_path: Path,
) -> None:
    cockpit, session = await watching(tmp_path)
    cockpit.deck.focus(False)
    await cockpit.clock.advance(4.5 * MINUTE)
    cockpit.host.add(session_id=session.id)
    await cockpit.clock.advance(20 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.deck.aclose()


async def test_the_clock_alone_wakes_it_while_nobody_looks(tmp_path: Path) -> None:
    cockpit, _ = await watching(tmp_path)
    cockpit.deck.focus(False)
    await cockpit.clock.advance(5.7 * MINUTE)
    assert len(warnings(cockpit)) == 1
    await cockpit.deck.aclose()


async def test_one_look_at_the_service_a_stretch_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded, _ = await watching(tmp_path / "one")
    plain, _ = await watching(tmp_path / "other", minutes=0)
    asked: list[float] = []
    real = guarded.host.called

    def called(name: str) -> None:
        if name == "jobs":
            asked.append(guarded.clock.monotonic())
        real(name)

    monkeypatch.setattr(guarded.host, "called", called)
    for cockpit in (guarded, plain):
        cockpit.deck.focus(False)
        cockpit.host.calls.clear()
    began = guarded.clock.monotonic()
    await guarded.clock.run_until(lambda: bool(warnings(guarded)), seconds=10 * MINUTE)
    told = guarded.clock.monotonic()
    await plain.clock.advance(told - began)
    assert asked[-1] == told, "it looks right before it says so"
    for cockpit in (guarded, plain):
        await cockpit.clock.advance(20 * MINUTE)
        await cockpit.deck.aclose()
    assert len(warnings(guarded)) == 1 and not warnings(plain)
    usual = [later - earlier for earlier, later in pairwise(at for at in asked if at >= told)]
    assert len(usual) > 10 and min(usual) >= 0.9 * MINUTE, "and looks for it no more"
    assert guarded.host.count("jobs") - plain.host.count("jobs") <= 1
    assert guarded.host.count("sessions") - plain.host.count("sessions") <= 1


async def test_while_offline_nothing_is_said_and_then_it_is(tmp_path: Path) -> None:
    cockpit, _ = await watching(tmp_path)
    cockpit.host.down = network()
    await cockpit.clock.advance(20 * MINUTE)
    assert not warnings(cockpit)
    cockpit.host.down = None
    await cockpit.clock.run_until(lambda: bool(warnings(cockpit)), seconds=5 * MINUTE)
    assert warnings(cockpit)[0].seconds > 20 * MINUTE
    await cockpit.deck.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        {"state": SessionState.CLOSED},
        {"state": SessionState.DRAINING},
        {"accepting_jobs": False},
        {"closed": datetime.fromisoformat("2026-03-01T12:00:00Z")},
    ],
)
async def test_a_session_that_takes_no_jobs_is_left_alone(tmp_path: Path, changes: dict[str, object]) -> None:
    cockpit, session = await watching(tmp_path)
    change(cockpit, session, **changes)
    await cockpit.clock.advance(20 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.deck.aclose()


async def test_zero_minutes_means_never(tmp_path: Path) -> None:
    cockpit, _ = await watching(tmp_path, minutes=0)
    await cockpit.clock.advance(30 * MINUTE)
    assert not warnings(cockpit)
    await cockpit.deck.aclose()


async def test_what_the_history_holds_is_told_of_only_when_the_service_confirms_it(tmp_path: Path) -> None:
    cockpit, session = await watching(tmp_path)
    await cockpit.deck.aclose()
    await cockpit.clock.advance(30 * MINUTE)
    cockpit.host.faults["sessions"] = [network()]
    again = await Cockpit(tmp_path, cockpit.host, idle=5).enter()
    assert [one.id for one in again.deck.sessions()] == [session.id] and not warnings(again)
    await again.clock.run_until(lambda: bool(warnings(again)), seconds=2 * MINUTE)
    assert warnings(again)[0].seconds > 30 * MINUTE
    await again.deck.sign_out()
    await again.clock.advance(30 * MINUTE)
    assert len(warnings(again)) == 1
    await again.deck.aclose()


async def test_a_submission_that_waits_in_line_for_the_session_is_on_its_way(tmp_path: Path) -> None:
    cockpit, session = await watching(tmp_path)
    cockpit.host.faults["submit"] = [_full() for _ in range(40)]
    work = cockpit.deck.submit(replace(BELL, session_id=session.id))
    task = cockpit.deck._board.background(_swallow(work), "test")
    await cockpit.clock.advance(20 * MINUTE)
    assert cockpit.deck.waiting() and not warnings(cockpit)
    task.cancel()
    await cockpit.deck.aclose()


async def test_two_sessions_have_a_stretch_each(tmp_path: Path) -> None:
    cockpit, first = await watching(tmp_path)
    await cockpit.clock.advance(3 * MINUTE)
    second = await cockpit.deck.open_session("ibm_cusco", SessionMode.BATCH, 3600)
    await cockpit.clock.advance(3 * MINUTE)
    assert [told.session.id for told in warnings(cockpit)] == [first.id]
    await cockpit.clock.advance(3 * MINUTE)
    assert [told.session.id for told in warnings(cockpit)] == [first.id, second.id]
    await cockpit.deck.aclose()


async def test_a_session_opened_here_is_known_as_such_after_a_restart(tmp_path: Path) -> None:
    cockpit, session = await watching(tmp_path)
    elsewhere = replace(session, id="elsewhere", opened_here=False)
    cockpit.host.sessions["elsewhere"] = elsewhere
    await cockpit.deck.refresh()
    await cockpit.deck.aclose()
    again = await Cockpit(tmp_path, cockpit.host).enter(ACCOUNT)
    assert {one.id: one.opened_here for one in again.deck.sessions()} == {
        session.id: True,
        "elsewhere": False,
    }
    await again.deck.aclose()


async def test_times_to_live_that_a_list_leaves_out_are_asked_for_once(tmp_path: Path) -> None:
    cockpit = await Cockpit(tmp_path).enter()
    session = Session("s", "platform", "ibm_cusco", SessionMode.BATCH, SessionState.ACTIVE)
    cockpit.host.sessions["s"] = session
    await cockpit.deck.refresh()
    assert cockpit.host.count("session") == 1
    await cockpit.clock.advance(5 * MINUTE)
    assert cockpit.host.count("session") == 1
    await cockpit.deck.aclose()


def test_the_minutes_are_a_setting(tmp_path: Path) -> None:
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
