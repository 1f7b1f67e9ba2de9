"""The editor and the language: a text formatted and converted."""

from __future__ import annotations

from tests.screens.test_editor import app_of, open_editor, shows
from tests.support.app import running, until
from tests.support.app_services import AppServicesHarness

CROWDED = "// A pair\nOPENQASM 3.0;\nqubit[2]q;\n\n\ngate g a{U(0,0,pi)a;}\ng  q[0];\n"
FORMATTED = "// A pair\nOPENQASM 3.0;\nqubit[2] q;\n\ngate g a { U(0, 0, pi) a; }\ng q[0];\n"


async def test_format_keeps_the_cursor_and_is_one_step_for_undo() -> None:
    async with running() as pilot:
        area = await open_editor(pilot, CROWDED)
        area.move_cursor((6, 3))
        await pilot.press("alt+f")
        await until(pilot, lambda: area.text == FORMATTED)
        assert area.cursor_location == (5, 2), "before the same q"
        await pilot.press("alt+f")
        await until(pilot, lambda: shows(pilot, "formatted already"))
        await pilot.press("ctrl+z")
        assert area.text == CROWDED


async def test_convert_opens_the_other_version_as_a_text_of_its_own() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        area = await open_editor(pilot, FORMATTED)
        await pilot.press("alt+v")
        workspace = app_of(pilot).workspace
        await until(pilot, lambda: len(workspace.buffers) == 2)
        assert ("convert", FORMATTED, 2) in services.asked
        assert workspace.name == "untitled-qasm2"
        assert workspace.qasm == "// A pair\nOPENQASM 2.0;\nqreg q[2];\n"
        assert workspace.dirty and area.text == FORMATTED
        await until(pilot, lambda: shows(pilot, "in OpenQASM 2"))
