"""The account signed in to, and whether its service answers."""

from __future__ import annotations

from datetime import datetime

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Identity, Usage
from tui.domain.jobs import Job
from tui.ibm.api.service import QuantumService
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import Freshness, FreshnessChanged, IdentityChanged, UsageChanged

UNREACHED = frozenset({ErrorKind.NETWORK, ErrorKind.TIMEOUT})
"""Errors of the way to the service, which is the same for all workers."""


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

    def need_service(self) -> QuantumService:
        """Return the client of the service signed in to.

        Raises:
            QdeckError: `EXPIRED`: nobody is signed in.
        """
        if self.service is None:
            raise QdeckError(ErrorKind.EXPIRED, "Nobody is signed in.", "Sign in first.")
        return self.service

    def shows(self, job: Job) -> bool:
        """Return whether the job is one of the service and instance signed in to; all are when nobody is."""
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
