"""Leaving the app by keys while a session is open on the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.hands import app_on_sandbox
from tui.domain.accounts import Channel
from tui.domain.sessions import SessionState


@pytest.mark.parametrize("face", [Channel.PLATFORM, Channel.CLASSIC])
async def test_an_open_session_is_drained_on_the_way_out(tmp_path: Path, face: Channel) -> None:
    async with app_on_sandbox(tmp_path, face) as hands:
        await hands.press("f5", "n")
        await hands.see("Open a session")
        await hands.choose("backend", "ibm_cusco")
        await hands.press("tab", *"30m", "enter")
        await hands.see("● 1 session 30m left")
        await hands.press("ctrl+q")
        await hands.see("1 session is open")
        await hands.press("down", "enter")
        await hands.wait(lambda: hands.pilot.app.return_code == 0, "the end of the app")
        (session,) = hands.services.sessions()
        assert session.state is SessionState.CLOSED and session.opened_here
