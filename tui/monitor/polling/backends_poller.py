"""The backends worker, and what is asked of single backends: details and the data targets are built from."""

from __future__ import annotations

import asyncio
import math
from dataclasses import fields, replace

from tui.domain.backends import Backend, BackendData
from tui.monitor.state.app_state import AppState

EVERY = 60.0
EVERY_SANDBOX = 10.0
DATA_SECONDS = 600.0
"""How long configuration and properties are taken from memory; a calibration holds for hours."""


class BackendsPoller:
    """The backends of the account: watched while somebody is signed in. One for the life of the app.

    What is asked of it raises `QdeckError`: `EXPIRED` when nobody is signed in.
    """

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state
        self._details: dict[str, Backend] = {}
        self._data: dict[str, tuple[float, asyncio.Task[BackendData]]] = {}

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
        self._app_state.update_backends(tuple(self._completed(backend) for backend in listed))
        # Queues are shown to whoever looks.
        if not self._app_state.activity.attentive:
            return math.inf
        return EVERY_SANDBOX if service.account.sandbox else EVERY

    async def details(self, name: str) -> Backend:
        """Return one backend with medians from its properties.

        Raises:
            QdeckError: `NOT_FOUND` when the service does not know it.
        """
        service = self._app_state.connection.need_service()
        told = await service.backend(name)
        if service is self._app_state.connection.service:
            self._details[name] = told
            self._app_state.update_backends(
                tuple(told if backend.name == name else backend for backend in self._app_state.backends)
            )
        return told

    async def data(self, name: str) -> BackendData:
        """Return configuration and properties, kept in memory for ten minutes.

        However many callers there are, the service is asked once.
        """
        service = self._app_state.connection.need_service()
        now = self._app_state.clock.monotonic()
        known = self._data.get(name)
        if known is None or now - known[0] > DATA_SECONDS or _failed(known[1]):
            known = (now, asyncio.ensure_future(service.backend_data(name)))
            self._data[name] = known
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(known[1])

    async def forget(self) -> None:
        """Break off requests under way, and forget what was told: the account is left."""
        tasks = [task for _, task in self._data.values()]
        self._details, self._data = {}, {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _completed(self, backend: Backend) -> Backend:
        """The backend as listed, with what only its details told."""
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
