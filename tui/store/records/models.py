"""What the history keeps of a job, and what it keeps of a submission on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job, JobMetrics
from tui.domain.submissions import Submission

Key = tuple[str, str]
"""A job's or session's service and id."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the history keeps it.

    Attributes:
        job: the job; its texts (`circuit`, `source`) are kept apart, by their hashes.
        own_tag: the tag its submission was given here, which the user never sees.
        circuit_hash, source_hash: SHA-256 of the texts; empty when not known.
        metrics: as last told.
        settled: after it became final its details and result were asked for, or never need to be.
        result_kept: its result is in the history.
        announced: it became final while it was watched, or between two runs.
        seen: the user has looked at it since; means nothing before it is `announced`.
    """

    job: Job
    own_tag: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    metrics: JobMetrics | None = None
    settled: bool = False
    result_kept: bool = False
    announced: bool = False
    seen: bool = False

    @property
    def key(self) -> Key:
        """Service and id."""
        return self.job.service, self.job.id


class PendingState(StrEnum):
    """How far a submission has come. Each step is durable before the next one is taken."""

    PREPARED = "prepared"
    """Written down and in line; nothing was sent."""
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
    """The user took it back, or asked to let it go."""

    @property
    def open(self) -> bool:
        """Whether something is still to be done for it."""
        return self is PendingState.PREPARED or self.may_exist

    @property
    def needs_program(self) -> bool:
        """Whether it may still be sent, or its job be found: its texts are needed."""
        return self.open or self is PendingState.UNSENT

    @property
    def may_exist(self) -> bool:
        """Whether it is not known yet if the job exists."""
        return self in {PendingState.SENDING, PendingState.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class Transpiled:
    """How a circuit that was submitted from here was transpiled.

    Two submissions of the same ISA circuit share one: what was told last is kept.

    Attributes:
        circuit_hash: SHA-256 of the ISA circuit's text, by which it is found.
        source_hash: SHA-256 of the text it was made from; empty when not known.
    """

    circuit_hash: str
    transpilation: Transpilation
    source_hash: str = ""


@dataclass(frozen=True, slots=True)
class PendingSubmission:
    """A submission on its way.

    Attributes:
        tag: its own tag, by which the job is found on the service.
        submission: what was asked for, without the own tag; its texts are kept apart, by their hashes.
        owner: which process has it (`tui.monitor.outbox.ownership`); the others leave it alone while that
            one lives.
        job_id: the job it became.
        note: why it was refused, or why it is in line again.
        place: where it stands in line; the lowest goes first.
        attempt: how often it was put in line again, each time sure that no job exists.
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
        """The time of its last step."""
        return self.changed or self.created
