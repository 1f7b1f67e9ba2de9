"""The settings in the app: listed, changed, refused in words; keys and theme of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.app import app_of, make_app, notices, running, screen_text, settled, shows, until
from tui.config.settings import Settings, folders, load_settings
from tui.screens.app_commands import keymap_fault
from tui.screens.dialogs.prompt import Prompt
from tui.screens.dialogs.settings import SettingsDialog
from tui.widgets.keymap import GLOBAL, JOBS


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QDECK_HOME", str(tmp_path))
    return folders({"QDECK_HOME": str(tmp_path)}).settings_file


async def test_settings_are_listed_changed_refused_and_reset_by_keys(settings_file: Path) -> None:
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("# mine\nsession_idle_minutes = 7\n")
    async with running() as pilot:
        await pilot.press("comma")
        await until(pilot, lambda: shows(pilot, "session_idle_minutes", "7", "file"))
        assert "[]" not in screen_text(pilot)
        while not shows(pilot, "Time without a job after which"):
            await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Prompt))
        await pilot.press("backspace", *"-1", "enter")
        await until(pilot, lambda: shows(pilot, "session_idle_minutes must be a whole number of minutes"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Prompt))
        await pilot.press("backspace", *"12", "enter")
        await until(pilot, lambda: shows(pilot, "is written. It holds for the next start."))
        assert load_settings(settings_file).session_idle_minutes == 12
        assert "# mine" in settings_file.read_text()
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SettingsDialog))
        await pilot.press("d")
        await until(pilot, lambda: load_settings(settings_file).session_idle_minutes == 5)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app_of(pilot).screen, SettingsDialog))


async def test_settings_file_that_cannot_be_read_is_told(settings_file: Path) -> None:
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("nonsense = 1\n")
    async with running() as pilot:
        await pilot.press("comma")
        await until(pilot, lambda: shows(pilot, "there is no setting 'nonsense'"))


async def test_keys_of_the_user_work_and_stand_in_the_help() -> None:
    app = make_app(settings=Settings(keymap={"jobs.group": "f24"}))
    async with app.run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: shows(pilot, "F24          Group by session"))
        await pilot.press("escape")
        await until(pilot, lambda: not shows(pilot, "F24"))
        await pilot.press("f24")
        await until(pilot, lambda: shows(pilot, "── by session"))


async def test_keymap_that_cannot_be_is_told_and_left_out() -> None:
    app = make_app(settings=Settings(keymap={"jobs.nothing": "f"}))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "There is no key 'jobs.nothing'" in notices(pilot))


async def test_theme_that_is_chosen_is_kept(settings_file: Path) -> None:
    async with running() as pilot:
        app_of(pilot).theme = "nord"
        await until(pilot, lambda: settings_file.exists() and load_settings(settings_file).theme == "nord")


def test_keymap_refuses_what_a_terminal_cannot_send_and_what_is_taken() -> None:
    first, second = JOBS[0], JOBS[1]
    assert keymap_fault({}) == keymap_fault({first.id: "f24"}) == ""
    assert "no key 'x.y'" in keymap_fault({"x.y": "a"})
    assert "terminals send another key" in keymap_fault({first.id: "ctrl+m"})
    assert "terminals send another key" in keymap_fault({first.id: "alt+f"})
    assert "needs a key" in keymap_fault({first.id: "a,,b"})
    assert f"{first.id} and {second.id} cannot both be" in keymap_fault({first.id: second.keys.split(",")[0]})
    assert GLOBAL[0].id in keymap_fault({first.id: GLOBAL[0].keys})
    swapped = {first.id: second.keys, second.id: first.keys}
    assert keymap_fault(swapped) == ""
