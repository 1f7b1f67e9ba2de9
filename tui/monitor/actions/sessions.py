"""The sessions of the account: what is known of them, and the commands on them."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import replace
from datetime import datetime, timedelta

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Job
from tui.domain.sessions import Session, SessionMode
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.scheduler import run_now
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState, changes_service
from tui.monitor.state.events import (
    Event,
    IdentityChanged,
    JobsChanged,
    OutboxChanged,
    SessionIdle,
    SessionsChanged,
    Severity,
)

LONGEST_WAIT = 60.0
"""Seconds between two rounds at the most: a machine that slept finds out soon how late it is."""
RETRY_SECONDS = 60.0
"""Seconds until the next try when the service did not say whether the session is really idle."""


class Sessions:
    """Sessions of the signed-in service and instance, or all that the history holds when nobody is signed in.

    Commands raise `QdeckError`: `EXPIRED` when nobody is signed in, `SETTINGS` in a read-only app.
    """

    def __init__(self, app_state: AppState, workers: Workers, guard: IdleSessionGuard) -> None:
        self._app_state = app_state
        self._workers = workers
        self._guard = guard
        self._opening: set[asyncio.Future[Session]] = set()

    def all(self) -> tuple[Session, ...]:
        """Return all known sessions, newest first."""
        return self._app_state.sessions()

    def idle_since(self, session: Session) -> datetime | None:
        """Return since when the session is idle, by this machine's clock.

        Returns:
            A time; `None`: a job is queued or running in it.
        """
        return self._guard.idle_since(session)

    @changes_service
    async def open(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch.

        It costs from then on: once asked for, it is taken in though the caller is cancelled.

        Args:
            max_ttl: seconds after which the service closes it; `None`: the service's own limit.
        """
        service = self._app_state.connection.need_service()
        opening = asyncio.ensure_future(self._open(service, backend, mode, max_ttl))
        self._opening.add(opening)
        opening.add_done_callback(self._forget)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._notify_opened)
            raise

    @changes_service
    async def drain(self, session_id: str) -> None:
        """Close the session to new jobs; what is queued still runs.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, `CONFLICT` for the session of a batch job, or the
                service's own error.
        """
        service = self._app_state.connection.need_service()
        self._refuse_allotted(session_id)
        await service.drain_session(session_id)
        await self._reread(service, session_id)

    @changes_service
    async def close(self, session_id: str) -> None:
        """Close the session now; its queued jobs are dropped.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, `CONFLICT` for the session of a batch job, or the
                service's own error.
        """
        service = self._app_state.connection.need_service()
        self._refuse_allotted(session_id)
        await service.close_session(session_id)
        await self._reread(service, session_id)
        self._workers.jobs.request()

    def allotted(self, session_id: str) -> bool:
        """Return whether a batch system opened the session for this job: it is its to close."""
        return bool(session_id) and session_id == self._app_state.connection.allotted[1]

    def _refuse_allotted(self, session_id: str) -> None:
        if self.allotted(session_id):
            raise QdeckError(
                ErrorKind.CONFLICT,
                f"Session {plain(session_id, limit=60)} belongs to the job of Slurm that qdeck runs in.",
                "It ends with that job: `scancel` ends it sooner.",
            )

    async def aclose(self, seconds: float) -> None:
        """Wait for sessions that are being opened, that long at the most: what they are costs."""
        if self._opening:
            await asyncio.wait(self._opening, timeout=seconds)

    async def _open(
        self, service: QuantumService, backend: str, mode: SessionMode, max_ttl: int | None
    ) -> Session:
        session = await service.open_session(backend, mode, max_ttl)
        await self._app_state.upsert_sessions([replace(session, opened_here=True)])
        self._workers.sessions.request()
        self._workers.jobs.request()
        return session

    def _forget(self, opening: asyncio.Future[Session]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            opening.exception()

    def _notify_opened(self, opening: asyncio.Future[Session]) -> None:
        """Notify of a session that may be open, though whoever asked for it waits no more."""
        if opening.cancelled():
            return
        error = opening.exception()
        if error is None:
            session = opening.result()
            self._app_state.events.notice(f"The {session.mode} session {session.id} was opened all the same.")
        else:
            self._app_state.events.notice(f"The session that was being opened: {error}", Severity.WARNING)

    async def _reread(self, service: QuantumService, session_id: str) -> None:
        with contextlib.suppress(QdeckError):
            await self._app_state.upsert_sessions([await service.session(session_id)])
        self._workers.sessions.request()


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
        app_state.events.subscribe(
            self._on_event, JobsChanged, SessionsChanged, OutboxChanged, IdentityChanged
        )

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
        """Return the sessions that may cost: the service has to confirm first those of the history.

        That of a batch job is left out: it is not ours to end.
        """
        return [
            session
            for session in self._app_state.sessions()
            if session.takes_jobs
            and session.confirmed != self._before.get(session.id)
            and session.id != self._app_state.connection.allotted[1]
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
        submissions = (
            pending for pending in self._app_state.history.pending_submissions() if pending.state.open
        )
        return {job.session_id for job in jobs} | {pending.submission.session_id for pending in submissions}

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobsChanged):
            for job in event.jobs:
                self._note(job)
        if isinstance(event, IdentityChanged):
            # Before the workers of the new sign-in confirm anything.
            self._follow_account()
        self._workers.idle_sessions.wake()

    def _note(self, job: Job) -> None:
        if job.session_id:
            at = job.finished or job.created
            known = self._last.get(job.session_id)
            self._last[job.session_id] = at if known is None else max(known, at)


def _bounded(wait: float) -> float:
    return math.inf if wait == math.inf else min(max(1.0, wait), LONGEST_WAIT)
