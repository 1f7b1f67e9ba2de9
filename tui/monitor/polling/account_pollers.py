"""Pollers of the account: access token, QPU seconds left, sessions, backends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Backoff, RetryQueue
from tui.domain.devices.backends import Backend, BackendData, DeviceLimits, limits_of
from tui.domain.devices.calibrations import DeviceCalibration
from tui.domain.sessions import Session, SessionState
from tui.ibm.api.service import QuantumService
from tui.ibm.codec.calibrations import decode_calibration
from tui.monitor.state.app_state import AppState

RENEW_EVERY = 60.0
USAGE_EVERY = 300.0
USAGE_EVERY_SANDBOX = 15.0
SESSIONS_EVERY = 5.0
SESSIONS_EVERY_SANDBOX = 1.0
SESSIONS_IDLE_EVERY = 60.0
"""Without an open session, or with nobody at the terminal."""
BACKENDS_EVERY = 60.0
BACKENDS_EVERY_SANDBOX = 10.0
BACKEND_DATA_SECONDS = 600.0
"""How long configuration and properties are taken from memory; a calibration holds for hours."""
MOST_PAST = 6
"""Calibrations of past moments that are kept in memory, some 2 MB each."""
ASKED_A_ROUND = 10
AUTH_KINDS = frozenset({ErrorKind.EXPIRED, ErrorKind.WRONG_KEY})
"""Errors that mean that the access token is no longer accepted."""
DETAILS_BACKOFF = Backoff(first=5.0, longest=3600.0, factor=4.0)
"""Of the details of one job or session that cannot be fetched while the service answers."""


class _AccountPoller:
    """Something of one signed-in account that is asked for again and again."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        self._app_state = app_state
        self._service = service


class TokenPoller(_AccountPoller):
    """Keeps the access token alive."""

    _doubted = False

    def doubt(self) -> None:
        """Get a new token in the next round, whatever the life of the present one: it was refused."""
        self._doubted = True

    async def step(self) -> float:
        """Renew the token when that is due: a worker's step; return the seconds until the next one.

        Raises:
            QdeckError: `EXPIRED` or `WRONG_KEY`: the account's key or token is no longer accepted.
        """
        if self._doubted:
            identity = await self._service.sign_in()
            self._doubted = False
        else:
            identity = await self._service.renew()
        self._app_state.connection.renewed(identity)
        return RENEW_EVERY


class UsagePoller(_AccountPoller):
    """Asks for the instance's QPU seconds."""

    async def step(self) -> float:
        """Ask once: a worker's step.

        Returns:
            Seconds until the next time; `math.inf`: until a job finishes, or a user comes back.

        Raises:
            QdeckError: the service did not answer.
        """
        try:
            self._app_state.connection.update_usage(await self._service.usage())
        except QdeckError as error:
            if error.kind not in {ErrorKind.UNAVAILABLE, ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN}:
                raise
            # The service does not say: nothing is shown, and nothing is wrong.
        if not self._app_state.activity.attentive:
            return math.inf
        return USAGE_EVERY_SANDBOX if self._service.account.sandbox else USAGE_EVERY


class SessionsPoller(_AccountPoller):
    """Watches the sessions: the service's list, and one question for each open session it leaves out."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        super().__init__(app_state, service)
        self._unknown: set[str] = set()
        self._completed: set[str] = set()
        self._retries = RetryQueue(app_state.clock, DETAILS_BACKOFF)

    async def step(self) -> float:
        """Ask once: a worker's step.

        Returns:
            Seconds until the next time; `math.inf`: until the worker is woken.

        Raises:
            QdeckError: the service did not answer.
        """
        sessions = await self._service.sessions()
        self._app_state.tell_of_unreadable("session list", sessions.unreadable)
        listed = {session.id: session for session in sessions}
        known = {session.id: session for session in self._app_state.sessions()}
        wanted = [s.id for s in known.values() if s.state is not SessionState.CLOSED]
        # Sessions opened elsewhere show in the jobs that wait in them.
        wanted += [
            record.job.session_id
            for record in self._app_state.jobs.watched()
            if record.job.session_id not in known
        ]
        asked = [i for i in dict.fromkeys(wanted) if i and i not in listed and i not in self._unknown]
        found: list[Session] = [*listed.values(), *await self._limits(listed.values(), known)]
        for session_id in asked[:ASKED_A_ROUND]:
            try:
                found.append(await self._service.session(session_id))
            except QdeckError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                self._unknown.add(session_id)
                if session_id in known:
                    found.append(self._gone(known[session_id]))
        await self._app_state.upsert_sessions(found)
        activity = self._app_state.activity
        if all(session.state is SessionState.CLOSED for session in self._app_state.sessions()):
            return SESSIONS_IDLE_EVERY if activity.attentive else math.inf
        if not activity.focused:
            return SESSIONS_IDLE_EVERY
        return SESSIONS_EVERY_SANDBOX if self._service.account.sandbox else SESSIONS_EVERY

    async def _limits(self, listed: Iterable[Session], known: Mapping[str, Session]) -> list[Session]:
        """Return open sessions with their times to live, which the platform's list leaves out.

        They are asked for once: what the answer leaves out is done without; what could not be asked is asked
        again later.
        """
        incomplete = [
            session
            for session in listed
            if session.state is not SessionState.CLOSED
            and known.get(session.id, session).max_ttl is None
            and session.id not in self._completed
            and self._retries.is_due(session.id)
        ]
        found: list[Session] = []
        for session in incomplete[:ASKED_A_ROUND]:
            try:
                whole = await self._service.session(session.id)
            except QdeckError as error:
                if error.worth_retrying or error.kind in AUTH_KINDS:
                    self._retries.failed(session.id)
                    # The list was answered just now, so this is no reason to call it offline.
                    break
            else:
                # Two sources of the state would make it go back and forth: the list's holds.
                found.append(
                    replace(
                        session,
                        max_ttl=whole.max_ttl,
                        interactive_ttl=whole.interactive_ttl,
                        activated=whole.activated,
                        last_job_completed=whole.last_job_completed,
                    )
                )
            self._completed.add(session.id)
        return found

    def _gone(self, session: Session) -> Session:
        return replace(
            session,
            state=SessionState.CLOSED,
            state_text="Not on the service any more",
            accepting_jobs=False,
            confirmed=self._app_state.clock.now(),
        )


class BackendsPoller:
    """The backends of the account: watched while somebody is signed in. One for the life of the app.

    What is asked of it raises `QdeckError`: `EXPIRED` when nobody is signed in.
    """

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state
        self._details: dict[str, Backend] = {}
        self._data: dict[str, tuple[float, asyncio.Task[BackendData]]] = {}
        self._calibrations: dict[str, tuple[BackendData, DeviceCalibration]] = {}
        self._past: dict[tuple[str, str, datetime], BackendData] = {}

    def all(self) -> tuple[Backend, ...]:
        """Return the backends as last listed."""
        return self._app_state.backends

    async def step(self) -> float:
        """Ask for the list: a worker's step.

        Returns:
            Seconds until the next round, `math.inf` while nobody is at the terminal.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._app_state.connection.need_service()
        listed = await service.backends()
        self._app_state.tell_of_unreadable("backend list", listed.unreadable)
        self._app_state.update_backends(tuple(self._completed(backend) for backend in listed))
        if not self._app_state.activity.attentive:
            return math.inf
        return BACKENDS_EVERY_SANDBOX if service.account.sandbox else BACKENDS_EVERY

    async def details(self, name: str) -> Backend:
        """Return one backend with medians from its properties.

        Raises:
            QdeckError: `NOT_FOUND` when the service does not know it.
        """
        service = self._app_state.connection.need_service()
        at_hand = self._fresh(name)
        backend = await service.backend(name, None if at_hand is None else await asyncio.shield(at_hand))
        if service is self._app_state.connection.service:
            self._details[name] = backend
            self._app_state.update_backends(
                tuple(backend if one.name == name else one for one in self._app_state.backends)
            )
        return backend

    async def data(self, name: str) -> BackendData:
        """Return configuration and properties, kept in memory for ten minutes.

        However many callers there are, the service is asked once.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._app_state.connection.need_service()
        task = self._fresh(name)
        if task is None:
            task = asyncio.ensure_future(service.backend_data(name))
            self._data[name] = (self._app_state.clock.monotonic(), task)
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(task)

    async def limits(self, name: str) -> DeviceLimits:
        """Return what a program must not ask more of than the backend has, as far as that is known."""
        listed = next((one.qubits for one in self.all() if one.name == name), None)
        try:
            told = limits_of(await self.data(name))
        except QdeckError:
            return DeviceLimits(name, listed)
        return told if told.qubits is not None else replace(told, qubits=listed)

    def _fresh(self, name: str) -> asyncio.Task[BackendData] | None:
        """Return the request for configuration and properties that still counts; `None`: ask anew."""
        since, task = self._data.get(name, (0.0, None))
        if task is None or self._app_state.clock.monotonic() - since > BACKEND_DATA_SECONDS or _failed(task):
            return None
        return task

    async def calibration(self, name: str, *, anew: bool = False) -> DeviceCalibration:
        """Return the calibration of a backend by qubit and coupler; it is kept in the history.

        Args:
            name: of the backend.
            anew: ask the service even where the last answer is not old.

        Raises:
            QdeckError: the service did not answer, or `PROTOCOL`: it cannot be read.
        """
        label = self._app_state.connection.label
        if anew:
            self._data.pop(name, None)
        data = await self.data(name)
        known = self._calibrations.get(name)
        if known is not None and known[0] is data:
            return known[1]
        calibration = await decode_calibration(data)
        if label == self._app_state.connection.label:
            self._calibrations[name] = (data, calibration)
            if label and self._app_state.history.calibrations.add(label, calibration):
                await self._app_state.save()
        return calibration

    async def data_at(self, name: str, moment: datetime) -> BackendData:
        """Return configuration and properties as in force at a moment; those of a few are kept in memory.

        Raises:
            QdeckError: the service did not answer.
        """
        key = (self._app_state.connection.label, name, moment)
        if key not in self._past:
            service = self._app_state.connection.need_service()
            found = await service.backend_data(name, moment)
            self._past = dict([*self._past.items(), (key, found)][-MOST_PAST:])
        return self._past[key]

    def seen_calibrations(self, name: str) -> tuple[DeviceCalibration, ...]:
        """Return the calibrations of a backend that the history holds, newest first, without coordinates."""
        return self._app_state.history.calibrations.of(self._app_state.connection.label, name)

    async def forget(self) -> None:
        """Break off requests under way, and forget the answers: the account is left."""
        tasks = [task for _, task in self._data.values()]
        self._details, self._data, self._calibrations = {}, {}, {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _completed(self, backend: Backend) -> Backend:
        """Return the backend as listed, with what only its details have."""
        known = self._details.get(backend.name)
        if known is None:
            return backend
        missing = {
            field.name: getattr(known, field.name)
            for field in fields(Backend)
            if getattr(backend, field.name) in (None, "", ())
        }
        return replace(backend, **missing)


def _failed(task: asyncio.Task[BackendData]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
