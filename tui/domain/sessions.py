"""Sessions and batches: groups of jobs that run together on one backend."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from tui.common.values import Value


class SessionMode(StrEnum):
    """How jobs of the session share the QPU."""

    DEDICATED = "dedicated"
    BATCH = "batch"


class SessionState(StrEnum):
    """Where a session is."""

    OPEN = "open"
    """Waiting for its first job."""
    ACTIVE = "active"
    INACTIVE = "inactive"
    """Lost its priority: no job came within the interactive time to live."""
    DRAINING = "draining"
    """Open, active or inactive, but takes no more jobs; closes when its queue is empty."""
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def takes_jobs(self) -> bool:
        """True when a session in this state accepts jobs."""
        return self in {SessionState.OPEN, SessionState.ACTIVE, SessionState.INACTIVE, SessionState.UNKNOWN}


class Session(Value, frozen=True):
    """A session or batch. Times UTC, durations in seconds, `None` where not told."""

    id: str
    service: str
    backend: str
    mode: SessionMode
    state: SessionState
    state_text: str = ""
    reason: str = ""
    """Why it is in its state, in the service's words; mostly empty."""
    instance: str = ""
    created: datetime | None = None
    activated: datetime | None = None
    closed: datetime | None = None
    max_ttl: float | None = None
    """Seconds it may live in all."""
    interactive_ttl: float | None = None
    """Seconds it stays active with no job."""
    last_job_completed: datetime | None = None
    accepting_jobs: bool = True
    usage_seconds: float | None = None
    elapsed_seconds: float | None = None
    confirmed: datetime | None = None
    opened_here: bool = False
    """A qdeck on this history opened it; else it was opened elsewhere, as far as is known."""

    @property
    def takes_jobs(self) -> bool:
        """True when a job may be submitted to it: it is open, and may cost."""
        return self.state.takes_jobs and self.accepting_jobs and self.closed is None

    def ends(self) -> datetime | None:
        """End of the maximum time to live.

        Returns:
            The time (UTC); `None` when it is not known, or the session is closed.
        """
        start = self.activated or self.created
        if start is None or self.max_ttl is None or self.state is SessionState.CLOSED:
            return None
        return _after(start, self.max_ttl)

    def loses_place(self, idle_since: datetime | None) -> datetime | None:
        """End of the interactive time to live if no job comes.

        Args:
            idle_since: since when no job is queued or running in it; `None`: one is, or that is not known.

        Returns:
            The time (UTC); `None` where that cannot be known.
        """
        if self.state is not SessionState.ACTIVE or self.interactive_ttl is None or idle_since is None:
            return None
        return _after(idle_since, self.interactive_ttl)


def _after(start: datetime, seconds: float) -> datetime | None:
    """So many seconds later; `None` where that is no time: never."""
    try:
        return start + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
