"""The ways to sign in that are there already; letters pasted onto it are never taken for commands."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList

from tui.widgets.keymap import LOGIN_LIST, bindings

_ALONE = 0.2
"""Seconds after which a letter was one key press and not the beginning of a pasted token."""


class AccountList(OptionList):
    """Its commands are single letters, and so is a token: a letter acts only when no other follows it."""

    BINDINGS: ClassVar = bindings(LOGIN_LIST)

    class Typed(Message):
        """Several characters came at once: text, not commands."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="found", markup=False, compact=True)
        self._typed = ""
        self._pause: Timer | None = None

    async def on_key(self, event: events.Key) -> None:
        """Collect what comes at once; `enter` at the end of it belongs to it."""
        if event.character is not None and event.is_printable:
            self._typed += event.character
        elif not self._typed:
            return
        event.stop()
        event.prevent_default()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_ALONE, self._decide)

    def on_paste(self, event: events.Paste) -> None:
        """Post a paste that the terminal marks as `Typed`."""
        event.stop()
        self.post_message(self.Typed("".join(event.text.split())))

    async def _decide(self) -> None:
        typed, self._typed = self._typed, ""
        if len(typed) > 1:
            self.post_message(self.Typed("".join(typed.split())))
            return
        for key in LOGIN_LIST:
            if key.keys == typed:
                await self.run_action(key.action)
