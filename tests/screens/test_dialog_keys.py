"""Function keys in dialogs: F1 helps, F2 to F6 leave the dialog without an answer and show the section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.app import running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW
from tui.app import QDeckApp
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.screens.account import AccountScreen
from tui.screens.backends.screen import BackendsScreen
from tui.screens.dialogs.confirm import Confirm, Unsaved
from tui.screens.dialogs.export import ExportDialog
from tui.screens.dialogs.new_session import NewSession
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.dialogs.prompt import Prompt
from tui.screens.dialogs.quit import LeaveSessions
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.help import HelpScreen
from tui.screens.login import LoginScreen
from tui.screens.notifications import MessagesScreen

CHANGING = ("submit", "cancel", "delete", "set_tags", "open_session", "drain_session", "close_session")
TEXT = "OPENQASM 3; qubit q;"
WAYS: tuple[tuple[tuple[str, ...], type[Screen[Any]]], ...] = (
    (("f2", "c"), Confirm),
    (("f2", "t"), Prompt),
    (("f2", "down", "down", "enter", "x"), ExportDialog),
    (("f2", "down", "down", "Y"), ExportDialog),
    (("f3", "ctrl+s"), SaveAs),
    (("f3", "alt+x"), Unsaved),
    (("f5", "n"), NewSession),
    (("f5", "d"), Confirm),
    (("f5", "c"), Confirm),
    (("f7",), AccountScreen),
    (("ctrl+t",), MessagesScreen),
    (("f1",), HelpScreen),
    (("ctrl+p",), CommandPalette),
    (("ctrl+q",), LeaveSessions),
)


def _services() -> AppServicesHarness:
    services = AppServicesHarness()
    services.the_sessions = (
        Session(
            "s-1", "sandbox platform", "ibm_fez", SessionMode.DEDICATED, SessionState.ACTIVE, created=NOW
        ),
    )
    return services


def _is(pilot: Pilot[None], kind: type[Screen[Any]]) -> Callable[[], bool]:
    return lambda: isinstance(pilot.app.screen, kind)


@pytest.mark.parametrize(
    ("keys", "kind"), WAYS, ids=["-".join((*keys, kind.__name__)) for keys, kind in WAYS]
)
async def test_section_keys_close_every_dialog(keys: tuple[str, ...], kind: type[Screen[Any]]) -> None:
    services = _services()
    async with running(services) as pilot:
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.workspace.qasm = TEXT
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        await until(pilot, _is(pilot, kind))
        if kind not in {HelpScreen, CommandPalette}:
            await pilot.press("f1")
            await until(pilot, _is(pilot, HelpScreen))
            assert "Everywhere" in screen_text(pilot)
            await pilot.press("escape")
            await until(pilot, _is(pilot, kind))
            await pilot.press("f1")
            await until(pilot, _is(pilot, HelpScreen))
        await pilot.press("f6")
        await until(pilot, _is(pilot, BackendsScreen))
        await settled(pilot)
        assert isinstance(pilot.app.screen, BackendsScreen)
        assert not set(CHANGING) & set(services.names_asked())
        assert pilot.app.workspace.qasm == TEXT and pilot.app.return_code is None
        await pilot.press(keys[0] if keys[0] in {"f3", "f5"} else "f2")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, kind), "nothing waits where it was left"


async def test_section_key_in_the_export_dialog_ends_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as pilot:
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        await pilot.press("x")
        await until(pilot, _is(pilot, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: any(path.is_file() for path in tmp_path.iterdir()))
        await settled(pilot)
        (written,) = (path for path in tmp_path.iterdir() if path.is_file())
        before = written.read_bytes()
        await pilot.press("x")
        await until(pilot, _is(pilot, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: "Enter once more" in screen_text(pilot))
        await pilot.press("f6")
        await until(pilot, _is(pilot, BackendsScreen))
        await settled(pilot)
        assert isinstance(pilot.app.screen, BackendsScreen)
        assert written.read_bytes() == before


async def test_section_key_closes_the_open_dialog() -> None:
    async with running() as pilot:
        await pilot.press("f3", "ctrl+o")
        await until(pilot, _is(pilot, OpenFile))
        await pilot.press("f1")
        await until(pilot, _is(pilot, HelpScreen))
        await pilot.press("f2")
        await settled(pilot)
        assert isinstance(pilot.app, QDeckApp) and pilot.app.current_mode == "jobs"


async def test_help_in_the_sign_in_lists_its_keys() -> None:
    async with running(AppServicesHarness(signed_in=False)) as pilot:
        await pilot.press("f1")
        await until(pilot, _is(pilot, HelpScreen))
        assert "Use the simulated service." in screen_text(pilot)
        await pilot.press("f7")
        await until(pilot, _is(pilot, LoginScreen))


async def test_account_key_works_in_a_dialog() -> None:
    services = _services()
    async with running(services) as pilot:
        await pilot.press("c")
        await until(pilot, _is(pilot, Confirm))
        await pilot.press("f7")
        await until(pilot, _is(pilot, AccountScreen))
        await pilot.press("f7")
        await settled(pilot)
        assert len([one for one in pilot.app.screen_stack if isinstance(one, AccountScreen)]) == 1
        services.the_sessions = (replace(services.the_sessions[0], state=SessionState.CLOSED),)
