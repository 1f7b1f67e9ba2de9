"""What the user was told: the notice shown now, and the last ones for reading again."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.monitor.state.events import Severity
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line, text_of, width_of, wrapped

KEPT = 50
"""How many notices can be read again."""
_HEADS: dict[Severity, tuple[str, TextStyle]] = {
    Severity.INFORMATION: ("", TextStyle.PLAIN),
    Severity.WARNING: ("! Warning  ", TextStyle.WARNING),
    Severity.ERROR: ("✘ Error  ", TextStyle.BAD),
}
_MORE_KEY = "^t"
_MORE_ACTION = "app.messages"


@dataclass(frozen=True, slots=True, eq=False)
class Notification:
    """One notice. `text` is plain (`tui.common.sanitize.plain`), advice on a line of its own."""

    text: str
    severity: Severity
    at: datetime


class NotificationLog:
    """The notices of this run, newest first; each is current until it is said to be over."""

    def __init__(self) -> None:
        self._all: deque[Notification] = deque(maxlen=KEPT)
        self._current: list[Notification] = []

    def add(self, note: Notification) -> None:
        """Remember a notice and make it the current one."""
        self._all.appendleft(note)
        self._current.insert(0, note)

    def over(self, note: Notification) -> None:
        """Its time is over: the one before comes back, if its own time is not."""
        if note in self._current:
            self._current.remove(note)

    def clear(self) -> None:
        """No notice is current any more; all can still be read."""
        self._current.clear()

    @property
    def current(self) -> tuple[Notification, ...]:
        """The notices whose time is not over, newest first."""
        return tuple(self._current)

    @property
    def all(self) -> Sequence[Notification]:
        """The last `KEPT` notices, newest first."""
        return tuple(self._all)


def notification_lines(current: Sequence[Notification], width: int) -> list[StyledLine]:
    """The newest of `current` in `width` cells: one line, two for a warning or error that needs them.

    What does not fit ends in `…`, and the key that shows the whole stands at the end; so does the number of
    other notices that are current too.
    """
    if not current:
        return []
    note = current[0]
    mark, style = _HEADS[note.severity]
    head = line(" ", (mark, style))
    words = " ".join(note.text.split("\n"))
    rows_allowed = 1 if note.severity is Severity.INFORMATION else 2
    more = f"+{len(current) - 1}" if len(current) > 1 else ""
    room = width - width_of(head) - 1
    if not more and len(told := wrapped(words, room)) <= rows_allowed:
        return _rows(head, told)
    tail = line(
        "  ", (f"{more} " if more else "", TextStyle.MUTED), Span(_MORE_KEY, TextStyle.KEY, _MORE_ACTION), " "
    )
    told = wrapped(words, room)
    first, rest = told[: rows_allowed - 1], words
    for row in first:
        rest = rest[len(text_of(row)) :].lstrip(" ")
    last_room = room - width_of(tail)
    last = wrapped(rest, last_room)
    kept = text_of(last[0])
    if len(last) > 1:
        kept = text_of(wrapped(rest, last_room - 2)[0]) + " …"
    rows = _rows(head, [*first, line(kept)]) if rest else _rows(head, first)
    end = rows[-1]
    return [*rows[:-1], (*end, Span(" " * max(0, width - width_of(end) - width_of(tail))), *tail)]


def _rows(head: StyledLine, told: Sequence[StyledLine]) -> list[StyledLine]:
    return [(*(head if place == 0 else line(" " * width_of(head))), *row) for place, row in enumerate(told)]


def log_lines(notifications: Sequence[Notification], width: int) -> list[StyledLine]:
    """All of `notifications` in full, each with its local time."""
    lines: list[StyledLine] = []
    for note in notifications:
        mark, style = _HEADS[note.severity]
        head = line((f"{note.at.astimezone():%H:%M:%S}  ", TextStyle.MUTED), (mark, style))
        margin = " " * 10
        first, *others = wrapped(note.text, max(20, width - 10 - len(mark)))
        lines.append((*head, *first))
        lines += [(*line(margin + " " * len(mark)), *row) for row in others]
    return lines
