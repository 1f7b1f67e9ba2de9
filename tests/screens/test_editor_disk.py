"""Files that others change while they are edited, and the user's own editor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.bench.terminal import Terminal
from tests.support.app import notices, running, settled, until
from tests.support.circuits import BELL
from tui.app import QDeckApp
from tui.common.errors import QdeckError
from tui.screens.dialogs.confirm import ChangedOnDisk
from tui.screens.editor import files
from tui.screens.editor.disk import FileWatch, edit_outside
from tui.screens.editor.screen import EditorScreen
from tui.screens.workspace import Buffer


async def test_watch_tells_each_change_of_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    buffer = Buffer("bell", path, saved="")
    watch = FileWatch()
    assert await watch.changed(buffer) is None, "a file that is yet to be made"
    buffer.text = buffer.saved = BELL
    await watch.save(buffer, path, BELL)
    assert await watch.changed(buffer) is None
    path.write_text(BELL + "// elsewhere")
    assert await watch.changed(buffer) == BELL + "// elsewhere"
    assert await watch.changed(buffer) is None, "the user knows"
    path.write_text(BELL)
    assert await watch.changed(buffer) is None, "it is again what was saved"
    path.unlink()
    with pytest.raises(QdeckError, match="gone from the disk"):
        await watch.changed(buffer)
    assert await watch.changed(buffer) is None
    assert await watch.changed(Buffer()) is None


async def editor_of(pilot: Pilot[None], path: Path) -> EditorScreen:
    assert isinstance(pilot.app, QDeckApp)
    pilot.app.workspace.open(path.stem, path.read_text(), path)
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
    await settled(pilot)
    assert isinstance(pilot.app.screen, EditorScreen)
    return pilot.app.screen


async def test_file_changed_elsewhere_is_reloaded_kept_or_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    async with running() as pilot:
        screen = await editor_of(pilot, path)
        app = pilot.app
        assert isinstance(app, QDeckApp)
        path.write_text(BELL + "// one\n")
        await pilot.press("f2", "f3")
        await until(pilot, lambda: isinstance(app.screen, ChangedOnDisk))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.workspace.qasm == BELL + "// one\n" and not app.workspace.dirty)
        screen.area.undo()
        assert app.workspace.qasm == BELL and app.workspace.dirty, "undo brings the text back"
        path.write_text(BELL + "// two\n")
        app.app_focus = False
        app.app_focus = True
        await until(pilot, lambda: isinstance(app.screen, ChangedOnDisk))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert app.workspace.qasm == BELL
        path.write_text(BELL + "// three\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChangedOnDisk))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert path.read_text().endswith("three\n") and app.workspace.dirty
        await pilot.press("ctrl+s")
        await until(pilot, lambda: path.read_text() == BELL and not app.workspace.dirty)
        path.unlink()
        await pilot.press("f2", "f3")
        await until(pilot, lambda: "gone from the disk" in notices(pilot))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: path.exists())


async def test_file_changed_elsewhere_is_noticed_when_no_key_is_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOOK_EVERY", 0.2)
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    async with running() as pilot:
        screen = await editor_of(pilot, path)
        path.write_text(BELL + "// one\n")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChangedOnDisk))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: screen.area.text == BELL + "// one\n")


async def test_file_that_got_other_line_ends_elsewhere_is_loaded_anew(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_bytes(b"h q;\r\nx q;\r\n")
    async with running() as pilot:
        assert isinstance(pilot.app, QDeckApp)
        workspace = pilot.app.workspace
        workspace.open("bell", "h q;\r\nx q;\r\n", path)
        await pilot.press("f3")
        await settled(pilot)
        path.write_bytes(b"h q;\nx q;\n")
        await pilot.press("f2", "f3")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChangedOnDisk))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: workspace.qasm == "h q;\nx q;\n" and not workspace.dirty)


async def test_own_editor_that_is_not_there_is_named() -> None:
    async with running() as pilot:
        with pytest.raises(QdeckError, match="no editor /no/such"):
            await edit_outside(pilot.app, Buffer(), 1, {"EDITOR": "/no/such --wait"})
        with pytest.raises(QdeckError, match="no editor"):
            await edit_outside(pilot.app, Buffer(), 1, {"VISUAL": "'"})


def test_own_editor_gets_the_terminal_and_its_text_is_one_step(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf "in the editor"\nread answer\nprintf "// $answer\\n" >> "$1"\n')
    script.chmod(0o755)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(tmp_path),
        "QDECK_HOME": str(tmp_path / "qdeck"),
        "TERM": "xterm-256color",
        "VISUAL": str(script),
    }
    with Terminal((sys.executable, "-m", "tui", "edit", str(path)), environment) as terminal:
        terminal.wait_for("OPENQASM")
        terminal.burst()
        terminal.press(b"\x1be")
        terminal.wait_for("in the editor")
        terminal.press(b"answer\n")
        terminal.wait_for("// answer")
        terminal.burst()
        terminal.press(b"\x13")  # ctrl+s
        terminal.wait_for("Saved")
        assert path.read_text() == BELL + "// answer\n"
        terminal.press(b"\x1a")  # undo
        terminal.burst()
        terminal.press(b"\x13")
        terminal.burst()
        assert path.read_text() == BELL
