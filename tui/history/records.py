"""What the history keeps of a job, and what it keeps of a submission on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.domain.jobs import Job, JobMetrics
from tui.domain.submissions import Submission

Key = tuple[str, str]
"""A job's or session's service and id."""


@dataclass(frozen=True, slots=True)
class Record:
    """A job as the history keeps it.

    Attributes:
        job: the job; its texts (`circuit`, `source`) are kept apart, by their hashes.
        own_tag: the tag its submission was given here, which the user never sees.
        circuit_hash, source_hash: SHA-256 of the texts; empty when not known.
        metrics: as last told.
        settled: after it became final its details and result were asked for, or never need to be.
        result_kept: its result is in the history.
    """

    job: Job
    own_tag: str = ""
    circuit_hash: str = ""
    source_hash: str = ""
    metrics: JobMetrics | None = None
    settled: bool = False
    result_kept: bool = False

    @property
    def key(self) -> Key:
        """Service and id."""
        return self.job.service, self.job.id


class IntentState(StrEnum):
    """How far a submission has come. Each step is durable before the next one is taken."""

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

    @property
    def open(self) -> bool:
        """Whether it is not known yet what became of it."""
        return self in {IntentState.SENDING, IntentState.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class Intent:
    """A submission on its way.

    Attributes:
        tag: its own tag, by which the job is found on the service.
        submission: what was asked for, without the own tag; its texts are kept apart, by their hashes.
        owner: which process sends it (`host:pid`): another one leaves it alone while that one lives.
        job_id: the job it became.
        note: why it was refused.
    """

    tag: str
    state: IntentState
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
