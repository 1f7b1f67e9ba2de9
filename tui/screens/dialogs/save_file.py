"""The dialog that saves a circuit under a path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.openqasm.files import save_circuit
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import SanitizedInput
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall


class SaveAs(Dialog[Path]):
    """Asks for the path and writes the file; answers where it went, or `None`.

    Errors are shown in place. A file that exists is replaced only by a second enter.

    Args:
        text: what is written.
        suggestion: the path first offered.
        folder: where relative paths start.
    """

    TITLE = "Save as"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(self, text: str, suggestion: str, folder: Path) -> None:
        super().__init__()
        self._text = text
        self._suggestion = suggestion
        self._folder = folder
        self._warned_of: Path | None = None

    def compose(self) -> ComposeResult:
        """A path and what to know about it."""
        with Vertical(classes="dialog"):
            yield Static(Content("Save the circuit as"), classes="dialog--title")
            field = SanitizedInput(self._suggestion, placeholder="path of the file", compact=True, id="path")
            field.cursor_blink = False
            yield field
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            yield Static(Content("enter save   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """The caret starts in the path."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._warned_of = None
        self._say("")

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if not typed:
            self._say("A file needs a name, for example bell.qasm.")
            return
        path = self._folder / Path(typed).expanduser()
        if not path.suffix and not typed.endswith("/"):
            path = path.with_name(f"{path.name}.qasm")
        if self._warned_of != path and await asyncio.to_thread(path.is_file):
            self._warned_of = path
            self._say(f"{path} exists. Enter once more replaces it.")
            return
        try:
            await asyncio.to_thread(save_circuit, path, self._text)
        except QdeckError as error:
            self._say(str(error))
        else:
            self.dismiss(path)

    def action_cancel(self) -> None:
        """Close without doing it."""
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Static).update(Content(plain(text)))
