"""How the user wants the job table: columns, order, grouping, and the filters they gave a name."""

from __future__ import annotations

from dataclasses import replace

from tui.common.values import Value
from tui.jobquery.job_list import NEWEST_FIRST, Grouping, Order

MAX_WIDTH = 120
"""Cells of the widest column."""
MAX_FILTERS = 50
MAX_FILTER_LENGTH = 1000


class ColumnChoice(Value, frozen=True):
    """A column by its id; `width` in cells, 0: as wide as it needs."""

    id: str
    width: int = 0


class SavedFilter(Value, frozen=True):
    """A filter with a name."""

    name: str
    text: str


class JobView(Value, frozen=True):
    """What is kept from one start to the next; no columns: the standard ones."""

    columns: tuple[ColumnChoice, ...] = ()
    order: Order = NEWEST_FIRST
    grouping: Grouping = Grouping.NONE
    filters: tuple[SavedFilter, ...] = ()

    def with_filter(self, saved: SavedFilter) -> JobView:
        """With this filter, in place of one of the same name; the oldest goes when there are too many."""
        return replace(self, filters=(*self.without_filter(saved.name).filters, saved)[-MAX_FILTERS:])

    def without_filter(self, name: str) -> JobView:
        """Without the filter of this name."""
        return replace(self, filters=tuple(one for one in self.filters if one.name != name))
