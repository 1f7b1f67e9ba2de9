"""Warning of idle sessions: an open session costs, so the user is notified, once, when nothing happens in it.

An idle stretch begins when the last job of a session ends, or when the session begins. It is warned of once,
when it has lasted as long as the user set; the next warning needs a new job and a new stretch. That the
session is still open is on every screen anyway (`tui.widgets.chrome.status_bar`).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from tui.common.errors import QdeckError
from tui.domain.jobs import Job
from tui.domain.sessions import Session
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.scheduler import run_now
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import (
    Event,
    IdentityChanged,
    JobsChanged,
    OutboxChanged,
    SessionIdle,
    SessionsChanged,
)

LONGEST_WAIT = 60.0
"""Seconds between two rounds at the most: a machine that slept finds out soon how late it is."""
RETRY_SECONDS = 60.0
"""Seconds until the next try when the service did not say whether the session is really idle."""


class IdleSessionGuard:
    """Keeps the idle time of each session, and publishes `SessionIdle`. One for the life of the app.

    Steady time is what this machine's clock would show had nobody set it since the guard was made.

    Args:
        minutes: of idleness before a warning; 0: no warnings.
    """

    def __init__(self, app_state: AppState, workers: Workers, minutes: int) -> None:
        self._app_state = app_state
        self._after = timedelta(minutes=minutes)
        self._workers = workers
        self._service: QuantumService | None = None
        self._origin = app_state.clock.now() - timedelta(seconds=app_state.clock.monotonic())
        self._before: dict[str, datetime | None] = {}
        """By session: when it had last been confirmed before this sign-in."""
        self._last: dict[str, datetime] = {}
        """By session: when the last job known of it was created or finished, by the service's clock."""
        self._busy: dict[str, datetime] = {}
        """By session: when there was a job in it last, as seen here (steady time)."""
        self._seen: dict[str, datetime] = {}
        """By session: when it was first seen here (steady time)."""
        self._warned: dict[str, datetime] = {}
        """By session: when its last warning was (steady time)."""
        app_state.events.subscribe(self._on_event)

    async def step(self) -> float:
        """Warn of the sessions that are due: a worker's step.

        Returns:
            Seconds until the next one may be due; `math.inf`: until the worker is woken.
        """
        if not self._follow_account() or not self._after:
            return math.inf
        wait = self._next()
        if wait > 0:
            return _bounded(wait)
        try:
            # The workers ask seldom while nobody is here, and a job from elsewhere must not be missed.
            await run_now(self._workers.jobs, self._workers.sessions, user_requested=False)
        except QdeckError:
            return RETRY_SECONDS
        if self._app_state.connection.service is not self._service:
            return 0.0
        now = self._steady()
        for session in self._open():
            since = self._idle_since(session)
            if since is not None and self._due_in(session) <= 0:
                self._warned[session.id] = now
                self._app_state.events.publish(SessionIdle(session, (now - since).total_seconds()))
        return _bounded(self._next())

    def idle_since(self, session: Session) -> datetime | None:
        """Return the time since which no job is queued or running in it, by this machine's clock.

        Returns:
            `None`: one is.
        """
        since = self._idle_since(session)
        return None if since is None else since + self._set_by()

    def _steady(self) -> datetime:
        return self._origin + timedelta(seconds=self._app_state.clock.monotonic())

    def _set_by(self) -> timedelta:
        return self._app_state.clock.now() - self._steady()

    def _idle_since(self, session: Session) -> datetime | None:
        """Return `idle_since` in steady time: stamps of here stay comparable when the clock is set."""
        now = self._steady()
        if session.id in self._with_jobs():
            self._busy[session.id] = now
            return None
        first = self._seen.setdefault(session.id, now)
        service = self._app_state.connection.service
        skew = timedelta(seconds=(service.clock_skew or 0.0) if service else 0.0)
        times = session.created, session.activated, session.last_job_completed, self._last.get(session.id)
        known = [at - skew - self._set_by() for at in times if at is not None]
        if (busy := self._busy.get(session.id)) is not None:
            known.append(busy)
        return min(now, max(known, default=first))

    def _follow_account(self) -> bool:
        """Return whether somebody is signed in; begin anew with a new sign-in."""
        if self._app_state.connection.service is not self._service:
            self._service = self._app_state.connection.service
            self._before = {session.id: session.confirmed for session in self._app_state.sessions()}
            self._warned.clear()
        return self._service is not None

    def _open(self) -> list[Session]:
        """Return the sessions that may cost: the service has to confirm first those of the history."""
        return [
            session
            for session in self._app_state.sessions()
            if session.takes_jobs and session.confirmed != self._before.get(session.id)
        ]

    def _next(self) -> float:
        return min((self._due_in(session) for session in self._open()), default=math.inf)

    def _due_in(self, session: Session) -> float:
        """Return the seconds until the session is to be warned of, as things stand."""
        since, warned = self._idle_since(session), self._warned.get(session.id)
        if since is None or (warned is not None and since <= warned):
            return math.inf
        return (since + self._after - self._steady()).total_seconds()

    def _with_jobs(self) -> set[str]:
        """Return the ids of sessions with a job that is queued or running, or about to be submitted here."""
        jobs = (record.job for record in self._app_state.jobs.watched())
        intents = (intent for intent in self._app_state.history.pending_submissions() if intent.state.open)
        return {job.session_id for job in jobs} | {intent.submission.session_id for intent in intents}

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobsChanged):
            for job in event.jobs:
                self._note(job)
        if isinstance(event, IdentityChanged):
            # Before the workers of the new sign-in confirm anything.
            self._follow_account()
        if isinstance(event, JobsChanged | SessionsChanged | OutboxChanged | IdentityChanged):
            self._workers.idle_sessions.wake()

    def _note(self, job: Job) -> None:
        if job.session_id:
            at = job.finished or job.created
            known = self._last.get(job.session_id)
            self._last[job.session_id] = at if known is None else max(known, at)


def _bounded(wait: float) -> float:
    return math.inf if wait == math.inf else min(max(1.0, wait), LONGEST_WAIT)
