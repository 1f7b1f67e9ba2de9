"""Older jobs, a page at a time when somebody wants them; how far back all are known is in the history."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from tui.common.errors import QdeckError
from tui.domain.jobs import JobPage, JobQuery
from tui.ibm.api.service import QuantumService
from tui.jobquery.filters import JobFilter
from tui.jobquery.pushdown import pushdown_query
from tui.monitor.polling.list_sync import PAGE, SKEW, listed_since
from tui.monitor.polling.scheduler import BACKOFF
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import HistoryCoverage, HistoryCoverageChanged
from tui.store.records.models import EARLIEST, Interval

_FILTERS = 20
"""Filters of which it is remembered how far the service was asked."""


@dataclass
class _Cursor:
    """How far the service's list of what fits a query was read, from the newest job on.

    Attributes:
        deletions: jobs deleted here until it was read last: what is deleted moves those behind it up.
        ended: the service has no more.
    """

    query: JobQuery
    deletions: int
    offset: int = 0
    ended: bool = False


class Backfill:
    """Goes back from what is known, so that no gap is left and nothing is asked for twice.

    With a filter, the service is first asked for what fits it, however old: those jobs come at once, and how
    far back all are known stays as it was.

    Args:
        wake: begins the next `step`, which has to run in the account's single flight.
    """

    def __init__(self, app_state: AppState, wake: Callable[[], None]) -> None:
        self._app_state = app_state
        self._wake = wake
        self._requested = False

    def begin(self, service: QuantumService) -> None:
        """Begin anew, with the account that was just signed in."""
        self._service = service
        self._requested = False
        self._no_jobs = False
        self._error: QdeckError | None = None
        self._failures = 0
        self._not_before = -math.inf
        self._unfiltered = False
        self._all = _Cursor(JobQuery(), self._app_state.jobs.deletions)
        self._filter = JobFilter()
        self._fitting: dict[str, _Cursor] = {}
        """By the text of a filter."""

    @property
    def coverage(self) -> HistoryCoverage:
        """Time since which all jobs of the account are known; nothing when nobody is signed in."""
        if self._app_state.connection.service is None:
            return HistoryCoverage()
        since = self._known_since()
        whole = since == EARLIEST or self._no_jobs
        return HistoryCoverage(None if since == EARLIEST else since, whole, self._requested, self._error)

    def request(self, wanted: JobFilter | None = None) -> None:
        """Ask for a page of older jobs, unless that is under way or failed a moment ago.

        Args:
            wanted: what they have to fit. As long as the service finds such, it is asked for them alone.
        """
        if self._app_state.connection.service is None:
            return
        if self._requested or self.coverage.whole or self._app_state.clock.monotonic() < self._not_before:
            return
        self._requested, self._error = True, None
        self._filter = wanted or JobFilter()
        self._publish()
        self._wake()

    async def step(self) -> float:
        """Read a page when one was requested: a worker's step.

        Returns:
            `math.inf`: it waits to be woken.
        """
        if not self._requested:
            return math.inf
        try:
            cursor = self._cursor_of_filter()
            await (self._read_all() if cursor is None else self._read_fitting(cursor))
            self._failures = 0
        except QdeckError as error:
            self._failures += 1
            pause = BACKOFF.wait(self._failures)
            self._error = error
            self._not_before = self._app_state.clock.monotonic() + max(pause, error.retry_after or 0.0)
        finally:
            self._requested = False
            self._publish()
        return math.inf

    def _cursor_of_filter(self) -> _Cursor | None:
        """Return where the service can go on finding what fits the filter; `None`: nowhere."""
        text = str(self._filter)
        if text not in self._fitting:
            names = [backend.name for backend in self._app_state.backends]
            query = pushdown_query(self._filter, self._app_state.clock.now(), names)
            known = self._known_since()
            if query is None or known is None:
                return None
            # What is younger is known, and the end must not move from page to page.
            before = min(query.created_before or known, known)
            cursor = _Cursor(replace(query, created_before=before), self._app_state.jobs.deletions)
            self._fitting = {text: cursor, **dict(list(self._fitting.items())[: _FILTERS - 1])}
        cursor = self._fitting[text]
        return None if cursor.ended else cursor

    async def _read_fitting(self, cursor: _Cursor) -> None:
        """Read a page of what fits the filter. It says nothing of how far back all jobs are known."""
        page, since = await self._next_page(cursor)
        fitting = [job for job in page.jobs if cursor.query.fits(job)]
        # A service that does not know the filter lists others: they come in their turn, without gaps.
        cursor.ended = len(fitting) < len(page.jobs) or since == EARLIEST
        await self._app_state.jobs.upsert_listed(fitting)
        if not fitting:
            await self._read_all()

    async def _read_all(self) -> None:
        before = self._known_since()
        if before != self._all.query.created_before and not self._unfiltered:
            self._all.offset = 0
        self._all.query = JobQuery(created_before=before)
        page, since = await self._next_page(self._all)
        newest = max((job.created for job in page.jobs), default=None)
        self._no_jobs = newest is None and before is None
        # A service that does not know the filter begins with the newest: then all pages are gone through.
        self._unfiltered |= before is not None and newest is not None and newest > before + SKEW
        intervals: list[Interval] = []
        if before is not None and since < before:
            intervals.append(Interval(since, before))
        elif before is None and newest is not None:
            intervals.append(Interval(since, newest))
        await self._app_state.jobs.upsert_listed(page.jobs, intervals)

    async def _next_page(self, cursor: _Cursor) -> tuple[JobPage, datetime]:
        """Return the next page, and the time since which it and those before it list all jobs."""
        deleted = self._app_state.jobs.deletions - cursor.deletions
        cursor.deletions += deleted
        cursor.offset = max(0, cursor.offset - deleted)
        page = await self._service.jobs(replace(cursor.query, limit=PAGE, offset=cursor.offset))
        since = listed_since(page, PAGE, cursor.offset)
        cursor.offset += len(page.jobs)
        return page, since

    def _known_since(self) -> datetime | None:
        return next((interval.since for interval in self._app_state.jobs.coverage.intervals), None)

    def _publish(self) -> None:
        self._app_state.events.publish(HistoryCoverageChanged(self.coverage))
