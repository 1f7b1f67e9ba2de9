"""Several texts in the editor: tabs, two side by side, each with its cursor, its undo and its file."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import running, screen_text, settled, until
from tests.support.circuits import BELL
from tui.app import QDeckApp
from tui.screens.dialogs.confirm import Unsaved
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.editor.screen import EditorScreen
from tui.screens.workspace import Buffer, Workspace


async def editor(pilot: Pilot[None]) -> tuple[QDeckApp, EditorScreen]:
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
    await settled(pilot)
    assert isinstance(pilot.app, QDeckApp) and isinstance(pilot.app.screen, EditorScreen)
    return pilot.app, pilot.app.screen


def line_of(pilot: Pilot[None], row: int) -> str:
    return screen_text(pilot).split("\n")[row].rstrip()


def test_workspace_opens_a_file_once_and_reuses_what_is_blank() -> None:
    workspace = Workspace()
    blank = workspace.front
    path = Path("/tmp/bell.qasm")
    assert workspace.open("bell", BELL, path) is blank and not workspace.dirty
    other = workspace.open("ghz", "h q;")
    assert workspace.buffers == [blank, other] and workspace.front is other
    assert workspace.open("bell", "text of the disk", path, line=3) is blank
    assert (workspace.qasm, workspace.front.line) == (BELL, 3), "a file under edit stays as it is"
    workspace.close(blank)
    assert workspace.front is other
    first = workspace.circuit
    workspace.close(other)
    assert workspace.front.blank and workspace.buffers == [workspace.front]
    workspace.open("ghz", "h q;")
    assert workspace.circuit != first, "the same name without a file is another circuit"


def test_workspace_names_what_is_in_no_file() -> None:
    workspace = Workspace()
    workspace.open("one", "h q;")
    workspace.add(Buffer("two", saved="", touched=True, _text="x q;"))
    workspace.add(Buffer("three", saved="x", touched=True, _text="  \n"))
    assert [one.name for one in workspace.unsaved] == ["two"]


async def test_texts_have_tabs_and_each_its_own_cursor_and_undo() -> None:
    async with running(size=(120, 40)) as pilot:
        app, screen = await editor(pilot)
        assert line_of(pilot, 3).startswith("  untitled"), "one text has no tabs"
        await pilot.press(*"h q;", "ctrl+n", *"x q;", "left")
        await until(pilot, lambda: "●untitled ●untitled" in line_of(pilot, 3))
        second = screen.area
        assert app.workspace.qasm == "x q;" and second.has_focus
        await pilot.press("ctrl+pageup", "!", "ctrl+z")
        await until(pilot, lambda: app.workspace.qasm == "h q;")
        assert (screen.area.cursor_location, second.cursor_location) == ((0, 4), (0, 3))
        assert second.text == "x q;" and not second.has_class("-shown")
        await pilot.click(screen.tabs, offset=(12, 0))
        await until(pilot, lambda: screen.area is second)
        await pilot.press("alt+x")
        await until(pilot, lambda: isinstance(app.screen, Unsaved))
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: app.workspace.qasm == "h q;" and screen.area.has_focus)
        assert line_of(pilot, 3).startswith("● untitled")
        assert "untitled" not in line_of(pilot, 4)


async def test_two_texts_stand_side_by_side_and_the_focused_one_is_in_front() -> None:
    async with running(size=(120, 40)) as pilot:
        app, screen = await editor(pilot)
        await pilot.press("alt+s")
        assert screen.buffers.beside is None, "there is nothing to put beside it"
        await pilot.press(*"left q;", "ctrl+n", *"right q;", "alt+shift+t", "alt+s")
        await until(pilot, lambda: "left q;" in screen_text(pilot) and "right q;" in screen_text(pilot))
        row = next(row for row in screen_text(pilot).split("\n") if "left q;" in row)
        assert row.index("left q;") < 60 < row.index("right q;")
        assert app.workspace.qasm == "left q;"
        await pilot.press("ctrl+pagedown", "!")
        await until(pilot, lambda: app.workspace.qasm == "right q;!")
        left = screen.buffers.area(app.workspace.buffers[0])
        await pilot.click(left, offset=(3, 0))
        await until(pilot, lambda: app.workspace.qasm == "left q;" and left.has_focus)
        await pilot.press("alt+s")
        await until(pilot, lambda: "right q;" not in screen_text(pilot))
        await pilot.press("alt+s")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "right q;" not in screen_text(pilot) and "left q;" in screen_text(pilot))


async def test_open_dialog_opens_all_that_were_marked_and_lists_recent_files(tmp_path: Path) -> None:
    folder = tmp_path / "circuits"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.qasm").write_text(f"// {name}\n")
    async with running(size=(120, 40)) as pilot:
        app, screen = await editor(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, OpenFile))
        app.screen.query_one(Input).value = f"{folder}/"
        await until(pilot, lambda: "two.qasm" in screen_text(pilot))
        await settled(pilot)
        await pilot.press("shift+down", "shift+down", "shift+up", "shift+down")
        await until(pilot, lambda: "2 marked: enter opens them" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert [one.name for one in app.workspace.buffers] == ["one", "two"]
        assert app.workspace.qasm == "// one\n", "the first that was marked"
        await until(pilot, lambda: "one" in line_of(pilot, 3) and "two" in line_of(pilot, 3))
        await settled(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, OpenFile) and "recent" in screen_text(pilot))
        recent = [row for row in screen_text(pilot).split("\n") if "recent" in row]
        assert ["one.qasm" in recent[0], len(recent)] == [True, 1], "only what was shown was loaded"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert len(app.workspace.buffers) == 2, "it is open already"
