"""A field that never sends to the terminal what could move its cursor: its text may come from outside."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Input

from tui.common.sanitize import plain


class PlainInput(Input):
    """Shows control and direction-changing characters as signs; the value keeps them."""

    @property
    def _value(self) -> Text:
        # All that Textual paints of the value goes through this; one sign stands for each character.
        if self.password:
            return super()._value
        return Text(plain(self.value, limit=len(self.value) + 1), no_wrap=True, overflow="ignore", end="")
