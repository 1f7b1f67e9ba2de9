"""The workers that search for candidates: processes of this machine, or those of a Dask scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui.compiler.candidate_search import Listener, search
from tui.compiler.pool import LocalPool
from tui.compiler.remote.pool import DaskPool
from tui.domain.circuits import Candidate
from tui.domain.devices.backends import BackendData, rep_delay_us
from tui.domain.search import UNPROTECTED, SearchOptions, SearchProgress, SearchResult, unprotected


class SearchWorkers:
    """Searches on a pool of workers; each search takes as many as are free.

    Attributes:
        warning: a sentence about the way to the workers that the user is to know; empty: none.

    Args:
        count: of local processes; `None`: as `LocalPool` thinks fit.
        dask: address of a Dask scheduler whose workers search instead; empty: none.
        timeout: seconds that one run of the transpiler may take.
        idle_seconds, environment: as of `LocalPool`.
    """

    def __init__(
        self,
        count: int | None,
        dask: str,
        timeout: float,
        *,
        idle_seconds: float,
        environment: Mapping[str, str] | None,
    ) -> None:
        self._timeout = timeout
        self._pool: LocalPool | DaskPool = LocalPool(
            count, idle_seconds=idle_seconds, environment=environment
        )
        self.warning = ""
        if dask:
            self.use_dask(dask)

    def use_dask(self, address: str) -> None:
        """Search with the workers of the scheduler at this address; before the first search."""
        self._pool = DaskPool(address)
        self.warning = UNPROTECTED.format(address) if unprotected(address) else ""

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers, or of the client, that run here."""
        return self._pool.pids

    async def at_a_time(self) -> int:
        """Return how many searches the workers make at a time, with two for each.

        Raises:
            QdeckError: `UNAVAILABLE`: the scheduler that is to be asked how many it has is not to be had.
        """
        if isinstance(self._pool, DaskPool):
            await self._pool.ready()
        return max(1, self._pool.size // 2)

    async def search(
        self, qasm: str, target: BackendData, options: SearchOptions, tell: Listener
    ) -> SearchResult:
        """Search for the best candidate; arguments, result and errors as of `Compiler.search`."""
        delay = rep_delay_us(target.configuration)

        def told(news: SearchProgress | Candidate) -> None:
            tell(replace(news, rep_delay_us=delay) if isinstance(news, Candidate) else news)

        found = await search(self._pool, qasm, target, options, told, self._timeout)
        return replace(found, candidates=tuple(replace(one, rep_delay_us=delay) for one in found.candidates))

    async def aclose(self) -> None:
        """Let go of the workers."""
        await self._pool.aclose()
