"""The background workers of the app by handle, and the consequences of their failures."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.polling.account_pollers import AUTH_KINDS
from tui.monitor.polling.scheduler import CircuitBreaker, OutageRole, Scheduler, Worker, WorkerPolicy
from tui.monitor.state.app_state import UNREACHED, AppState
from tui.monitor.state.event_bus import in_words
from tui.monitor.state.events import Severity, SignInDoubted

NOTICE_AFTER = 3
"""Failures in a row of a worker whose requests are worth repeating, before the user is notified."""

_log = logging.getLogger(__name__)


class Workers:
    """One handle for each background worker. Those of the account run while somebody is signed in.

    Attributes:
        history: saves, and reads what other processes wrote.
        idle_sessions: warns of idle sessions.
        reconciler: finds out which unconfirmed submissions became jobs.
        send_queue: sends what is queued here.
        roles: asks which primitives executor jobs of others are, when nothing else is to be asked.
        of_account: those that end with the sign-in.
    """

    def __init__(self, app_state: AppState, chance: random.Random) -> None:
        self._app_state = app_state
        self.scheduler = Scheduler(app_state.clock, chance, self._failed)
        add = self.scheduler.add
        follows = WorkerPolicy(OutageRole.FOLLOWS, offline=UNREACHED)
        self.history = add("history", WorkerPolicy(silent=frozenset({ErrorKind.STORAGE})))
        self.idle_sessions = add("guard")
        self.reconciler = add("outbox")
        self.send_queue = add("line")
        self.token = add("token", WorkerPolicy(signs_out=AUTH_KINDS | {ErrorKind.FORBIDDEN}))
        # The probe: it asks the service something in every round.
        self.jobs = add("jobs", WorkerPolicy(OutageRole.PROBES, offline=frozenset(ErrorKind)))
        self.sessions = add("sessions", follows)
        self.backends = add("backends", follows)
        self.usage = add("usage", follows)
        self.backfill = add("older")
        unseen = frozenset(ErrorKind) - AUTH_KINDS
        self.roles = add("roles", WorkerPolicy(OutageRole.FOLLOWS, silent=unseen, yields=True))
        lists = (self.jobs, self.sessions, self.backends, self.usage)
        self.of_account = (self.reconciler, self.send_queue, self.token, *lists, self.backfill, self.roles)

    def breaker(self, answers: Callable[[], int]) -> CircuitBreaker:
        """Make what the workers of one service share while it is down; `jobs` asks whether it is back.

        Args:
            answers: returns how often the service answered so far.
        """
        return CircuitBreaker(self.scheduler.clock, self.scheduler.chance, answers, self.jobs.wake)

    def _failed(self, worker: Worker, error: Exception, in_a_row: int) -> None:
        """Show the failure where it belongs: as an offline state, as a doubtful token, or as a notice."""
        app_state, policy = self._app_state, worker.policy
        if not isinstance(error, QdeckError):
            _log.error("the %s worker failed", worker.name, exc_info=error)
            if in_a_row == 1:
                text = f"The {worker.name} worker failed: {in_words(error)}; it goes on."
                app_state.events.notice(text, Severity.ERROR)
            return
        if error.kind in policy.silent:
            return
        if error.kind in policy.signs_out:
            app_state.events.publish(SignInDoubted(error, final=True))
            return
        if error.kind in policy.offline:
            app_state.connection.unanswered(error, worker.name)
        if error.kind in AUTH_KINDS and app_state.connection.service is not None:
            app_state.events.publish(SignInDoubted(error, final=False))
        elif in_a_row == (NOTICE_AFTER if error.worth_retrying else 1) and (
            app_state.connection.freshness.offline_since is None
        ):
            app_state.events.notice(f"The {worker.name} are not up to date. {error}", Severity.WARNING)
