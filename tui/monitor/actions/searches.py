"""Searches for the best candidate of a circuit: by all makers, on one backend or on all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.candidate_search import Listener
from tui.compiler.client import Compiler
from tui.domain.circuits import Candidate, Maker, TranspileOptions
from tui.domain.devices.backends import Backend
from tui.domain.ranking import BackendFound, ranked, ranked_backends
from tui.domain.search import SearchOptions, SearchProgress, SearchResult, Unavailable
from tui.ibm.codec.calibrations import calibration_time
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.state.app_state import AppState

CLOUD_SECONDS: Final = 60.0
"""Longest wait for the service's transpiler."""
_NO_CLOUD: Final = "Classic only: the platform has no transpiler of its own."
_NO_AI: Final = (
    "Not run here: qiskit-ibm-transpiler (0.18) does not go with qiskit-ibm-runtime from 0.46 on, which "
    "qdeck needs, and fetches its models from the network. A classic account's cloud transpiler has them."
)
_ORDER: Final = tuple(Maker)

_OF_ONE_BACKEND: Final = frozenset({ErrorKind.CIRCUIT, ErrorKind.NOT_FOUND, ErrorKind.PROTOCOL})
"""Errors that say nothing of other backends."""

BackendListener = Callable[[str, SearchProgress | Candidate | BackendFound], object]
"""Called with the name of a backend, and what is new of it."""
Transpile = Callable[[str, str, TranspileOptions], Awaitable[Candidate]]


class Searches:
    """Asks all makers for candidates.

    Args:
        transpile: transpiles a program for the backend of this name.
    """

    def __init__(
        self, app_state: AppState, compiler: Compiler, backends: BackendsPoller, transpile: Transpile
    ) -> None:
        self._app_state = app_state
        self._compiler = compiler
        self._backends = backends
        self._transpile = transpile

    async def on_backend(
        self, qasm: str, backend: str, options: SearchOptions, tell: Listener
    ) -> SearchResult:
        """Search on one backend; arguments, result and errors as of `Transpiler.search`."""
        target = await self._backends.data(backend)
        at, calibrated = self._app_state.clock.now(), calibration_time(target)

        def dated(candidate: Candidate) -> Candidate:
            return replace(candidate, at=at, calibrated=calibrated)

        def told(news: SearchProgress | Candidate) -> None:
            tell(dated(news) if isinstance(news, Candidate) else news)

        elsewhere = asyncio.ensure_future(self._elsewhere(qasm, backend, options, told))
        try:
            found = await self._compiler.search(qasm, target, options, told)
            others = await elsewhere
        finally:
            elsewhere.cancel()
        made = [one for one in others if isinstance(one, Candidate)]
        none_made = (*found.unavailable, *(one for one in others if isinstance(one, Unavailable)))
        return replace(
            found,
            candidates=tuple(ranked(map(dated, (*found.candidates, *made)))),
            unavailable=tuple(sorted(none_made, key=lambda one: _ORDER.index(one.maker))),
        )

    async def on_backends(
        self, qasm: str, names: Sequence[str], options: SearchOptions, tell: BackendListener
    ) -> tuple[BackendFound, ...]:
        """Search on several backends; arguments, result and errors as of `Transpiler.search_backends`."""
        room = asyncio.Semaphore(await self._compiler.searching.at_a_time())
        listed = {one.name: one for one in self._backends.all()}

        async def search(name: str) -> BackendFound:
            backend = listed.get(name, Backend(name))
            async with room:
                try:
                    result = await self.on_backend(qasm, name, options, lambda news: tell(name, news))
                    found = BackendFound(backend, result)
                except QdeckError as error:
                    if error.kind not in _OF_ONE_BACKEND:
                        raise
                    found = BackendFound(backend, refusal=str(error))
            tell(name, found)
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(search(name)) for name in names]
        return ranked_backends(task.result() for task in tasks)

    async def _elsewhere(
        self, qasm: str, backend: str, options: SearchOptions, tell: Listener
    ) -> list[Candidate | Unavailable]:
        """Ask those that take nothing of this machine's time."""
        found: list[Candidate | Unavailable] = []
        if Maker.CLOUD in options.makers:
            found.append(await self._cloud(qasm, backend, options.searched_level))
        if Maker.AI in options.makers:
            found.append(Unavailable(Maker.AI, _NO_AI))
        for one in found:
            if isinstance(one, Candidate):
                tell(one)
        return found

    async def _cloud(self, qasm: str, backend: str, level: int) -> Candidate | Unavailable:
        identity = self._app_state.connection.identity
        if identity is None or not identity.cloud_transpiler:
            return Unavailable(Maker.CLOUD, _NO_CLOUD)
        try:
            async with asyncio.timeout(CLOUD_SECONDS):
                return await self._transpile(qasm, backend, TranspileOptions(level, cloud=True))
        except TimeoutError:
            return Unavailable(Maker.CLOUD, f"The service said nothing for {CLOUD_SECONDS:g} s.")
        except QdeckError as error:
            return Unavailable(Maker.CLOUD, str(error))
