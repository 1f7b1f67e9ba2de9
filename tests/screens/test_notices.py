"""Notices: one line above the keys that covers nothing, and all of them again among the messages."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from textual.events import AppBlur, AppFocus
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW, FixedClock, jobs
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.state.events import JobsFinished, Notice, Severity
from tui.screens.notifications import MessagesScreen
from tui.widgets.chrome import footer
from tui.widgets.chrome.footer import NotificationLine
from tui.widgets.chrome.notifications import (
    KEPT,
    Notification,
    NotificationLog,
    log_lines,
    notification_lines,
)
from tui.widgets.text.styled_text import text_of, width_of

ADVICE = "The device is being calibrated and takes no jobs before noon. Choose another with F6 and try again."


def _note(text: str, severity: Severity = Severity.INFORMATION) -> Notification:
    return Notification(text, severity, NOW)


def _told(pilot: Pilot[None]) -> list[str]:
    app = pilot.app
    assert isinstance(app, QDeckApp)
    flash = app.screen.query_one(NotificationLine)
    region = flash.region
    return [row.rstrip() for row in screen_text(pilot).split("\n")[region.y : region.bottom]]


def _tells(pilot: Pilot[None], text: str) -> bool:
    return _told(pilot)[0].startswith(text)


def test_notice_warning_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()

    async def warned(pilot: Pilot[None]) -> None:
        await settled(pilot)
        services.events.publish(Notice("The sessions are not up to date.", Severity.WARNING))
        await settled(pilot)

    assert snap_compare(make_app(services), run_before=warned)


async def test_line_break_in_an_id_cannot_forge_a_line_of_a_notice() -> None:
    async with running(AppServicesHarness()) as pilot:
        app = pilot.app
        assert isinstance(app, QDeckApp)
        app.show_notice("Submitted dc1f\r\n✘ Error  all is lost")
        app.report(QdeckError(ErrorKind.CONFLICT, "No job a\r\nb.", "Look at it\nfirst."))
        told = [note.text for note in app.notifications.all]
    assert told == ["No job a␍␊b.\nLook at it␊first.", "Submitted dc1f␍␊✘ Error  all is lost"]


def test_notices_log_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()

    async def listed(pilot: Pilot[None]) -> None:
        await settled(pilot)
        services.events.publish(Notice("Submitted d3k0"))
        services.events.publish(Notice(ADVICE, Severity.ERROR))
        await settled(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(pilot.app.screen, MessagesScreen))

    assert snap_compare(make_app(services), run_before=listed)


async def test_notice_is_one_line_above_the_footer() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        before = screen_text(pilot).split("\n")
        assert _told(pilot) == [""]
        services.events.publish(Notice("Hello"))
        await until(pilot, lambda: _told(pilot) == [" Hello"])
        after = screen_text(pilot).split("\n")
        assert [row for row, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [22]
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.clear_notices()
        await settled(pilot)
        assert screen_text(pilot).split("\n") == before


async def test_notice_is_plain_text_and_the_newest_wins() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        services.events.publish(JobsFinished((jobs()[2],)))
        services.events.publish(Notice("[red]q[0][/]\x1b[2J", Severity.WARNING))
        await until(pilot, lambda: "! Warning  [red]q[0][/]␛[2J" in screen_text(pilot))
        assert _told(pilot)[0].endswith("+1 ^t")
        assert "bell is done (ibm_peekskill)." in notices(pilot)


@pytest.mark.parametrize(
    ("told", "waited", "rings"),
    [(None, 10, False), (None, 40, True), (AppFocus, 40, False), (AppBlur, 0, True)],
)
async def test_notice_rings_the_bell_without_focus(
    told: type[AppFocus | AppBlur] | None, waited: float, rings: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tmux tells no focus by itself: then it is the keys that say whether somebody looks."""
    services = AppServicesHarness()
    async with running(services) as pilot:
        app = pilot.app
        assert isinstance(app, QDeckApp) and isinstance(app.clock, FixedClock)
        rung: list[str] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append("bell"))
        app.clock.at += timedelta(minutes=5)
        await pilot.press("down")
        if told is not None:
            app.post_message(told())
            await pilot.pause()
        app.clock.at += timedelta(seconds=waited)
        services.events.publish(JobsFinished((jobs()[2],)))
        await until(pilot, lambda: "bell is done" in notices(pilot))
        assert bool(rung) is rings


async def test_every_key_counts_as_user_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    services = AppServicesHarness()
    attended: list[bool] = []
    monkeypatch.setattr(
        services.polling, "user_active", lambda *, section_changed=False: attended.append(section_changed)
    )
    async with running(services) as pilot:
        await pilot.press("down", "down")
        assert attended == [False, False]
        await pilot.press("f3")
        await settled(pilot)
        assert attended[2:] == [False, True]


async def test_notice_of_an_error_has_two_lines_and_is_whole_in_the_log() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        services.trouble["backends"] = QdeckError(ErrorKind.SERVER, "ibm_fez does not answer.", ADVICE)
        await pilot.press("r")
        await until(pilot, lambda: len(_told(pilot)) == 2)
        assert _told(pilot)[0].startswith(" ✘ Error  ibm_fez does not answer.")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(pilot.app.screen, MessagesScreen))
        shown = " ".join(screen_text(pilot).replace("│", " ").split())
        assert ADVICE in shown
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, MessagesScreen)


async def test_notice_shows_in_every_section(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is, a notice is not over before it is looked for.
    monkeypatch.setitem(footer._NOTICE_SECONDS, Severity.INFORMATION, 60.0)
    services = AppServicesHarness()
    async with running(services) as pilot:
        for key in ("f3", "f4", "f5", "f6", "f2"):
            services.events.publish(Notice(f"Hello {key}"))
            await pilot.press(key)
            await until(pilot, partial(_tells, pilot, f" Hello {key}"))


def test_notice_before_returns_when_the_newest_is_over() -> None:
    notifications = NotificationLog()
    first, second = _note("first"), _note("second")
    notifications.add(first)
    notifications.add(second)
    assert [note.text for note in notifications.current] == ["second", "first"]
    notifications.over(second)
    assert [note.text for note in notifications.current] == ["first"]
    notifications.over(first)
    notifications.over(first)
    assert not notifications.current
    assert [note.text for note in notifications.all] == ["second", "first"]


def test_notices_log_keeps_the_last_fifty() -> None:
    notifications = NotificationLog()
    for number in range(KEPT + 5):
        notifications.add(_note(str(number)))
    assert [note.text for note in notifications.all][:2] == ["54", "53"] and len(notifications.all) == KEPT


def test_notice_too_long_names_the_key_that_shows_it() -> None:
    for severity, rows in ((Severity.INFORMATION, 1), (Severity.WARNING, 2), (Severity.ERROR, 2)):
        for words in (3, 12, 40, 400):
            for width in (60, 80, 200):
                told = notification_lines([_note(" ".join(["token"] * words), severity)], width)
                assert 1 <= len(told) <= rows
                assert all(width_of(row) <= width for row in told)
                whole = "…" not in text_of(told[-1])
                assert whole == (sum(text_of(row).count("token") for row in told) == words)
                assert whole or text_of(told[-1]).endswith("…  ^t ") or "… " in text_of(told[-1])
                assert ("^t" in text_of(told[-1])) is not whole


def test_notices_log_shows_whole_texts_with_time() -> None:
    rows = [text_of(row) for row in log_lines([_note(f"Down.\n{ADVICE}", Severity.ERROR)], 50)]
    assert rows[0].endswith("✘ Error  Down.")
    assert " ".join(" ".join(rows[1:]).split()) == ADVICE
    assert all(len(row) <= 50 for row in rows)


async def test_ctrl_c_says_how_to_quit() -> None:
    async with running() as pilot:
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "ctrl+q leaves qdeck" in screen_text(pilot))
        assert pilot.app.return_code is None
