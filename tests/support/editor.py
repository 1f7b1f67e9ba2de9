"""The editor in a test, opened with a text."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.app import app_of, settled, until
from tui.screens.editor.screen import EditorScreen
from tui.widgets.circuit.qasm_editor import QasmEditor


async def open_editor(pilot: Pilot[None], text: str = "") -> QasmEditor:
    """The editor, with this text on the workspace, saved."""
    app = app_of(pilot)
    app.workspace.qasm = app.workspace.saved = text
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.screen, EditorScreen))
    await settled(pilot)
    return app.screen.query_one(QasmEditor)
