"""Which process has a submission in its hands, and how another one takes it over when that one is gone.

What is promised:

- On one machine a process counts as alive exactly as long as the kernel holds its lock (`ProcessLock`): no
  process number given out anew, reboot or new hostname is taken for it. Only where the file system has no
  locks at all the process number decides.
- Of another machine that shares this home (NFS) a lock that is seen held says that its process lives; a lock
  that is not seen says nothing, because such a home may keep locks to one machine. What that machine is
  sending counts as left behind only after `SENDING_ELSEWHERE`, what it has in line after `STALE`; then it
  is not sent unless the user says so. This needs clocks that agree to within minutes, and no leases.
- A submission changes hands, and begins to be sent, only inside `taking_over`, after the history was read
  anew: two processes that both think it theirs do not both send it, wherever that lock reaches.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import file_lock
from tui.monitor.outbox.process_lock import ProcessLock
from tui.store.records.models import PendingState, PendingSubmission

REQUEST_AT_MOST = timedelta(minutes=6, seconds=30)
"""A request that creates a job has ended after this (`tui.ibm`: `RetryPolicy.patience`, `Timeouts.whole`)."""
SENDING_AT_MOST = timedelta(minutes=8)
"""After this an intent that another living process is sending counts as left behind."""
SENDING_ELSEWHERE = timedelta(minutes=15)
"""The same for a process of another machine, whose clock may be some minutes off."""
STALE = timedelta(days=1)
"""What is in line for longer than this without its qdeck is not sent unasked: it would cost QPU time
unexpectedly."""
LOCK_SECONDS = 10.0
ASKED_AGAIN = 1.0
"""Seconds for which it is believed that another process lives."""


class Ownership:
    """One outbox among those of all processes of this user.

    Args:
        lock: the file that is locked while submissions change hands; beside it are those of the processes.
    """

    def __init__(self, clock: Clock, lock: Path) -> None:
        self._clock = clock
        self._lock = lock
        self._presence = ProcessLock(lock.parent / "owners")
        self._ended: set[str] = set()
        self._asked: dict[str, tuple[float, bool | None]] = {}
        self._gate = asyncio.Lock()

    @property
    def name(self) -> str:
        """What intents name it by, once it has appeared; no other process ever has the same."""
        return self._presence.name

    def another_has(self, intent: PendingSubmission) -> bool:
        """Whether another qdeck has the submission in line or is sending it, and is alive as far as known."""
        held = intent.state in {PendingState.PREPARED, PendingState.SENDING}
        if not held or intent.owner in {"", self.name}:
            return False
        lives = self._lives(intent.owner)
        if lives is False:
            return False
        if intent.state is PendingState.SENDING:
            at_most = SENDING_AT_MOST if lives else SENDING_ELSEWHERE
            return self._clock.now() - (intent.sent or intent.created) <= at_most
        return lives is True or self._clock.now() - (intent.changed or intent.created) <= STALE

    async def appear(self) -> None:
        """Be seen as alive from now on; before anything is written down as ours.

        Raises:
            QdeckError: `STORAGE`: the lock cannot be had.
        """
        async with self._gate:
            if self._presence.begun:
                return
            try:
                await asyncio.to_thread(self._presence.begin)
            except OSError as error:
                raise QdeckError(
                    ErrorKind.STORAGE,
                    f"{self._presence.folder} cannot be written: {error.strerror or error}.",
                    "Make room or check the permissions.",
                ) from error

    def leave(self) -> None:
        """Be seen as gone: nothing is ours any more."""
        self._presence.end()

    @contextlib.asynccontextmanager
    async def taking_over(self) -> AsyncIterator[None]:
        """Alone among all processes, as long as it lasts: only then may a submission change hands.

        Raises:
            QdeckError: `STORAGE`: the lock cannot be had.
        """
        lock = file_lock(self._lock, LOCK_SECONDS)
        try:
            await asyncio.to_thread(lock.acquire)
        except OSError as error:
            raise QdeckError(
                ErrorKind.STORAGE, f"The submissions in line cannot be locked: {error}."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _lives(self, name: str) -> bool | None:
        """Whether that process lives; `None`: nobody here can know."""
        if name in self._ended:
            return False
        now = self._clock.monotonic()
        at, lives = self._asked.get(name, (-ASKED_AGAIN, None))
        if name not in self._asked or now - at >= ASKED_AGAIN:
            lives = self._presence.lives(name)
            self._asked[name] = now, lives
            if lives is False:
                # For good: the name is not given to another one.
                self._ended.add(name)
        return lives
