"""The dialog for what the cloud transpiler is rarely asked: several goals, a coupling map, Qiskit options."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.cloud_transpiler import (
    Ai,
    CloudOptions,
    couplings_text,
    parse_couplings,
    parse_preferences,
    parse_qiskit_options,
    qiskit_options_text,
)
from tui.openqasm.files import read_circuit
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import FieldRow, SanitizedInput
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall

_EXPLAINED = (
    "A coupling map replaces the backend's: pairs of qubits as JSON, or the path of a file with them; give "
    "basis_gates with it. Options are arguments of Qiskit's transpile()."
)


class CloudRefinements(Dialog[CloudOptions]):
    """Answers the options as changed, or `None`. Errors are shown in place.

    Args:
        asked: the options as they stand.
    """

    TITLE = "Options of the cloud transpiler"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(self, asked: CloudOptions) -> None:
        super().__init__()
        self._asked = asked

    def compose(self) -> ComposeResult:
        """A line for each."""
        asked = self._asked
        with Vertical(classes="dialog"):
            yield Static(Content("Options of the cloud transpiler"), classes="dialog--title")
            yield Static(Content(_EXPLAINED), classes="dialog--text")
            if asked.ai is not Ai.OFF:
                prefer = ", ".join(asked.preferences)
                yield FieldRow("AI goals", _field("preferences", prefer, "any; several: n_cnots, noise"))
            couplings = couplings_text(asked.coupling_map)
            yield FieldRow("Coupling map", _field("couplings", couplings, "[[0, 1], [1, 2]] or a file"))
            options = qiskit_options_text(asked.qiskit_options)
            yield FieldRow("Options", _field("options", options, '{"layout_method": "sabre"}'))
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content("Take them"), id="do", compact=True)
                yield Button(Content("Cancel"), id="keep", compact=True)
            yield Static(Content("tab next   enter take   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """The caret starts in the first field."""
        self.query(Input).first().focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say("")

    @on(Input.Submitted)
    async def _entered(self) -> None:
        await self._accept()

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "do":
            await self._accept()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    async def _accept(self) -> None:
        field = ""
        try:
            preferences = self._asked.preferences
            if self._asked.ai is not Ai.OFF:
                field = "preferences"
                preferences = parse_preferences(self._value(field))
            field = "couplings"
            typed = self._value(field)
            if typed and not typed.startswith("["):
                typed = await asyncio.to_thread(read_circuit, Path(typed).expanduser())
            couplings = parse_couplings(typed)
            field = "options"
            options = parse_qiskit_options(self._value(field))
            answer = replace(
                self._asked, preferences=preferences, coupling_map=couplings, qiskit_options=options
            )
        except (QdeckError, ValueError) as error:
            self._say(str(error))
            self.query_one(f"#{field}", Input).focus()
        else:
            self.dismiss(answer)

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Static).update(Content(plain(text, limit=1000)))


def _field(id: str, value: str, placeholder: str) -> Input:
    field = SanitizedInput(value, placeholder=placeholder, id=id, compact=True)
    field.cursor_blink = False
    return field
