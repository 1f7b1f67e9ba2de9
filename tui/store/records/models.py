"""Values that the history keeps beside those of the domain: jobs with what is known of them, submissions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job, JobMetrics, Submission

Key = tuple[str, ...]
"""Fields of a value by which it is found in its table; of a job or session its service and id."""
EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Start of an interval that nothing is older than."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the history keeps it.

    Attributes:
        job: the job; its texts (`circuit`, `source`) are kept apart, by their hashes.
        own_tag: the tag its submission was given here, which the user never sees.
        circuit_hash, source_hash: SHA-256 of the texts; empty when not known.
        metrics: from the service's last answer.
        finalized: its details and result were asked for after it became final, or never need to be.
        result_kept: its result is in the history.
        announced: it became final while it was watched, or between two runs.
        seen: the user has looked at it since; means nothing before it is `announced`.
    """

    job: Job
    own_tag: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    metrics: JobMetrics | None = None
    finalized: bool = False
    result_kept: bool = False
    announced: bool = False
    seen: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Service and id."""
        return self.job.service, self.job.id


class PendingState(StrEnum):
    """State of a submission. Each is durable before the next step is taken."""

    PREPARED = "prepared"
    """Written down and in the send queue; nothing was sent."""
    SENDING = "sending"
    """Written down; the request may have gone out."""
    UNCONFIRMED = "unconfirmed"
    """The request ended so that the job may exist."""
    ACCEPTED = "accepted"
    """The service has the job."""
    REFUSED = "refused"
    """The service said no."""
    UNSENT = "unsent"
    """The service said twice that there is no such job."""
    WITHDRAWN = "withdrawn"
    """The user took it back, or gave it up."""

    @property
    def open(self) -> bool:
        """Return whether something is still to be done for it."""
        return self is PendingState.PREPARED or self.may_exist

    @property
    def needs_program(self) -> bool:
        """Return whether its texts are needed: it may still be sent, or its job be found."""
        return self.open or self is PendingState.UNSENT

    @property
    def may_exist(self) -> bool:
        """Return whether the job may exist without that being known."""
        return self in {PendingState.SENDING, PendingState.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class Transpiled:
    """How a circuit that was submitted from here was transpiled.

    Two submissions of the same ISA circuit share one: the latest.

    Attributes:
        circuit_hash: SHA-256 of the ISA circuit's text, by which it is found.
        source_hash: SHA-256 of the text it was made from; empty when not known.
    """

    circuit_hash: str
    transpilation: Transpilation
    source_hash: str = ""


@dataclass(frozen=True, slots=True)
class PendingSubmission:
    """A submission from here, until its job exists or never will.

    Attributes:
        tag: its own tag, by which the job is found on the service.
        submission: what the user asked for, without the own tag; its texts are kept apart, by their hashes.
        owner: the process that sends it (`tui.monitor.outbox.ownership`); the others leave it alone while
            that one lives.
        job_id: the job it became.
        note: why it was refused, or why it is in the send queue again.
        place: its place in the send queue; the lowest goes first.
        attempt: how often it was queued again, each time sure that no job exists.
        sent: when the request last went out.
    """

    tag: str
    state: PendingState
    service: str
    instance: str
    created: datetime
    submission: Submission
    owner: str = ""
    job_id: str = ""
    note: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    changed: datetime | None = None
    place: int = 0
    attempt: int = 0
    sent: datetime | None = None

    @property
    def last_changed(self) -> datetime:
        """Return the time of its last step."""
        return self.changed or self.created


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A time in which all jobs are known: those created from `since` to `until`, both included."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """The times in which all jobs of one instance of a service are known, so that none is asked for twice.

    An interval is written with the jobs in it, so it is true wherever the history is read, and those of two
    processes may be joined.

    Attributes:
        intervals: newest first; they do not touch.
    """

    service: str
    instance: str
    intervals: tuple[Interval, ...] = ()
