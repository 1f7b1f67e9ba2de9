"""Older jobs, a page at a time as somebody wants them; how far back all are known is in the history."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tui.common.errors import QdeckError
from tui.domain.jobs import Job, JobQuery
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
class _Found:
    """How far the service was asked for what fits a filter; `all`: it knows no more."""

    query: JobQuery
    deletions: int
    offset: int = 0
    all: bool = False


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
        self._wanted = False

    def begin(self, service: QuantumService) -> None:
        """Begin anew, with the account that was just signed in."""
        self._service = service
        self._wanted = False
        self._none = False
        self._error: QdeckError | None = None
        self._failures = 0
        self._not_before = -math.inf
        self._before: datetime | None = None
        self._offset = 0
        self._unfiltered = False
        self._deletions = self._app_state.jobs.deletions
        self._filter = JobFilter()
        self._found: dict[str, _Found] = {}

    @property
    def coverage(self) -> HistoryCoverage:
        """How far back all jobs of the account are known; nothing when nobody is signed in."""
        if self._app_state.connection.service is None:
            return HistoryCoverage()
        since = next((interval.since for interval in self._app_state.jobs.coverage.intervals), None)
        whole = since == EARLIEST or self._none
        return HistoryCoverage(None if since == EARLIEST else since, whole, self._wanted, self._error)

    def want(self, wanted: JobFilter | None = None) -> None:
        """Somebody looks for older jobs: one page is asked for, unless that failed a moment ago.

        Args:
            wanted: what they have to fit. As long as the service finds such, it is asked for them alone.
        """
        if self._app_state.connection.service is None:
            return
        if self._wanted or self.coverage.whole or self._app_state.clock.monotonic() < self._not_before:
            return
        self._wanted, self._error = True, None
        self._filter = wanted or JobFilter()
        self._tell()
        self._wake()

    async def step(self) -> float:
        """Ask for a page when one is wanted; then wait to be woken."""
        if not self._wanted:
            return math.inf
        try:
            found = self._looking()
            await (self._page() if found is None else self._fitting(found))
            self._failures = 0
        except QdeckError as error:
            self._failures += 1
            pause = BACKOFF.wait(self._failures)
            self._error = error
            self._not_before = self._app_state.clock.monotonic() + max(pause, error.retry_after or 0.0)
        finally:
            self._wanted = False
            self._tell()
        return math.inf

    def _looking(self) -> _Found | None:
        """Where the service can go on finding what fits the filter; `None`: nowhere."""
        text = str(self._filter)
        if text not in self._found:
            names = [backend.name for backend in self._app_state.backends]
            query = pushdown_query(self._filter, self._app_state.clock.now(), names)
            known = next((interval.since for interval in self._app_state.jobs.coverage.intervals), None)
            if query is None or known is None:
                return None
            # What is younger is known, and the end must not move from page to page.
            before = min(query.created_before or known, known)
            found = _Found(replace(query, created_before=before), self._app_state.jobs.deletions)
            self._found = {text: found, **dict(list(self._found.items())[: _FILTERS - 1])}
        found = self._found[text]
        return None if found.all else found

    async def _fitting(self, found: _Found) -> None:
        """Ask for a page of what fits the filter. It says nothing of how far back all jobs are known."""
        gone = self._app_state.jobs.deletions - found.deletions
        found.deletions = self._app_state.jobs.deletions
        found.offset = max(0, found.offset - gone)
        page = await self._service.jobs(replace(found.query, limit=PAGE, offset=found.offset))
        found.offset += len(page.jobs)
        fitting = [job for job in page.jobs if found.query.fits(job)]
        # A service that does not know the filter tells others: they come in their turn, without gaps.
        strange = len(fitting) < len(page.jobs)
        found.all = strange or listed_since(page, PAGE, found.offset - len(page.jobs)) == EARLIEST
        await self._take_in(fitting, [])
        if not fitting:
            await self._page()

    async def _page(self) -> None:
        known = next(iter(self._app_state.jobs.coverage.intervals), None)
        before = known.since if known is not None else None
        if before != self._before and not self._unfiltered:
            self._offset = 0
        # What was deleted meanwhile moved those behind it up.
        gone = self._app_state.jobs.deletions - self._deletions
        self._before, self._deletions = before, self._app_state.jobs.deletions
        self._offset = max(0, self._offset - gone)
        query = JobQuery(limit=PAGE, offset=self._offset, created_before=before)
        page = await self._service.jobs(query)
        since = listed_since(page, PAGE, self._offset)
        newest = max((job.created for job in page.jobs), default=None)
        self._none = not page.jobs and known is None
        # A service that does not know the filter begins with the newest: then all pages are gone through.
        self._unfiltered |= before is not None and newest is not None and newest > before + SKEW
        self._offset += len(page.jobs)
        intervals: list[Interval] = []
        if before is not None and since < before:
            intervals.append(Interval(since, before))
        elif before is None and newest is not None:
            intervals.append(Interval(since, newest))
        await self._take_in(page.jobs, intervals)

    async def _take_in(self, jobs: Iterable[Job], intervals: list[Interval]) -> None:
        # What ended before anyone here knew of it is fetched when the user asks for it.
        await self._app_state.jobs.upsert(
            [
                self._app_state.jobs.as_record(
                    job, finalized=job.status.final and self._app_state.jobs.record(job.id) is None
                )
                for job in jobs
            ],
            intervals,
        )

    def _tell(self) -> None:
        self._app_state.events.publish(HistoryCoverageChanged(self.coverage))
