"""The last notices in full, with their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.screens.dialogs.base import Dialog
from tui.widgets.chrome.notifications import Notification, log_lines
from tui.widgets.keymap import MESSAGES, bindings
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextPane


class MessagesScreen(Dialog[None]):
    """Shows the notices it is given, newest first."""

    TITLE = "Messages"
    BINDINGS: ClassVar = bindings(MESSAGES)

    def __init__(self, notifications: Sequence[Notification]) -> None:
        super().__init__()
        self._notes = notifications

    def compose(self) -> ComposeResult:
        """The list, scrollable."""
        with Vertical(classes="dialog -wide -tall"):
            yield Static(Content("Messages"), classes="dialog--title")
            yield TextPane(id="messages")
            yield Static(Content("↑↓ scroll   esc close"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Fill the list."""
        nothing = [line(("Nothing was told yet.", TextStyle.MUTED))]
        pane = self.query_one(TextPane)
        pane.show(lambda width: log_lines(self._notes, width) or nothing)
        pane.focus()

    def action_close(self) -> None:
        """Back."""
        self.leave()
