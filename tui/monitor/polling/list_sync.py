"""Reading of the job list: the newest page each tick, few requests for many jobs; older pages on demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.common.errors import QdeckError
from tui.domain.jobs import Job, JobPage, JobQuery
from tui.ibm.api.service import QuantumService
from tui.jobquery.filters import JobFilter
from tui.jobquery.pushdown import pushdown_query
from tui.monitor.polling.scheduler import BACKOFF
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import HistoryCoverageChanged
from tui.monitor.state.jobs import BackfillProgress
from tui.store.records.models import EARLIEST, Interval, JobRecord

PAGE = 200
"""The service's own limit of a page (contract 5.8)."""
NEWEST = 50
"""Jobs listed when nothing is known yet, and when the user asks for a refresh."""
ONE_PAGE = 150
"""Known jobs up to which one page is taken to hold them and what is new."""
REQUESTS = 3
"""List requests of a tick at most; catching up after a long absence may take `PAGES_BEHIND`."""
PAGES_BEHIND = 20
MANY = 10
"""Jobs that left the queue at once, above which they are listed and not asked for one by one."""
NEW_EVERY = 5
"""Ticks between two polls for new jobs while the watched ones need all requests."""
SKEW = timedelta(minutes=2)
"""How late a job may appear in the list, by its own stamp."""
DISORDER = timedelta(seconds=1)
"""By how much jobs in the list may stand out of the order of their stamps."""


class ListSync:
    """Reads the list. What is older than the high-water mark and not watched is never asked for again.

    What `poll` returns counts as read when `commit` is called: until then it may be lost and is asked for
    again.

    Args:
        on_page: called with each page that was read.

    Attributes:
        mark: jobs created up to then are known; `None`: nothing was polled yet.
        full: the next poll begins with the newest page whatever is known of it.
        intervals: times of creation of which the last poll listed all jobs.
    """

    def __init__(
        self, service: QuantumService, mark: datetime | None, on_page: Callable[[JobPage], None]
    ) -> None:
        self.mark = mark
        self._on_page = on_page
        self.full = False
        self.intervals: list[Interval] = []
        self._service = service
        self._tick = 0
        self._offset = 0
        self._listed: dict[str, Job] = {}
        """By id, of this poll."""
        self._expected: set[str] = set()
        self._met: set[str] = set()
        self._absent: set[str] = set()
        self._many_left = False

    async def poll(self, watched: Sequence[JobRecord], known: int) -> dict[str, Job]:
        """Return the jobs that are listed in this tick, by id.

        Args:
            watched: the jobs that are not final.
            known: how many jobs are known that are as new as the oldest of them.

        Raises:
            QdeckError: the service did not answer; nothing counts as read.
        """
        full, self.full = self.full, False
        self._listed, self.intervals = {}, []
        try:
            await self._poll(watched, known, full)
        except BaseException:
            self.full = self.full or full
            raise
        return self._listed

    async def _poll(self, watched: Sequence[JobRecord], known: int, full: bool) -> None:
        ids = {record.job.id for record in watched}
        # A window that holds everything of interest and fits on a page is the shortest question.
        if known <= ONE_PAGE or not ids:
            whole = await self._newest() if full else True
            if not self._listed or ids - self._listed.keys() or not whole:
                created = [record.job.created for record in watched]
                await self._newer_than(None if self.mark is None else min([self.mark, *created]))
            self._absent = ids - self._listed.keys()
            return
        if self._many_left:
            self.full = self.full or full
            gone = [record.job.created for record in watched if record.job.id in self._absent]
            if gone:
                await self._final_since(min(gone))
            self._many_left = False
            return
        needed = -(-len(ids) // PAGE)
        left = REQUESTS
        # What the user asked for is whole, and takes no request from what is watched.
        whole = await self._newest() if full else False
        if not whole and (full or needed < REQUESTS or self._tick % NEW_EVERY == 0):
            took = await self._newer_than(self.mark)
            left -= 0 if full else took
        self._tick += 1
        if ids <= self._listed.keys():
            self._absent, self._offset = set(), 0
        else:
            await self._pending(ids, left)
            self._many_left = len(self._absent - self._listed.keys()) > MANY

    @property
    def unfinished(self) -> bool:
        """So many jobs left the queue at once that the next poll, for them, should come soon."""
        return self._many_left

    def absent(self, watched: set[str], most: int) -> list[str]:
        """Return ids of watched jobs that are no longer listed as pending.

        Args:
            watched: those that were not listed in this poll.
            most: number of ids at most.

        Returns:
            Sorted ids; each comes again until its job is listed or no longer watched.
        """
        if self._many_left:
            return []
        self._absent &= watched
        return sorted(self._absent)[:most]

    def commit(self) -> None:
        """Count what the last poll returned as read."""
        known = () if self.mark is None else (self.mark,)
        self.mark = max((*known, *(interval.until for interval in self.intervals)), default=None)

    async def _read(self, query: JobQuery) -> JobPage:
        """Read a page of the list into this poll."""
        page = await self._service.jobs(query)
        self._listed.update((job.id, job) for job in page.jobs)
        self._on_page(page)
        return page

    async def _newest(self) -> bool:
        """Read the newest page; return whether it goes back to what is known."""
        page = await self._read(JobQuery(limit=NEWEST))
        if not page.jobs:
            return True
        since = listed_since(page, NEWEST)
        self.intervals.append(Interval(since, max(job.created for job in page.jobs)))
        return self.mark is None or since <= self.mark

    async def _newer_than(self, since: datetime | None) -> int:
        """Read all jobs created since; return the number of requests that took."""
        if since is None:
            await self._newest()
            return 1
        limit, newest = since - SKEW, since
        reached = limit
        requests = offset = 0
        for number in range(PAGES_BEHIND):
            before = len(self._listed)
            page = await self._read(JobQuery(limit=PAGE, offset=offset, created_after=limit))
            requests += 1
            newest = max(newest, *(job.created for job in page.jobs)) if page.jobs else newest
            reached = max(limit, listed_since(page, PAGE, offset))
            offset += page.size
            # A service that does not know the filter goes on with older ones: they are not asked for.
            if page.ends_before(PAGE) or min(job.created for job in page.jobs) < limit:
                break
            # One that does not know the offset says the same again and again.
            if number and len(self._listed) == before:
                break
        self.intervals.append(Interval(reached, newest))
        return requests

    async def _final_since(self, oldest: datetime) -> None:
        """Read what became of many at once, instead of asking for each of them."""
        for number in range(REQUESTS):
            query = JobQuery(limit=PAGE, offset=number * PAGE, pending=False, created_after=oldest - SKEW)
            if (await self._read(query)).ends_before(PAGE):
                return

    async def _pending(self, ids: set[str], requests: int) -> None:
        """Go on through the pending jobs; at the end of a sweep, those not met on it have left."""
        for _ in range(requests):
            if self._offset == 0:
                self._expected, self._met = set(ids), set()
            page = await self._read(JobQuery(limit=PAGE, offset=self._offset, pending=True))
            self._met |= {job.id for job in page.jobs}
            self._offset += page.size
            if page.ends_before(PAGE):
                self._absent |= self._expected - self._met - self._listed.keys()
                self._offset = 0
                return


def listed_since(page: JobPage, size: int, offset: int = 0) -> datetime:
    """Return the time since which a page, and those before it, list all jobs; the last one: always.

    Args:
        size: the jobs that the page was asked for.
        offset: the jobs on the pages before it.
    """
    told = page.total is not None and offset + page.size < page.total
    # A short page ends the list, unless the service says that it gives less than it was asked for.
    more = page.jobs and (told or not page.ends_before(size))
    return min(job.created for job in page.jobs) + DISORDER if more else EARLIEST


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
        self._progress = BackfillProgress()

    def begin(self, service: QuantumService) -> None:
        """Begin anew, with the account that was just signed in."""
        self._service = service
        self._progress = self._app_state.jobs.backfill = BackfillProgress()
        self._failures = 0
        self._not_before = -math.inf
        self._unfiltered = False
        self._all = _Cursor(JobQuery(), self._app_state.jobs.deletions)
        self._filter = JobFilter()
        self._fitting: dict[str, _Cursor] = {}
        """By the text of a filter."""

    def request(self, wanted: JobFilter | None = None) -> None:
        """Ask for a page of older jobs, unless that is under way or failed a moment ago.

        Args:
            wanted: what they have to fit. As long as the service finds such, it is asked for them alone.
        """
        if self._app_state.connection.service is None:
            return
        if (
            self._progress.asking
            or self._app_state.jobs.history_coverage.whole
            or self._app_state.clock.monotonic() < self._not_before
        ):
            return
        self._progress.asking, self._progress.error = True, None
        self._filter = wanted or JobFilter()
        self._publish()
        self._wake()

    async def step(self) -> float:
        """Read a page when one was requested: a worker's step.

        Returns:
            `math.inf`: it waits to be woken.
        """
        if not self._progress.asking:
            return math.inf
        try:
            cursor = self._cursor_of_filter()
            await (self._read_all() if cursor is None else self._read_fitting(cursor))
            self._failures = 0
        except QdeckError as error:
            self._failures += 1
            pause = BACKOFF.wait(self._failures)
            self._progress.error = error
            self._not_before = self._app_state.clock.monotonic() + max(pause, error.retry_after or 0.0)
        finally:
            self._progress.asking = False
            self._publish()
        return math.inf

    def _cursor_of_filter(self) -> _Cursor | None:
        """Return where the service can go on finding what fits the filter; `None`: nowhere."""
        text = str(self._filter)
        if text not in self._fitting:
            names = [backend.name for backend in self._app_state.backends]
            query = pushdown_query(self._filter, self._app_state.clock.now(), names)
            known = self._app_state.jobs.known_since()
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
        before = self._app_state.jobs.known_since()
        if before != self._all.query.created_before and not self._unfiltered:
            self._all.offset = 0
        self._all.query = JobQuery(created_before=before)
        page, since = await self._next_page(self._all)
        newest = max((job.created for job in page.jobs), default=None)
        self._progress.no_jobs = newest is None and before is None
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
        self._app_state.tell_of_unread(page)
        since = listed_since(page, PAGE, cursor.offset)
        cursor.offset += page.size
        return page, since

    def _publish(self) -> None:
        self._app_state.events.publish(HistoryCoverageChanged(self._app_state.jobs.history_coverage))
