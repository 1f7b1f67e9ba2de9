"""QPU seconds: what an instance has used in its 28 days, and whether it may go on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.errors import usage_exceeded
from tui.sandbox.core.limits import Limits
from tui.sandbox.core.session_state import active_seconds
from tui.sandbox.db.database import Store
from tui.sandbox.db.models import Face

PERIOD = timedelta(days=28)
_FIRST_PERIOD = datetime(2024, 1, 1, tzinfo=UTC)
_SETTING = "instance_limit"
_DELETED = "deleted_usage"


class Usage:
    """Sums over the store. Jobs alone and in batches cost their own QPU seconds; a dedicated session costs
    all the time it is active, whatever ran in it."""

    def __init__(self, store: Store, clock: Clock, limits: Limits) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits

    def period(self) -> tuple[datetime, datetime]:
        """The running 28 days: the same two moments until they are over, so that a client sees no change."""
        start = _FIRST_PERIOD + (self._clock.now() - _FIRST_PERIOD) // PERIOD * PERIOD
        return start, start + PERIOD

    def consumed(self, face: Face) -> float:
        """QPU seconds used in the period, those of jobs deleted since included."""
        since, _ = self.period()
        jobs = self._store.jobs.qpu_seconds(face, since, ("job", "batch"))
        sessions = self._store.sessions.dedicated_since(face, since)
        held = sum(active_seconds(session, self._clock) for session in sessions)
        return jobs + held + self._of_deleted(face, since)

    def limit(self) -> int | None:
        """The limit the user set on the instance, if any."""
        kept = self._store.setting(_SETTING)
        return None if kept is None else int(kept)

    def set_limit(self, seconds: int | None) -> None:
        self._store.set_setting(_SETTING, None if seconds is None else str(seconds))

    @property
    def allocation(self) -> int:
        return self._limits.allocation_seconds

    def reached(self, face: Face) -> bool:
        """Whether new jobs are refused: the user's own limit always counts, the plan's where enforced."""
        used, limit = self.consumed(face), self.limit()
        if limit is not None and used >= limit:
            return True
        return self._limits.enforced and used >= self.allocation

    def check(self, face: Face) -> None:
        """Raises ApiError 409 when the instance has used up its time."""
        if self.reached(face):
            raise usage_exceeded()

    def keep_deleted(self, face: Face, created: datetime, seconds: float) -> None:
        """A job is deleted: what it cost is not given back."""
        entries = json.loads(self._store.setting(_DELETED) or "[]")
        since = self.period()[0].timestamp()
        kept = [entry for entry in entries if entry[1] >= since]
        self._store.set_setting(_DELETED, json.dumps([*kept, [face, created.timestamp(), seconds]]))

    def _of_deleted(self, face: Face, since: datetime) -> float:
        entries = json.loads(self._store.setting(_DELETED) or "[]")
        return sum(float(entry[2]) for entry in entries if entry[0] == face and entry[1] >= since.timestamp())
