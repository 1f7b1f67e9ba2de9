"""The shell: sections from everywhere, how it begins and ends, small terminals, colours, the palette."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import FixedClock, jobs
from tui.app import QDeckApp
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.screen import JobsScreen
from tui.screens.login import LoginScreen
from tui.widgets.tables.row_table import RowTable
from tui.widgets.terminal.escape_sequences import terminal_notice, tmux_clipboard


async def _ready(pilot: Pilot[None]) -> None:
    await settled(pilot)


def test_app_without_colour_at_80x24(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(), run_before=_ready)


def test_app_in_sixteen_colours_at_80x24(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "screen")
    assert snap_compare(make_app(), run_before=_ready)


def test_app_in_the_grey_theme_at_80x24(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM")
    assert snap_compare(make_app(), run_before=_ready)


def test_quit_question_at_80x24(snap_compare: SnapCompare) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))

    assert snap_compare(make_app(), run_before=ask)


def test_app_too_small_at_50x12(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), terminal_size=(50, 12), run_before=_ready)


async def test_app_keeps_its_state_while_the_terminal_is_too_small() -> None:
    async with running() as pilot:
        await pilot.press("down", "slash", *"ibm")
        await pilot.resize_terminal(40, 10)
        await settled(pilot)
        assert "This terminal is too small." in screen_text(pilot)
        assert "ghz-12" not in screen_text(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "This terminal is too small." not in screen_text(pilot)
        assert "ghz-12" in screen_text(pilot)
        assert pilot.app.screen.query_one(RowTable).cursor_key == jobs()[1].id


async def test_section_keys_reach_every_section_from_every_other() -> None:
    keys = {"f2": "jobs", "f3": "editor", "f4": "transpile", "f5": "sessions", "f6": "backends"}
    async with running() as pilot:
        for first in keys:
            for second, mode in keys.items():
                await pilot.press(first, second)
                # A section takes a while when it is shown for the first time.
                await until(pilot, partial(_is_shown, pilot, mode))
                await settled(pilot)
                assert pilot.app.current_mode == mode


def _is_shown(pilot: Pilot[None], mode: str) -> bool:
    return pilot.app.current_mode == mode


async def test_section_key_f2_in_a_job_returns_to_the_table() -> None:
    async with running() as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_section_keys_close_the_sign_in() -> None:
    async with running(AppServicesHarness(signed_in=False)) as pilot:
        assert isinstance(pilot.app.screen, LoginScreen)
        await pilot.press("f6")
        await until(pilot, lambda: pilot.app.current_mode == "backends")
        await settled(pilot)
        assert "F7 signs in" in screen_text(pilot)


async def test_app_starts_services_after_the_first_paint_and_closes_them() -> None:
    services = AppServicesHarness()
    async with running(services):
        # The list of backends is asked for meanwhile.
        names = [name for name in services.names_asked() if name != "backends"]
        assert names[0] == "start"
    assert services.names_asked()[-1] == "aclose"


@pytest.mark.parametrize("key", ["f3", "f4"])
async def test_compiler_is_started_by_the_sections_that_need_it_and_not_for_watching(key: str) -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("f5", "f6", "f2")
        await settled(pilot)
        assert "warm_up" not in services.names_asked()
        await pilot.press(key)
        await until(pilot, lambda: "warm_up" in services.names_asked())


async def test_quit_ends_at_once_when_nothing_would_be_lost() -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0


async def test_quit_asks_while_the_editor_has_unsaved_text() -> None:
    async with running() as pilot:
        assert isinstance(pilot.app, QDeckApp)
        pilot.app.workspace.qasm = "OPENQASM 3;"
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        assert "changes that are in no file" in screen_text(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: pilot.app.return_code == 0)


async def test_app_ends_with_status_1_and_a_log_after_an_unhandled_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(QDeckApp):
        def on_mount(self) -> None:
            token = "s3cret-token-0123456789-0123456789"
            raise RuntimeError(f"lost {token}")

    app = Broken(AppServicesHarness(), clock=FixedClock())
    with pytest.raises(RuntimeError):
        async with app.run_test():
            pass
    assert app.return_code == 1
    told = "".join(capsys.readouterr().err.split("\n"))
    assert "something unexpected went wrong (RuntimeError)" in told and "qdeck.log" in told
    log = tmp_path / "qdeck" / "state" / "qdeck.log"
    assert "RuntimeError: lost [hidden]" in log.read_text()
    assert "s3cret" not in told + log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_palette_lists_the_commands_of_the_screen() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        before = services.names_asked().count("backends")
        await pilot.press("ctrl+p")
        await pilot.press(*"refresh")
        await until(pilot, lambda: "Ask the service now." in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: services.names_asked().count("backends") == before + 1)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("compare", "Compare, in the job table"),
        ("usage", "Account"),
        ("settings", "See and change the settings."),
        ("python", "Send id, link, counts or Python"),
        ("screenshot", "Save a picture of the screen"),
        ("run again", "Run again, in the job table"),
    ],
)
async def test_palette_finds_what_people_look_for_from_any_screen(word: str, told: str) -> None:
    async with running(AppServicesHarness()) as pilot:
        await pilot.press("f5", "ctrl+p", *(letter if letter != " " else "space" for letter in word))
        await until(pilot, lambda: told in " ".join(screen_text(pilot).split()))


async def test_palette_goes_to_the_screen_of_a_command() -> None:
    async with running(AppServicesHarness()) as pilot:
        await pilot.press("f5", "ctrl+p", *"compare")
        await until(pilot, lambda: "Key: C." in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "jobs" and len(pilot.app.screen_stack) == 1)


def test_clipboard_sequence_is_wrapped_for_tmux() -> None:
    assert tmux_clipboard("id") == "\x1bPtmux;\x1b\x1b]52;c;aWQ=\x07\x1b\\"


def test_terminal_notice_cannot_end_its_own_sequence() -> None:
    told = terminal_notice("a;b\x1b\\\x07c", tmux=False)
    assert told.count("\x1b\\") == 2 and "\x07" not in told
    assert "]777;notify;qdeck;a,b" in told
    wrapped = terminal_notice("done", tmux=True)
    assert wrapped.startswith("\x1bPtmux;\x1b\x1b]9;done\x1b\x1b\\\x1b\\")
