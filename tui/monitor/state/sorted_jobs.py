"""Jobs in order, and which of them are unread, so that a change of one of 100,000 costs microseconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter

from tui.domain.jobs import Job
from tui.store.records.models import JobRecord, Key

_Place = tuple[datetime, str, str]
_FEW = 8
_place_of = itemgetter(0)


class SortedJobs:
    """Jobs, newest first. With 100,000 of them a change of one takes microseconds, a listing 1 ms."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self._order: list[_Place] = []
        self._jobs: list[Job] = []
        self._places: dict[tuple[str, str], _Place] = {}
        self._listed: tuple[Job, ...] | None = None
        self.upsert(jobs)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, newest first."""
        if self._listed is None:
            self._listed = tuple(reversed(self._jobs))
        return self._listed

    def ids(self) -> set[str]:
        """Return the ids of all jobs."""
        return {place[1] for place in self._order}

    def upsert(self, jobs: Iterable[Job]) -> None:
        """Add jobs, or replace those that are there."""
        fresh: list[tuple[_Place, Job]] = []
        for key, job in {(job.service, job.id): job for job in jobs}.items():
            place = (job.created, job.id, job.service)
            known = self._places.get(key)
            if known == place:
                self._jobs[bisect_left(self._order, place)] = job
                continue
            if known is not None:
                self._remove(known)
            self._places[key] = place
            fresh.append((place, job))
        if fresh:
            self._insert(sorted(fresh, key=_place_of))
        self._listed = None

    def remove(self, keys: Iterable[tuple[str, str]]) -> None:
        """Remove the jobs with these services and ids."""
        for key in keys:
            known = self._places.pop(key, None)
            if known is not None:
                self._remove(known)
        self._listed = None

    def only(self, belongs: Callable[[Job], bool]) -> SortedJobs:
        """Return a copy with the jobs that belong."""
        chosen = SortedJobs()
        for place, job in zip(self._order, self._jobs, strict=True):
            if belongs(job):
                chosen._order.append(place)
                chosen._jobs.append(job)
        chosen._places = {(place[2], place[1]): place for place in chosen._order}
        return chosen

    def _remove(self, place: _Place) -> None:
        at = bisect_left(self._order, place)
        del self._order[at]
        del self._jobs[at]

    def _insert(self, fresh: list[tuple[_Place, Job]]) -> None:
        """Put in what is sorted by place already."""
        if len(fresh) <= _FEW:
            for place, job in fresh:
                at = bisect_left(self._order, place)
                self._order.insert(at, place)
                self._jobs.insert(at, job)
            return
        # What is read from the history comes in parts that are almost older than all before them: only what
        # lies between a part's ends is sorted again.
        low, high = bisect_left(self._order, fresh[0][0]), bisect_left(self._order, fresh[-1][0])
        between = zip(self._order[low:high], self._jobs[low:high], strict=True)
        merged = sorted([*between, *fresh], key=_place_of)
        self._order[low:high] = [place for place, _ in merged]
        self._jobs[low:high] = [job for _, job in merged]


class UnreadJobs:
    """Finished jobs that the user has not opened since. A change of one job costs microseconds."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._ids: frozenset[str] | None = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the unread jobs; the same object until they change."""
        if self._ids is None:
            self._ids = frozenset(self._keys)
        return self._ids

    def keys(self, job_ids: Iterable[str]) -> list[Key]:
        """Return the keys of the given jobs that are unread."""
        return [self._keys[job_id] for job_id in job_ids if job_id in self._keys]

    def reset(self, records: Iterable[JobRecord]) -> None:
        """Begin anew: `records` are all jobs there are."""
        self._keys, self._ids = {}, None
        self.update(records)

    def update(self, records: Iterable[JobRecord]) -> None:
        """Add or drop jobs that are new or different."""
        for record in records:
            if record.announced and not record.seen:
                if record.job.id not in self._keys:
                    self._keys[record.job.id] = record.key
                    self._ids = None
            elif self._keys.pop(record.job.id, None) is not None:
                self._ids = None

    def drop(self, keys: Iterable[Key]) -> None:
        """Drop jobs that were removed."""
        for _, job_id in keys:
            if self._keys.pop(job_id, None) is not None:
                self._ids = None
