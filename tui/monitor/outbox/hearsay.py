"""What becomes known of submissions by other ways than their own: from lists of jobs, from other qdecks."""

from __future__ import annotations

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.outbox.reconciler import Settling
from tui.monitor.outbox.send_queue import Line, called
from tui.monitor.outbox.waiters import Waiters
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Event, SubmissionsChangedElsewhere, SubmittedJobListed
from tui.store.records.models import PendingState, PendingSubmission


class Hearsay:
    """Listens to the app_state for as long as that lives."""

    def __init__(
        self,
        app_state: AppState,
        line: Line,
        owner: Ownership,
        settling: Settling,
        outcomes: Waiters,
        workers: Workers,
    ) -> None:
        self._app_state = app_state
        self._line = line
        self._owner = owner
        self._settling = settling
        self._outcomes = outcomes
        self._workers = workers
        self._taking: set[str] = set()
        app_state.events.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, SubmittedJobListed):
            self._job_listed(event.tag, event.job)
        elif isinstance(event, SubmissionsChangedElsewhere):
            self._submissions_changed()

    def _job_listed(self, tag: str, job: Job) -> None:
        """A list names a job with the own tag of a submission, which may not be known to be a job."""
        intent = self._app_state.history.submission(tag)
        if (
            intent is None
            or intent.state is PendingState.ACCEPTED
            or intent.service != job.service
            or self._in_hands(tag)
            or self._owner.another_has(intent)
        ):
            return
        self._taking.add(tag)
        self._app_state.events.background(self._take(intent, job), "Taking in the job of a submission")

    async def _take(self, intent: PendingSubmission, job: Job) -> None:
        try:
            await self._settling.found(intent, job)
        finally:
            self._taking.discard(intent.tag)

    def _submissions_changed(self) -> None:
        """Another qdeck wrote: what it left may be ours now, and what it found is known here."""
        for tag in self._outcomes.tags():
            intent = self._app_state.history.submission(tag)
            if intent is None or intent.state.open or self._in_hands(tag):
                continue
            record = self._app_state.record(intent.job_id) if intent.job_id else None
            if record is not None:
                self._outcomes.succeed(tag, self._app_state.history.job_with_texts(record))
            elif intent.state is not PendingState.ACCEPTED:
                told = f"{called(intent)} was dealt with in another qdeck."
                self._outcomes.fail(tag, QdeckError(ErrorKind.CONFLICT, told, intent.note))
        self._line.publish()
        self._workers.reconciler.request()
        self._workers.send_queue.request()

    def _in_hands(self, tag: str) -> bool:
        return tag in self._line.sending or tag in self._taking
