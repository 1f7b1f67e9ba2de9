"""Tags of jobs, changed in one line: `+new -old`, completed while it is typed, for one job or many."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from textual.suggester import Suggester

from tui.common.errors import QdeckError
from tui.common.safe_text import shorten
from tui.common.timing import Clock
from tui.common.values import Value
from tui.domain.jobs import Job
from tui.domain.submissions import MAX_TAG_LENGTH, MAX_TAGS
from tui.jobquery.completion import QUICKLY_READ
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.actions import job_label
from tui.screens.jobs.bulk_actions import BulkAction
from tui.widgets.forms.inputs import completed, tags_of_jobs, typable_tags
from tui.widgets.text.format import format_count

_SEPARATOR = re.compile(r"[\s,]")
_CHANGE = re.compile(r"""([+-]?)(?:"([^"]*)"?|([^\s,"]+))""")
_ALL = "*"
_HINT = "+new or new adds, -old takes away, -* all. Blanks between; a tag with a blank in quotation marks."


class TagChanges(Value, frozen=True):
    """What a line of changes says.

    Attributes:
        add: tags that are added where they are not there.
        remove: tags that are taken away where they are.
        clear: all that are there go first.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    clear: bool = False

    def after(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return the tags that a job has then."""
        kept = () if self.clear else tags
        return tuple(dict.fromkeys(tag for tag in (*kept, *self.add) if tag not in self.remove))


def tag_changes(text: str) -> TagChanges:
    """Read a line of changes: `+a -b "two words"`.

    Returns:
        What it says; a tag without a sign is added.
    """
    add: dict[str, None] = {}
    remove: dict[str, None] = {}
    clear = False
    for change in _CHANGE.finditer(text):
        sign, quoted, bare = change[1], change[2], change[3]
        tag = (bare or quoted or "").strip()
        if sign == "-" and bare == _ALL:
            clear = True
        elif tag and (sign or bare not in {"+", "-"}):
            (remove if sign == "-" else add)[tag] = None
    return TagChanges(tuple(add), tuple(remove), clear)


def tag_changes_error(text: str) -> str:
    """Check a line of changes of tags.

    Returns:
        The error in a sentence; empty when there is none.
    """
    changes = tag_changes(text)
    if changes == TagChanges():
        return "Write a tag to add, or a tag with - before it to take it away."
    if both := set(changes.add) & set(changes.remove):
        return f"“{shorten(min(both), 40)}” is to be added and to be taken away."
    longest = max(changes.add, key=len, default="")
    if len(longest) > MAX_TAG_LENGTH:
        return f"The tag “{longest[:20]}…” has {len(longest)} characters; at most {MAX_TAG_LENGTH} are kept."
    many = len(changes.add)
    return f"{many} tags are too many: the service keeps at most {MAX_TAGS}." if many > MAX_TAGS else ""


def last_tag(text: str) -> int:
    """Find where the tag begins that a line of changes ends with, behind its sign and quotation mark."""
    if text.count('"') % 2:
        return text.rfind('"') + 1
    start = max(text.rfind(" "), text.rfind(",")) + 1
    return start + (text[start : start + 1] in {"+", "-"})


async def ask_tags(screen: SectionScreen, jobs: Sequence[Job], note: str) -> BulkAction | None:
    """Ask which tags to add and to take away.

    Args:
        screen: the screen that asks.
        jobs: at least one.
        note: what is to be known of them, in a sentence.

    Returns:
        What changes them; `None` when nothing is to be done.
    """
    one = len(jobs) == 1
    have = ", ".join(jobs[0].tags) or "no tags"
    now = f"Now: {shorten(have, 200)}. " if one else ""
    title = f"Tags of {job_label(jobs[0]) if one else format_count(len(jobs), 'job')}"
    listed = screen.services.jobs.all()
    # Keys typed right behind the one that opens the dialog wait a few turns of the loop, not for a thread.
    quick = len(listed) <= QUICKLY_READ
    known = tags_of_jobs(listed) if quick else await asyncio.to_thread(tags_of_jobs, listed)
    suggester = TagListSuggester(known, screen.services.jobs.tags_like, screen.clock)
    hint = f"{now}{_HINT} {note}".rstrip()

    def check(text: str) -> str:
        return tag_changes_error(text) if text.strip() else ""

    text = await screen.app.push_screen_wait(Prompt(title, "", hint, check, suggester=suggester))
    return change_tags(screen, jobs, text) if text and text.strip() else None


def change_tags(screen: SectionScreen, jobs: Sequence[Job], text: str) -> BulkAction | None:
    """Prepare a change of tags.

    Args:
        screen: tells why nothing is to be done.
        jobs: at least one.
        text: a line of changes.

    Returns:
        What changes them; `None` when nothing is to be done.
    """
    if wrong := tag_changes_error(text):
        screen.shell.show_notice(wrong, Severity.WARNING)
        return None
    after = tag_changes(text).after
    different = tuple(job for job in jobs if after(job.tags) != job.tags)
    full = next((job for job in different if len(after(job.tags)) > MAX_TAGS), None)
    if full is not None:
        screen.shell.show_notice(
            f"{job_label(full)} would have {len(after(full.tags))} tags; at most {MAX_TAGS} are kept. "
            "Nothing was changed.",
            Severity.WARNING,
        )
        return None
    if not different:
        screen.shell.show_notice("The tags are like that already.")
        return None

    async def change(job: Job) -> None:
        await screen.services.jobs.set_tags(job.id, after(job.tags))

    return BulkAction(different, "tagging", "Changed the tags of", change)


PAUSE = 0.3
"""Seconds without a key before the service is asked."""
_LEAST, _MOST = 3, 100
"""Characters the service searches for (contract 5.10)."""
_FEW = 50
"""So few answers are all there are: a longer text has no others."""


class TagListSuggester(Suggester):
    """Suggests for the last of the tags of a line of changes.

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
        start = last_tag(value)
        tag = value[start:]
        self._typed = value
        if not tag:
            return None
        changes = tag_changes(value[:start])
        taken = {*changes.add, *changes.remove}
        quoted = value[start - 1 : start] == '"'
        found = self._found(tag, taken, quoted)
        if found is None and await self._learn(value, tag):
            found = self._found(tag, taken, quoted)
        return None if found is None else value[:start] + found

    def _found(self, tag: str, taken: set[str], quoted: bool) -> str | None:
        if quoted:
            found = completed(tag, self._known, taken)
            return None if found is None else f'{found}"'
        return completed(tag, (one for one in self._known if not _SEPARATOR.search(one)), taken)

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
