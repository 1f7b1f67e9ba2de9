"""A dialog that asks for one line of text and checks it in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tui.common.safe_text import plain
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import CompletingInput
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall


class Prompt(Dialog[str]):
    """Answers the text, or `None` when it was closed.

    Args:
        title: what is asked for.
        value: what the field holds at first.
        hint: what may be written, in a sentence.
        check: says what is wrong with a text; empty: nothing. What was typed stays.
        suggester: completes what is typed.
    """

    TITLE = "Text"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(
        self,
        title: str,
        value: str = "",
        hint: str = "",
        check: Callable[[str], str] | None = None,
        *,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint
        self._check = check or (lambda _text: "")
        self._suggester = suggester

    def compose(self) -> ComposeResult:
        """The field, with what may be written above and what is wrong below."""
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._title, limit=200)), classes="dialog--title")
            if self._hint:
                yield Static(Content(plain(self._hint, limit=500)), classes="dialog--text")
            # The text is there to be changed: the first letter typed must not replace all of it.
            field = CompletingInput(
                self._value, compact=True, id="field", select_on_focus=False, suggester=self._suggester
            )
            field.cursor_blink = False
            yield field
            yield Static(Content(""), id="trouble", classes="dialog--trouble")
            complete = "tab or → complete   " if self._suggester is not None else ""
            yield Static(Content(f"{complete}enter take it   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#field", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value)
        if wrong:
            self.query_one("#trouble", Static).update(Content(plain(wrong, limit=500)))
        else:
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Take nothing."""
        self.dismiss(None)
