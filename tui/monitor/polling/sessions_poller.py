"""The sessions worker: the service's list, and one question for each open session the list leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import Session, SessionState
from tui.ibm.api.service import QuantumService
from tui.monitor.polling.account_pollers import AUTH_KINDS
from tui.monitor.polling.retry_queue import RetryQueue
from tui.monitor.state.app_state import AppState

WITH_OPEN = 5.0
WITH_OPEN_SANDBOX = 1.0
WITHOUT = 60.0
ASKED_A_ROUND = 10


class SessionsPoller:
    """Watches the sessions of one signed-in account."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        self._app_state = app_state
        self._service = service
        self._unknown: set[str] = set()
        self._completed: set[str] = set()
        self._postponed = RetryQueue(app_state.clock)

    async def step(self) -> float:
        """One round.

        Raises:
            QdeckError: the service did not answer.
        """
        listed = {session.id: session for session in await self._service.sessions()}
        known = {session.id: session for session in self._app_state.sessions()}
        wanted = [s.id for s in known.values() if s.state is not SessionState.CLOSED]
        # Sessions opened elsewhere show in the jobs that wait in them.
        wanted += [
            record.job.session_id
            for record in self._app_state.unfinalized()
            if self._app_state.watched(record) and record.job.session_id not in known
        ]
        asked = [i for i in dict.fromkeys(wanted) if i and i not in listed and i not in self._unknown]
        told: list[Session] = [*listed.values(), *await self._limits(listed.values(), known)]
        for session_id in asked[:ASKED_A_ROUND]:
            try:
                told.append(await self._service.session(session_id))
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                self._unknown.add(session_id)
                if session_id in known:
                    told.append(self._over(known[session_id]))
        await self._app_state.upsert_sessions(told)
        if any(session.state is not SessionState.CLOSED for session in self._app_state.sessions()):
            if not self._app_state.attention.focused:
                return WITHOUT
            return WITH_OPEN_SANDBOX if self._service.account.sandbox else WITH_OPEN
        return WITHOUT if self._app_state.attention.paid else math.inf

    async def _limits(self, listed: Iterable[Session], known: Mapping[str, Session]) -> list[Session]:
        """Open sessions with their times to live, which the platform's list leaves out: asked for once.

        What is not told then is done without; what could not be asked is asked again later.
        """
        incomplete = [
            session
            for session in listed
            if session.state is not SessionState.CLOSED
            and known.get(session.id, session).max_ttl is None
            and session.id not in self._completed
            and self._postponed.due(session.id)
        ]
        told: list[Session] = []
        for session in incomplete[:ASKED_A_ROUND]:
            try:
                whole = await self._service.session(session.id)
            except QdeckError as error:
                if error.worth_retrying or error.kind in AUTH_KINDS:
                    self._postponed.put_off(session.id)
                    # The list was told just now, so this is no reason to call it offline.
                    break
                self._completed.add(session.id)
                continue
            self._completed.add(session.id)
            # Two ways of telling the state would make it go back and forth: the list's holds.
            told.append(
                replace(
                    session,
                    max_ttl=whole.max_ttl,
                    interactive_ttl=whole.interactive_ttl,
                    activated=whole.activated,
                    last_job_completed=whole.last_job_completed,
                )
            )
        return told

    def _over(self, session: Session) -> Session:
        return replace(
            session,
            state=SessionState.CLOSED,
            state_text="Not on the service any more",
            accepting_jobs=False,
            confirmed=self._app_state.clock.now(),
        )
