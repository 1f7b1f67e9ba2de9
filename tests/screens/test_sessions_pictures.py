"""The sessions as pictures."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.sessions import BATCH, SESSIONS
from tui.app import QDeckApp


def app_with_sessions() -> QDeckApp:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    app = make_app(services)
    app.workspace.session_id = BATCH.id
    return app


async def to_sessions(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f5")
    await settled(pilot)


def test_sessions_none_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=to_sessions)


def test_sessions_table_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with_sessions(), run_before=to_sessions)


def test_sessions_table_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with_sessions(), terminal_size=(120, 40), run_before=to_sessions)


def test_sessions_table_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app_with_sessions(), run_before=to_sessions)


def test_new_session_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await to_sessions(pilot)
        await pilot.press("n")
        await until(pilot, lambda: "Open a session" in screen_text(pilot))
        await pilot.pause()

    assert snap_compare(app_with_sessions(), run_before=asked)
