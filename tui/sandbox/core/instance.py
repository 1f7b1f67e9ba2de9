"""The one instance of the sandbox: identity, limits, and the QPU time used of them."""

from __future__ import annotations

import json
import secrets
from collections import deque
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal
from uuid import UUID, uuid4, uuid5

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.errors import ApiError, usage_exceeded
from tui.sandbox.core.sessions import active_seconds
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face

PLAN_ID = "850b3d3e-0000-4000-8000-000000000001"
SUBSCRIPTION_ID = "22222222-3333-4444-8555-666666666666"
RESOURCE_ID = "b6049020-80f4-11eb-a0f7-e35ec9b4054f"
INSTANCE_NAME = "sandbox"
ARCHIVE_NAME = "sandbox-archive"
REGION = "us-east"
HUB, GROUP, PROJECT = "ibm-q", "open", "main"
CLASSIC_INSTANCE = f"{HUB}/{GROUP}/{PROJECT}"
PERIOD = timedelta(days=28)
_FIRST_PERIOD = datetime(2024, 1, 1, tzinfo=UTC)
_LIMIT_SETTING = "instance_limit"
_DELETED_SETTING = "deleted_usage"


@dataclass(frozen=True, slots=True)
class Identity:
    """Ids of the account (32 hex characters), the instance (UUID) and the user."""

    account: str
    instance: str
    user_id: str
    classic_user_id: str

    @property
    def crn(self) -> str:
        """CRN of the instance."""
        return f"crn:v1:bluemix:public:quantum-computing:{REGION}:a/{self.account}:{self.instance}::"


def archive_crn(identity: Identity) -> str:
    """Return the CRN of the account's archived instance."""
    archived = replace(identity, instance=str(uuid5(UUID(identity.instance), ARCHIVE_NAME)))
    return archived.crn


def load_identity(database: SandboxDatabase) -> Identity:
    """Return the identity stored in the database; a new one is generated at the first start."""
    stored = database.setting("identity")
    if stored is not None:
        return Identity(**json.loads(stored))
    identity = Identity(
        account=secrets.token_hex(16),
        instance=str(uuid4()),
        user_id=f"IBMid-{secrets.token_hex(5).upper()}",
        classic_user_id=secrets.token_hex(12),
    )
    database.set_setting("identity", json.dumps(asdict(identity)))
    return identity


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an instance; None is unlimited.

    Attributes:
        creations_per_minute: accepted `POST /jobs` in any 60 s.
        pending: jobs that may be queued or running at once.
        allocation_seconds: QPU seconds for 28 days.
        enforced: whether the allocation refuses jobs, or only counts them.
        dedicated: whether dedicated sessions may be opened.
        dry_runs: whether jobs may run dry, on the twins of the devices.
        default_cost: QPU seconds after which a job that names no limit is stopped.
    """

    creations_per_minute: int | None = None
    pending: int | None = None
    allocation_seconds: int = 36_000
    enforced: bool = False
    dedicated: bool = True
    default_cost: int = 10_800
    dry_runs: bool = True

    def check_dry_run(self) -> None:
        """Accept a dry run.

        Raises:
            ApiError: 403 (code 1200) where the plan has none.
        """
        if not self.dry_runs:
            message = "Dry runs are not available on this plan."
            raise ApiError(403, 1200, message, "Submit the job to the backend itself, or change the plan.")

    def check_pending(self, pending: int) -> None:
        """Accept one more job beside those that are queued or running.

        Raises:
            ApiError: 403 (code 3458) when there are too many.
        """
        if self.pending is not None and pending >= self.pending:
            message = (
                f"You have reached the limit of {self.pending} pending jobs. "
                "Please wait for a job to complete or cancel one before submitting anything new."
            )
            raise ApiError(403, 3458, message)


NO_LIMITS = Limits()
OPEN_PLAN = Limits(5, 3, 600, True, False, 600, dry_runs=False)


def limits_named(name: Literal["none", "ibm"]) -> Limits:
    """Return the limits that the option `--limits` names."""
    return OPEN_PLAN if name == "ibm" else NO_LIMITS


class RateLimit:
    """Counts the accepted creations of the last simulated minute."""

    def __init__(self, per_minute: int | None, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._accepted: deque[datetime] = deque()

    def check(self) -> None:
        """Accept one more creation.

        Raises:
            ApiError: 429 (code 1202, with `Retry-After`) when the minute is full.
        """
        if self._per_minute is None:
            return
        while self._accepted and self._clock.elapsed(self._accepted[0]) >= 60:
            self._accepted.popleft()
        if len(self._accepted) >= self._per_minute:
            wait = max(1, ceil(60 - self._clock.elapsed(self._accepted[0])))
            headers = {"Retry-After": str(wait)}
            raise ApiError(429, 1202, "Too many requests.", "Wait and try again.", headers=headers)

    def count(self) -> None:
        """Count a creation that was accepted."""
        if self._per_minute is not None:
            self._accepted.append(self._clock.now())


class Usage:
    """Sums over the database. Jobs alone and in batches cost their own QPU seconds; a dedicated session costs
    all the time it is active, whatever ran in it.

    Attributes:
        allocation: QPU seconds of the plan for one period.
    """

    def __init__(self, database: SandboxDatabase, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._enforced = limits.enforced
        self.allocation = limits.allocation_seconds

    def period(self) -> tuple[datetime, datetime]:
        """Return start and end of the running 28 days, which do not move until they are over."""
        start = _FIRST_PERIOD + (self._clock.now() - _FIRST_PERIOD) // PERIOD * PERIOD
        return start, start + PERIOD

    def consumed(self, face: Face) -> float:
        """Return the QPU seconds used in the period, those of jobs deleted since included."""
        since, _ = self.period()
        jobs = self._database.jobs.qpu_seconds(face, since, ("job", "batch"))
        sessions = self._database.sessions.dedicated_since(face, since)
        active = sum(active_seconds(session, self._clock) for session in sessions)
        deleted = sum(
            float(seconds)
            for owner, created, seconds in self._deleted()
            if owner == face and created >= since.timestamp()
        )
        return jobs + active + deleted

    def limit(self) -> int | None:
        """Return the limit that the user set on the instance, in QPU seconds; None when there is none."""
        stored = self._database.setting(_LIMIT_SETTING)
        return None if stored is None else int(stored)

    def set_limit(self, seconds: int | None) -> None:
        """Set the limit of the instance; None removes it."""
        self._database.set_setting(_LIMIT_SETTING, None if seconds is None else str(seconds))

    def limit_reached(self, face: Face) -> bool:
        """Return whether new jobs are refused: by the user's own limit, or by the plan's where enforced."""
        used, limit = self.consumed(face), self.limit()
        if limit is not None and used >= limit:
            return True
        return self._enforced and used >= self.allocation

    def check(self, face: Face) -> None:
        """Accept one more job.

        Raises:
            ApiError: 409 when the instance has used up its time.
        """
        if self.limit_reached(face):
            raise usage_exceeded()

    def add_deleted(self, face: Face, created: datetime, seconds: float) -> None:
        """Count the QPU seconds of a job that is deleted: they are not given back.

        Args:
            face: the face the job belongs to.
            created: when it was created.
            seconds: QPU seconds charged for it.
        """
        since = self.period()[0].timestamp()
        entries = [entry for entry in self._deleted() if entry[1] >= since]
        entries.append((face, created.timestamp(), seconds))
        self._database.set_setting(_DELETED_SETTING, json.dumps(entries))

    def _deleted(self) -> list[tuple[str, float, float]]:
        """Face, time of creation and QPU seconds of deleted jobs."""
        return [tuple(entry) for entry in json.loads(self._database.setting(_DELETED_SETTING) or "[]")]
