"""The commands that are typed behind `:` over the job table: any key by its word, and some with arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.common.safe_text import plain
from tui.jobquery.completion import Completion, candidates_for, complete_filter
from tui.jobquery.filters import FilterError, parse_filter
from tui.jobquery.job_list import Grouping, Order
from tui.monitor.state.events import Severity
from tui.widgets.key import Key
from tui.widgets.keymap import GLOBAL, JOBS
from tui.widgets.tables.job_table import JOB_COLUMNS

if TYPE_CHECKING:
    from tui.screens.jobs.screen import JobsScreen


def word_of(key: Key) -> str:
    """Return the word that is typed for a key."""
    return key.id.partition(".")[2].replace("_", "-")


_SHORT = {"q": "quit", "tag": "tags", "views": "view"}
_OF_VIEWS = ("view", "view!", "unview")
_CHANGING = {word_of(key) for key in JOBS if key.changes}
_NOT_TYPED = {"command", "palette", "help-anywhere", "mark-down", "mark-up", "mark-range", "drop", "suspend"}
"""Keys that make no sense as words."""
_GROUPINGS = {one.name.lower(): one for one in Grouping}


class CommandLine:
    """Completes commands and runs them.

    Args:
        screen: the job table, at which they are given.
    """

    def __init__(self, screen: JobsScreen) -> None:
        self._screen = screen
        self._with_argument: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "sort": self._sort,
            "group": self._group,
            "filter": self._filter,
            "view": screen.saved_views.open,
            "view!": screen.saved_views.save,
            "unview": screen.saved_views.delete,
            "tags": self._tags,
        }

    def _keys(self) -> dict[str, Key]:
        """The keys that can be typed now, by their words."""
        read_only = self._screen.services.read_only
        return {
            word: key
            for key in (*JOBS, *GLOBAL)
            if (word := word_of(key)) not in _NOT_TYPED and not (read_only and key.changes)
        }

    def complete(self, text: str) -> Completion:
        """Find what the end of a command may become.

        Args:
            text: the command up to the cursor; a `:` before it does not count.

        Returns:
            The candidates: commands, then their arguments.
        """
        start = len(text) - len(text.lstrip(" :"))
        name, space, _ = text[start:].partition(" ")
        if not space:
            words = dict.fromkeys(
                (*(word for word in self._with_argument if word not in _CHANGING), *self._keys())
            )
            return Completion(start, candidates_for(name, words))
        at = start + len(name) + 1
        if _SHORT.get(name, name) == "filter":
            found = complete_filter(text[at:], self._screen.filter_line.values)
            return replace(found, start=at + found.start)
        if name in _OF_VIEWS:
            return Completion(at, candidates_for(text[at:], self._screen.saved_views.names))
        last = text.rfind(" ") + 1
        if _SHORT.get(name, name) == "tags":
            last += text[last : last + 1] in {"+", "-"}
            tags = [tag for tag in self._screen.filter_line.values.get("tag", ()) if " " not in tag]
            return Completion(last, candidates_for(text[last:], tags))
        return Completion(last, candidates_for(text[last:], self._arguments(name)))

    def _arguments(self, name: str) -> tuple[str, ...]:
        if name == "sort":
            return (*JOB_COLUMNS, *(f"-{column}" for column in JOB_COLUMNS))
        return tuple(_GROUPINGS) if name == "group" else ()

    async def run(self, command: str) -> None:
        """Do what a command says; one that cannot be understood is a notice.

        Args:
            command: without `:` before it, not empty.
        """
        name, _, argument = command.partition(" ")
        name, argument = _SHORT.get(name, name), argument.strip()
        key = self._keys().get(name)
        if argument and name in self._with_argument and (key is not None or name not in _CHANGING):
            await self._with_argument[name](argument)
        elif argument and key is not None:
            self._refuse(f":{name} takes nothing behind it.")
        elif key is not None:
            action = f"app.{key.action}" if key in GLOBAL else key.action
            await self._screen.app.run_action(action, self._screen)
        else:
            self._refuse(f"There is no command “{plain(name, limit=40)}”: tab completes those there are.")

    async def _tags(self, text: str) -> None:
        self._screen.tag_chosen(text)

    def _refuse(self, text: str) -> None:
        self._screen.shell.show_notice(text, Severity.WARNING)

    async def _sort(self, text: str) -> None:
        column = text.removeprefix("-")
        if column in JOB_COLUMNS:
            self._screen.change_view(order=Order(column, text.startswith("-")))
        else:
            self._refuse(f"There is no column “{plain(column, limit=40)}”: tab completes those there are.")

    async def _group(self, text: str) -> None:
        if text in _GROUPINGS:
            self._screen.change_view(grouping=_GROUPINGS[text])
        else:
            self._refuse(f"Jobs are grouped by {', '.join(_GROUPINGS)}.")

    async def _filter(self, text: str) -> None:
        try:
            parse_filter(text)
        except FilterError as error:
            self._refuse(error.message)
        else:
            self._screen.filter_line.use(text)
