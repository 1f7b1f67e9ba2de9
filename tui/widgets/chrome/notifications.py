"""Notifications: the one shown now, and a log of the last ones."""

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
    """One notice. `text` is plain (`tui.common.safe_text.plain`), advice on a line of its own."""

    text: str
    severity: Severity
    at: datetime


class NotificationLog:
    """The notices of this run, newest first; each is current until it is said to be over."""

    def __init__(self) -> None:
        self._all: deque[Notification] = deque(maxlen=KEPT)
        self._current: list[Notification] = []

    def add(self, note: Notification) -> None:
        """Remember a notification and make it the current one."""
        self._all.appendleft(note)
        self._current.insert(0, note)

    def over(self, note: Notification) -> None:
        """End a notification: the one before is shown again, if its time is not over."""
        if note in self._current:
            self._current.remove(note)

    def clear(self) -> None:
        """End all notifications; they stay in the log."""
        self._current.clear()

    @property
    def current(self) -> tuple[Notification, ...]:
        """Notifications whose time is not over, newest first."""
        return tuple(self._current)

    @property
    def all(self) -> Sequence[Notification]:
        """Last `KEPT` notifications, newest first."""
        return tuple(self._all)


def notification_lines(current: Sequence[Notification], width: int) -> list[StyledLine]:
    """Return the newest notification, shortened.

    Args:
        current: those whose time is not over, newest first.
        width: cells of a line.

    Returns:
        One line, two for a warning or error that needs them; empty without notifications. What does not fit
        ends in `…`; the key that shows the whole and the number of other notifications stand at the end.
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
    if not more and len(rows := wrapped(words, room)) <= rows_allowed:
        return _rows(head, rows)
    tail = line(
        "  ", (f"{more} " if more else "", TextStyle.MUTED), Span(_MORE_KEY, TextStyle.KEY, _MORE_ACTION), " "
    )
    rows = wrapped(words, room)
    first, rest = rows[: rows_allowed - 1], words
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


def _rows(head: StyledLine, rows: Sequence[StyledLine]) -> list[StyledLine]:
    return [(*(head if place == 0 else line(" " * width_of(head))), *row) for place, row in enumerate(rows)]


def log_lines(notifications: Sequence[Notification], width: int) -> list[StyledLine]:
    """Return notifications in full, each with its local time.

    Args:
        notifications: newest first.
        width: cells to wrap the text to.
    """
    lines: list[StyledLine] = []
    for note in notifications:
        mark, style = _HEADS[note.severity]
        head = line((f"{note.at.astimezone():%H:%M:%S}  ", TextStyle.MUTED), (mark, style))
        margin = " " * 10
        first, *others = wrapped(note.text, max(20, width - 10 - len(mark)))
        lines.append((*head, *first))
        lines += [(*line(margin + " " * len(mark)), *row) for row in others]
    return lines
