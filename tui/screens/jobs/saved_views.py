"""Views of the job table with names, one set for each account: kept, opened, listed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from tui.common.safe_text import plain, shorten
from tui.jobquery.job_list import Grouping
from tui.jobquery.view import MAX_NAME_LENGTH, JobView, SavedView
from tui.monitor.state.events import Severity
from tui.screens.jobs.table_settings import TableSettings

if TYPE_CHECKING:
    from tui.screens.jobs.list_base import JobRowsScreen


class SavedViews:
    """The saved views of the account signed in to.

    Args:
        screen: the job table.
        settings: where they are kept.
    """

    def __init__(self, screen: JobRowsScreen, settings: TableSettings) -> None:
        self._screen = screen
        self._settings = settings

    @property
    def _account(self) -> str:
        return self._screen.services.connection.account

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the views."""
        return tuple(one.name for one in self._settings.view.views_of(self._account))

    @property
    def in_use(self) -> str:
        """What view is shown, in words, and whether something of it was changed since; empty: none."""
        view = self._settings.view
        saved = view.view_of(self._account, view.name)
        if saved is None:
            return ""
        changed = view.as_saved(self._account, view.name) != saved
        return f"view {shorten(saved.name, 24)}{', changed' if changed else ''}"

    def palette(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """List the views for the palette."""
        for one in self._settings.view.views_of(self._account):
            name = plain(one.name, limit=MAX_NAME_LENGTH)
            yield f"View {name}", described(one), partial(self._screen.use_view, one)

    async def open(self, name: str) -> None:
        """Show the view of this name; where there is none, what is shown gets the name."""
        saved = self._settings.view.view_of(self._account, name)
        if saved is None:
            await self.save(name)
        else:
            self._screen.use_view(saved)

    async def save(self, name: str) -> None:
        """Give what is shown this name, whatever had it before."""
        if len(name) > MAX_NAME_LENGTH or not name.isprintable():
            self._refuse(f"A name has at most {MAX_NAME_LENGTH} characters, all of them visible.")
            return
        account = self._account

        def change(view: JobView) -> JobView:
            view = view.with_view(saved)
            return view.showing(saved)

        saved = self._settings.view.as_saved(account, name)
        await self._settings.change(self._screen.shell, change)
        self._screen.show_facts()
        self._screen.shell.show_notice(f"Kept as view “{name}”: “:view {name}” brings it back.")

    async def delete(self, name: str) -> None:
        """Delete the view of this name; the table stays as it is."""
        account = self._account
        if self._settings.view.view_of(account, name) is None:
            self._refuse(f"There is no view “{plain(name, limit=40)}”.")
            return
        await self._settings.change(self._screen.shell, lambda view: view.without_view(account, name))
        self._screen.show_facts()
        self._screen.shell.show_notice(f"View “{name}” is deleted.")

    async def pick(self) -> None:
        """List the views: one may be opened or deleted."""
        from tui.screens.dialogs.pick import Option, Pick

        while True:
            views = self._settings.view.views_of(self._account)
            if not views:
                self._screen.shell.show_notice(
                    "No view is kept yet: “:view NAME” keeps filter, columns, order and groups as they are."
                )
                return
            options = [Option(one.name, one.name, described(one), True) for one in views]
            at = self._settings.view.name
            picked = await self._screen.app.push_screen_wait(Pick("Views", options, at))
            if picked is None:
                return
            if not picked.delete:
                await self.open(picked.key)
                return
            await self.delete(picked.key)

    def _refuse(self, text: str) -> None:
        self._screen.shell.show_notice(text, Severity.WARNING)


def described(saved: SavedView) -> str:
    """Say in a line what a view shows: its filter, its order, its groups."""
    order = f"{saved.order.column}{'▼' if saved.order.descending else '▲'}"
    groups = "" if saved.grouping is Grouping.NONE else f"by {saved.grouping}"
    columns = f"{len(saved.columns)} columns" if saved.columns else ""
    parts = (plain(saved.filter, limit=80) or "all jobs", order, groups, columns)
    return " · ".join(part for part in parts if part)
