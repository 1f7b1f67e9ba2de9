"""State and collaborators that the parts of the outbox share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from tui.common.errors import QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import Submission
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.store.records.models import PendingState, PendingSubmission

REQUEST_AT_MOST = timedelta(minutes=6, seconds=30)
"""A request that creates a job has ended after this (`tui.ibm`: `RetryPolicy.patience`, `Timeouts.whole`)."""


class Waiters(dict[str, asyncio.Future[Job]]):
    """One future for each submission that somebody waits for, by its own tag."""

    def add(self, tag: str) -> asyncio.Future[Job]:
        """Return a new future of the submission's job; its caller may give up waiting for it."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        # The caller may have gone; its error was for it, and the submission's state has the rest.
        future.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        self[tag] = future
        return future

    def succeed(self, tag: str, job: Job) -> None:
        """End the wait with the job."""
        future = self.pop(tag, None)
        if future is not None and not future.done():
            future.set_result(job)

    def fail(self, tag: str, error: BaseException) -> bool:
        """End the wait with an error; return whether there was one."""
        future = self.pop(tag, None)
        if future is None or future.done():
            return False
        future.set_exception(error)
        return True


def _nothing(state: PendingState) -> None:
    """The default of `OutboxContext.on_step`."""


@dataclass(slots=True)
class OutboxContext:
    """State and collaborators that the parts of the outbox share.

    Attributes:
        on_step: called after each step of a submission is durable, before the next one is begun.
        waiters: callers that wait for jobs.
        sending: own tags of the submissions that this process is writing down or sending right now.
        queued_here: own tags of those that this very process queued and that are not accepted yet.
    """

    app_state: AppState
    workers: Workers
    ownership: Ownership
    on_step: Callable[[PendingState], None] = _nothing
    waiters: Waiters = field(default_factory=Waiters)
    sending: set[str] = field(default_factory=set)
    queued_here: set[str] = field(default_factory=set)

    async def save(self, pending: PendingSubmission) -> bool:
        """Write a step of a submission; return whether it is durable. It holds in memory in any case."""
        self.app_state.history.upsert_submission(pending)
        return await self.app_state.save()

    def fail(self, tag: str, error: QdeckError, notice: str, severity: Severity) -> None:
        """End the wait for the submission with the error; show the notice to the user if nobody waits."""
        if not self.waiters.fail(tag, error):
            self.app_state.events.notice(notice, severity)


def describe(pending: PendingSubmission) -> str:
    """Return the words by which the submission is named to the user."""
    name = pending.submission.name or pending.submission.primitive.value
    return f"The submission “{name}” of {pending.created:%Y-%m-%d %H:%M:%S} UTC"


def is_whole(pending: PendingSubmission, submission: Submission) -> bool:
    """Return whether all that is to be sent was found: never a legacy primitive in a program's place."""
    return bool(submission.qasm) and (not pending.params_hash or bool(submission.params))
