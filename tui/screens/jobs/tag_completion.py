"""Completing the tag that is typed: from the tags known here, else from those the service finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from textual.suggester import Suggester

from tui.common.errors import QdeckError
from tui.common.timing import Clock
from tui.widgets.forms.inputs import completed, typable_tags

PAUSE = 0.3
"""Seconds without a key before the service is asked."""
_LEAST, _MOST = 3, 100
"""Characters the service searches for (contract 5.10)."""
_FEW = 50
"""So few answers are all there are: a longer text has no others."""


class TagListSuggester(Suggester):
    """Suggests for the last of tags separated by commas, which may have a `-` before it.

    Completion is a courtesy: an error of the search is not shown, and ends the searching.

    Args:
        known: the likeliest first.
        search: asks the service for tags that contain a text.
    """

    def __init__(
        self, known: Iterable[str], search: Callable[[str], Awaitable[tuple[str, ...]]], clock: Clock
    ) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._known = list(known)
        self._search: Callable[[str], Awaitable[tuple[str, ...]]] | None = search
        self._clock = clock
        self._typed = ""
        self._asked: list[str] = []

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last tag completed."""
        before, comma, last = value.rpartition(",")
        tag = last.lstrip().removeprefix("-").lstrip()
        self._typed = value
        if not tag:
            return None
        taken = {part.strip() for part in before.split(",")} if comma else set()
        found = completed(tag, self._known, taken)
        if found is None and await self._learn(value, tag):
            found = completed(tag, self._known, taken)
        return None if found is None else value[: len(value) - len(tag)] + found

    async def _learn(self, value: str, tag: str) -> bool:
        """Ask the service, once the typing rests; whether more is known now."""
        if self._search is None or not _LEAST <= len(tag) <= _MOST or tag in self._known:
            return False
        if any(asked in tag for asked in self._asked):
            return False
        await self._clock.sleep(PAUSE)
        if self._typed != value:
            return False
        try:
            found = await self._search(tag)
        except QdeckError:
            self._search = None
            return False
        if len(found) < _FEW:
            self._asked.append(tag)
        known = set(self._known)
        new = [one for one in typable_tags(found) if one not in known]
        self._known += new
        return bool(new)
