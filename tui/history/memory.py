"""What the history holds in memory: values by key, and which jobs are not settled."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.domain.sessions import Session
from tui.history.changes import Changes
from tui.history.extents import Extent, merge_extents
from tui.history.merge import merge_intents, merge_records, merge_sessions
from tui.history.records import Intent, Key, Record
from tui.history.rows import EXTENTS, JOBS, SESSIONS


@dataclass(slots=True)
class Memory:
    """Change jobs through `store` and `drop` alone: they keep `unsettled` true.

    Attributes:
        unsettled: jobs of which something is still to be found out, in the order they came.
    """

    records: dict[Key, Record] = field(default_factory=dict)
    sessions: dict[Key, Session] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    extents: dict[Key, Extent] = field(default_factory=dict)
    unsettled: dict[Key, None] = field(default_factory=dict)

    def store(self, record: Record) -> None:
        """Put a job in, or in the place of what was known of it."""
        key = record.key
        self.records[key] = record
        if not record.settled:
            self.unsettled[key] = None
        elif self.unsettled:
            self.unsettled.pop(key, None)

    def drop(self, key: Key) -> bool:
        """Forget a job; whether there was one."""
        self.unsettled.pop(key, None)
        return self.records.pop(key, None) is not None

    def knows(self, table: str, key: tuple[str, ...]) -> bool:
        """Whether a row of that table is held."""
        if table in (JOBS, SESSIONS, EXTENTS):
            held = {JOBS: self.records, SESSIONS: self.sessions, EXTENTS: self.extents}[table]
            return (key[0], key[1]) in held  # type: ignore[operator]  # all three have keys of two
        return key[0] in self.intents

    def absorb(self, changes: Changes, kept_out: set[Key]) -> None:
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
            self.intents[intent.tag] = merge_intents(mine, intent) if mine else intent
        for extent in changes.extents:
            same = self.extents.get(extent.key)
            self.extents[extent.key] = merge_extents(same, extent) if same else extent
