"""Texts of the editor in files: opened, saved, kept, and given up only after a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.support.app import app_of, running, settled, shows, until
from tests.support.circuits import BELL
from tests.support.editor import open_editor
from tui.screens.dialogs.confirm import Unsaved
from tui.screens.dialogs.open_file import OpenFile
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.editor.screen import EditorScreen


async def test_open_dialog_opens_an_example_by_two_keys() -> None:
    async with running() as pilot:
        area = await open_editor(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, OpenFile) and shows(pilot, "bell"))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
        await settled(pilot)
        assert "OPENQASM" in area.text
        assert app_of(pilot).workspace.name == "bell"
        assert not app_of(pilot).workspace.dirty


async def test_open_dialog_completes_a_path(tmp_path: Path) -> None:
    (tmp_path / "circuits").mkdir()
    (tmp_path / "circuits" / "mine.qasm").write_text(BELL)
    async with running() as pilot:
        area = await open_editor(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, OpenFile))
        field = app_of(pilot).screen.query_one(Input)
        field.value = f"{tmp_path}/circ"
        await until(pilot, lambda: shows(pilot, "circuits/"))
        await pilot.press("tab")
        await until(pilot, lambda: shows(pilot, "mine.qasm"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
        await settled(pilot)
        assert area.text == BELL
        assert app_of(pilot).workspace.path == tmp_path / "circuits" / "mine.qasm"


async def test_open_dialog_refuses_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "odd.qasm"
    path.write_bytes(b"\x7fELF\x00\x01")
    async with running(size=(120, 40)) as pilot:
        area = await open_editor(pilot, BELL)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, OpenFile))
        app_of(pilot).screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "binary file"))
        assert isinstance(app_of(pilot).screen, OpenFile)
        await pilot.press("escape")
        assert area.text == BELL


async def test_open_dialog_opens_each_circuit_of_a_qpy_file_as_a_text(tmp_path: Path) -> None:
    """The first one in front; none has the binary file as its own: saving would write over that."""
    for name in ("old", "two"):
        (tmp_path / f"{name}.qpy").write_bytes(b"QISKIT" + name.encode())
    async with running(size=(120, 40)) as pilot:
        await open_editor(pilot, BELL)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, OpenFile))
        field = app_of(pilot).screen.query_one(Input)
        field.value = str(tmp_path / "old.qpy")
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "could hold code"))
        field.value = str(tmp_path / "two.qpy")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
        await settled(pilot)
        workspace = app_of(pilot).workspace
        assert (workspace.name, workspace.qasm, workspace.path) == ("two", BELL, None)
        assert [(one.name, one.path) for one in workspace.buffers][-2:] == [("two", None), ("two 2", None)]


async def test_editor_marks_changes_and_saves_them(tmp_path: Path) -> None:
    async with running(size=(120, 40)) as pilot:
        await open_editor(pilot)
        await pilot.press("x")
        assert shows(pilot, "● untitled", "not saved")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SaveAs))
        app_of(pilot).screen.query_one(Input).value = str(tmp_path / "new")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
        await settled(pilot)
        assert (tmp_path / "new.qasm").read_text() == "x"
        assert not app_of(pilot).workspace.dirty
        await pilot.press("y", "ctrl+s")
        await until(pilot, lambda: not app_of(pilot).workspace.dirty)
        assert (tmp_path / "new.qasm").read_text() == "xy"


async def test_save_dialog_replaces_a_file_after_a_second_enter(tmp_path: Path) -> None:
    path = tmp_path / "old.qasm"
    path.write_text("old")
    async with running(size=(120, 40)) as pilot:
        await open_editor(pilot)
        await pilot.press("x", "f12")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SaveAs))
        app_of(pilot).screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "exists"))
        assert path.read_text() == "old"
        await pilot.press("enter")
        await until(pilot, lambda: path.read_text() == "x")


async def test_editor_keeps_the_text_after_a_failed_save(tmp_path: Path) -> None:
    async with running(size=(120, 40)) as pilot:
        area = await open_editor(pilot)
        await pilot.press("x", "f12")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, SaveAs))
        app_of(pilot).screen.query_one(Input).value = str(tmp_path / "no" / "folder" / "x.qasm")
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "cannot be written"))
        await pilot.press("escape")
        assert area.text == "x"
        assert app_of(pilot).workspace.dirty


@pytest.mark.parametrize(("keys", "left"), [(("enter",), "xy"), (("tab", "tab", "enter"), "")])
async def test_editor_close_asks_before_changes_are_lost(keys: tuple[str, ...], left: str) -> None:
    async with running() as pilot:
        await open_editor(pilot)
        await pilot.press("x", "y", "alt+x")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Unsaved))
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
        await settled(pilot)
        assert app_of(pilot).workspace.qasm == left
