"""A table of parts of a calibration: sorted by a column, with a mark at the rows that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from tui.widgets.tables.row_table import Cells, Column, RowTable


class CalibrationTable(RowTable):
    """Rows in the order of a column, which a click on its head or `sort_next` chooses.

    Args:
        columns: in order; each has an id.
        cells_of: gives the cells of a row.
        mark_of: gives the character beside the cursor, one cell.
        order: gives the keys of the rows by a column's id, and whether the largest come first.

    Attributes:
        column: id of the column that the rows are sorted by.
        descending: whether the largest come first.
    """

    GUTTER: ClassVar[int] = 2

    def __init__(
        self,
        columns: Sequence[Column],
        cells_of: Callable[[str], Cells],
        mark_of: Callable[[str], str],
        order: Callable[[str, bool], Sequence[str]],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(columns, cells_of, id=id)
        self._mark_of = mark_of
        self._order = order
        self.column = columns[0].id
        self.descending = False

    def gutter_text(self, key: str, at_cursor: bool) -> str:
        """Return the cursor, then the mark of the row."""
        return ("▸" if at_cursor else " ") + self._mark_of(key)

    def heading(self, column: Column, cells: int) -> str:
        """Return the head, with an arrow where the table is sorted by it."""
        if column.id != self.column:
            return column.title
        return column.title[: max(0, cells - 1)] + ("▼" if self.descending else "▲")

    def show_sorted(self) -> None:
        """Show the rows of now, in order."""
        self.show(self._order(self.column, self.descending))

    def sort_by(self, column: str) -> None:
        """Sort by a column, the worst first where the head says `SINCE`; once more turns the order round."""
        self.descending = not self.descending if column == self.column else column == "since"
        self.column = column
        self.show_sorted()

    def sort_next(self) -> None:
        """Sort by the next column that is shown."""
        shown = [
            column.id
            for column, cells in zip(self.columns, self._widths(self.line_width), strict=True)
            if cells
        ]
        place = shown.index(self.column) if self.column in shown else -1
        self.sort_by(shown[(place + 1) % len(shown)])
