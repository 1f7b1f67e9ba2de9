"""How the user wants the job table: columns, order, grouping, filter; and what they gave a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui.common.values import Value
from tui.jobquery.job_list import NEWEST_FIRST, Grouping, Order

MAX_WIDTH = 120
"""Cells of the widest column."""
MAX_FILTERS = 50
MAX_VIEWS = 200
MAX_FILTER_LENGTH = 1000
MAX_NAME_LENGTH = 60


class ColumnChoice(Value, frozen=True):
    """A column by its id; `width` in cells, 0: as wide as it needs."""

    id: str
    width: int = 0


class SavedFilter(Value, frozen=True):
    """A filter with a name."""

    name: str
    text: str


class SavedView(Value, frozen=True):
    """What the table shows and how, with a name.

    Attributes:
        name: unique in its account.
        account: whose it is (`Connection.account`); empty: of what is seen without signing in.
        filter: text of the filter.
        columns: none: the standard ones.
    """

    name: str
    account: str = ""
    filter: str = ""
    columns: tuple[ColumnChoice, ...] = ()
    order: Order = NEWEST_FIRST
    grouping: Grouping = Grouping.NONE


class JobView(Value, frozen=True):
    """What is kept of the app's screens from one start to the next; no columns: the standard ones.

    Attributes:
        filter: text of the filter in use.
        name: the saved view that was opened last; empty: none.
        preview: whether the job under the cursor is shown below the table, or beside it.
        filters, views: what has a name.
        places: where other screens were: the section of the app, the view of a page; by the screen.
    """

    columns: tuple[ColumnChoice, ...] = ()
    order: Order = NEWEST_FIRST
    grouping: Grouping = Grouping.NONE
    filters: tuple[SavedFilter, ...] = ()
    filter: str = ""
    name: str = ""
    preview: bool = True
    views: tuple[SavedView, ...] = ()
    places: Mapping[str, str] = {}  # msgspec makes a new one each time

    def with_filter(self, saved: SavedFilter) -> JobView:
        """With this filter, in place of one of the same name; the oldest goes when there are too many."""
        return replace(self, filters=(*self.without_filter(saved.name).filters, saved)[-MAX_FILTERS:])

    def without_filter(self, name: str) -> JobView:
        """Without the filter of this name."""
        return replace(self, filters=tuple(one for one in self.filters if one.name != name))

    def views_of(self, account: str) -> tuple[SavedView, ...]:
        """Return the saved views of an account, by their names."""
        return tuple(sorted((one for one in self.views if one.account == account), key=_name_of))

    def view_of(self, account: str, name: str) -> SavedView | None:
        """Return a saved view; `None`: the account has none of this name."""
        return next((one for one in self.views if (one.account, one.name) == (account, name)), None)

    def as_saved(self, account: str, name: str) -> SavedView:
        """Return the view as it is, with a name."""
        return SavedView(name, account, self.filter, self.columns, self.order, self.grouping)

    def with_view(self, saved: SavedView) -> JobView:
        """With this saved view, in place of one of the same name; the oldest goes when there are too many."""
        others = self.without_view(saved.account, saved.name).views
        return replace(self, views=(*others, saved)[-MAX_VIEWS:])

    def without_view(self, account: str, name: str) -> JobView:
        """Without the saved view of this name."""
        return replace(
            self, views=tuple(one for one in self.views if (one.account, one.name) != (account, name))
        )

    def showing(self, saved: SavedView) -> JobView:
        """Filtered, sorted, grouped as that saved view, with its columns."""
        return replace(
            self,
            name=saved.name,
            filter=saved.filter,
            columns=saved.columns,
            order=saved.order,
            grouping=saved.grouping,
        )


def _name_of(saved: SavedView) -> str:
    return saved.name.casefold()
