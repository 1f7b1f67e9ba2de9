"""The history's tables in memory, with the keys of what is not in the file yet."""

from __future__ import annotations

from collections.abc import Collection

from tui.store.records.models import JobRecord, Key, PendingSubmission
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
