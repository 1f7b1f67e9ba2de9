"""The token and usage workers: the access token lives on, and the QPU seconds left are known."""

from __future__ import annotations

import math

from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.api.service import QuantumService
from tui.monitor.state.app_state import AppState

RENEW_EVERY = 60.0
USAGE_EVERY = 300.0
USAGE_EVERY_SANDBOX = 15.0
AUTH_KINDS = frozenset({ErrorKind.EXPIRED, ErrorKind.WRONG_KEY})
"""Errors that mean that the access token is no longer taken."""


class TokenPoller:
    """Keeps the access token of one signed-in account alive."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        self._app_state = app_state
        self._service = service
        self._doubted = False

    def doubt(self) -> None:
        """The service refused the token: the next round gets a new one, whatever its life says."""
        self._doubted = True

    async def step(self) -> float:
        """One round.

        Raises:
            QdeckError: `EXPIRED` or `WRONG_KEY`: the account's key or token is no longer taken.
        """
        if self._doubted:
            identity = await self._service.sign_in()
            self._doubted = False
        else:
            identity = await self._service.renew()
        self._app_state.identify(identity)
        return RENEW_EVERY


class UsagePoller:
    """Asks for the instance's QPU seconds."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        self._app_state = app_state
        self._service = service

    async def step(self) -> float:
        """One round; raises `QdeckError` when the service does not answer."""
        try:
            self._app_state.put_usage(await self._service.usage())
        except QdeckError as error:
            if error.kind not in {ErrorKind.UNAVAILABLE, ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN}:
                raise
            # The service does not say: nothing is shown, and nothing is wrong.
        # Nobody looks: a job that finishes, or a user who comes back, wakes this worker.
        if not self._app_state.attention.paid:
            return math.inf
        return USAGE_EVERY_SANDBOX if self._service.account.sandbox else USAGE_EVERY
