"""What is asked of the job list in a tick: few requests, whatever the number of watched jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.domain.jobs import Job, JobQuery
from tui.history.records import Record
from tui.ibm.service import QuantumService

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
"""By how much the service's stamps may be out of order."""


class JobList:
    """Reads the list. What is older than the high-water mark and not watched is never asked for again.

    Attributes:
        mark: jobs created up to then are known; `None`: the first look.
        wide: the next look begins with the newest page whatever is known of it.
    """

    def __init__(self, service: QuantumService, mark: datetime | None) -> None:
        self.mark = mark
        self.wide = False
        self._service = service
        self._tick = 0
        self._offset = 0
        self._expected: set[str] = set()
        self._listed: set[str] = set()
        self._absent: set[str] = set()
        self._many_left = False

    async def ask(self, watched: Sequence[Record], known: int) -> dict[str, Job]:
        """What the list tells in this tick, by id.

        Args:
            watched: the jobs that are not final.
            known: how many jobs are known that are as new as the oldest of them.

        Raises:
            QdeckError: the service did not answer; nothing is taken as read.
        """
        ids = {record.job.id for record in watched}
        oldest = min((record.job.created for record in watched), default=None)
        told: dict[str, Job] = {}
        # A window that holds everything of interest and fits on a page is the shortest question.
        if known <= ONE_PAGE or not ids:
            if self.wide:
                await self._newer_than(self.mark, told)
            if not told or ids - told.keys():
                await self._newer_than(_earlier(self.mark, oldest), told)
            self._absent = ids - told.keys()
            return told
        if self._many_left:
            gone = [record.job.created for record in watched if record.job.id in self._absent]
            if gone:
                await self._final_since(min(gone), told)
            self._many_left = False
            return told
        needed = -(-len(ids) // PAGE)
        left = REQUESTS
        if self.wide or needed < REQUESTS or self._tick % NEW_EVERY == 0:
            asked_for = self.wide
            took = await self._newer_than(self.mark, told)
            # A picture the user asked for is whole.
            left -= 0 if asked_for else took
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

    async def _newer_than(self, since: datetime | None, told: dict[str, Job]) -> int:
        """Read all jobs created since; returns how many requests that took."""
        limit = since - SKEW if since is not None and not self.wide else None
        newest = self.mark
        requests = 0
        for page in range(PAGES_BEHIND):
            size = NEWEST if limit is None else PAGE
            query = JobQuery(limit=size, offset=page * PAGE, created_after=limit)
            listed = (await self._service.jobs(query)).jobs
            requests += 1
            for job in listed:
                told[job.id] = job
                newest = job.created if newest is None else max(newest, job.created)
            # A service that does not know the filter goes on with older ones: they are not asked for.
            if len(listed) < PAGE or limit is None or min(job.created for job in listed) < limit:
                break
        self.mark, self.wide = newest, False
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


def _earlier(mark: datetime | None, oldest: datetime | None) -> datetime | None:
    return mark if mark is None or oldest is None else min(mark, oldest)
