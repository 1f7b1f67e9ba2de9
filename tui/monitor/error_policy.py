"""What it means that a round of a background worker failed, and where it is shown."""

from __future__ import annotations

import logging

from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.account_manager import FLIGHT, AccountManager
from tui.monitor.polling.account_pollers import AUTH_KINDS
from tui.monitor.polling.scheduler import Scheduler
from tui.monitor.state.app_state import UNREACHED, AppState
from tui.monitor.state.event_bus import in_words
from tui.monitor.state.events import Severity

TOLD_AFTER = 3
"""Failures in a row of a worker whose requests are worth repeating, before the user is told."""

_log = logging.getLogger(__name__)


class ErrorPolicy:
    """Shows a failure where it belongs: as an offline picture, as a doubtful token, or as a notice."""

    def __init__(self, app_state: AppState, accounts: AccountManager, scheduler: Scheduler) -> None:
        self._app_state = app_state
        self._accounts = accounts
        self._scheduler = scheduler

    def take(self, name: str, error: Exception, in_a_row: int) -> None:
        """A worker's round failed: show it where it belongs."""
        if not isinstance(error, QdeckError):
            _log.error("the %s worker failed", name, exc_info=error)
            if in_a_row == 1:
                self._app_state.notice(
                    f"The {name} worker failed: {in_words(error)}; it goes on.", Severity.ERROR
                )
            return
        if error.kind is ErrorKind.STORAGE and name == "history":
            return
        if name == "token" and error.kind in AUTH_KINDS | {ErrorKind.FORBIDDEN}:
            self._app_state.background(self._accounts.lost(error), "Signing out")
            return
        if name == "jobs" or (name in FLIGHT and error.kind in UNREACHED):
            self._app_state.unanswered(error, name)
        if error.kind in AUTH_KINDS and self._accounts.token is not None:
            self._accounts.token.doubt()
            self._scheduler.wake("token")
        elif in_a_row == (TOLD_AFTER if error.worth_retrying else 1) and (
            self._app_state.freshness.offline_since is None
        ):
            self._app_state.notice(f"The {name} are not up to date. {error}", Severity.WARNING)
