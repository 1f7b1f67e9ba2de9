"""What the background workers tell the screens: only what changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tui.common.errors import QdeckError
from tui.domain.accounts import Identity, Usage
from tui.domain.devices.backends import Backend
from tui.domain.jobs import Job
from tui.domain.sessions import Session
from tui.domain.submissions import WaitingSubmission


class Severity(StrEnum):
    """How loud a notice is."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class JobsChanged(msgspec.Struct, frozen=True):
    """These jobs are new or different; one event a tick, however many."""

    jobs: tuple[Job, ...]
    removed: tuple[str, ...] = ()


class JobsFinished(msgspec.Struct, frozen=True):
    """These jobs became final; one event a tick, however many.

    Attributes:
        away: it happened before this sign-in: a notice tells of it, and nobody needs to be called.
    """

    jobs: tuple[Job, ...]
    away: bool = False


class OutboxChanged(msgspec.Struct, frozen=True):
    """All submissions that have not become a job yet, as they stand now."""

    waiting: tuple[WaitingSubmission, ...]


class SubmittedJobListed(msgspec.Struct, frozen=True):
    """The service lists a job with the own tag of a submission, which may not be known to be a job."""

    tag: str
    job: Job


class SubmissionsChangedElsewhere(msgspec.Struct, frozen=True):
    """Another process wrote about submissions."""


class SessionsChanged(msgspec.Struct, frozen=True):
    """These sessions are new or different."""

    sessions: tuple[Session, ...]


class SessionIdle(msgspec.Struct, frozen=True):
    """This session is open, no job is queued or running in it, and none came for so long.

    Attributes:
        seconds: how long it has been idle.
    """

    session: Session
    seconds: float


class BackendsChanged(msgspec.Struct, frozen=True):
    """All backends, as listed now."""

    backends: tuple[Backend, ...]


class IdentityChanged(msgspec.Struct, frozen=True):
    """Signed in, renewed (a new `expires`), or signed out (`None`)."""

    identity: Identity | None


class SignInDoubted(msgspec.Struct, frozen=True):
    """The service refused the access token.

    Attributes:
        final: no other token is to be had, either: the account is no longer accepted.
    """

    error: QdeckError
    final: bool


class UsageChanged(msgspec.Struct, frozen=True):
    """QPU seconds of the instance."""

    usage: Usage


class Freshness(msgspec.Struct, frozen=True):
    """How old the picture is.

    Attributes:
        confirmed: when the service last answered; `None`: never in this run.
        offline_since: when it stopped answering; `None` while it answers.
        error: why, while offline.
    """

    confirmed: datetime | None = None
    offline_since: datetime | None = None
    error: QdeckError | None = None


class FreshnessChanged(msgspec.Struct, frozen=True):
    """The service answered, or stopped answering."""

    freshness: Freshness


class HistoryCoverage(msgspec.Struct, frozen=True):
    """How far back the jobs of the signed-in account are all known.

    Attributes:
        since: all that were created from then on are; `None`: nothing is known of it, or nobody is signed in.
        whole: there are no older ones.
        asking: older ones are being asked for.
        error: why the last page of them did not come.
    """

    since: datetime | None = None
    whole: bool = False
    asking: bool = False
    error: QdeckError | None = None


class HistoryCoverageChanged(msgspec.Struct, frozen=True):
    """Older jobs are asked for, have come, or did not come."""

    reach: HistoryCoverage


class Notice(msgspec.Struct, frozen=True):
    """Something the user should know that belongs to no view: plain text, never markup."""

    text: str
    severity: Severity = Severity.INFORMATION


Event = (
    JobsChanged
    | JobsFinished
    | OutboxChanged
    | SubmittedJobListed
    | SubmissionsChangedElsewhere
    | SessionsChanged
    | SessionIdle
    | BackendsChanged
    | IdentityChanged
    | SignInDoubted
    | UsageChanged
    | FreshnessChanged
    | HistoryCoverageChanged
    | Notice
)
