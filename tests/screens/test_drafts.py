"""What is typed is on the disk a moment later, and back at the next start: text, cursor, undo, choices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.support.app import notices, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tests.support.fixed_values import FixedClock
from tui.app import QDeckApp
from tui.domain.circuits import TranspileOptions
from tui.openqasm.drafts import Change, ChangeKind, Choices, DraftFolder, DraftHead, read_draft
from tui.screens.dialogs.confirm import ChangedOnDisk
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.drafts import DraftKeeper
from tui.screens.editor.screen import EditorScreen
from tui.widgets.circuit.qasm_editor import QasmEditor


@asynccontextmanager
async def app_in(folder: Path) -> AsyncIterator[tuple[Pilot[None], QDeckApp]]:
    app = QDeckApp(AppServicesHarness(), clock=FixedClock(), state_folder=folder)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        yield pilot, app


async def editor(pilot: Pilot[None], app: QDeckApp) -> QasmEditor:
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.screen, EditorScreen))
    await settled(pilot)
    return app.screen.query_one(QasmEditor)


def on_disk(folder: Path) -> list[str]:
    """The texts of the drafts, as whoever finds them would make them."""
    texts = []
    for path in sorted((folder / "drafts").rglob("*.draft")):
        draft = read_draft(path)
        assert draft is not None
        area = QasmEditor()
        area.load_text(draft.head.text)
        area.replay(draft.changes)
        texts.append(area.text)
    return texts


async def test_typed_text_is_back_with_cursor_undo_and_choices(tmp_path: Path) -> None:
    async with app_in(tmp_path) as (pilot, app):
        await editor(pilot, app)
        app.workspace.backend, app.workspace.backend_picked = "ibm_fez", True
        app.workspace.options, app.workspace.search = TranspileOptions(3, seed=7), False
        await pilot.press(*"qubit q;", "enter", *"h q;", "left", "left")
        await until(pilot, lambda: on_disk(tmp_path) == ["qubit q;\nh q;"])
    async with app_in(tmp_path) as (pilot, app):
        assert "untitled has changes that are in no file" in notices(pilot)
        assert (app.workspace.backend, app.workspace.options) == ("ibm_fez", TranspileOptions(3, seed=7))
        assert not app.workspace.search
        area = await editor(pilot, app)
        assert area.text == app.workspace.qasm == "qubit q;\nh q;"
        assert area.cursor_location == (1, 2)
        assert "not saved" in screen_text(pilot)
        area.undo()
        assert area.text == "qubit q;\n"
        area.undo()
        area.undo()
        assert area.text == ""
        area.redo()
        area.redo()
        await until(pilot, lambda: on_disk(tmp_path) == ["qubit q;\n"])


async def test_saved_file_is_reopened_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    async with app_in(tmp_path) as (pilot, app):
        area = await editor(pilot, app)
        area.load_text(BELL)
        app.workspace.path, app.workspace.name = path, "bell"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: path.is_file() and on_disk(tmp_path) == [BELL])
    async with app_in(tmp_path) as (pilot, app):
        assert "no file" not in notices(pilot)
        assert (app.workspace.name, app.workspace.path, app.workspace.dirty) == ("bell", path, False)
        assert (await editor(pilot, app)).text == BELL


async def test_text_typed_before_drafts_are_found_is_not_replaced(tmp_path: Path) -> None:
    async with app_in(tmp_path) as (pilot, app):
        await editor(pilot, app)
        await pilot.press(*"h q;")
        await until(pilot, lambda: on_disk(tmp_path) == ["h q;"])
    app = QDeckApp(AppServicesHarness(), clock=FixedClock(), state_folder=tmp_path)
    app.workspace.qasm = "x q;"
    keeper = DraftKeeper(tmp_path / "drafts", app.workspace)
    assert "untitled has changes" in await keeper.take_over()
    assert app.workspace.qasm == "x q;"
    assert [one.saved for one in app.workspace.buffers] == ["", ""], "the other is beside it"
    keeper.close()


async def test_text_is_kept_although_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("no folder")
    async with app_in(tmp_path) as (pilot, app):
        await until(pilot, lambda: "cannot be kept" in notices(pilot))
        area = await editor(pilot, app)
        await pilot.press(*"h q;")
        await settled(pilot)
        assert area.text == "h q;"


async def test_file_named_at_the_start_is_shown_at_its_line_without_signing_in(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    app = QDeckApp(AppServicesHarness(), clock=FixedClock(), state_folder=tmp_path)
    app.edit_first(path, 5)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await settled(pilot)
        area = app.screen.query_one(QasmEditor)
        assert (area.text, area.cursor_location) == (BELL, (4, 0))
        assert (app.workspace.name, app.workspace.dirty) == ("bell", False)
        await pilot.press("x")
        await until(pilot, lambda: on_disk(tmp_path) == [area.text])
    path.write_text(BELL + "// elsewhere\n")
    app = QDeckApp(AppServicesHarness(), clock=FixedClock(), state_folder=tmp_path)
    app.edit_first(path, 1)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ChangedOnDisk))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await settled(pilot)
        assert app.screen.query_one(QasmEditor).text.splitlines()[4].startswith("x")
        assert "changed meanwhile" in notices(pilot)
        assert app.workspace.dirty


async def test_drafts_of_several_that_ended_are_all_found_and_opened(tmp_path: Path) -> None:
    for name, text in (("one", "h q;"), ("two", "x q;")):
        folder = DraftFolder(tmp_path / "drafts")
        file = folder.new_file()
        file.begin(DraftHead(name, "", ""))
        file.add(Change(ChangeKind.EDIT, (0, 0), (0, 0), text), str)
        file.write()
        folder.keep(Choices((file.path.name,), file.path.name))
        folder.close()
    async with app_in(tmp_path) as (pilot, app):
        assert "1 more from before: ctrl+o in the editor lists it" in notices(pilot)
        area = await editor(pilot, app)
        first = area.text
        (other,) = {"h q;", "x q;"} - {first}
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, OpenFile) and "not saved" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app.workspace.qasm == other)
        await pilot.press("!")
        await until(pilot, lambda: sorted(on_disk(tmp_path)) == sorted([first, app.workspace.qasm]))
        assert area.text == first
        front = app.workspace.qasm
    async with app_in(tmp_path) as (pilot, app):
        assert "2 texts have changes" in notices(pilot) and "more from before" not in notices(pilot)
        assert (await editor(pilot, app)).text and app.workspace.qasm == front
        assert "untitled" not in screen_text(pilot).split("\n")[4]


async def test_restart_reopens_all_texts_with_their_cursors_and_undo(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    app = QDeckApp(AppServicesHarness(), clock=FixedClock(), state_folder=tmp_path)
    app.edit_first(path, 3)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await settled(pilot)
        await pilot.press("ctrl+n", *"h q;", "enter", "x", "left", "ctrl+n", *"abc")
        await until(pilot, lambda: sorted(on_disk(tmp_path)) == sorted([BELL, "h q;\nx", "abc"]))
        await pilot.press("alt+shift+t")
        await until(pilot, lambda: app.workspace.qasm == "h q;\nx")
        app.drafts._write()
    async with app_in(tmp_path) as (pilot, app):
        assert "2 texts have changes" in notices(pilot)
        assert [one.name for one in app.workspace.buffers] == ["bell", "untitled", "untitled"]
        await editor(pilot, app)
        screen = app.screen
        assert isinstance(screen, EditorScreen)
        assert (screen.area.text, screen.area.cursor_location) == ("h q;\nx", (1, 0))
        screen.area.undo()
        assert screen.area.text == "h q;\n"
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: app.workspace.qasm == "abc")
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: app.workspace.qasm == BELL)
        assert screen.area.cursor_location == (2, 0) and not app.workspace.dirty
        assert [one.dirty for one in app.workspace.buffers] == [False, True, True]
