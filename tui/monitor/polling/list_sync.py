"""Reading of the job list, a tick at a time: few requests, whatever the number of watched jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.domain.jobs import Job, JobPage, JobQuery
from tui.ibm.api.service import QuantumService
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

    Attributes:
        mark: jobs created up to then are known; `None`: nothing was polled yet.
        full: the next poll begins with the newest page whatever is known of it.
        intervals: times of creation of which the last poll listed all jobs.
    """

    def __init__(self, service: QuantumService, mark: datetime | None) -> None:
        self.mark = mark
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
        requests = 0
        for number in range(PAGES_BEHIND):
            page = await self._read(JobQuery(limit=PAGE, offset=number * PAGE, created_after=limit))
            requests += 1
            newest = max(newest, *(job.created for job in page.jobs)) if page.jobs else newest
            reached = max(limit, listed_since(page, PAGE, number * PAGE))
            # A service that does not know the filter goes on with older ones: they are not asked for.
            if len(page.jobs) < PAGE or min(job.created for job in page.jobs) < limit:
                break
        self.intervals.append(Interval(reached, newest))
        return requests

    async def _final_since(self, oldest: datetime) -> None:
        """Read what became of many at once, instead of asking for each of them."""
        for number in range(REQUESTS):
            query = JobQuery(limit=PAGE, offset=number * PAGE, pending=False, created_after=oldest - SKEW)
            if len((await self._read(query)).jobs) < PAGE:
                return

    async def _pending(self, ids: set[str], requests: int) -> None:
        """Go on through the pending jobs; at the end of a sweep, those not met on it have left."""
        for _ in range(requests):
            if self._offset == 0:
                self._expected, self._met = set(ids), set()
            page = await self._read(JobQuery(limit=PAGE, offset=self._offset, pending=True))
            self._met |= {job.id for job in page.jobs}
            self._offset += PAGE
            if len(page.jobs) < PAGE:
                self._absent |= self._expected - self._met - self._listed.keys()
                self._offset = 0
                return


def listed_since(page: JobPage, size: int, offset: int = 0) -> datetime:
    """Return the time since which a page, and those before it, list all jobs; the last one: always.

    Args:
        size: the jobs that the page was asked for.
        offset: the jobs on the pages before it.
    """
    jobs = len(page.jobs)
    # A short page ends the list, unless the service says that it gives less than it was asked for.
    more = jobs and (jobs >= size or (page.total is not None and offset + jobs < page.total))
    return min(job.created for job in page.jobs) + DISORDER if more else EARLIEST
