"""Leaving while submissions are in line or sessions open: stay, wait, drain, cancel, leave, by keys alone."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from tests.support.app import SnapCompare, make_app, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import ago, jobs
from tests.support.sessions import BATCH, CLOSED, DRAINING
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode, SessionState
from tui.monitor.state.events import SessionsChanged
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.quit import LeaveQueue, LeaveSessions
from tui.screens.jobs.screen import JobsScreen
from tui.store.records.models import PendingState

ALIVE = f"{socket.gethostname()}:{os.getpid()}"
"""Another qdeck that runs."""
OWN = replace(BATCH, opened_here=True)
FOREIGN = replace(
    BATCH,
    id="f0re1gn0-0000",
    backend="ibm_cusco",
    mode=SessionMode.DEDICATED,
    max_ttl=3600,
    created=ago(minutes=12, seconds=1),
)


def services_with() -> AppServicesHarness:
    """Services with a session of each kind, two jobs queued in the own one."""
    services = AppServicesHarness()
    services.the_sessions = (OWN, FOREIGN, DRAINING, CLOSED)
    running_one, queued, *others = jobs()
    services.the_jobs = (
        replace(running_one, session_id=OWN.id),
        replace(queued, session_id=OWN.id),
        replace(queued, id="another", session_id=OWN.id),
        *others,
    )
    return services


async def ask(pilot: Pilot[None]) -> LeaveSessions:
    """Press ctrl+q and wait for the question."""
    await pilot.press("ctrl+q")
    await until(pilot, lambda: isinstance(pilot.app.screen, LeaveSessions))
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, LeaveSessions)
    return screen


def test_quit_sessions_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await ask(pilot)

    assert snap_compare(make_app(services_with()), run_before=asked)


def test_quit_sessions_with_unsaved_changes_at_60x16(snap_compare: SnapCompare) -> None:
    app = make_app(services_with())
    app.workspace.qasm = "OPENQASM 3;"

    async def asked(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await ask(pilot)

    assert snap_compare(app, terminal_size=(60, 16), run_before=asked)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_quit_lists_open_sessions_and_explains_each_choice(size: tuple[int, int]) -> None:
    async with running(services_with(), size=size) as pilot:
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.workspace.qasm = "OPENQASM 3;"
        await ask(pilot)
        assert shows(pilot, "2 sessions are open", "ibm_peekski", "b0a7c1d…", "2 queued", "ibm_cusco")
        assert shows(pilot, "* not opened by qdeck", "0 queued *", "changes that are in no file")
        assert shows(pilot, "no new jobs; 2 queued still run", "closed now; 2 queued are dropped")
        assert shows(pilot, "may use QPU time until 22:58", "tab, up, down choose")


@pytest.mark.parametrize("keys", [("enter",), ("escape",), ("down", "up", "enter")])
async def test_quit_focuses_staying(keys: tuple[str, ...]) -> None:
    services = services_with()
    async with running(services) as pilot:
        await ask(pilot)
        await pilot.press("ctrl+q")
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        assert pilot.app.return_code is None
        assert not {"drain_session", "close_session"} & set(services.names_asked())


@pytest.mark.parametrize(
    ("downs", "command"),
    [(1, "drain_session"), (2, "close_session"), (3, "")],
    ids=["drain", "cancel", "leave"],
)
async def test_quit_does_each_choice_by_keys(downs: int, command: str) -> None:
    services = services_with()
    async with running(services) as pilot:
        await ask(pilot)
        await pilot.press(*["down"] * downs, "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)
    asked = [asked for asked in services.asked if str(asked[0]).endswith("_session")]
    assert asked == ([(command, OWN.id), (command, FOREIGN.id)] if command else [])


async def test_quit_stays_after_a_refusal() -> None:
    services = services_with()
    services.trouble["drain_session"] = QdeckError(ErrorKind.NETWORK, "127.0.0.1 is not reached.")
    async with running(services) as pilot:
        screen = await ask(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: shows(pilot, "127.0.0.1 is not reached."))
        assert pilot.app.screen is screen and pilot.app.return_code is None
        assert screen.query_one("#keep", Button).has_focus
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_quit_ends_when_the_session_is_gone() -> None:
    services = services_with()
    services.trouble["close_session"] = QdeckError(ErrorKind.NOT_FOUND, "No such session.")
    async with running(services) as pilot:
        await ask(pilot)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)


async def test_quit_waits_visibly_and_not_for_ever_for_a_silent_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = services_with()
    silent = asyncio.Event()

    async def never(session_id: str) -> None:
        await silent.wait()

    monkeypatch.setattr(services.sessions, "drain", never)
    async with running(services) as pilot:
        screen = LeaveSessions(services, pilot.app.clock, seconds=0.5)  # type: ignore[attr-defined]  # QDeckApp
        pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.is_current)
        await pilot.press("down", "enter", "enter", "escape")
        assert shows(pilot, "Draining 2 sessions…")
        assert pilot.app.screen is screen
        await until(pilot, lambda: shows(pilot, "It may still be open."))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_quit_leaves_a_session_that_ended_meanwhile_alone() -> None:
    services = services_with()
    async with running(services) as pilot:
        await ask(pilot)
        over = replace(OWN, state=SessionState.CLOSED)
        services.the_sessions = (over, FOREIGN, replace(OWN, id="opened-meanwhile"))
        services.events.publish(SessionsChanged((over,)))
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)
    assert [asked for asked in services.asked if asked[0] == "drain_session"] == [
        ("drain_session", FOREIGN.id)
    ]


async def test_quit_asks_only_about_sessions_that_take_jobs_here() -> None:
    services = services_with()
    services.the_sessions = (DRAINING, CLOSED)
    async with running(services) as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.return_code == 0)
    services = AppServicesHarness(signed_in=False)
    services.the_sessions = (OWN,)
    async with running(services) as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.return_code == 0)


async def test_quit_asks_about_unsaved_changes_alone() -> None:
    async with running() as pilot:
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.workspace.qasm = "OPENQASM 3;"
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_quit_when_read_only_offers_stay_or_leave_open() -> None:
    services = services_with()
    services.read_only = True
    async with running(services) as pilot:
        question = await ask(pilot)
        assert [button.id for button in question.query(Button)] == ["keep", "leave"]
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)
    assert not {"drain_session", "close_session"} & set(services.names_asked())


# submissions in line


def services_in_line() -> AppServicesHarness:
    """Services with a submission that is being looked for, and one in line behind it."""
    services = AppServicesHarness()
    services.queue("lost", PendingState.UNCONFIRMED)
    services.queue("behind", PendingState.PREPARED, 1)
    services.outbox.queue.hold_for(3600.0, "the service asked to wait")
    return services


async def ask_in_line(pilot: Pilot[None], *keys: str) -> LeaveQueue:
    """Press ctrl+q, wait for the question about the submissions, and press keys in it."""
    await settled(pilot)
    await pilot.press("ctrl+q")
    await until(pilot, lambda: isinstance(pilot.app.screen, LeaveQueue))
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, LeaveQueue)
    await pilot.press(*keys)
    return screen


def end(services: AppServicesHarness, name: str, state: PendingState) -> None:
    """Let a submission end as if the service had been asked."""
    history = services.outbox.context.app_state.history
    pending = history.submission(f"qdeck-{name}")
    assert pending is not None
    history.upsert_submission(replace(pending, state=state, note="Exhausted."))
    services.outbox.queue.publish()


def test_quit_with_submissions_in_line_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await ask_in_line(pilot, "down", "enter")
        await settled(pilot)

    assert snap_compare(make_app(services_in_line()), run_before=asked)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_quit_counts_the_submissions_in_line_and_what_they_wait_for(size: tuple[int, int]) -> None:
    async with running(services_in_line(), size=size) as pilot:
        await ask_in_line(pilot)
        assert shows(pilot, "2 submissions in line", "lost", "checking for its job")
        assert shows(pilot, "behind", "Wait and leave", "they stay for the next qdeck")


@pytest.mark.parametrize("keys", [("enter",), ("escape",), ("down", "enter", "escape")])
async def test_quit_with_submissions_in_line_can_stay(keys: tuple[str, ...]) -> None:
    async with running(services_in_line()) as pilot:
        await ask_in_line(pilot, *keys)
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        assert pilot.app.return_code is None


async def test_quit_leaves_submissions_in_line_to_the_next_qdeck() -> None:
    services = services_in_line()
    async with running(services) as pilot:
        await ask_in_line(pilot, "down", "down", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)
    assert services.queued("qdeck-behind")[0] is PendingState.PREPARED


async def test_quit_waits_until_the_last_submission_is_a_job() -> None:
    services = services_in_line()
    async with running(services) as pilot:
        await ask_in_line(pilot, "down", "enter")
        await until(pilot, lambda: shows(pilot, "Waiting for 2 submissions;"))
        end(services, "lost", PendingState.ACCEPTED)
        await until(pilot, lambda: shows(pilot, "Waiting for 1 submission;"))
        assert pilot.app.return_code is None
        end(services, "behind", PendingState.ACCEPTED)
        await until(pilot, lambda: pilot.app.return_code == 0)


@pytest.mark.parametrize("state", [PendingState.REFUSED, PendingState.UNSENT])
async def test_quit_stays_when_a_submission_ends_without_a_job(state: PendingState) -> None:
    services = services_in_line()
    async with running(services) as pilot:
        screen = await ask_in_line(pilot, "down", "enter")
        end(services, "behind", PendingState.ACCEPTED)
        end(services, "lost", state)
        await until(pilot, lambda: shows(pilot, "Exhausted."))
        assert pilot.app.screen is screen and pilot.app.return_code is None
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)


async def test_quit_asks_about_sessions_after_the_submissions_in_line() -> None:
    services = services_in_line()
    services.the_sessions = (OWN,)
    async with running(services) as pilot:
        await ask_in_line(pilot, "down", "enter")
        end(services, "lost", PendingState.ACCEPTED)
        end(services, "behind", PendingState.ACCEPTED)
        await until(pilot, lambda: isinstance(pilot.app.screen, LeaveSessions))


@pytest.mark.parametrize("why", ["read-only", "signed out", "elsewhere"])
async def test_quit_does_not_ask_about_submissions_that_it_cannot_send(why: str) -> None:
    services = AppServicesHarness(signed_in=why != "signed out")
    services.queue("one", PendingState.PREPARED, 1, owner=ALIVE if why == "elsewhere" else "")
    services.outbox.queue.sends = why != "read-only"
    services.outbox.queue.hold_for(3600.0, "the service asked to wait")
    async with running(services) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.return_code == 0)
