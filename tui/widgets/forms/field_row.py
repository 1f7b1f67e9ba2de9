"""One line of a form: a label and what it belongs to."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static


class FieldRow(Horizontal):
    """A label of fixed width beside a compact field."""

    DEFAULT_CSS = """
    FieldRow { height: 1; }
    FieldRow > .field-row--label { width: 13; height: 1; color: $text-muted; }
    FieldRow > Select, FieldRow > Input { width: 1fr; height: 1; }
    """

    def __init__(self, label: str, field: Widget, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = label
        self._field = field

    def compose(self) -> ComposeResult:
        """The label, then the field."""
        yield Static(Content(self._label), classes="field-row--label")
        yield self._field
