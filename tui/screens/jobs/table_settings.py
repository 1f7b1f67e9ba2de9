"""How the user wants the job table: columns, order, groups, saved filters; asked for, and kept in a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui.common.safe_text import plain
from tui.config.view_settings import NAME, change_view, load_view
from tui.jobquery.job_list import Grouping, Order
from tui.jobquery.view import JobView, SavedFilter
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen, Shell
from tui.widgets.tables.job_table import JOB_COLUMNS, known

_SAVE = "save"
_FILTER = "filter "


class TableSettings:
    """What is wanted now (`view`), the dialogs that change it, and the file.

    Args:
        folder: where the file is.

    Attributes:
        view: as the file has it at first.
        trouble: a warning for the user when the file could not be read; empty when all is well.
    """

    def __init__(self, folder: Path) -> None:
        self.view, self.trouble = JobView(), ""
        self._folder = folder
        self._writing = asyncio.Lock()
        try:
            self.view = load_view(folder)
        except (OSError, ValueError) as error:
            why = plain(str(error), limit=200)
            self.trouble = f"The table is shown as at first: {folder / NAME} could not be read ({why})."

    async def change(self, shell: Shell, change: Callable[[JobView], JobView]) -> None:
        """Change the view, here and in the file.

        Args:
            shell: tells of a file that cannot be written.
            change: makes the new view of that in the file.
        """
        self.view = change(self.view)
        try:
            async with self._writing:
                kept = await asyncio.to_thread(change_view, self._folder, change)
        except OSError as error:
            shell.show_notice(
                f"This holds until you leave: {self._folder} could not be written ({error.strerror}).",
                Severity.WARNING,
            )
        else:
            # Another qdeck may have saved something in between.
            self.view = replace(self.view, filters=kept.filters, views=kept.views)

    async def ask_order(self, screen: SectionScreen) -> Order | None:
        """Ask for the column to sort by.

        Returns:
            The order, the other way round for the column of the present one; `None` when nothing was picked.
        """
        from tui.screens.dialogs.pick import Option, Pick

        order = self.view.order
        ways = ("▲", "▼")
        options = [
            Option(
                choice.id, JOB_COLUMNS[choice.id].label, ways[order.descending] * (choice.id == order.column)
            )
            for choice in known(self.view.columns)
        ]
        picked = await screen.app.push_screen_wait(Pick("Sort by", options, order.column))
        return None if picked is None else sorted_by(order, picked.key)

    async def ask_columns(self, screen: SectionScreen) -> bool:
        """Ask for the columns.

        Returns:
            True when they changed.
        """
        from tui.screens.dialogs.columns import ChooseColumns

        columns = await screen.app.push_screen_wait(ChooseColumns(known(self.view.columns)))
        if columns is None or columns == known(self.view.columns):
            return False
        await self.change(screen.shell, lambda view: replace(view, columns=columns))
        return True

    async def ask_filter(self, screen: SectionScreen, present: str) -> str | None:
        """Offer the saved filters; the present one may be saved, a saved one deleted.

        Args:
            screen: the screen that asks.
            present: the text of the filter in use.

        Returns:
            The text of the filter to use; `None` when none was picked.
        """
        from tui.screens.dialogs.pick import Option, Pick

        while True:
            options = [Option(_FILTER + one.name, one.name, one.text, True) for one in self.view.filters]
            if present and all(one.text != present for one in self.view.filters):
                options.append(Option(_SAVE, "Save the filter in use …", present))
            if not options:
                screen.shell.show_notice(
                    "No filter is saved. / filters; f then saves that filter under a name."
                )
                return None
            at = next((_FILTER + one.name for one in self.view.filters if one.text == present), "")
            picked = await screen.app.push_screen_wait(Pick("Saved filters", options, at))
            if picked is None:
                return None
            name = picked.key.removeprefix(_FILTER)
            if picked.delete:
                await self.change(screen.shell, lambda view, name=name: view.without_filter(name))  # type: ignore[misc]
            elif picked.key == _SAVE:
                await self._save_filter(screen, present)
                return None
            else:
                return next((one.text for one in self.view.filters if one.name == name), None)

    async def _save_filter(self, screen: SectionScreen, text: str) -> None:
        from tui.screens.dialogs.prompt import Prompt

        name = await screen.app.push_screen_wait(
            Prompt("Save the filter as", "", text, lambda name: "" if name.strip() else "Write a name.")
        )
        if name is not None:
            saved = SavedFilter(name.strip()[:60], text)
            await self.change(screen.shell, lambda view: view.with_filter(saved))
            screen.shell.show_notice(f"Saved as “{saved.name}”: f brings it back.")


def sorted_by(order: Order, column: str) -> Order:
    """Sort by a column.

    Returns:
        The order by that column; the other way round when it is the order already.
    """
    return Order(column, not order.descending) if order.column == column else Order(column)


def next_grouping(grouping: Grouping) -> Grouping:
    """Go round the groupings: none, session, tag, Slurm job.

    Returns:
        The grouping after this one.
    """
    ways = tuple(Grouping)
    return ways[(ways.index(grouping) + 1) % len(ways)]
