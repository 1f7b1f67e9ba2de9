"""Sessions and batches: transitions of their states, and the manager that opens, drains and closes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from tui.sandbox.base.clock import Clock, iso
from tui.sandbox.base.errors import ApiError, session_not_found
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face, Mode, Session, SessionState, new_id

EXPIRED = "maximum time to live reached"
_CLOSED_BY_USER = "closed by user"
_DRAINED = "no more jobs are accepted and all jobs are done"
_IDLE = "interactive time to live reached"
# Waking up at least this often costs nothing and bounds what a missed wake-up could do.
_LONGEST_SLEEP = 60.0


def with_state(
    session: Session, state: SessionState, clock: Clock, reason: str = "", *, overdue: float = 0.0
) -> Session:
    """Return the session in a new state, the time noted and a finished period of activity added up.

    Args:
        session: as it was stored.
        state: the state it enters.
        clock: the time that counts.
        reason: why, in words.
        overdue: simulated seconds since it should have entered the state, as after a stop of the sandbox.
    """
    now = clock.ago(overdue)
    changed = replace(
        session,
        state=state,
        state_reason=reason,
        timestamps=(*session.timestamps, (state, iso(now, 3))),
        active_seconds=max(session.active_seconds, active_seconds(session, clock) - overdue),
    )
    if state == "active":
        return replace(changed, started_at=session.started_at or now, activated_at=now)
    if state == "closed":
        return replace(changed, closed_at=now, accepting_jobs=False)
    return changed


def active_seconds(session: Session, clock: Clock) -> float:
    """Return the simulated seconds the session has held its device, the present period included."""
    if session.state != "active" or session.activated_at is None:
        return session.active_seconds
    return session.active_seconds + max(0.0, clock.elapsed(session.activated_at))


def charged_seconds(session: Session, clock: Clock) -> float:
    """Return the usage: of a batch the QPU seconds of its jobs, of a session all the time it was active."""
    return session.job_seconds if session.mode == "batch" else active_seconds(session, clock)


def time_left(session: Session, clock: Clock) -> float:
    """Return the simulated seconds until the maximum time to live, which counts from the first job.

    Before the first job it counts from the creation. Negative once it is over.
    """
    return session.max_ttl - clock.elapsed(session.started_at or session.created)


def interactive_time_left(session: Session, clock: Clock) -> float:
    """Return the simulated seconds for which an idle active session keeps its priority."""
    since = session.last_job_completed or session.activated_at or session.created
    if session.activated_at is not None:
        since = max(since, session.activated_at)
    return session.interactive_ttl - clock.elapsed(since)


def advanced(session: Session, clock: Clock, pending: int) -> Session:
    """Return the session in the state that time has brought it to.

    Args:
        session: as it was stored.
        clock: the time that counts.
        pending: how many of its jobs are queued or running.

    Returns:
        The same object when nothing changes.
    """
    if session.state == "closed":
        return session
    if not session.accepting_jobs and pending == 0 and time_left(session, clock) > 0:
        return with_state(session, "closed", clock, _DRAINED)
    expired = -time_left(session, clock)
    if session.state == "active" and pending == 0:
        idle = -interactive_time_left(session, clock)
        if idle >= max(0.0, expired):
            session = with_state(session, "inactive", clock, _IDLE, overdue=idle)
    return with_state(session, "closed", clock, EXPIRED, overdue=expired) if expired >= 0 else session


def next_deadline(session: Session, clock: Clock, pending: int) -> float:
    """Return the simulated seconds until time alone changes the session, 0 when that is due."""
    left = time_left(session, clock)
    if session.state == "active" and pending == 0:
        left = min(left, interactive_time_left(session, clock))
    return max(0.0, left)


class SessionManager:
    """All sessions of both faces.

    Attributes:
        on_close: called with a session that has just closed, so that the queue drops its jobs.
    """

    def __init__(self, database: SandboxDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.on_close: Callable[[Session], None] = lambda _session: None

    def start(self) -> None:
        """Begin to advance sessions when they are due."""
        self._task = asyncio.create_task(self._watch(), name="sandbox-sessions")

    async def stop(self) -> None:
        """End the task that advances sessions."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def open(self, face: Face, mode: Mode, backend: str, max_ttl: int, interactive_ttl: int) -> Session:
        """Open a session, which waits for its first job.

        Args:
            face: the face it belongs to.
            mode: "dedicated" or "batch".
            backend: its device; "" when the first job decides.
            max_ttl: simulated seconds from its first job to its end.
            interactive_ttl: simulated seconds for which it keeps its priority without a job.
        """
        now = self._clock.now()
        stamps = (("open", iso(now, 3)),)
        session = Session(new_id(), face, mode, now, backend, max_ttl, interactive_ttl, timestamps=stamps)
        return self._save(session)

    def get(self, face: Face, session_id: str) -> Session:
        """Return a session in its present state.

        Raises:
            ApiError: 404 when there is no such session.
        """
        session = self._database.sessions.get(session_id)
        if session is None or session.face != face:
            raise session_not_found()
        return self._refresh(session)

    def accept(self, face: Face, session_id: str, backend: str) -> Session:
        """Return a session that accepts a job for the device.

        Raises:
            ApiError: 404 unknown; 400 closed or draining (code 1217), or of another device (code 1208).
        """
        session = self.get(face, session_id)
        if session.state == "closed" or not session.accepting_jobs:
            raise ApiError(400, 1217, "The session is closed.", "Open a new session and try again.")
        if session.backend and session.backend != backend:
            raise ApiError(400, 1208, f"The session {session_id} is on {session.backend}, not on {backend}.")
        return session if session.backend else self._save(replace(session, backend=backend))

    def set_accepting(self, face: Face, session_id: str, accepting: bool) -> None:
        """Stop or resume accepting jobs; a session that does not and has none left closes at once.

        Raises:
            ApiError: 404 when there is no such session.
        """
        session = self.get(face, session_id)
        if session.state != "closed":
            self._refresh(self._save(replace(session, accepting_jobs=accepting)))

    def close(self, face: Face, session_id: str) -> None:
        """Close a session: queued jobs are dropped, a running one finishes. Closing twice is no error.

        Raises:
            ApiError: 404 when there is no such session.
        """
        session = self.get(face, session_id)
        if session.state != "closed":
            self._save_closed(with_state(session, "closed", self._clock, _CLOSED_BY_USER))

    def has_priority(self, session_id: str) -> bool:
        """Return whether the session is active, so that its jobs run before all others."""
        session = self._database.sessions.get(session_id)
        return session is not None and session.state == "active"

    def job_started(self, session_id: str) -> None:
        """Note that a job of the session runs, which makes it active."""
        session = self._database.sessions.get(session_id)
        if session is None:
            return
        if session.state in ("open", "inactive"):
            session = with_state(session, "active", self._clock)
        self._save(replace(session, last_job_started=self._clock.now()))

    def job_ended(self, session_id: str, qpu_seconds: float) -> None:
        """Note that a job of the session has ended, in the queue or on the device, and what it is charged."""
        session = self._database.sessions.get(session_id)
        if session is not None:
            used = session.job_seconds + qpu_seconds
            ended = replace(session, last_job_completed=self._clock.now(), job_seconds=used)
            self._refresh(self._save(ended))

    def _refresh(self, session: Session) -> Session:
        current = advanced(session, self._clock, self._pending(session))
        if current is session:
            return session
        return self._save_closed(current) if current.state == "closed" else self._save(current)

    def _save_closed(self, session: Session) -> Session:
        self._save(session)
        self.on_close(session)
        return session

    def _save(self, session: Session) -> Session:
        self._database.sessions.insert(session, replace=True)
        self._changed.set()
        return session

    def _pending(self, session: Session) -> int:
        return len(self._database.jobs.pending(session_id=session.id))

    async def _watch(self) -> None:
        """Sleep until the next session is due, or until one changes."""
        while True:
            self._changed.clear()
            sessions = [self._refresh(session) for session in self._database.sessions.unclosed()]
            due = [
                next_deadline(session, self._clock, self._pending(session))
                for session in sessions
                if session.state != "closed"
            ]
            sleep = asyncio.create_task(self._clock.wait(min([*due, _LONGEST_SLEEP])))
            change = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({sleep, change}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                change.cancel()
