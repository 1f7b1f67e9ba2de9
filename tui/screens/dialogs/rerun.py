"""The dialog before a job is run again: what it is, what it will take, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui.common.safe_text import plain, plain_lines
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import FieldRow, text_field
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall

MOST_COPIES: Final = 100


class Rerun(Dialog[int]):
    """Answers how many copies are submitted; `None`: none.

    Args:
        title: the question.
        lines: what is sent, and what it will take.
        costs: whether doing nothing is the first choice.
    """

    TITLE = "Run again"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(self, title: str, lines: Sequence[str], *, costs: bool) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._costs = costs

    def compose(self) -> ComposeResult:
        """What it is, the number of copies, and two buttons."""
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._title, limit=200)), classes="dialog--title")
            yield Static(Content(plain_lines(self._lines, limit=2000)), classes="dialog--text")
            yield FieldRow("Copies", text_field("copies", "1"))
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content("Cancel"), id="keep", compact=True)
                yield Button(Content("Run it again"), id="do", compact=True)
            yield Static(Content("tab next   enter press   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Where it costs, doing nothing is the first choice."""
        self.query_one("#keep" if self._costs else "#do", Button).focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one("#do", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id != "do":
            self.dismiss(None)
            return
        typed = self.query_one("#copies", Input).value.strip()
        copies = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
        if 1 <= copies <= MOST_COPIES:
            self.dismiss(copies)
        else:
            self.query_one("#trouble", Static).update(Content(f"Copies: a number from 1 to {MOST_COPIES}."))

    def action_cancel(self) -> None:
        """Run nothing."""
        self.dismiss(None)
