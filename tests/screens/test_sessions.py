"""Sessions: what is open, and opening, using, draining and cancelling them by keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import running, screen_text, settled, until
from tests.support.fixed_deck import FixedDeck, jobs
from tests.support.sessions import BATCH, DRAINING, SESSIONS
from tui.app import QDeckApp
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode, SessionState
from tui.monitor.events import SessionsChanged
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.new_session import NewSession, parse_time
from tui.screens.sessions import SessionsScreen
from tui.widgets.choice import Choice
from tui.widgets.row_table import RowTable


def app_of(pilot: Pilot[None]) -> QDeckApp:
    assert isinstance(pilot.app, QDeckApp)
    return pilot.app


def shows(pilot: Pilot[None], *words: str) -> bool:
    text = screen_text(pilot)
    return all(word in text for word in words)


def deck_with_sessions() -> FixedDeck:
    deck = FixedDeck()
    deck.the_sessions = SESSIONS
    first, second, *others = jobs()
    deck.the_jobs = (replace(first, session_id=BATCH.id), replace(second, session_id=BATCH.id), *others)
    return deck


async def open_sessions(pilot: Pilot[None]) -> SessionsScreen:
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(app_of(pilot).screen, SessionsScreen))
    await settled(pilot)
    screen = app_of(pilot).screen
    assert isinstance(screen, SessionsScreen)
    return screen


async def test_no_sessions_names_the_key() -> None:
    async with running() as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "No sessions yet", "n opens one")


async def test_the_table_tells_state_times_usage_and_jobs() -> None:
    async with running(deck_with_sessions()) as pilot:
        screen = await open_sessions(pilot)
        assert shows(pilot, "● active", "◐ draining", "✔ closed", "181.5", "8h", "1h 00m")
        assert shows(pilot, f"batch {BATCH.id} on ibm_peekskill")
        assert screen.query_one(RowTable).has_focus


async def test_an_id_from_outside_cannot_colour_the_screen() -> None:
    async with running(deck_with_sessions(), size=(120, 40)) as pilot:
        await open_sessions(pilot)
        assert shows(pilot, "[red]␛[31m")


async def test_a_session_is_used_for_the_next_jobs_and_again_not() -> None:
    async with running(deck_with_sessions()) as pilot:
        await open_sessions(pilot)
        await pilot.press("u")
        bench = app_of(pilot).bench
        assert (bench.session_id, bench.backend) == (BATCH.id, "ibm_peekskill")
        await until(pilot, lambda: shows(pilot, "next jobs run here"))
        await pilot.press("u")
        assert bench.session_id == ""


async def test_a_session_that_takes_no_jobs_is_not_used() -> None:
    async with running(deck_with_sessions()) as pilot:
        await open_sessions(pilot)
        await pilot.press("down", "u")
        assert app_of(pilot).bench.session_id == ""
        await until(pilot, lambda: shows(pilot, "takes no more jobs"))


async def test_a_session_is_opened_by_keys() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await open_sessions(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, NewSession))
        await pilot.press("enter", "up", "enter", "tab", "tab")
        await pilot.press(*"30m", "enter")
        await until(
            pilot, lambda: ("open_session", "ibm_peekskill", SessionMode.DEDICATED, 1800) in deck.asked
        )
        await until(pilot, lambda: app_of(pilot).screen is screen)
        await until(pilot, lambda: screen.query_one(RowTable).cursor_key == "s-new")
        assert shows(pilot, "○ open")


async def test_what_the_service_refuses_is_told_in_the_dialog() -> None:
    deck = FixedDeck()
    deck.trouble["open_session"] = QdeckError(
        ErrorKind.FORBIDDEN, "The plan has no sessions.", "Use a batch."
    )
    async with running(deck) as pilot:
        await open_sessions(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, NewSession))
        app_of(pilot).screen.query_one("#mode", Choice).value = SessionMode.DEDICATED
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
def test_times_are_read_as_people_write_them(typed: str, seconds: int | None) -> None:
    assert parse_time(typed) == seconds


@pytest.mark.parametrize("typed", ["0", "9h", "soon", "h", "-1h", "1.5h", "²h"])
def test_other_times_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Time:"):
        parse_time(typed)


@pytest.mark.parametrize(
    ("key", "command", "words"),
    [
        ("d", "drain_session", ("Drain the batch", "job queued in it still runs")),
        ("c", "close_session", ("Cancel the batch", "job queued in it is dropped")),
    ],
)
async def test_draining_and_cancelling_ask_with_keeping_focused(
    key: str, command: str, words: tuple[str, ...]
) -> None:
    deck = deck_with_sessions()
    async with running(deck) as pilot:
        await open_sessions(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        assert shows(pilot, *words)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SessionsScreen))
        assert command not in deck.names_asked()
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: (command, BATCH.id) in deck.asked)


async def test_a_refused_drain_is_told() -> None:
    deck = deck_with_sessions()
    deck.trouble["drain_session"] = QdeckError(ErrorKind.CONFLICT, "It is closed already.", "Open another.")
    async with running(deck) as pilot:
        await open_sessions(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: shows(pilot, "It is closed already."))


async def test_news_moves_rows_but_not_the_cursor() -> None:
    deck = deck_with_sessions()
    async with running(deck) as pilot:
        screen = await open_sessions(pilot)
        await pilot.press("down")
        assert screen.query_one(RowTable).cursor_key == DRAINING.id
        new = replace(BATCH, id="brand-new", state=SessionState.OPEN)
        deck.the_sessions = (new, *SESSIONS)
        deck.publish(SessionsChanged((new,)))
        await until(pilot, lambda: shows(pilot, "brand-new"))
        assert screen.query_one(RowTable).cursor_key == DRAINING.id
