"""Older jobs, a page at a time as somebody wants them; how far back all are known is in the history."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from tui.domain.errors import QdeckError
from tui.domain.jobs import JobQuery
from tui.history.extents import BEGINNING, Span
from tui.ibm.service import QuantumService
from tui.monitor.board import Board
from tui.monitor.events import Reach, ReachChanged
from tui.monitor.jobs_list import PAGE, SKEW, told_since
from tui.monitor.outage import back_off


class OlderJobs:
    """Goes back from what is known, so that no gap is left and nothing is asked for twice.

    Args:
        wake: begins the next `step`, which has to run in the account's single flight.
    """

    def __init__(self, board: Board, service: QuantumService, wake: Callable[[], None]) -> None:
        self._board = board
        self._service = service
        self._wake = wake
        self._wanted = False
        self._none = False
        self._error: QdeckError | None = None
        self._failures = 0
        self._not_before = -math.inf
        self._before: datetime | None = None
        self._offset = 0
        self._unfiltered = False
        self._deletions = board.deletions

    @property
    def reach(self) -> Reach:
        """How far back all jobs are known."""
        since = next((span.since for span in self._board.extent.spans), None)
        whole = since == BEGINNING or self._none
        return Reach(None if since == BEGINNING else since, whole, self._wanted, self._error)

    def want(self) -> None:
        """Somebody looks for older jobs: one page is asked for, unless that failed a moment ago."""
        if self._wanted or self.reach.whole or self._board.clock.monotonic() < self._not_before:
            return
        self._wanted, self._error = True, None
        self._tell()
        self._wake()

    async def step(self) -> float:
        """Ask for a page when one is wanted; then wait to be woken."""
        if not self._wanted:
            return math.inf
        try:
            await self._page()
            self._failures = 0
        except QdeckError as error:
            self._failures += 1
            pause = back_off(self._failures)
            self._error = error
            self._not_before = self._board.clock.monotonic() + max(pause, error.retry_after or 0.0)
        finally:
            self._wanted = False
            self._tell()
        return math.inf

    async def _page(self) -> None:
        known = next(iter(self._board.extent.spans), None)
        before = known.since if known is not None else None
        if before != self._before and not self._unfiltered:
            self._offset = 0
        # What was deleted meanwhile moved those behind it up.
        gone = self._board.deletions - self._deletions
        self._before, self._deletions = before, self._board.deletions
        self._offset = max(0, self._offset - gone)
        query = JobQuery(limit=PAGE, offset=self._offset, created_before=before)
        page = await self._service.jobs(query)
        since = told_since(page, PAGE, self._offset)
        newest = max((job.created for job in page.jobs), default=None)
        self._none = not page.jobs and known is None
        # A service that does not know the filter begins with the newest: then all pages are gone through.
        self._unfiltered |= before is not None and newest is not None and newest > before + SKEW
        self._offset += len(page.jobs)
        spans: list[Span] = []
        if before is not None and since < before:
            spans.append(Span(since, before))
        elif before is None and newest is not None:
            spans.append(Span(since, newest))
        # What ended before anyone here knew of it is fetched when the user asks for it.
        await self._board.put(
            [
                self._board.take(job, settled=job.status.final and self._board.record(job.id) is None)
                for job in page.jobs
            ],
            spans,
        )

    def _tell(self) -> None:
        self._board.publish(ReachChanged(self.reach))
