"""What the history owes to its file: keys of what changed in memory and is not on the disk yet."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from tui.store.cache import StoreCache
from tui.store.records.changes import WriteBatch
from tui.store.records.models import Key
from tui.store.records.serialization import EXTENTS, JOBS, SESSIONS, TRANSPILATIONS


@dataclass(slots=True)
class DirtyKeys:
    """Keys, so that a value that changes twice is written once."""

    records: set[Key] = field(default_factory=set)
    sessions: set[Key] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    extents: set[Key] = field(default_factory=set)
    removals: set[Key] = field(default_factory=set)
    drops: set[str] = field(default_factory=set)
    transpiled: set[str] = field(default_factory=set)
    let_go: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def owe(self, table: str, key: tuple[str, ...]) -> None:
        """A row is to be written again."""
        if table in (JOBS, SESSIONS, EXTENTS):
            {JOBS: self.records, SESSIONS: self.sessions, EXTENTS: self.extents}[table].add((key[0], key[1]))
        elif table == TRANSPILATIONS:
            self.transpiled.add(key[0])
        else:
            self.intents.add(key[0])

    def batch(self, memory: StoreCache) -> WriteBatch:
        """What is to be written now."""
        return WriteBatch(
            records={key: memory.records[key] for key in sorted(self.records)},
            sessions={key: memory.sessions[key] for key in self.sessions},
            intents={tag: memory.intents[tag] for tag in self.intents},
            extents={key: memory.extents[key] for key in self.extents},
            transpiled={digest: memory.transpiled[digest] for digest in self.transpiled},
            removed=frozenset(self.removals),
            dropped_intents=frozenset(self.drops),
            dropped_transpiled=frozenset(self.let_go),
        )

    def paid(self, batch: WriteBatch, memory: StoreCache) -> None:
        """The batch is on the disk; what changed again while it was written stays owed."""
        self.records -= {key for key, value in batch.records.items() if memory.records.get(key) is value}
        self.sessions -= {key for key, value in batch.sessions.items() if memory.sessions.get(key) is value}
        self.intents -= {tag for tag, value in batch.intents.items() if memory.intents.get(tag) is value}
        self.extents -= {key for key, value in batch.extents.items() if memory.extents.get(key) is value}
        held = memory.transpiled
        self.transpiled -= {key for key, value in batch.transpiled.items() if held.get(key) is value}
        self.removals -= batch.removed
        self.drops -= batch.dropped_intents
        self.let_go -= batch.dropped_transpiled
