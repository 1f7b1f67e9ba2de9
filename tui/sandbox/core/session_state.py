"""The life of a session: pure steps from one state to the next."""

from __future__ import annotations

from dataclasses import replace

from tui.sandbox.base.clock import Clock, iso
from tui.sandbox.db.models import Session, SessionState

EXPIRED = "maximum time to live reached"
CLOSED_BY_USER = "closed by user"
DRAINED = "no more jobs are accepted and all jobs are done"


def entered(session: Session, state: SessionState, clock: Clock, reason: str = "") -> Session:
    """The session in a new state, with the time noted and a finished spell of activity added up."""
    now = clock.now()
    changed = replace(
        session,
        state=state,
        state_reason=reason,
        timestamps=(*session.timestamps, (state, iso(now, 3))),
        active_seconds=active_seconds(session, clock),
    )
    if state == "active":
        return replace(changed, started_at=session.started_at or now, activated_at=now)
    if state == "closed":
        return replace(changed, closed_at=now, accepting_jobs=False)
    return changed


def active_seconds(session: Session, clock: Clock) -> float:
    """Simulated seconds it held the device, the present spell included."""
    if session.state != "active" or session.activated_at is None:
        return session.active_seconds
    return session.active_seconds + max(0.0, clock.elapsed(session.activated_at))


def time_left(session: Session, clock: Clock) -> float:
    """Simulated seconds until the maximum time to live, which counts from the first job (or creation)."""
    return session.max_ttl - clock.elapsed(session.started_at or session.created)


def interactive_left(session: Session, clock: Clock) -> float:
    """Simulated seconds an idle active session keeps its priority."""
    since = session.last_job_completed or session.activated_at or session.created
    if session.activated_at is not None:
        since = max(since, session.activated_at)
    return session.interactive_ttl - clock.elapsed(since)


def advanced(session: Session, clock: Clock, pending: int) -> Session:
    """The session as time has made it, given how many of its jobs are queued or running."""
    if session.state == "closed":
        return session
    if time_left(session, clock) <= 0:
        return entered(session, "closed", clock, EXPIRED)
    if not session.accepting_jobs and pending == 0:
        return entered(session, "closed", clock, DRAINED)
    if session.state == "active" and pending == 0 and interactive_left(session, clock) <= 0:
        return entered(session, "inactive", clock, "interactive time to live reached")
    return session


def next_deadline(session: Session, clock: Clock, pending: int) -> float:
    """Simulated seconds until time alone changes the session."""
    left = time_left(session, clock)
    if session.state == "active" and pending == 0:
        left = min(left, interactive_left(session, clock))
    return max(0.0, left)
