"""Sessions in words: states with their symbols, what is left of them, and which take a job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.sessions import Session, SessionState
from tui.domain.text import plain
from tui.widgets.ink import Ink, Span
from tui.widgets.words import NOTHING, short_id

_SYMBOLS: dict[SessionState, tuple[str, Ink]] = {
    SessionState.OPEN: ("○", Ink.WAITING),
    SessionState.ACTIVE: ("●", Ink.BUSY),
    SessionState.INACTIVE: ("◌", Ink.MUTED),
    SessionState.DRAINING: ("◐", Ink.WARNING),
    SessionState.CLOSED: ("✔", Ink.MUTED),
    SessionState.UNKNOWN: ("?", Ink.WARNING),
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


def takes_jobs(session: Session) -> bool:
    """Whether a job may be submitted to it."""
    return session.state.takes_jobs and session.accepting_jobs


def offers(sessions: Iterable[Session], backend: str, now: datetime) -> list[tuple[str, str]]:
    """The sessions that take jobs on `backend`, as label and id, for the submit form."""
    return [
        (f"{session.mode} {short_id(session.id)} {ends_in(session, now)}", session.id)
        for session in sessions
        if takes_jobs(session) and session.backend == backend
    ]
