"""A key of a place: its names, its action, and what footer and help say of it."""

from __future__ import annotations

from textual.binding import Binding

from tui.common.values import Value


class Key(Value, frozen=True):
    """One key of one place.

    Attributes:
        id: stable name, `place.verb`, for keymaps.
        keys: Textual key names, comma-separated.
        action: the Textual action.
        label: one or two words for the footer.
        help: a sentence for the help screen.
        shown: whether the footer shows it.
        priority: works even when a text field has the focus.
        changes: it submits, cancels or changes something on the service: not bound in a read-only qdeck.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str
    shown: bool = True
    priority: bool = False
    changes: bool = False

    @property
    def verb(self) -> str:
        """Action without its arguments."""
        return self.action.partition("(")[0]

    def binding(self) -> Binding:
        """Return the key as a Textual binding."""
        return Binding(
            self.keys,
            self.action,
            self.label,
            show=self.shown,
            priority=self.priority,
            id=self.id,
            tooltip=self.help,
        )
