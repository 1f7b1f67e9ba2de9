"""What the background workers tell the screens: only what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.common.errors import QdeckError
from tui.domain.accounts import Identity, Usage
from tui.domain.backends import Backend
from tui.domain.jobs import Job, WaitingSubmission
from tui.domain.sessions import Session


class Severity(StrEnum):
    """How loud a notice is."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class JobsChanged:
    """These jobs are new or different; one event a tick, however many."""

    jobs: tuple[Job, ...]
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobsFinished:
    """These jobs became final; one event a tick, however many.

    Attributes:
        away: it happened before this sign-in: a notice tells of it, and nobody needs to be called.
    """

    jobs: tuple[Job, ...]
    away: bool = False


@dataclass(frozen=True, slots=True)
class OutboxChanged:
    """All submissions that have not become a job yet, as they stand now."""

    waiting: tuple[WaitingSubmission, ...]


@dataclass(frozen=True, slots=True)
class SubmittedJobListed:
    """The service lists a job with the own tag of a submission, which may not be known to be a job."""

    tag: str
    job: Job


@dataclass(frozen=True, slots=True)
class SubmissionsChangedElsewhere:
    """Another process wrote about submissions."""


@dataclass(frozen=True, slots=True)
class SessionsChanged:
    """These sessions are new or different."""

    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class SessionIdle:
    """This session is open, no job is queued or running in it, and none came for so long.

    Attributes:
        seconds: how long it has been idle.
    """

    session: Session
    seconds: float


@dataclass(frozen=True, slots=True)
class BackendsChanged:
    """All backends, as listed now."""

    backends: tuple[Backend, ...]


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """Signed in, renewed (a new `expires`), or signed out (`None`)."""

    identity: Identity | None


@dataclass(frozen=True, slots=True)
class SignInDoubted:
    """The service refused the access token.

    Attributes:
        final: no other token is to be had, either: the account is no longer accepted.
    """

    error: QdeckError
    final: bool


@dataclass(frozen=True, slots=True)
class UsageChanged:
    """QPU seconds of the instance."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the picture is.

    Attributes:
        confirmed: when the service last answered; `None`: never in this run.
        offline_since: when it stopped answering; `None` while it answers.
        error: why, while offline.
    """

    confirmed: datetime | None = None
    offline_since: datetime | None = None
    error: QdeckError | None = None


@dataclass(frozen=True, slots=True)
class FreshnessChanged:
    """The service answered, or stopped answering."""

    freshness: Freshness


@dataclass(frozen=True, slots=True)
class HistoryCoverage:
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


@dataclass(frozen=True, slots=True)
class HistoryCoverageChanged:
    """Older jobs are asked for, have come, or did not come."""

    reach: HistoryCoverage


@dataclass(frozen=True, slots=True)
class Notice:
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
