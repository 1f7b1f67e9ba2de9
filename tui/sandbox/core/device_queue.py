"""The line in front of one device: our jobs and those of others, sessions first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A job of this sandbox's user."""

    job_id: str
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A job of somebody else: it only takes simulated seconds."""

    seconds: float


Entry = Ours | Other


class DeviceQueue:
    """Entries in order of arrival; `take` hands them out one at a time.

    Args:
        background: how many jobs of others wait here at any time.
    """

    def __init__(self, background: int = 0) -> None:
        self._background = background
        self._entries: list[Entry] = []
        self._running: Entry | None = None
        self._arrived = asyncio.Event()

    def put(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._arrived.set()

    def others(self) -> int:
        """How many jobs of others are ahead, the running one included."""
        return sum(isinstance(entry, Other) for entry in (*self._entries, self._running))

    def remove(self, job_id: str) -> bool:
        """Take a waiting job out; False when it does not wait here."""
        kept = [entry for entry in self._entries if not (isinstance(entry, Ours) and entry.job_id == job_id)]
        found = len(kept) < len(self._entries)
        self._entries = kept
        return found

    def position(self, job_id: str) -> int | None:
        """Jobs before this one, 0 when it is next or running; None when it is not here."""
        line = [self._running, *self._entries] if self._running else list(self._entries)
        for place, entry in enumerate(line):
            if isinstance(entry, Ours) and entry.job_id == job_id:
                return place
        return None

    def __len__(self) -> int:
        """What the device reports as its queue: nobody there still means the usual number of others."""
        return max(self._background, len(self._entries) + (self._running is not None))

    async def take(self, has_priority: Callable[[str], bool]) -> Entry:
        """Wait for an entry and make it the running one: the first of an active session, else the first."""
        while not self._entries:
            self._arrived.clear()
            await self._arrived.wait()
        chosen = next(
            (
                entry
                for entry in self._entries
                if isinstance(entry, Ours) and entry.session_id and has_priority(entry.session_id)
            ),
            self._entries[0],
        )
        self._entries.remove(chosen)
        self._running = chosen
        return chosen

    def done(self) -> None:
        """The running entry has left the device."""
        self._running = None
