"""Which process has a submission in its hands, and how another one takes it over when that one is gone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.history.records import Intent, IntentState

SENDING_AT_MOST = timedelta(minutes=5)
"""After this an intent that another living process is sending counts as left behind."""
LOCK_SECONDS = 10.0
_numbers = itertools.count(1)


class Owner:
    """One outbox among those of all processes of this user.

    Args:
        lock: the file that is locked while submissions change hands.
    """

    def __init__(self, clock: Clock, lock: Path) -> None:
        self._clock = clock
        self._lock = lock
        self.name = f"{socket.gethostname()}:{os.getpid()}:{next(_numbers)}"
        """Host, process and number in the process."""

    def another_has(self, intent: Intent) -> bool:
        """Whether another living qdeck on this machine has the submission in line or is sending it.

        A process of another machine that shares this home cannot be looked for: what it sends counts as left
        behind after `SENDING_AT_MOST`, what it has in line stays its own.
        """
        held = intent.state in {IntentState.PREPARED, IntentState.SENDING}
        host, _, rest = intent.owner.partition(":")
        pid = rest.partition(":")[0]
        if not held or intent.owner == self.name or not pid.isdigit():
            return False
        if intent.state is IntentState.SENDING:
            since = intent.sent or intent.created
            if host != socket.gethostname() or self._clock.now() - since > SENDING_AT_MOST:
                return False
        elif host != socket.gethostname():
            return True
        return _alive(int(pid))

    @contextlib.asynccontextmanager
    async def taking_over(self) -> AsyncIterator[None]:
        """Alone among all processes, as long as it lasts: only then may a submission change hands.

        Raises:
            QdeckError: `STORAGE`: the lock cannot be had.
        """
        lock = FileLock(self._lock, timeout=LOCK_SECONDS, thread_local=False)
        try:
            await asyncio.to_thread(lock.acquire)
        except (OSError, Timeout) as error:
            raise QdeckError(
                ErrorKind.STORAGE, f"The submissions in line cannot be locked: {error}."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
