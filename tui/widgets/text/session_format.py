"""Sessions in words: states with their symbols, what is left of them, what they cost, which take a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tui.common.sanitize import plain, shorten
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.monitor.api import Services
from tui.widgets.text.format import NOTHING, count_words, short_id
from tui.widgets.text.styled_text import Span, TextStyle

_SYMBOLS: dict[SessionState, tuple[str, TextStyle]] = {
    SessionState.OPEN: ("○", TextStyle.WAITING),
    SessionState.ACTIVE: ("●", TextStyle.BUSY),
    SessionState.INACTIVE: ("◌", TextStyle.MUTED),
    SessionState.DRAINING: ("◐", TextStyle.WARNING),
    SessionState.CLOSED: ("✔", TextStyle.MUTED),
    SessionState.UNKNOWN: ("?", TextStyle.WARNING),
}


def state_span(session: Session) -> Span:
    """Symbol and word of a state; the service's own word when qdeck does not know it."""
    symbol, ink = _SYMBOLS[session.state]
    word: str = session.state
    if session.state is SessionState.UNKNOWN and session.state_text:
        word = plain(session.state_text, limit=40)
    return Span(f"{symbol} {word}", ink)


def ends_in(session: Session, now: datetime) -> str:
    """How long it may still live, coarsely, so that it changes seldom: `5h`, `40m`, `<5m`, `over`."""
    end = session.ends()
    if end is None:
        return NOTHING
    minutes = (end - now).total_seconds() / 60
    if minutes <= 0:
        return "over"
    if minutes < 5:
        return "<5m"
    if minutes < 57.5:
        return f"{round(minutes / 5) * 5}m"
    tens = round(minutes / 10)
    return f"{tens // 6}h {tens % 6 * 10:02d}m" if tens < 24 else f"{round(minutes / 60)}h"


def idle_for(since: datetime | None, now: datetime) -> str:
    """How long no job was queued or running in it, coarsely: `<1m`, `4m`, `25m`, `3h`."""
    if since is None:
        return NOTHING
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 1:
        return "<1m"
    if minutes < 10:
        return f"{minutes}m"
    return f"{minutes // 5 * 5}m" if minutes < 60 else f"{minutes // 60}h"


def place_kept(session: Session, idle_since: datetime | None, now: datetime) -> str:
    """How long it stays active when no job comes, coarsely: `<1m`, `4m`; empty when that is not known."""
    end = session.loses_place(idle_since)
    if end is None or end <= now:
        return ""
    minutes = int((end - now).total_seconds() // 60)
    return f"{minutes}m" if minutes else "<1m"


def open_now(services: Services) -> list[Session]:
    """The sessions of the signed-in account that take jobs, and so may cost; the newest first."""
    return [one for one in services.sessions() if one.takes_jobs] if services.identity is not None else []


def open_words(sessions: Sequence[Session], now: datetime) -> tuple[str, str, str]:
    """How many are open and how long the last of them may still live, in three lengths; empty: none is."""
    if not sessions:
        return "", "", ""
    ends = [end for session in sessions if (end := session.ends()) is not None]
    last = max(sessions, key=lambda session: session.ends() or now)
    left = ends_in(last, now) if ends and max(ends) > now else ""
    many = count_words(len(sessions), "session")
    return (
        f"{many} {left} left" if left else many,
        f"{many} {left}".rstrip(),
        f"{len(sessions)} {left}".rstrip(),
    )


def burning(session: Session) -> str:
    """What an open session costs though nothing runs in it, in a short sentence."""
    if session.mode is SessionMode.BATCH:
        return "Only the QPU time of its jobs is charged."
    if session.state is SessionState.OPEN:
        return "Charged from its first job on, used or not."
    if session.state is SessionState.INACTIVE:
        return "Charged again from its next job on."
    return "Its QPU time is charged, used or not."


def idle_words(session: Session, seconds: float, now: datetime, *, read_only: bool = False) -> str:
    """The warning of a session in which nothing happens: which, how long, what it costs, what to do.

    Short enough for the two lines that a warning gets in 80 columns.
    """
    which = f"{session.mode} {short_id(session.id)} on {shorten(session.backend, 30)}"
    idle = idle_for(now - timedelta(seconds=seconds), now)
    keys = "" if read_only else " F5: d drains it, c cancels it."
    return f"Idle for {idle}: {which}. {burning(session)}{keys}"


def offers(sessions: Iterable[Session], backend: str, now: datetime) -> list[tuple[str, str]]:
    """The sessions that take jobs on `backend`, as label and id, for the submit form."""
    return [
        (f"{session.mode} {short_id(session.id)} {ends_in(session, now)}", session.id)
        for session in sessions
        if session.takes_jobs and session.backend == backend
    ]
