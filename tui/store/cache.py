"""The history in memory: its tables, the keys of what is not in the file yet, and the submissions."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tui.common.timing import Clock
from tui.domain.circuits import Transpilation
from tui.domain.submissions import Submission
from tui.store.records.models import (
    JobRecord,
    Key,
    PendingState,
    PendingSubmission,
    Transpiled,
    merge_submissions,
    merge_transpiled,
)
from tui.store.records.tables import (
    JOBS,
    SUBMISSIONS,
    TRANSPILATIONS,
    ChangeSet,
    TableKeys,
    TableSpec,
    TableValues,
    V,
)
from tui.store.text_cache import TextCache

_KEPT_FOR = timedelta(days=30)
_FORGET_EVERY = timedelta(hours=1)


class StoreCache:
    """Values by key. `upsert` and `remove` are written with the next batch; `store` changes memory alone.

    Attributes:
        values: read them here; change them by methods, which keep the other attributes true.
        unfinalized: keys of the jobs of which something is still to be found out, in the order they came.
        pending: submissions that may still be sent, or whose job may be found.
    """

    def __init__(self) -> None:
        self.values = TableValues()
        self.unfinalized: dict[Key, None] = {}
        self.pending: dict[Key, PendingSubmission] = {}
        self._changed = TableKeys()
        self._removed = TableKeys()
        self._by_creation: tuple[PendingSubmission, ...] | None = None

    @property
    def dirty(self) -> bool:
        """Return whether anything is not in the file yet."""
        return bool(self._changed or self._removed)

    def store(self, table: TableSpec[V], value: V) -> None:
        """Add a value, or replace the one of its key."""
        self._store(table, table.key(value), value)

    def upsert(self, table: TableSpec[V], value: V) -> None:
        """Add or replace a value, to be written."""
        key = table.key(value)
        self._store(table, key, value)
        self._changed[table].add(key)
        self._removed[table].discard(key)

    def remove(self, table: TableSpec[V], key: Key) -> V | None:
        """Remove a value, in the file too; returns it when there was one."""
        self._changed[table].discard(key)
        self._removed[table].add(key)
        return self._drop(table, key)

    def batch(self) -> ChangeSet:
        """Return what is to be written now."""
        batch = ChangeSet()
        for table, keys in self._changed.items():
            held = self.values[table]
            batch.values[table].update((key, held[key]) for key in sorted(keys))
            batch.removed[table].update(self._removed[table])
        return batch

    def written(self, batch: ChangeSet) -> None:
        """Mark a batch as being in the file; what changed again while it was written stays dirty."""
        for table, values in batch.values.items():
            held = self.values[table]
            self._changed[table] -= {key for key, value in values.items() if held.get(key) is value}
            self._removed[table] -= batch.removed[table]

    def absorb(self, changes: ChangeSet) -> None:
        """Merge what the file holds into memory; what is to be removed from it stays away."""
        for table, values in changes.values.items():
            held, removed = self.values[table], self._removed[table]
            for key, value in values.items():
                if key not in removed:
                    known = held.get(key)
                    self._store(table, key, value if known is None else table.merge(known, value))
        for key in changes.removed[JOBS]:
            self._changed[JOBS].discard(key)
            self._drop(JOBS, key)
        dropped = changes.removed[TRANSPILATIONS]
        for key in self.unused(dropped):
            self._changed[TRANSPILATIONS].discard(key)
            self._drop(TRANSPILATIONS, key)
        # What another process removed is written again where it is needed here.
        self._changed[TRANSPILATIONS] |= dropped & self.values[TRANSPILATIONS].keys()
        for table, keys in changes.lost.items():
            # A damaged file lost it, but it is known here.
            self._changed[table] |= keys & self.values[table].keys()

    def unused(self, circuits: Collection[Key]) -> set[Key]:
        """Return those of these transpilations that no job or pending submission refers to."""
        asked = self.values[TRANSPILATIONS].keys() & set(circuits)
        if not asked:
            return asked
        digests = {digest for (digest,) in asked}
        used = {pending.circuit_hash for pending in self.pending.values()}
        used |= {job.circuit_hash for job in self.values[JOBS].values() if job.circuit_hash in digests}
        return asked - {(digest,) for digest in used}

    def submissions_by_creation(self) -> tuple[PendingSubmission, ...]:
        """Return the submissions, the earliest first; sorted once after each change."""
        if self._by_creation is None:
            submissions = self.values[SUBMISSIONS].values()
            self._by_creation = tuple(sorted(submissions, key=lambda pending: pending.created))
        return self._by_creation

    def _store(self, table: TableSpec[V], key: Key, value: V) -> None:
        self.values[table][key] = value
        if isinstance(value, JobRecord):
            if not value.finalized:
                self.unfinalized[key] = None
            elif self.unfinalized:
                self.unfinalized.pop(key, None)
        elif isinstance(value, PendingSubmission):
            self._by_creation = None
            if value.state.needs_program:
                self.pending[key] = value
            else:
                self.pending.pop(key, None)

    def _drop(self, table: TableSpec[V], key: Key) -> V | None:
        if table is JOBS:
            self.unfinalized.pop(key, None)
        elif table is SUBMISSIONS:
            self._by_creation = None
            self.pending.pop(key, None)
        return self.values[table].pop(key, None)


class SubmissionRepository:
    """Submissions by their own tags, read from memory; changes are made there and written by `flush`."""

    def __init__(self, clock: Clock, texts: TextCache) -> None:
        self._clock = clock
        self._texts = texts
        self._cache = StoreCache()
        self._forgot: datetime | None = None

    def submissions(self) -> tuple[PendingSubmission, ...]:
        """Return all submissions, the earliest first."""
        return self._cache.submissions_by_creation()

    def pending_submissions(self) -> tuple[PendingSubmission, ...]:
        """Return those that may still be sent, or whose job may be found; the earliest first."""
        return tuple(sorted(self._cache.pending.values(), key=lambda pending: pending.created))

    def submission(self, tag: str) -> PendingSubmission | None:
        """Return the submission with this own tag; `None` when there is none."""
        return self._cache.values[SUBMISSIONS].get((tag,))

    def upsert_submission(self, pending: PendingSubmission) -> PendingSubmission:
        """Add or update a submission, with its texts and its transpilation.

        Returns:
            The submission as kept: without its texts, and not put back when it has come further already.
        """
        known = self.submission(pending.tag)
        changed = self._clock.now()
        if known is not None and known.changed is not None:
            # Later than what it follows, whatever was done to the clock.
            changed = max(changed, known.changed + timedelta(microseconds=1))
        lean = replace(self._texts.submission_without_texts(pending), changed=changed)
        merged = lean if known is None else merge_submissions(known, lean)
        self._cache.upsert(SUBMISSIONS, merged)
        if pending.submission.transpilation is not None and lean.circuit_hash:
            self._upsert_transpiled(
                Transpiled(lean.circuit_hash, pending.submission.transpilation, lean.source_hash)
            )
        if merged.state in {PendingState.REFUSED, PendingState.WITHDRAWN}:
            self._remove_unused_transpiled({merged.circuit_hash})
        return merged

    def submission_with_texts(self, pending: PendingSubmission) -> Submission:
        """Return what the user asked for, with its circuit and source, which may be read from small files."""
        return replace(
            pending.submission,
            qasm=self._texts.text(pending.circuit_hash),
            source=self._texts.text(pending.source_hash),
            params=self._texts.text(pending.params_hash),
            inputs=self._texts.text(pending.inputs_hash),
        )

    def remove_submission(self, tag: str) -> None:
        """Remove a submission that was never sent; one that is not known is none."""
        pending = self.submission(tag)
        if pending is not None:
            self._cache.remove(SUBMISSIONS, (tag,))
            self._remove_unused_transpiled({pending.circuit_hash})

    def transpilation(self, record: JobRecord) -> Transpilation | None:
        """Return how the job's circuit was transpiled, with the success estimated for this job.

        Returns:
            The transpilation; `None` when that was not done here.
        """
        kept = self._cache.values[TRANSPILATIONS].get((record.circuit_hash,))
        return None if kept is None else kept.transpilation.predicted(record.prediction)

    def _remove_old_submissions(self) -> None:
        """Remove what ended long ago; once an hour, for a qdeck may run for months."""
        now = self._clock.now()
        if self._forgot is not None and abs(now - self._forgot) < _FORGET_EVERY:
            return
        self._forgot = now
        limit = now - _KEPT_FOR
        held = self._cache.values[SUBMISSIONS].values()
        old = [one for one in held if not one.state.open and (one.changed or one.created) < limit]
        for pending in old:
            self._cache.remove(SUBMISSIONS, (pending.tag,))
        self._remove_unused_transpiled({pending.circuit_hash for pending in old})

    def _upsert_transpiled(self, transpiled: Transpiled) -> None:
        known = self._cache.values[TRANSPILATIONS].get((transpiled.circuit_hash,))
        self._cache.upsert(TRANSPILATIONS, merge_transpiled(known, transpiled) if known else transpiled)

    def _rename_transpiled(self, old: str, new: str) -> None:
        """Keep a transpilation under another hash: the service has the circuit in another form."""
        held = self._cache.values[TRANSPILATIONS]
        known = held.get((old,))
        if known is not None and (new,) not in held:
            self._upsert_transpiled(replace(known, circuit_hash=new))
        self._remove_unused_transpiled({old})

    def _remove_unused_transpiled(self, digests: set[str]) -> None:
        for key in self._cache.unused({(digest,) for digest in digests}):
            self._cache.remove(TRANSPILATIONS, key)


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cycle collector from running while many rows are made, none of which is in a cycle.

    With 10,000 rows one full collection stops the whole process, the event loop too, for over 100 ms.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        # What was just read lives as long as the app: no full collection needs to go through it.
        gc.freeze()
    finally:
        if was_on:
            gc.enable()
