"""Ways through a program by its names, and names changed everywhere."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import running, shows, until
from tests.support.editor import open_editor
from tui.screens.dialogs.pick import Pick
from tui.screens.dialogs.prompt import Prompt
from tui.screens.editor.screen import EditorScreen

PROGRAM = """OPENQASM 3.0;
include "stdgates.inc";
input float angle;
qubit[2] data;
bit[2] result;
gate pair(theta) a, b { rx(theta) a; cx a, b; }
pair(angle) data[0], data[1];
result = measure data;
"""


async def on(pilot: Pilot[None], kind: type[object]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_current)
    await pilot.pause()


async def test_outline_definition_and_uses_go_to_names() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, PROGRAM)
        area.move_cursor((6, 1))
        await pilot.press("alt+o")
        await on(pilot, Pick)
        assert shows(pilot, "Outline", "angle", "line 3  input float", "data", "pair", "line 6")
        assert not shows(pilot, "theta  "), "what is known inside a gate alone is left out"
        await pilot.press("enter")
        await on(pilot, EditorScreen)
        assert area.cursor_location == (5, 5), "the one before the cursor is taken at first"
        area.move_cursor((6, 12))
        await pilot.press("alt+j")
        await until(pilot, lambda: area.cursor_location == (3, 9))
        await pilot.press("alt+j")
        await until(pilot, lambda: area.cursor_location == (6, 12))
        await pilot.press("alt+u")
        await on(pilot, Pick)
        assert shows(pilot, "data: 4 places", "line 4", "qubit[2] data;", "line 8", "result = measure data;")
        await pilot.press("end", "enter")
        await on(pilot, EditorScreen)
        assert area.cursor_location == (7, 17)
        area.move_cursor((5, 37))
        await pilot.press("alt+j")
        await until(pilot, lambda: shows(pilot, "cx is a standard gate: F1 says what it does."))
        area.move_cursor((8, 0))
        await pilot.press("alt+u")
        await until(pilot, lambda: shows(pilot, "There is no name at the cursor."))


async def test_rename_changes_every_use_in_one_step_and_refuses_a_clash() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, PROGRAM)
        area.move_cursor((6, 22))
        await pilot.press("alt+r")
        await on(pilot, Prompt)
        field = pilot.app.screen.query_one(Input)
        field.value = "result"
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "result is declared on line 5 already."))
        field.value = "register_a"
        await pilot.press("enter")
        await on(pilot, EditorScreen)
        await until(pilot, lambda: area.text == PROGRAM.replace("data", "register_a"))
        assert area.cursor_location == (6, 34), "at the same place of the same name"
        assert shows(pilot, "data is register_a now, in 4 places.")
        await pilot.press("ctrl+z")
        assert area.text == PROGRAM
