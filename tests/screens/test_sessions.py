"""Sessions: what is open, and opening, using, draining and cancelling them by keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import app_of, notices, running, screen_text, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import ago, jobs
from tests.support.sessions import BATCH, CLOSED, DRAINING, SESSIONS
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode, SessionState
from tui.monitor.state.events import SessionIdle, SessionsChanged, Severity
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.new_session import NewSession, parse_time
from tui.screens.sessions import SessionsScreen
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.tables.row_table import RowTable


def services_with_sessions() -> AppServicesHarness:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    first, second, *others = jobs()
    services.the_jobs = (replace(first, session_id=BATCH.id), replace(second, session_id=BATCH.id), *others)
    return services


async def open_sessions(pilot: Pilot[None]) -> SessionsScreen:
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(app_of(pilot).screen, SessionsScreen))
    await settled(pilot)
    screen = app_of(pilot).screen
    assert isinstance(screen, SessionsScreen)
    return screen


async def test_sessions_empty_names_the_key() -> None:
    async with running() as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "No sessions yet", "n opens one")


async def test_sessions_show_the_reason_as_text() -> None:
    services = services_with_sessions()
    services.the_sessions = (replace(CLOSED, reason="[b]closed[/b] by user\x1b[2J"),)
    async with running(services) as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "12.0 s of QPU so far · [b]closed[/b] by user␛[2J")


async def test_sessions_table_has_state_times_usage_and_jobs() -> None:
    async with running(services_with_sessions()) as pilot:
        screen = await open_sessions(pilot)
        assert shows(pilot, "● active", "◐ draining", "✔ closed", "181.5", "8h", "1h 00m")
        assert shows(pilot, f"batch {BATCH.id} on ibm_peekskill")
        assert screen.query_one(RowTable).has_focus


async def test_sessions_hostile_id_is_text() -> None:
    async with running(services_with_sessions(), size=(120, 40)) as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "[red]␛[31m")


async def test_sessions_use_toggles_the_session_of_the_next_jobs() -> None:
    async with running(services_with_sessions()) as pilot:
        await open_sessions(pilot)
        await pilot.press("u")
        workspace = app_of(pilot).workspace
        assert (workspace.session_id, workspace.backend) == (BATCH.id, "ibm_peekskill")
        await until(pilot, lambda: shows(pilot, "next jobs run here"))
        await pilot.press("u")
        assert workspace.session_id == ""


async def test_sessions_use_refuses_a_session_that_takes_no_jobs() -> None:
    async with running(services_with_sessions()) as pilot:
        await open_sessions(pilot)
        await pilot.press("down", "u")
        assert app_of(pilot).workspace.session_id == ""
        await until(pilot, lambda: shows(pilot, "takes no more jobs"))


async def test_new_session_dialog_opens_a_session_by_keys() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await open_sessions(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, NewSession))
        await pilot.press("enter", "up", "enter", "tab", "tab")
        await pilot.press(*"30m", "enter")
        await until(
            pilot, lambda: ("open_session", "ibm_peekskill", SessionMode.DEDICATED, 1800) in services.asked
        )
        await until(pilot, lambda: app_of(pilot).screen is screen)
        await until(pilot, lambda: screen.query_one(RowTable).cursor_key == "s-new")
        assert shows(pilot, "○ open")


async def test_new_session_dialog_reports_a_refusal() -> None:
    services = AppServicesHarness()
    services.trouble["open_session"] = QdeckError(
        ErrorKind.FORBIDDEN, "The plan has no sessions.", "Use a batch."
    )
    async with running(services) as pilot:
        await open_sessions(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, NewSession))
        app_of(pilot).screen.query_one("#mode", SearchableSelect).value = SessionMode.DEDICATED
        app_of(pilot).screen.query_one("#time", Input).focus()
        await pilot.press("9", "h", "enter")
        await until(pilot, lambda: shows(pilot, "from 1m to 8h"))
        await pilot.press("backspace", "backspace", "enter")
        await until(pilot, lambda: shows(pilot, "The plan has no sessions. Use a batch."))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SessionsScreen))


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("", None), ("30m", 1800), ("2h", 7200), ("1h30", 5400), ("45", 2700), (" 8 h ", 28800)],
)
def test_new_session_dialog_reads_times_as_people_write_them(typed: str, seconds: int | None) -> None:
    assert parse_time(typed) == seconds


@pytest.mark.parametrize("typed", ["0", "9h", "soon", "h", "-1h", "1.5h", "²h"])
def test_new_session_dialog_refuses_malformed_times(typed: str) -> None:
    with pytest.raises(ValueError, match="Time:"):
        parse_time(typed)


@pytest.mark.parametrize(
    ("key", "command", "words"),
    [
        ("d", "drain_session", ("Drain the batch", "job queued in it still runs")),
        ("c", "close_session", ("Cancel the batch", "job queued in it is dropped")),
    ],
)
async def test_sessions_drain_and_cancel_ask_with_keep_focused(
    key: str, command: str, words: tuple[str, ...]
) -> None:
    services = services_with_sessions()
    async with running(services) as pilot:
        await open_sessions(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        assert shows(pilot, *words)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SessionsScreen))
        assert command not in services.names_asked()
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: (command, BATCH.id) in services.asked)


async def test_sessions_report_a_refused_drain() -> None:
    services = services_with_sessions()
    services.trouble["drain_session"] = QdeckError(
        ErrorKind.CONFLICT, "It is closed already.", "Open another."
    )
    async with running(services) as pilot:
        await open_sessions(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: shows(pilot, "It is closed already."))


async def test_sessions_changes_move_rows_not_the_cursor() -> None:
    services = services_with_sessions()
    async with running(services) as pilot:
        screen = await open_sessions(pilot)
        await pilot.press("down")
        assert screen.query_one(RowTable).cursor_key == DRAINING.id
        new = replace(BATCH, id="brand-new", state=SessionState.OPEN)
        services.the_sessions = (new, *SESSIONS)
        services.events.publish(SessionsChanged((new,)))
        await until(pilot, lambda: shows(pilot, "brand-new"))
        assert screen.query_one(RowTable).cursor_key == DRAINING.id


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((120, 30), "● 1 session 8h left  token 52m"),
        ((100, 30), "● 1 session 8h left  token 52m"),
        ((80, 24), "● 1 session 8h  token 52m"),
        ((60, 16), "● 1 8h"),
    ],
)
async def test_status_bar_shows_open_sessions_on_every_screen(size: tuple[int, int], words: str) -> None:
    services = services_with_sessions()
    async with running(services, size=size) as pilot:
        for key in ("f2", "f3", "f4", "f5", "f6"):
            await pilot.press(key)
            await settled(pilot)
            assert shows(pilot, words, "● live", "lab-instance")
        over = replace(BATCH, state=SessionState.CLOSED)
        services.the_sessions = (over, DRAINING)
        services.events.publish(SessionsChanged((over,)))
        await until(pilot, lambda: words not in screen_text(pilot))
        assert "1 session" not in screen_text(pilot)


async def test_sessions_detail_has_time_left_idleness_place_and_usage() -> None:
    services = services_with_sessions()
    idle = replace(
        BATCH,
        mode=SessionMode.DEDICATED,
        interactive_ttl=900,
        last_job_completed=ago(minutes=7),
        usage_seconds=None,
    )
    services.the_sessions = (idle,)
    services.the_jobs = (replace(jobs()[2], session_id=idle.id),)
    async with running(services) as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "8h left · idle 7m · loses its place in 8m · ≥2.1 s of QPU so far")


async def test_session_in_use_that_closes_is_reported_once() -> None:
    services = services_with_sessions()
    async with running(services) as pilot:
        app = app_of(pilot)
        app.workspace.use_session(BATCH.id)
        closed = replace(BATCH, state=SessionState.CLOSED)
        services.the_sessions = (closed,)
        for _ in range(2):
            services.events.publish(SessionsChanged((closed,)))
            await until(pilot, lambda: "is closed: it was in use" in notices(pilot))
        assert notices(pilot).count("was in use") == 1
        assert (app.workspace.session_id, app.workspace.lost_session) == ("", BATCH.id)


@pytest.mark.parametrize(("key", "words"), [("d", "takes no more jobs"), ("c", "is cancelled")])
async def test_session_in_use_ended_by_the_user_is_not_reported(key: str, words: str) -> None:
    services = services_with_sessions()
    async with running(services) as pilot:
        app = app_of(pilot)
        await open_sessions(pilot)
        await pilot.press("u", key)
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: f"{words}. The next jobs run alone." in notices(pilot))
        assert (app.workspace.session_id, app.workspace.lost_session) == ("", "")
        assert "was in use" not in notices(pilot)


async def test_idle_session_is_reported_and_rings_without_focus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = services_with_sessions()
    async with running(services) as pilot:
        app = app_of(pilot)
        rung: list[str] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append("bell"))
        services.events.publish(SessionIdle(replace(BATCH, mode=SessionMode.DEDICATED), 310.0))
        await until(pilot, lambda: "Idle for 5m: dedicated b0a7c1d2-… on ibm_peekskill." in notices(pilot))
        assert "Its QPU time is charged, used or not. F5: d drains it, c cancels it." in notices(pilot)
        assert shows(pilot, "c cancels it.")
        assert app.notifications.all[0].severity is Severity.WARNING and not rung
        app.app_focus = False
        services.events.publish(SessionIdle(BATCH, 310.0))
        await until(pilot, lambda: "Only the QPU time of its jobs is charged." in notices(pilot))
        assert rung == ["bell"]


async def test_idle_session_warning_names_no_keys_when_read_only() -> None:
    services = services_with_sessions()
    services.read_only = True
    async with running(services) as pilot:
        services.events.publish(SessionIdle(BATCH, 310.0))
        await until(pilot, lambda: "Idle for 5m" in notices(pilot))
        assert "drains it" not in notices(pilot)
