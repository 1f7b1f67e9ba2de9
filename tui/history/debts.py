"""What the history owes to its file: keys of what changed in memory and is not on the disk yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.domain.sessions import Session
from tui.history.changes import Batch
from tui.history.records import Intent, Key, Record


@dataclass(slots=True)
class Debts:
    """Keys, so that a value that changes twice is written once."""

    records: set[Key] = field(default_factory=set)
    sessions: set[Key] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    removals: set[Key] = field(default_factory=set)
    drops: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.records or self.sessions or self.intents or self.removals or self.drops)

    def batch(
        self, records: Mapping[Key, Record], sessions: Mapping[Key, Session], intents: Mapping[str, Intent]
    ) -> Batch:
        """What is to be written now."""
        return Batch(
            records={key: records[key] for key in sorted(self.records)},
            sessions={key: sessions[key] for key in self.sessions},
            intents={tag: intents[tag] for tag in self.intents},
            removed=frozenset(self.removals),
            dropped_intents=frozenset(self.drops),
        )

    def paid(
        self,
        batch: Batch,
        records: Mapping[Key, Record],
        sessions: Mapping[Key, Session],
        intents: Mapping[str, Intent],
    ) -> None:
        """The batch is on the disk; what changed again while it was written stays owed."""
        self.records -= {key for key, value in batch.records.items() if records.get(key) is value}
        self.sessions -= {key for key, value in batch.sessions.items() if sessions.get(key) is value}
        self.intents -= {tag for tag, value in batch.intents.items() if intents.get(tag) is value}
        self.removals -= batch.removed
        self.drops -= batch.dropped_intents
