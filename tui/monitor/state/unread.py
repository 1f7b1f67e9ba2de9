"""The jobs that finished and were not looked at since, kept up to date job by job: there may be 100,000."""

from __future__ import annotations

from collections.abc import Iterable

from tui.store.records.models import JobRecord, Key


class UnreadJobs:
    """Tell it every job that changed. A change of one costs microseconds, whatever there is."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._ids: frozenset[str] | None = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """Their ids; the same object until they change."""
        if self._ids is None:
            self._ids = frozenset(self._keys)
        return self._ids

    def keys(self, job_ids: Iterable[str]) -> list[Key]:
        """The keys of those that are among them."""
        return [self._keys[job_id] for job_id in job_ids if job_id in self._keys]

    def fill(self, records: Iterable[JobRecord]) -> None:
        """These are all jobs there are."""
        self._keys, self._ids = {}, None
        self.take(records)

    def take(self, records: Iterable[JobRecord]) -> None:
        """These are new or different."""
        for record in records:
            if record.announced and not record.seen:
                if record.job.id not in self._keys:
                    self._keys[record.job.id] = record.key
                    self._ids = None
            elif self._keys.pop(record.job.id, None) is not None:
                self._ids = None

    def drop(self, keys: Iterable[Key]) -> None:
        """These are gone."""
        for _, job_id in keys:
            if self._keys.pop(job_id, None) is not None:
                self._ids = None
