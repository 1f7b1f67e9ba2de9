"""The background workers of the signed-in account: started and stopped with it, hurried by the user."""

from __future__ import annotations

import asyncio
from functools import partial

from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.polling.account_pollers import (
    BACKENDS_EVERY,
    USAGE_EVERY,
    BackendsPoller,
    SessionsPoller,
    TokenPoller,
    UsagePoller,
)
from tui.monitor.polling.jobs_poller import SANDBOX, SERVICE, JobsPoller, PollInterval
from tui.monitor.polling.list_sync import Backfill
from tui.monitor.polling.roles import RoleReader
from tui.monitor.polling.scheduler import run_now, stop_workers
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import JobsChanged, JobsFinished

PROBE_AGAIN = 60.0
"""Seconds between two polls whether a service that is down is back, while the user does something here."""
FOCUS_RETURNED, SECTION_CHANGED, USER_ACTIVE = 5.0, 30.0, 60.0
"""Seconds after which data is old to a user who comes back to the terminal, shows another section, or does
anything at all."""


class AccountPolling:
    """Polls the service for the signed-in account. One for the life of the app.

    Nothing is watched when no job is queued or running, no session is open and nothing is queued here. Then,
    after two minutes in which the user does nothing, or without the terminal's focus, the service is asked
    for nothing but the token, once each worker has asked a last time when it was due: jobs submitted
    elsewhere show at the next key, or with the focus.

    Attributes:
        backends: the backends of the account, and their data.
        backfill: pages of older jobs.
    """

    def __init__(self, app_state: AppState, workers: Workers, outbox: Outbox, auto_result: int) -> None:
        self.backends = BackendsPoller(app_state)
        self.backfill = Backfill(app_state, workers.backfill.wake)
        self._app_state = app_state
        self._workers = workers
        self._outbox = outbox
        self._auto_result = auto_result
        self._roles = RoleReader(app_state, workers.roles.wake)
        self._token: TokenPoller | None = None
        self._jobs: JobsPoller | None = None
        app_state.events.subscribe(self._on_finished, JobsFinished)
        app_state.events.subscribe(self._on_changed, JobsChanged)

    async def refresh(self) -> None:
        """Ask the service now for jobs, sessions and backends, and wait for the answers.

        Raises:
            QdeckError: nobody is signed in, or the service did not answer.
        """
        self._app_state.connection.need_service()
        self._workers.usage.request()
        self._workers.reconciler.request()
        self._app_state.activity.record()
        if self._jobs is not None:
            self._jobs.widen()
        await run_now(self._workers.jobs, self._workers.sessions, self._workers.backends)

    def focus_changed(self, focused: bool) -> None:
        """Note that the terminal got or lost the focus: without it the service is asked more rarely."""
        came_back = focused and not self._app_state.activity.focused
        self._app_state.activity.focus(focused)
        if came_back:
            self._wake_older_than(FOCUS_RETURNED)
            self._workers.jobs.hurry(FOCUS_RETURNED)

    def user_active(self, *, section_changed: bool = False) -> None:
        """Note that the user does something here: what is old is asked for again.

        Args:
            section_changed: another section is shown: what is old there is so sooner.
        """
        self._app_state.activity.record()
        self._wake_older_than(SECTION_CHANGED if section_changed else USER_ACTIVE)
        self._workers.jobs.hurry(PROBE_AGAIN)

    def start(self, service: QuantumService) -> None:
        """Start the workers for the account that was just signed in.

        Args:
            service: its client.
        """
        app_state, workers = self._app_state, self._workers
        interval = PollInterval(SANDBOX if service.account.sandbox else SERVICE)
        self._token = TokenPoller(app_state, service)
        self._jobs = JobsPoller(app_state, service, interval, workers.sessions.wake, self._auto_result)
        self.backfill.begin(service)
        breaker = workers.breaker(lambda: service.answers)
        # The outbox first: what may have been sent before is found before anything new goes out.
        workers.reconciler.start(self._outbox.reconciler.step, breaker=breaker)
        workers.send_queue.start(self._outbox.step)
        workers.token.start(self._token.step)
        # These ask the service one at a time, each one request after the other. Outside of it are the token,
        # submissions and the polls for them (they must not wait for a slow list), and what the user asks for
        # by a command, but for a refresh.
        flight = asyncio.Lock()
        steps = {
            workers.jobs: self._jobs.step,
            workers.sessions: SessionsPoller(app_state, service).step,
            workers.backends: self.backends.step,
            workers.usage: UsagePoller(app_state, service).step,
        }
        for worker, step in steps.items():
            answered = partial(app_state.connection.answered, worker.name)
            if worker is workers.jobs:
                worker.start(step, flight, breaker, interval.hurry, answered)
            else:
                worker.start(step, flight, breaker, on_answer=answered)
        # Asked only when somebody wants older jobs.
        workers.backfill.start(self.backfill.step, flight, breaker)
        self._roles.begin(service)
        workers.roles.start(self._roles.step, flight, breaker)

    async def stop(self) -> None:
        """Stop the workers; what is queued here stays for the next sign-in."""
        await stop_workers(*self._workers.of_account)
        self._outbox.signed_out()
        await self.backends.forget()

    def doubt_token(self) -> None:
        """Get a new access token, whatever the life of the present one."""
        if self._token is not None:
            self._token.doubt()
            self._workers.token.wake()

    def _wake_older_than(self, seconds: float) -> None:
        self._workers.jobs.wake_if_older(seconds)
        self._workers.sessions.wake_if_older(seconds)
        self._workers.backends.wake_if_older(max(seconds, BACKENDS_EVERY))
        self._workers.usage.wake_if_older(USAGE_EVERY)
        self._workers.roles.wake_if_older(seconds)

    def _on_changed(self, event: JobsChanged) -> None:
        self._roles.add(event.jobs)

    def _on_finished(self, _event: JobsFinished) -> None:
        # A finished job was charged for, and left the queue.
        self._outbox.job_left_queue()
        self._workers.usage.wake()
