"""Leaving the app by keys while a session is open on the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.app_driver import app_on_sandbox
from tui.domain.accounts import Channel
from tui.domain.sessions import SessionState


@pytest.mark.parametrize("face", [Channel.PLATFORM, Channel.CLASSIC])
async def test_quit_drains_an_open_session_when_asked(tmp_path: Path, face: Channel) -> None:
    async with app_on_sandbox(tmp_path, face) as driver:
        await driver.press("f5", "n")
        await driver.see("Open a session")
        await driver.choose("backend", "ibm_cusco")
        await driver.press("tab", *"30m", "enter")
        await driver.see("● 1 session 30m left")
        await driver.press("ctrl+q")
        await driver.see("1 session is open")
        await driver.press("down", "enter")
        await driver.wait(lambda: driver.pilot.app.return_code == 0, "the end of the app")
        (session,) = driver.services.sessions.all()
        assert session.state is SessionState.CLOSED and session.opened_here
