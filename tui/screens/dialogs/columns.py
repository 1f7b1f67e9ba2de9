"""The dialog that chooses, orders and sizes the columns of the job table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.jobquery.view import MAX_WIDTH, ColumnChoice
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import COLUMNS, bindings
from tui.widgets.tables.job_table import JOB_COLUMNS, STANDARD
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import Span, TextStyle

_LEAST = 3


class ChooseColumns(Dialog[tuple[ColumnChoice, ...]]):
    """Answers the columns in their order; `None`: as they were.

    Args:
        choices: the columns shown now.
    """

    TITLE = "Columns"
    BINDINGS: ClassVar = bindings(COLUMNS)

    def __init__(self, choices: Sequence[ColumnChoice]) -> None:
        super().__init__()
        self._start(choices)

    def _start(self, choices: Sequence[ColumnChoice]) -> None:
        self._shown = {choice.id for choice in choices}
        self._widths = {choice.id: choice.width for choice in choices}
        hidden = [column for column in JOB_COLUMNS if column not in self._shown]
        self._order = [*(choice.id for choice in choices), *hidden]

    def compose(self) -> ComposeResult:
        """All columns, those shown first."""
        columns = (Column("", 1), Column("COLUMN", 26, grow=1), Column("CELLS", 8, right=True))
        with Vertical(classes="dialog"):
            yield Static(Content("Columns of the job table"), classes="dialog--title")
            table = RowTable(columns, self._cells, id="columns")
            table.styles.height = min(12, len(JOB_COLUMNS) + 1)
            yield table
            yield Static(
                Content(
                    "space show or hide   + - width   0 auto   K J move\n"
                    "d as at first   enter take it   esc cancel"
                ),
                classes="dialog--keys -two",
            )
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin at the first."""
        table = self.query_one(RowTable)
        table.show(self._order)
        table.focus()

    def _cells(self, key: str) -> Cells:
        shown = key in self._shown
        width = self._widths.get(key, 0)
        column = JOB_COLUMNS[key]
        return (
            Span("✔" if shown else " ", TextStyle.GOOD),
            Span(column.label, TextStyle.PLAIN if shown else TextStyle.MUTED),
            Span(str(width) if width else "auto", TextStyle.PLAIN if shown else TextStyle.MUTED),
        )

    @property
    def _key(self) -> str:
        return self.query_one(RowTable).cursor_key

    def action_show(self) -> None:
        """Show or hide the column; one has to stay."""
        if self._key in self._shown and len(self._shown) > 1:
            self._shown.discard(self._key)
        else:
            self._shown.add(self._key)
        self.query_one(RowTable).repaint()

    def action_shift(self, steps: int) -> None:
        """Move the column to the left (up) or right."""
        place = self._order.index(self._key)
        other = place + steps
        if 0 <= other < len(self._order):
            self._order[place], self._order[other] = self._order[other], self._order[place]
            self.query_one(RowTable).show(self._order)

    def action_widen(self, cells: int) -> None:
        """Make the column wider or narrower."""
        width = self._widths.get(self._key) or JOB_COLUMNS[self._key].column.width
        self._widths[self._key] = max(_LEAST, min(MAX_WIDTH, width + cells))
        self.query_one(RowTable).repaint()

    def action_auto(self) -> None:
        """As wide as it needs."""
        self._widths.pop(self._key, None)
        self.query_one(RowTable).repaint()

    def action_standard(self) -> None:
        """All as it was before anything was chosen."""
        self._start(STANDARD)
        self.query_one(RowTable).show(self._order)

    def action_take(self) -> None:
        """Answer the choices."""
        self.dismiss(
            tuple(
                replace(ColumnChoice(key), width=self._widths.get(key, 0))
                for key in self._order
                if key in self._shown
            )
        )

    def action_cancel(self) -> None:
        """Leave all as it was."""
        self.dismiss(None)
