"""The state of the app in memory: connection, jobs, sessions and backends, written to the history."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Clock
from tui.domain.accounts import Identity, Usage
from tui.domain.devices.backends import Backend, is_mock
from tui.domain.jobs import Job, JobPage
from tui.domain.sessions import Session
from tui.ibm.api.service import QuantumService
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import (
    BackendsChanged,
    Freshness,
    FreshnessChanged,
    IdentityChanged,
    JobsChanged,
    SessionsChanged,
    Severity,
    SubmissionsChangedElsewhere,
    UsageChanged,
)
from tui.monitor.state.jobs import JobState
from tui.store.records.models import JobRecord
from tui.store.records.tables import JOBS, SESSIONS, SUBMISSIONS
from tui.store.repository import JobRepository

UNREACHED = frozenset({ErrorKind.NETWORK, ErrorKind.TIMEOUT})
"""Errors of the way to the service, which is the same for all workers."""


ATTENTIVE_SECONDS = 120.0
"""Seconds after the last thing the user did here in which news from elsewhere is asked for."""
_MOST_TOLD = 20
"""Reasons of unreadable entries that are told of one account."""
_MORE_THAN_ASKED = "The service sends more jobs than it is asked for: the rest of its list is not read."
P = ParamSpec("P")
R = TypeVar("R")


class Connection:
    """One account's connection, or none.

    Attributes:
        service: the client signed in; `None`: nobody is signed in.
        identity: account and instance signed in to; `None`: nobody is signed in.
        usage: QPU seconds of the instance; `None` until known.
        freshness: age of what is shown.
    """

    def __init__(self, clock: Clock, events: EventBus) -> None:
        self.service: QuantumService | None = None
        self.identity: Identity | None = None
        self.usage: Usage | None = None
        self.freshness = Freshness()
        self._clock = clock
        self._events = events
        self._unanswered: dict[str, ErrorKind] = {}

    @property
    def label(self) -> str:
        """Label of the service signed in to, as its jobs name it; empty: nobody is signed in."""
        return self.service.label if self.service else ""

    @property
    def instance(self) -> str:
        """Instance signed in to; empty: nobody is signed in."""
        return self.identity.instance if self.identity else ""

    @property
    def account(self) -> str:
        """Service and name of the account signed in to: `platform lab`; empty: nobody is signed in."""
        return f"{self.label} {self.identity.account}" if self.service and self.identity else ""

    @property
    def allotted(self) -> tuple[str, str]:
        """Backend and session that a batch system gave with the account signed in; empty: none."""
        account = self.service.account if self.service else None
        return (account.backend, account.session_id) if account else ("", "")

    def need_service(self) -> QuantumService:
        """Return the client of the service signed in to.

        Raises:
            QdeckError: `EXPIRED`: nobody is signed in.
        """
        if self.service is None:
            raise QdeckError(ErrorKind.EXPIRED, "Nobody is signed in.", "Sign in first.")
        return self.service

    def shows(self, job: Job) -> bool:
        """Return whether the job is one of the service and instance signed in to; all are when nobody is.

        Dry runs never are: like the service's own lists, those here leave them out.
        """
        if is_mock(job.backend):
            return False
        if self.service is None or self.identity is None:
            return True
        return job.service == self.service.label and job.instance in ("", self.identity.instance)

    def open(self, service: QuantumService, identity: Identity) -> None:
        """Replace the connection; nothing is published."""
        self.service, self.identity = service, identity
        self.usage, self.freshness = None, Freshness(confirmed=self._clock.now())
        self._unanswered.clear()

    def close(self) -> None:
        """End the connection; nothing is published."""
        self.service, self.identity, self.usage = None, None, None
        self._unanswered.clear()

    def renewed(self, identity: Identity) -> None:
        """Replace the identity after the token was renewed."""
        if identity != self.identity:
            self.identity = identity
            self._events.publish(IdentityChanged(identity))

    def update_usage(self, usage: Usage) -> None:
        """Replace the instance's usage."""
        if usage != self.usage:
            self.usage = usage
            self._events.publish(UsageChanged(usage))

    def answered(self, worker: str) -> None:
        """Note that the service answered this worker now."""
        # A wrong answer to another worker is its own: only that worker knows when it is over.
        self._unanswered = {
            name: kind for name, kind in self._unanswered.items() if name != worker and kind not in UNREACHED
        }
        if self._unanswered:
            return
        came_back = self.freshness.offline_since is not None or self.freshness.confirmed is None
        self.freshness = Freshness(confirmed=self._clock.now())
        if came_back:
            self._events.publish(FreshnessChanged(self.freshness))

    def unanswered(self, error: QdeckError, worker: str) -> None:
        """Note that the service did not answer this worker: what is shown gets old."""
        self._unanswered[worker] = error.kind
        first = self.freshness.offline_since is None
        since: datetime = self.freshness.offline_since or self._clock.now()
        self.freshness = Freshness(self.freshness.confirmed, since, error)
        if first:
            self._events.publish(FreshnessChanged(self.freshness))


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
        self._told: set[str] = set()

    # the account

    def signed_in(self, service: QuantumService, identity: Identity) -> None:
        """Show what is known of the account from now on."""
        self.connection.open(service, identity)
        self.backends = ()
        self._told.clear()
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

    def tell_of_unread(self, page: JobPage) -> None:
        """Tell the user of what a job list holds and was not read, once for each reason."""
        self.tell_of_unreadable("job list", page.unreadable)
        if page.cut:
            self._tell_once(_MORE_THAN_ASKED, _MORE_THAN_ASKED)

    def tell_of_unreadable(self, which_list: str, reasons: Sequence[str]) -> None:
        """Tell the user why entries of a list were left out, once for each reason."""
        for reason in dict.fromkeys(reasons):
            count = reasons.count(reason)
            of_list = f"of the {which_list}"
            entries = f"1 entry {of_list} is" if count == 1 else f"{count} entries {of_list} are"
            self._tell_once(f"{which_list}: {reason}", f"{entries} left out: {reason}")

    def _tell_once(self, key: str, text: str) -> None:
        if key not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(key)
            self.events.notice(text, Severity.WARNING)

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
