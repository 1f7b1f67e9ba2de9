"""Jobs and sessions of the sandbox: frozen values whose states only move forward."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Face = Literal["platform", "classic", "archive"]
"""Owner of jobs and sessions: the instance on the platform, the classic one, the archived one."""
Status = Literal["Queued", "Running", "Completed", "Failed", "Cancelled"]
Mode = Literal["dedicated", "batch"]
SessionState = Literal["open", "active", "inactive", "closed"]

TERMINAL: frozenset[str] = frozenset({"Completed", "Failed", "Cancelled"})
RAN_TOO_LONG = 1305
_RANK = {"Queued": 0, "Running": 1, "Completed": 2, "Failed": 2, "Cancelled": 2}


class TransitionError(RuntimeError):
    """A job cannot go from its status to the one asked for."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job without its large parts (params, result, logs and circuits stay in the database)."""

    id: str
    face: Face
    program_id: str
    backend: str
    created: datetime
    status: Status = "Queued"
    running: datetime | None = None
    finished: datetime | None = None
    reason: str = ""
    reason_code: int | None = None
    reason_solution: str = ""
    tags: tuple[str, ...] = ()
    session_id: str = ""
    mode: str = "job"
    private: bool = False
    cost: int = 10800
    log_level: str = "warning"
    runtime: str = ""
    calibration_id: str = ""
    caller: str = ""
    qpu_seconds: float = 0.0
    execution_ns: int = 0
    circuits: int = 0
    shots: int = 0

    @property
    def final(self) -> bool:
        """True once the job has ended."""
        return self.status in TERMINAL

    @property
    def ran_too_long(self) -> bool:
        """True for a job that was stopped at its maximum execution time."""
        return self.reason_code == RAN_TOO_LONG

    def with_status(self, status: Status, moment: datetime) -> Job:
        """Return the job in a later status.

        Args:
            status: any but Queued.
            moment: when it started to run or ended; the first start stays.

        Raises:
            TransitionError: when the job has ended, or the status comes before its own.
        """
        if self.final or status == "Queued" or _RANK[status] < _RANK[self.status]:
            raise TransitionError(f"{self.id}: {self.status} cannot become {status}")
        if status == "Running":
            return replace(self, status=status, running=self.running or moment)
        return replace(self, status=status, finished=moment)


@dataclass(frozen=True, slots=True)
class Session:
    """One session or batch. Durations are simulated seconds."""

    id: str
    face: Face
    mode: Mode
    created: datetime
    backend: str
    max_ttl: int = 28800
    interactive_ttl: int = 60
    state: SessionState = "open"
    state_reason: str = ""
    accepting_jobs: bool = True
    started_at: datetime | None = None
    activated_at: datetime | None = None
    closed_at: datetime | None = None
    last_job_started: datetime | None = None
    last_job_completed: datetime | None = None
    active_seconds: float = 0.0
    """Of the periods of activity that are over; the present one counts from `activated_at`."""
    job_seconds: float = 0.0
    """QPU seconds of its jobs that have ended, of those deleted since, too."""
    timestamps: tuple[tuple[str, str], ...] = ()
    """Every state with the ISO time it was entered, in order."""


def new_id() -> str:
    """Return a new id of a job or session: an xid, 20 characters of base32hex (time first, then chance)."""
    raw = int(time.time()).to_bytes(4, "big") + secrets.token_bytes(8)
    return base64.b32hexencode(raw).decode("ascii").lower().rstrip("=")
