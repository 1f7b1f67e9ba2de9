"""Searches for the best candidate of a circuit: by all makers, on one backend or on all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tui.common.errors import QdeckError
from tui.compiler.candidate_search import Listener
from tui.compiler.client import Compiler
from tui.domain.circuits import Candidate, Maker, TranspileOptions
from tui.domain.ranking import ranked
from tui.domain.search import SearchOptions, SearchProgress, SearchResult, Unavailable
from tui.ibm.codec.calibrations import calibration_time
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.state.app_state import AppState

CLOUD_SECONDS: Final = 60.0
"""Longest wait for the service's transpiler."""
_NO_CLOUD: Final = "Classic only: the platform has no transpiler of its own."
_NO_AI: Final = (
    "Not run here: qiskit-ibm-transpiler fetches its models from the network. "
    "A classic account's cloud transpiler has them."
)
_ORDER: Final = tuple(Maker)

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
