"""The backends worker, and what is asked of single backends: details and the data targets are built from."""

from __future__ import annotations

import asyncio
import math
from dataclasses import fields, replace

from tui.domain.backends import Backend, BackendData
from tui.ibm.api.service import QuantumService
from tui.monitor.state.app_state import AppState

EVERY = 60.0
EVERY_SANDBOX = 10.0
DATA_SECONDS = 600.0
"""How long configuration and properties are taken from memory; a calibration holds for hours."""


class BackendsPoller:
    """Watches the backends of one signed-in account."""

    def __init__(self, app_state: AppState, service: QuantumService) -> None:
        self._app_state = app_state
        self._service = service
        self._details: dict[str, Backend] = {}
        self._data: dict[str, tuple[float, asyncio.Task[BackendData]]] = {}

    async def step(self) -> float:
        """One round.

        Raises:
            QdeckError: the service did not answer.
        """
        listed = await self._service.backends()
        self._app_state.put_backends(tuple(self._completed(backend) for backend in listed))
        # Queues are shown to whoever looks.
        if not self._app_state.attention.paid:
            return math.inf
        return EVERY_SANDBOX if self._service.account.sandbox else EVERY

    async def details(self, name: str) -> Backend:
        """One backend with medians. Raises `QdeckError`, `NOT_FOUND` when unknown."""
        told = await self._service.backend(name)
        self._details[name] = told
        self._app_state.put_backends(
            tuple(told if backend.name == name else backend for backend in self._app_state.backends)
        )
        return told

    async def data(self, name: str) -> BackendData:
        """Configuration and properties, asked for once by however many callers. Raises `QdeckError`."""
        now = self._app_state.clock.monotonic()
        known = self._data.get(name)
        if known is None or now - known[0] > DATA_SECONDS or _failed(known[1]):
            known = (now, asyncio.ensure_future(self._service.backend_data(name)))
            self._data[name] = known
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(known[1])

    async def aclose(self) -> None:
        """Break off requests under way."""
        tasks = [task for _, task in self._data.values()]
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
