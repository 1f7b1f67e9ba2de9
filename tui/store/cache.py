"""What the history holds in memory: values by key, and which jobs and submissions are not settled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from tui.domain.sessions import Session
from tui.store.records.changes import ChangeSet
from tui.store.records.extents import Coverage, merge_coverage
from tui.store.records.merge import merge_records, merge_sessions, merge_submissions, merge_transpiled
from tui.store.records.models import JobRecord, Key, PendingSubmission, Transpiled
from tui.store.records.serialization import EXTENTS, JOBS, SESSIONS, TRANSPILATIONS


@dataclass(slots=True)
class StoreCache:
    """Change jobs and submissions through the methods alone: they keep `unfinalized` and `pending` true.

    Attributes:
        unsettled: jobs of which something is still to be found out, in the order they came.
        pending: submissions that may still be sent, or whose job may be found.
        transpiled: how circuits were transpiled, by the hashes of what came of it.
    """

    records: dict[Key, JobRecord] = field(default_factory=dict)
    sessions: dict[Key, Session] = field(default_factory=dict)
    intents: dict[str, PendingSubmission] = field(default_factory=dict)
    extents: dict[Key, Coverage] = field(default_factory=dict)
    transpiled: dict[str, Transpiled] = field(default_factory=dict)
    unfinalized: dict[Key, None] = field(default_factory=dict)
    pending: dict[str, PendingSubmission] = field(default_factory=dict)
    _in_order: tuple[PendingSubmission, ...] | None = None

    def store(self, record: JobRecord) -> None:
        """Put a job in, or in the place of what was known of it."""
        key = record.key
        self.records[key] = record
        if not record.settled:
            self.unfinalized[key] = None
        elif self.unfinalized:
            self.unfinalized.pop(key, None)

    def drop(self, key: Key) -> bool:
        """Forget a job; whether there was one."""
        self.unfinalized.pop(key, None)
        return self.records.pop(key, None) is not None

    def store_intent(self, intent: PendingSubmission) -> None:
        """Put a submission in, or in the place of what was known of it."""
        self.intents[intent.tag] = intent
        self._in_order = None
        if intent.state.needs_program:
            self.pending[intent.tag] = intent
        else:
            self.pending.pop(intent.tag, None)

    def remove_submission(self, tag: str) -> PendingSubmission | None:
        """Forget a submission; returns it when there was one."""
        self._in_order = None
        self.pending.pop(tag, None)
        return self.intents.pop(tag, None)

    def intents_in_order(self) -> tuple[PendingSubmission, ...]:
        """The submissions, the earliest first; sorted once after each change."""
        if self._in_order is None:
            self._in_order = tuple(sorted(self.intents.values(), key=lambda intent: intent.created))
        return self._in_order

    def unused(self, digests: Collection[str]) -> set[str]:
        """Those of the transpilations with these hashes that no job or pending submission refers to."""
        asked = self.transpiled.keys() & set(digests)
        if not asked:
            return asked
        used = {intent.circuit_hash for intent in self.pending.values()}
        used |= {record.circuit_hash for record in self.records.values() if record.circuit_hash in asked}
        return asked - used

    def knows(self, table: str, key: tuple[str, ...]) -> bool:
        """Whether a row of that table is held."""
        if table in (JOBS, SESSIONS, EXTENTS):
            held = {JOBS: self.records, SESSIONS: self.sessions, EXTENTS: self.extents}[table]
            return (key[0], key[1]) in held  # type: ignore[operator]  # all three have keys of two
        if table == TRANSPILATIONS:
            return key[0] in self.transpiled
        return key[0] in self.intents

    def absorb(self, changes: ChangeSet, kept_out: set[Key]) -> None:
        """Take in what the file holds, merged with what is held; but no jobs in `kept_out`."""
        for record in changes.records:
            if record.key not in kept_out:
                known = self.records.get(record.key)
                self.store(merge_records(known, record) if known else record)
        for key in changes.removed:
            self.drop(key)
        for session in changes.sessions:
            place = (session.service, session.id)
            other = self.sessions.get(place)
            self.sessions[place] = merge_sessions(other, session) if other else session
        for intent in changes.intents:
            mine = self.intents.get(intent.tag)
            self.store_intent(merge_submissions(mine, intent) if mine else intent)
        for extent in changes.extents:
            same = self.extents.get(extent.key)
            self.extents[extent.key] = merge_coverage(same, extent) if same else extent
        for transpiled in changes.transpiled:
            here = self.transpiled.get(transpiled.circuit_hash)
            self.transpiled[transpiled.circuit_hash] = (
                merge_transpiled(here, transpiled) if here else transpiled
            )
        for digest in self.unused(changes.dropped):
            del self.transpiled[digest]
