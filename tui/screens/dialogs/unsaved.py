"""The question what becomes of changes that are in no file."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui.common.sanitize import plain
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall


class Wish(StrEnum):
    """What becomes of the changes."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


class Unsaved(Dialog[Wish]):
    """Save, discard, or stay; staying has the focus, since it loses nothing.

    Args:
        name: what the circuit is called.
    """

    TITLE = "Unsaved changes"
    BINDINGS: ClassVar = [
        *bindings(DIALOG),
        Binding("left,up", "app.focus_previous", "Other", show=False),
        Binding("right,down", "app.focus_next", "Other", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_shown = plain(name, limit=60)

    def compose(self) -> ComposeResult:
        """The question and three buttons."""
        with Vertical(classes="dialog"):
            yield Static(
                Content(f"{self._name_shown} has changes that are not saved"), classes="dialog--title"
            )
            yield Static(Content("Going on without saving loses them."), classes="dialog--text")
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content("Stay"), id=Wish.STAY, compact=True)
                yield Button(Content("Save"), id=Wish.SAVE, compact=True)
                yield Button(Content("Discard"), id=Wish.DISCARD, compact=True)
            yield Static(Content("tab other button   enter press   esc stay"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Losing nothing is the first choice."""
        self.query_one(f"#{Wish.STAY}", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(Wish(event.button.id or Wish.STAY))

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(Wish.STAY)
