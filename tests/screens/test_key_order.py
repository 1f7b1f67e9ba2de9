"""Keys that come in one burst, and keys that come while the screen cannot be seen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import running, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tui.app import QDeckApp
from tui.screens.dialogs import open_file
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.screen import JobsScreen
from tui.screens.login import LoginScreen
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.tables.row_table import RowTable

TOKEN = "sSs3cret-Token-S-s"


def burst(pilot: Pilot[None], *keys: str) -> None:
    """All keys at once, as one read from the terminal brings them."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else "\r" if key == "enter" else None))


def _cursor(pilot: Pilot[None]) -> str:
    return "".join(table.cursor_key for table in pilot.app.screen.query(RowTable))


async def test_keys_after_tab_go_where_tab_went() -> None:
    services = AppServicesHarness(signed_in=False)
    async with running(services) as pilot:
        burst(pilot, "tab", "tab", *TOKEN)
        await until(pilot, lambda: pilot.app.screen.query_one("#token", Input).value == TOKEN)
        await settled(pilot)
        assert "sign_in_sandbox" not in services.names_asked()


async def test_paste_on_the_sign_in_goes_into_the_token_field() -> None:
    for marked in (True, False):
        services = AppServicesHarness(signed_in=False)
        async with running(services) as pilot:
            if marked:
                pilot.app.post_message(events.Paste(f" {TOKEN}\n"))
            else:
                burst(pilot, *TOKEN, "enter")
            await until(pilot, lambda: pilot.app.screen.query_one("#token", Input).value == TOKEN)
            await settled(pilot)
            assert isinstance(pilot.app.screen, LoginScreen)
            assert not {"sign_in", "sign_in_sandbox"} & set(services.names_asked())
            assert pilot.app.focused is pilot.app.screen.query_one("#token", Input)


async def test_keys_are_no_commands_outside_the_account_list() -> None:
    services = AppServicesHarness(signed_in=False)
    async with running(services) as pilot:
        for _ in range(5):
            await pilot.press("tab", "s")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LoginScreen)
        assert "sign_in_sandbox" not in services.names_asked()


async def test_keys_behind_one_that_opens_a_dialog_go_into_it() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        burst(pilot, "t", *"cxr", "enter")
        await until(pilot, lambda: "set_tags" in services.names_asked())
        asked = next(asked for asked in services.asked if asked[0] == "set_tags")
        assert asked == ("set_tags", jobs()[0].id, ("vqe", "cxr"))
        assert isinstance(pilot.app.screen, JobsScreen)


async def test_keys_enter_takes_the_text_typed_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the disk is on which files are looked for."""
    answers = threading.Event()
    answers.set()

    def slow(typed: str, folder: Path) -> tuple[str, ...]:
        answers.wait(10)
        return ()

    monkeypatch.setattr(open_file, "suggest", slow)
    async with running() as pilot:
        burst(pilot, "f3", "ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, open_file.OpenFile))
        await settled(pilot)
        answers.clear()
        burst(pilot, *"ghz", "enter")
        await until(pilot, lambda: pilot.app.screen.query_one(Input).value == "ghz")
        await pilot.pause()
        answers.set()
        app = pilot.app
        assert isinstance(app, QDeckApp)
        await until(pilot, lambda: bool(app.workspace.qasm))
        assert app.workspace.name == "ghz" and "GHZ" in app.workspace.qasm


async def test_keys_in_a_burst_meet_the_dialog_they_open() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        burst(pilot, "c", "enter", "down")
        await until(pilot, lambda: _cursor(pilot) == jobs()[1].id)
        assert "cancel" not in services.names_asked()


async def test_keys_of_sections_and_text_in_one_burst() -> None:
    text = "OPENQASM 3; qubit q; // jump [over] c r t"
    async with running() as pilot:
        keys = [{" ": "space"}.get(one, one) for one in text]
        for key, one in zip(["f3", *keys, "f2", "f3"], [None, *text, None, None], strict=True):
            pilot.app.post_message(events.Key(key, one))
        await until(pilot, lambda: isinstance(pilot.app, QDeckApp) and pilot.app.workspace.qasm == text)
        await settled(pilot)
        assert pilot.app.screen.query_one(QasmEditor).text == text


async def test_keys_do_nothing_while_the_terminal_is_too_small() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.resize_terminal(40, 10)
        await settled(pilot)
        await pilot.press("c", "r", "down", "enter", "f3", "ctrl+p")
        pilot.app.post_message(events.Paste("text"))
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobsScreen)
        assert services.names_asked().count("backends") == 1, "only at the start"
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert pilot.app.screen.query_one(RowTable).cursor_key == jobs()[0].id
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))


async def test_quit_works_while_the_terminal_is_too_small() -> None:
    async with running() as pilot:
        await pilot.resize_terminal(40, 10)
        await settled(pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.return_code == 0)


async def test_keys_behind_the_one_that_quits_do_no_harm() -> None:
    async with running() as pilot:
        burst(pilot, "ctrl+q", "t", "down", "enter")
        await until(pilot, lambda: pilot.app.return_code is not None)
    assert pilot.app.return_code == 0


@pytest.mark.parametrize("typed", ["pasted", "typed"])
async def test_f8_behind_a_text_takes_the_whole_text(typed: str) -> None:
    text = "OPENQASM 3.0; qubit q; x q;"
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("f3", "ctrl+n")
        await settled(pilot)
        if typed == "pasted":
            pilot.app.post_message(events.Paste(text))
        else:
            burst(pilot, *text)
        burst(pilot, "f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
        assert isinstance(pilot.app.screen, TranspileScreen)
        assert pilot.app.screen.workspace.qasm == text
