"""Submissions that have not become a job yet, in lines above the jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from tui.common.sanitize import plain, shorten
from tui.domain.jobs import WaitingSubmission, WaitState
from tui.widgets.text.styled_text import StyledLine, TextStyle, line

SHOWN = 4
_INKS = {
    WaitState.WAITING: TextStyle.WARNING,
    WaitState.SENDING: TextStyle.BUSY,
    WaitState.UNCONFIRMED: TextStyle.WARNING,
    WaitState.NOT_CREATED: TextStyle.BAD,
}


def outbox_lines(
    waiting: Sequence[WaitingSubmission], now: datetime, *, hint: str = "w changes it"
) -> list[StyledLine]:
    """Return a line for each of the first submissions, and one for the rest.

    Args:
        waiting: submissions that have not become a job yet.
        now: the time, for countdowns.
        hint: the key at the end of the first line; empty names no key.

    Returns:
        At most `SHOWN` + 1 lines; empty when nothing waits longer than sending takes.
    """
    # One that is only on its way needs no line: it would come and go with every submission.
    waiting_long = [
        one for one in waiting if one.state is not WaitState.SENDING and (one.why or one.place > 1)
    ]
    lines = [_line_of(one, now, _key(one, at, hint)) for at, one in enumerate(waiting_long[:SHOWN])]
    if len(waiting_long) > SHOWN:
        lines.append(line((f"   and {len(waiting_long) - SHOWN} more in line", TextStyle.MUTED)))
    return lines


def _key(one: WaitingSubmission, at: int, hint: str) -> str:
    if hint and one.state is WaitState.UNCONFIRMED and not one.elsewhere:
        return "   w lets it go"
    return f"   {hint}" if hint and at == 0 else ""


def _line_of(one: WaitingSubmission, now: datetime, hint: str) -> StyledLine:
    word = str(one.state)
    if one.state is WaitState.WAITING and one.due is not None:
        word = f"waiting {max(0, math.ceil((one.due - now).total_seconds()))}s"
    submission = one.submission
    return line(
        f" {'◌' if one.state is WaitState.WAITING else '?'} ",
        (f"{word:<13}", _INKS[one.state]),
        f" {shorten(submission.name or submission.primitive, 30)}  {shorten(submission.backend, 30)}  ",
        (plain(one.why or "in line", limit=80) + hint, TextStyle.MUTED),
    )
