"""The dialog that searches all backends: progress, order, refusals, what is taken, leaving it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual.pilot import Pilot

from tests.support.app import app_of, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import bell_candidate
from tests.support.review import open_review
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.candidate_search import Listener
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.search import SearchOptions, SearchProgress, SearchResult
from tui.screens.transpile.all_backends import AllBackends
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.tables.row_table import RowTable

SUCCESS = {"ibm_cusco": 0.81, "ibm_fez": 0.80, "ibm_peekskill": 0.5}
QUEUE = {"ibm_cusco": 40, "ibm_fez": 2, "ibm_peekskill": 0, "ibm_small": 0}


class Searched:
    """Answers of the compiler's search by backend, which wait until they are let go.

    Attributes:
        go: set: they answer.
        ended: searches that were broken off.
    """

    def __init__(self, services: AppServicesHarness) -> None:
        services.the_backends = tuple(
            Backend(name, 27, "online", True, queue) for name, queue in QUEUE.items()
        )
        self.go = asyncio.Event()
        self.ended = 0
        services.compiler.search = self._search  # type: ignore[method-assign]

    async def _search(
        self, qasm: str, target: BackendData, options: SearchOptions, tell: Listener = lambda _: None
    ) -> SearchResult:
        tell(SearchProgress(3, 2, 0, 0.7))
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        if target.name == "ibm_small":
            raise QdeckError(ErrorKind.CIRCUIT, "It is too small.")
        return SearchResult((candidate(target.name),), SearchProgress(9, 6, 2, 2.0))


def candidate(backend: str) -> Candidate:
    """The candidate for a backend."""
    options = TranspileOptions(3, seed=2)
    return replace(bell_candidate(), backend=backend, estimated_success=SUCCESS[backend], options=options)


async def opened(pilot: Pilot[None]) -> AllBackends:
    """The dialog over the review."""
    await open_review(pilot)
    await pilot.press("b")
    await until(pilot, lambda: isinstance(app_of(pilot).screen, AllBackends))
    screen = app_of(pilot).screen
    assert isinstance(screen, AllBackends)
    return screen


async def test_backends_come_in_order_and_the_one_taken_is_reviewed() -> None:
    """Of two that are equally good the one with the shorter queue comes first."""
    services = AppServicesHarness()
    searched = Searched(services)
    async with running(services) as pilot:
        screen = await opened(pilot)
        await until(pilot, lambda: shows(pilot, "Which backend for bell?", "0 of 4 searched"))
        await until(pilot, lambda: shows(pilot, "3 candidates in 0.7 s"))
        searched.go.set()
        await until(pilot, lambda: shows(pilot, "4 of 4 searched", "It is too small."))
        order = ["ibm_fez", "ibm_cusco", "ibm_peekskill", "ibm_small"]
        assert list(screen.query_one(RowTable).keys) == order
        assert screen.query_one(RowTable).cursor_key == "ibm_fez", "the best, until the user chooses"
        assert shows(pilot, "80.0 %", "81.0 %", "local, level 3")
        await pilot.press("end", "enter")
        assert app_of(pilot).screen is screen, "there is nothing to review of the small one"
        await pilot.press("home", "enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TranspileScreen))
        await until(pilot, lambda: shows(pilot, "F9 runs it", "9 candidates in 2.0 s"))
        workspace = app_of(pilot).workspace
        assert workspace.backend == "ibm_fez" and workspace.candidate is not None
        assert workspace.candidate.backend == "ibm_fez" and workspace.reviewed


async def test_cursor_stays_on_the_backend_that_the_user_went_to() -> None:
    services = AppServicesHarness()
    searched = Searched(services)
    async with running(services) as pilot:
        table = (await opened(pilot)).query_one(RowTable)
        await until(pilot, lambda: shows(pilot, "3 candidates in 0.7 s"))
        while table.cursor_key != "ibm_peekskill":
            await pilot.press("down")
        searched.go.set()
        await until(pilot, lambda: shows(pilot, "4 of 4 searched"))
        assert table.cursor_key == "ibm_peekskill"


async def test_leaving_stops_the_search_and_changes_nothing() -> None:
    services = AppServicesHarness()
    searched = Searched(services)
    async with running(services) as pilot:
        await opened(pilot)
        await until(pilot, lambda: shows(pilot, "3 candidates"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TranspileScreen))
        await until(pilot, lambda: searched.ended > 0)
        await settled(pilot)
        assert app_of(pilot).workspace.backend == "ibm_peekskill"
        assert app_of(pilot).workspace.candidate is None
