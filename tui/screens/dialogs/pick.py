"""A dialog that offers a list: pick one, or (where it says so) delete one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.common.safe_text import plain
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import PICK, bindings
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import Span, TextStyle

_ROWS = 12


@dataclass(frozen=True, slots=True)
class Option:
    """One of the list.

    Attributes:
        key: what it is known by.
        label: what it is called.
        told: more about it.
        deletes: whether it may be deleted.
    """

    key: str
    label: str
    told: str = ""
    deletes: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """The answer: this one, to be used or to be deleted."""

    key: str
    delete: bool = False


class Pick(Dialog[Picked]):
    """Answers what was picked; `None`: nothing.

    Args:
        title: what is picked.
        options: at least one; their texts may come from anywhere.
        at: the key under the cursor at first.
    """

    TITLE = "Pick one"
    BINDINGS: ClassVar = bindings(PICK)

    def __init__(self, title: str, options: Sequence[Option], at: str = "") -> None:
        super().__init__()
        self._title = title
        self._options = {option.key: option for option in options}
        self._at = at

    def compose(self) -> ComposeResult:
        """The list."""
        text = any(option.told for option in self._options.values())
        columns = [Column("", 24, grow=1), *([Column("", 24, grow=2)] if text else [])]
        deletes = any(option.deletes for option in self._options.values())
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="dialog--title")
            table = RowTable(columns, self._cells, id="options")
            table.styles.height = min(_ROWS, len(self._options)) + 1
            yield table
            keys = "↑↓ move   enter take it" + ("   d delete it" if deletes else "") + "   esc cancel"
            yield Static(Content(keys), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin at what is chosen now."""
        table = self.query_one(RowTable)
        table.show(tuple(self._options))
        table.move_to(self._at)
        table.focus()

    def _cells(self, key: str) -> Cells:
        option = self._options[key]
        cells = [Span(plain(option.label, limit=80)), Span(plain(option.told, limit=200), TextStyle.MUTED)]
        return cells[: len(self.query_one(RowTable).columns)]

    def on_row_table_opened(self) -> None:
        """A double click takes it."""
        self.action_take()

    def action_take(self) -> None:
        """Answer what is under the cursor."""
        self.dismiss(Picked(self.query_one(RowTable).cursor_key))

    def action_delete(self) -> None:
        """Answer that what is under the cursor is to be deleted, where it may be."""
        key = self.query_one(RowTable).cursor_key
        if self._options[key].deletes:
            self.dismiss(Picked(key, delete=True))

    def action_cancel(self) -> None:
        """Pick nothing."""
        self.dismiss(None)
