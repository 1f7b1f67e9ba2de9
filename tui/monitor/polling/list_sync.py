"""What is asked of the job list in a tick: few requests, whatever the number of watched jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.domain.jobs import Job, JobPage, JobQuery
from tui.ibm.api.service import QuantumService
from tui.store.records.models import EARLIEST, Interval, JobRecord

PAGE = 200
"""The service's own limit of a page (contract 5.8)."""
NEWEST = 50
"""Jobs listed when nothing is known yet, and when the user asks for a fresh picture."""
ONE_PAGE = 150
"""Known jobs up to which one page is taken to hold them and what is new."""
REQUESTS = 3
"""List requests of a tick at most; catching up after a long absence may take `PAGES_BEHIND`."""
PAGES_BEHIND = 20
MANY = 10
"""Jobs that left the queue at once, above which they are listed and not asked for one by one."""
NEW_EVERY = 5
"""Ticks between two looks for new jobs while the watched ones need all requests."""
SKEW = timedelta(minutes=2)
"""How late a job may appear in the list, by its own stamp."""
DISORDER = timedelta(seconds=1)
"""By how much jobs in the list may stand out of the order of their stamps."""


class ListSync:
    """Reads the list. What is older than the high-water mark and not watched is never asked for again.

    What `ask` tells counts as read when `taken` is called: until then it may be lost and is asked for again.

    Attributes:
        mark: jobs created up to then are known; `None`: the first look.
        wide: the next look begins with the newest page whatever is known of it.
        intervals: from when to when the last look told all jobs.
    """

    def __init__(self, service: QuantumService, mark: datetime | None) -> None:
        self.mark = mark
        self.wide = False
        self.intervals: list[Interval] = []
        self._service = service
        self._tick = 0
        self._offset = 0
        self._expected: set[str] = set()
        self._listed: set[str] = set()
        self._absent: set[str] = set()
        self._many_left = False

    async def ask(self, watched: Sequence[JobRecord], known: int) -> dict[str, Job]:
        """What the list tells in this tick, by id.

        Args:
            watched: the jobs that are not final.
            known: how many jobs are known that are as new as the oldest of them.

        Raises:
            QdeckError: the service did not answer; nothing is taken as read.
        """
        wide, self.wide = self.wide, False
        try:
            return await self._look(watched, known, wide)
        except BaseException:
            self.wide = self.wide or wide
            raise

    async def _look(self, watched: Sequence[JobRecord], known: int, wide: bool) -> dict[str, Job]:
        ids = {record.job.id for record in watched}
        oldest = min((record.job.created for record in watched), default=None)
        told: dict[str, Job] = {}
        self.intervals = []
        # A window that holds everything of interest and fits on a page is the shortest question.
        if known <= ONE_PAGE or not ids:
            whole = await self._newest(told) if wide else True
            if not told or ids - told.keys() or not whole:
                await self._newer_than(_earlier(self.mark, oldest), told)
            self._absent = ids - told.keys()
            return told
        if self._many_left:
            self.wide = self.wide or wide
            gone = [record.job.created for record in watched if record.job.id in self._absent]
            if gone:
                await self._final_since(min(gone), told)
            self._many_left = False
            return told
        needed = -(-len(ids) // PAGE)
        left = REQUESTS
        # A picture the user asked for is whole, and takes no request from what is watched.
        whole = await self._newest(told) if wide else False
        if not whole and (wide or needed < REQUESTS or self._tick % NEW_EVERY == 0):
            took = await self._newer_than(self.mark, told)
            left -= 0 if wide else took
        self._tick += 1
        if ids <= told.keys():
            self._absent, self._offset = set(), 0
        else:
            await self._pending(ids, told, left)
            self._many_left = len(self._absent - told.keys()) > MANY
        return told

    @property
    def unfinished(self) -> bool:
        """Whether so many jobs left the queue at once that the next look, for them, should come soon."""
        return self._many_left

    def take_absent(self, watched: set[str], most: int) -> list[str]:
        """Watched jobs that are no longer where pending ones are listed: each is named until it is told."""
        if self._many_left:
            return []
        self._absent &= watched
        return sorted(self._absent)[:most]

    def taken(self) -> None:
        """What was told is known now."""
        known = () if self.mark is None else (self.mark,)
        self.mark = max((*known, *(span.until for span in self.intervals)), default=None)

    async def _newest(self, told: dict[str, Job]) -> bool:
        """Read the newest page; whether it goes back to what is known."""
        page = await self._service.jobs(JobQuery(limit=NEWEST))
        told.update((job.id, job) for job in page.jobs)
        if not page.jobs:
            return True
        since = told_since(page, NEWEST)
        self.intervals.append(Interval(since, max(job.created for job in page.jobs)))
        return self.mark is None or since <= self.mark

    async def _newer_than(self, since: datetime | None, told: dict[str, Job]) -> int:
        """Read all jobs created since; returns how many requests that took."""
        if since is None:
            await self._newest(told)
            return 1
        limit, newest = since - SKEW, since
        reached = limit
        requests = 0
        for page in range(PAGES_BEHIND):
            answer = await self._service.jobs(JobQuery(limit=PAGE, offset=page * PAGE, created_after=limit))
            listed = answer.jobs
            requests += 1
            told.update((job.id, job) for job in listed)
            newest = max(newest, *(job.created for job in listed)) if listed else newest
            reached = max(limit, told_since(answer, PAGE, page * PAGE))
            # A service that does not know the filter goes on with older ones: they are not asked for.
            if len(listed) < PAGE or min(job.created for job in listed) < limit:
                break
        self.intervals.append(Interval(reached, newest))
        return requests

    async def _final_since(self, oldest: datetime, told: dict[str, Job]) -> None:
        """Read what became of many at once, instead of asking for each of them."""
        for page in range(REQUESTS):
            query = JobQuery(limit=PAGE, offset=page * PAGE, pending=False, created_after=oldest - SKEW)
            listed = (await self._service.jobs(query)).jobs
            told.update((job.id, job) for job in listed)
            if len(listed) < PAGE:
                return

    async def _pending(self, ids: set[str], told: dict[str, Job], requests: int) -> None:
        """Go on through the pending jobs; at the end of a sweep, those not met on it have left."""
        for _ in range(requests):
            if self._offset == 0:
                self._expected, self._listed = set(ids), set()
            query = JobQuery(limit=PAGE, offset=self._offset, pending=True)
            listed = (await self._service.jobs(query)).jobs
            told.update((job.id, job) for job in listed)
            self._listed |= {job.id for job in listed}
            self._offset += PAGE
            if len(listed) < PAGE:
                self._absent |= self._expected - self._listed - told.keys()
                self._offset = 0
                return


def told_since(page: JobPage, size: int, offset: int = 0) -> datetime:
    """Back to when a page of at most `size` jobs, and those before it, told all; the last one: always."""
    listed = len(page.jobs)
    # A short page ends the list, unless the service says that it gives less than it was asked for.
    more = listed and (listed >= size or (page.total is not None and offset + listed < page.total))
    return min(job.created for job in page.jobs) + DISORDER if more else EARLIEST


def _earlier(mark: datetime | None, oldest: datetime | None) -> datetime | None:
    return mark if mark is None or oldest is None else min(mark, oldest)
