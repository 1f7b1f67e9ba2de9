"""The sessions of the account: what is known of them, and the commands on them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime

from tui.common.errors import QdeckError
from tui.domain.sessions import Session, SessionMode
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.idle_sessions import IdleSessionGuard
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.monitor.state.read_only import changes_service


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
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        service = self._app_state.connection.need_service()
        await service.drain_session(session_id)
        await self._reread(service, session_id)

    @changes_service
    async def close(self, session_id: str) -> None:
        """Close the session now; its queued jobs are dropped.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        service = self._app_state.connection.need_service()
        await service.close_session(session_id)
        await self._reread(service, session_id)
        self._workers.jobs.request()

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
