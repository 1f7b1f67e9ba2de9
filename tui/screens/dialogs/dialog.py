"""What every dialog is: a modal screen that can be left from anywhere without an answer."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None]):
    """Subclasses say in `TITLE` what the help calls them."""

    def leave(self) -> bool:
        """Go away, answering `None`; whether it did. A dialog that must not be left now stays."""
        self.dismiss(None)
        return True
