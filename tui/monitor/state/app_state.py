"""The state of the app in memory: connection, jobs, sessions and backends, written to the history."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Identity
from tui.domain.backends import Backend
from tui.domain.sessions import Session
from tui.ibm.api.service import QuantumService
from tui.monitor.state.connection import Connection
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import (
    BackendsChanged,
    FreshnessChanged,
    IdentityChanged,
    JobsChanged,
    SessionsChanged,
    Severity,
    SubmissionsChangedElsewhere,
)
from tui.monitor.state.jobs import JobState
from tui.store.records.models import JobRecord
from tui.store.records.tables import JOBS, SESSIONS, SUBMISSIONS
from tui.store.repository import JobRepository

ATTENTIVE_SECONDS = 120.0
"""Seconds after the last thing the user did here in which news from elsewhere is asked for."""


class UserActivity:
    """Activity of the user at the terminal. Terminals that report no focus are taken to have it.

    Attributes:
        focused: whether the terminal has the focus.
    """

    def __init__(self, clock: Clock) -> None:
        self.focused = True
        self._clock = clock
        self._last = clock.monotonic()

    @property
    def attentive(self) -> bool:
        """True while the terminal has the focus and was used in the last two minutes."""
        return self.focused and self._clock.monotonic() - self._last < ATTENTIVE_SECONDS

    def record(self) -> None:
        """Note that the user did something here."""
        self._last = self._clock.monotonic()

    def focus(self, focused: bool) -> None:
        """Note that the terminal got or lost the focus."""
        self.focused = focused
        if focused:
            self.record()


class AppState:
    """The parts of the state. What changes them writes the history first, then publishes.

    Attributes:
        events: publishes every change.
        history: what is kept on disk.
        read_only: whether commands that change something on the service are refused.
        connection: who is signed in, and whether the service answers.
        jobs: the jobs of the account.
        backends: the backends as last listed.
        activity: whether the user is here.
    """

    def __init__(self, history: JobRepository, clock: Clock, *, read_only: bool = False) -> None:
        self.events = EventBus()
        self.history = history
        self.clock = clock
        self.read_only = read_only
        self.connection = Connection(clock, self.events)
        self.jobs = JobState(history, clock, self.connection, self.events, self.save)
        self.backends: tuple[Backend, ...] = ()
        self.activity = UserActivity(clock)
        self._storage_failed = False

    # the account

    def signed_in(self, service: QuantumService, identity: Identity) -> None:
        """Show what is known of the account from now on."""
        self.connection.open(service, identity)
        self.backends = ()
        self._switch_account()

    def signed_out(self) -> None:
        """Show everything the history holds."""
        self.connection.close()
        self._switch_account()

    def _switch_account(self) -> None:
        removed = self.jobs.switch_account()
        self.activity.record()
        self.events.publish(IdentityChanged(self.connection.identity))
        self.events.publish(JobsChanged(self.jobs.all(), removed))
        self.events.publish(SessionsChanged(self.sessions()))
        self.events.publish(FreshnessChanged(self.connection.freshness))

    # sessions and backends

    def sessions(self) -> tuple[Session, ...]:
        """Return the sessions of the signed-in service and instance, or all; newest first."""
        instance, label = self.connection.instance, self.connection.label
        chosen = [
            session
            for session in self.history.sessions()
            if not label or (session.service == label and session.instance in ("", instance))
        ]
        oldest = datetime.min.replace(tzinfo=self.clock.now().tzinfo)
        chosen.sort(key=lambda session: (session.created or oldest, session.id), reverse=True)
        return tuple(chosen)

    async def upsert_sessions(self, sessions: Iterable[Session]) -> bool:
        """Add sessions, or merge them into those that are there: history first, then the event.

        Returns:
            Whether any was new or different.
        """
        instance = self.connection.instance
        now = self.clock.now()
        changed = self.history.upsert_sessions(
            replace(session, instance=session.instance or instance, confirmed=session.confirmed or now)
            for session in sessions
        )
        if changed:
            await self.save()
            self.events.publish(SessionsChanged(changed))
        return bool(changed)

    def update_backends(self, backends: tuple[Backend, ...]) -> None:
        """Replace the backends as listed; publish it when anything but the time differs."""
        before = [replace(backend, confirmed=None) for backend in self.backends]
        self.backends = backends
        if before != [replace(backend, confirmed=None) for backend in backends]:
            self.events.publish(BackendsChanged(backends))

    # the disk

    async def save(self) -> bool:
        """Make all changes durable. When the disk refuses, the user is notified once; memory keeps them.

        Returns:
            Whether all is on the disk.
        """
        try:
            await self.history.flush()
        except QdeckError as error:
            self.storage_refused(error)
            return False
        self._storage_works()
        return True

    async def sync(self) -> None:
        """Make all changes durable, and show what another process wrote.

        Raises:
            QdeckError: `STORAGE`; the user was notified already.
        """
        try:
            changes = await self.history.sync()
        except QdeckError as error:
            self.storage_refused(error)
            raise
        self._storage_works()
        gone = [(service, job_id) for service, job_id in changes.removed[JOBS]]
        self.jobs.changed_elsewhere(changes.values[JOBS], gone)
        if changes.values[SESSIONS]:
            self.events.publish(SessionsChanged(tuple(changes.values[SESSIONS].values())))
        if changes.values[SUBMISSIONS]:
            self.events.publish(SubmissionsChangedElsewhere())

    def history_read(self, records: tuple[JobRecord, ...]) -> None:
        """Show what the history has read further; none: all was read."""
        self.jobs.history_read(records)
        if not records:
            self.events.publish(SessionsChanged(self.sessions()))
            self.publish_warnings()

    def storage_refused(self, error: QdeckError) -> None:
        """Notify the user that the disk refuses, once until it works again."""
        if not self._storage_failed:
            self._storage_failed = True
            self.events.notice(str(error), Severity.ERROR)

    def publish_warnings(self) -> None:
        """Notify the user of what the history warns of."""
        for warning in self.history.pop_warnings():
            self.events.notice(warning, Severity.WARNING)

    def _storage_works(self) -> None:
        if self._storage_failed:
            self._storage_failed = False
            self.events.notice("The history is written again; nothing is missing in it.")
        self.publish_warnings()


P = ParamSpec("P")
R = TypeVar("R")


class _Part(Protocol):
    _app_state: AppState


D = TypeVar("D", bound=_Part)


def changes_service(
    command: Callable[Concatenate[D, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[D, P], Coroutine[Any, Any, R]]:
    """Mark a method as one that changes something: in a read-only app it raises a `SETTINGS` error."""

    @functools.wraps(command)
    async def refused_or_done(part: D, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if part._app_state.read_only:
            raise QdeckError(
                ErrorKind.SETTINGS,
                "qdeck was started read-only: nothing is submitted, cancelled or changed.",
                "Start it without --readonly, and with a settings.toml that can be read and does not say so.",
            )
        return await command(part, *args, **kwargs)

    return refused_or_done
