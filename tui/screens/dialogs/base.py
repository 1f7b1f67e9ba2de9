"""What every dialog is: a modal screen that can be left from anywhere without an answer."""

from __future__ import annotations

from typing import TypeVar, cast

from textual import events
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.base import Shell
from tui.widgets.chrome.status_bar import UNVERIFIED
from tui.widgets.terminal.single_restyle import SingleRestyle

Answer = TypeVar("Answer")


class Dialog(SingleRestyle, ModalScreen[Answer | None]):
    """Subclasses say in `TITLE` what the help calls them."""

    def _on_mount(self, event: events.Mount) -> None:
        """A dialog dims or covers the bar, so what must be seen at all times is said above it again.

        Textual calls the handlers of every class, so subclasses have their own `on_mount`.
        """
        identity = cast(Shell, self.app).services.connection.identity
        if identity is not None and identity.unverified:
            said = f"SANDBOX · {UNVERIFIED}" if identity.sandbox else UNVERIFIED
            self.mount(Static(Content(said), classes="dialog--unverified"), before=0)

    def leave(self) -> bool:
        """Close the dialog with the answer `None`.

        Returns:
            True when it closed; false for a dialog that must not be left now.
        """
        self.dismiss(None)
        return True
