"""Keeps sessions: opens, drains and closes them, and lets time act on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from tui.sandbox.base.clock import Clock, iso
from tui.sandbox.base.errors import ApiError, no_session
from tui.sandbox.base.ids import new_id
from tui.sandbox.core import session_state as rules
from tui.sandbox.db.database import Store
from tui.sandbox.db.models import Face, Mode, Session

# Waking up at least this often costs nothing and bounds what a missed wake-up could do.
_LONGEST_SLEEP = 60.0


class Sessions:
    """All sessions of both faces.

    Attributes:
        on_close: called with a session that has just closed, and why, so that the queue drops its jobs.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.on_close: Callable[[Session], None] = lambda _session: None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="sandbox-sessions")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def open(self, face: Face, mode: Mode, backend: str, max_ttl: int, interactive_ttl: int) -> Session:
        """A new session, waiting for its first job."""
        now = self._clock.now()
        stamps = (("open", iso(now, 3)),)
        session = Session(new_id(), face, mode, now, backend, max_ttl, interactive_ttl, timestamps=stamps)
        return self._save(session)

    def get(self, face: Face, session_id: str) -> Session:
        """The session as it is now.

        Raises:
            ApiError: 404 when there is no such session.
        """
        session = self._store.sessions.get(session_id)
        if session is None or session.face != face:
            raise no_session()
        return self._refresh(session)

    def accept(self, face: Face, session_id: str, backend: str) -> Session:
        """The session if it takes a job for the device.

        Raises:
            ApiError: 404 unknown; 400 closed or draining (code 1217), or of another device (code 1208).
        """
        session = self.get(face, session_id)
        if session.state == "closed" or not session.accepting_jobs:
            raise ApiError(400, 1217, "The session is closed.", "Open a new session and try again.")
        if session.backend and session.backend != backend:
            raise ApiError(400, 1208, f"The session {session_id} is on {session.backend}, not on {backend}.")
        return session if session.backend else self._save(replace(session, backend=backend))

    def drain(self, face: Face, session_id: str, accepting: bool) -> None:
        """Stop (or resume) taking jobs; with none left the session closes at once."""
        session = self.get(face, session_id)
        if session.state != "closed":
            self._refresh(self._save(replace(session, accepting_jobs=accepting)))

    def close(self, face: Face, session_id: str) -> None:
        """End it: queued jobs are dropped, a running one finishes. Closing twice is no error."""
        session = self.get(face, session_id)
        if session.state != "closed":
            self._finish(rules.entered(session, "closed", self._clock, rules.CLOSED_BY_USER))

    def has_priority(self, session_id: str) -> bool:
        """Whether jobs of the session go before all others."""
        session = self._store.sessions.get(session_id)
        return session is not None and session.state == "active"

    def job_started(self, session_id: str) -> None:
        session = self._store.sessions.get(session_id)
        if session is None:
            return
        if session.state in ("open", "inactive"):
            session = rules.entered(session, "active", self._clock)
        self._save(replace(session, last_job_started=self._clock.now()))

    def job_ended(self, session_id: str) -> None:
        """A job of the session reached its end (from the queue or from the device)."""
        session = self._store.sessions.get(session_id)
        if session is not None:
            self._refresh(self._save(replace(session, last_job_completed=self._clock.now())))

    def _refresh(self, session: Session) -> Session:
        moved = rules.advanced(session, self._clock, self._pending(session))
        if moved is session:
            return session
        return self._finish(moved) if moved.state == "closed" else self._save(moved)

    def _finish(self, closed: Session) -> Session:
        self._save(closed)
        self.on_close(closed)
        return closed

    def _save(self, session: Session) -> Session:
        self._store.sessions.save(session)
        self._changed.set()
        return session

    def _pending(self, session: Session) -> int:
        return len(self._store.jobs.pending(session_id=session.id))

    async def _watch(self) -> None:
        """Sleep until the next session is due, or until one changes."""
        while True:
            self._changed.clear()
            living = [self._refresh(session) for session in self._store.sessions.living()]
            due = [
                rules.next_deadline(session, self._clock, self._pending(session))
                for session in living
                if session.state != "closed"
            ]
            sleep = asyncio.create_task(self._clock.wait(min([*due, _LONGEST_SLEEP])))
            change = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({sleep, change}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                change.cancel()
