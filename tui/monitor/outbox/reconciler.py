"""Reconciliation: which submissions of which it is not known became jobs, and what other processes left.

A gateway that gives up (504, or Cloudflare's 524 after 100 s) tells nothing of the service behind it, which
may go on and create the job some seconds later. So the service's word that there is no such job counts only
from `SURE_AFTER` seconds after the request's end on, and only when it said the same before.

All that is taken over from a process that ended is in doubt (`SendQueue.doubts`) until the service was asked
for it. The file may say less than what was done: its last lines lost in a power cut, or an old copy of it put
back. So what it says was not sent may be a job. The service's word counts at once where the notes of that
process (`ProcessLock`) say that no request was under way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Backoff
from tui.domain.jobs import Job, JobPage, JobQuery
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.context import REQUEST_AT_MOST, OutboxContext, describe
from tui.monitor.outbox.ownership import STALE
from tui.monitor.outbox.send_queue import SendQueue
from tui.monitor.state.events import Severity, SubmissionsChangedElsewhere, SubmittedJobListed
from tui.store.records.models import PendingState, PendingSubmission

ABSENCES = 2
"""How often the service must say that there is no such job."""
SURE_AFTER = 45.0
"""Seconds after the end of a request from which on the last of them counts; less than callers wait."""
CHECKS = Backoff(first=4.0, longest=math.inf)
"""Between two polls for the same submission."""
OTHERS_EVERY = 30.0
"""Seconds between two looks whether another process that has submissions still lives."""
_FEW, _PAGE = 5, 200
_SKEW = timedelta(minutes=10)
"""The service's clock may be that far behind this machine's."""


@dataclass(slots=True)
class _Check:
    """What was found out so far about a submission that may be a job; times in monotonic seconds.

    Attributes:
        sure: from when on an absence proves that there is no such job.
    """

    sure: float
    absences: int = 0
    last: float = -math.inf

    @property
    def due(self) -> float:
        if not self.absences:
            return -math.inf
        return min(self.last + CHECKS.wait(self.absences), max(self.sure, self.last + CHECKS.first))


class Reconciler:
    """Polls the service's job list for submissions by their own tags, and notes what others find.

    Attributes:
        notified: tags of the submissions whose user was notified here that they are being checked.
    """

    def __init__(self, context: OutboxContext, queue: SendQueue) -> None:
        self.notified: set[str] = set()
        self._context = context
        self._queue = queue
        self._app_state = context.app_state
        self._history = context.app_state.history
        self._events = context.app_state.events
        self._clock = context.app_state.clock
        self._owner = context.ownership
        self._checks: dict[tuple[str, int], _Check] = {}
        """By own tag and attempt."""
        self._first = False
        self._accepting: set[str] = set()
        self._events.subscribe(self._on_job_listed, SubmittedJobListed)
        self._events.subscribe(self._on_changed_elsewhere, SubmissionsChangedElsewhere)

    async def step(self) -> float:
        """Check the submissions of the signed-in account that may be jobs: a worker's step.

        Returns:
            Seconds until the next one is due.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._app_state.connection.need_service()
        unsure = self._may_exist(service)
        ours = [await self._unconfirmed(one) for one in unsure if not self._owner.another_has(one)]
        # Another one's becomes ours to check when that process dies or takes too long.
        waits = OTHERS_EVERY if len(ours) < len(unsure) else math.inf
        self._checks = {(pending.tag, pending.attempt): self._check(pending) for pending in ours}
        for pending, check in zip(ours, tuple(self._checks.values()), strict=True):
            if check.due <= self._clock.monotonic() and await self._decided(service, pending, check):
                continue
            waits = min(waits, check.due - self._clock.monotonic())
        return waits

    async def _decided(self, service: QuantumService, pending: PendingSubmission, check: _Check) -> bool:
        """Ask the service; return whether it is known now what became of the submission."""
        job = await self.find(service, pending)
        now = self._history.submission(pending.tag)
        if now is None or not now.state.may_exist:
            # The user let go of it meanwhile, or another one has found it.
            return True
        check.last = self._clock.monotonic()
        if job is not None:
            await self.found(pending, job)
            return True
        check.absences += 1
        if check.absences >= ABSENCES and check.last >= check.sure:
            await self._not_created(pending)
            return True
        return False

    def goes_first(self, service: QuantumService) -> bool:
        """Return whether earlier submissions have to be reconciled before new ones are sent.

        Their jobs may exist already. However long that takes: the user may let go of them.
        """
        # One of which this process's user was notified holds nobody up.
        first = any(
            pending.tag not in self.notified and not self._owner.another_has(pending)
            for pending in self._may_exist(service)
        )
        if first and not self._first:
            self._context.workers.reconciler.request()
        self._first = first
        return first

    def reset(self) -> None:
        """Begin anew with all: another account, or none, is signed in."""
        self._checks.clear()
        self._first = False

    async def find(self, service: QuantumService, pending: PendingSubmission) -> Job | None:
        """Return the job of this submission; `None`: the service lists none.

        Where the service does not honour the filter by tags, its list is read back to before the submission.

        Raises:
            QdeckError: the service did not answer; `PROTOCOL`: its list does not go back that far, or has an
                entry that cannot be read, which may be this job.
        """
        tag = pending.tag
        page = await service.jobs(JobQuery(limit=_FEW, tags=(tag,)))
        found = _tagged(page, pending)
        seen: set[str] = set()
        offset = 0
        while found is None and page.size:
            page = await service.jobs(JobQuery(limit=_PAGE, offset=offset))
            found, listed = _tagged(page, pending), page.jobs
            offset += page.size
            if page.ends_before(_PAGE) or min(job.created for job in listed) < pending.created - _SKEW:
                break
            before = len(seen)
            seen.update(job.id for job in listed)
            if len(seen) == before:
                raise _cannot_be_told(pending, "the job list ends too early")
        return found

    async def found(self, pending: PendingSubmission, job: Job) -> None:
        """Accept the job: it exists after all."""
        submission = self._history.submission_with_texts(pending)
        accepted = await self._queue.accept(pending, submission, job)
        self._events.notice(f"{describe(pending)} did reach the service: job {accepted.id}.")
        self._changed()

    async def adopt(self, service: QuantumService) -> None:
        """Take over what processes that ended left queued.

        Raises:
            QdeckError: `STORAGE`: nothing can be written down, so nothing is taken.
        """
        if not self._queue.orphaned(service):
            return
        await self._owner.register()
        async with self._owner.takeover():
            await self._app_state.sync()
            orphaned = self._queue.orphaned(service)
            since = self._clock.now() - STALE
            stale = [pending for pending in orphaned if pending.last_changed < since]
            for pending in orphaned:
                state = PendingState.UNSENT if pending in stale else pending.state
                self._doubt(pending)
                self._history.upsert_submission(replace(pending, owner=self._owner.name, state=state))
            await self._history.flush()
        if kept := len(orphaned) - len(stale):
            self._events.notice(f"{_from_before(kept)} still in line, and will be sent.")
        if stale:
            text = f"{_from_before(len(stale))} over a day old: not sent unless you say so (F2, w)."
            self._events.notice(text, Severity.WARNING)
        if orphaned:
            self._queue.publish()

    def _doubt(self, pending: PendingSubmission) -> None:
        """Hold the submission of a process that ended for as long as a request of it may still be on its way.

        Raises:
            QdeckError: `STORAGE`: whoever takes over from this process could not be told.
        """
        now = self._clock.monotonic()
        seconds = min(max(0.0, self._owner.request_until(pending) - now), SURE_AFTER)
        if seconds:
            self._owner.note_request(pending.tag, now + seconds)
        self._queue.doubt(pending.tag, seconds)

    # a submission of which it is not known whether its job exists

    def _may_exist(self, service: QuantumService) -> list[PendingSubmission]:
        """Return the account's submissions that may be jobs, but those this process is sending right now."""
        states = PendingState.SENDING, PendingState.UNCONFIRMED
        return [
            pending
            for pending in self._queue.of_account(service, *states)
            if pending.tag not in self._context.sending
        ]

    async def _unconfirmed(self, pending: PendingSubmission) -> PendingSubmission:
        """Let the user let go of what a process was sending when it ended."""
        if pending.state is not PendingState.SENDING:
            return pending
        note = "qdeck ended while it was being sent"
        await self._context.save(replace(pending, state=PendingState.UNCONFIRMED, note=note))
        self._queue.publish()
        return self._history.submission(pending.tag) or pending

    def _check(self, pending: PendingSubmission) -> _Check:
        """Return what is known of the submission; at first: when its request has ended for long enough."""
        known = self._checks.get((pending.tag, pending.attempt))
        if known is not None:
            return known
        ended = pending.last_changed
        if pending.sent is not None:
            ended = min(ended, pending.sent + REQUEST_AT_MOST)
        left = SURE_AFTER - (self._clock.now() - ended).total_seconds()
        # A wall clock that was set must not make it longer, nor shorter than nothing.
        return _Check(self._clock.monotonic() + min(max(0.0, left), SURE_AFTER))

    async def _not_created(self, pending: PendingSubmission) -> None:
        error = QdeckError(
            ErrorKind.NETWORK,
            f"{describe(pending)} was not created: the service said twice that it has no such job.",
            "It was not repeated. Submit it again.",
        )
        await self._context.save(replace(pending, state=PendingState.UNSENT, note=error.message))
        self._context.fail(pending.tag, error, str(error), Severity.WARNING)
        self._changed()

    def _changed(self) -> None:
        self._queue.publish()
        self._context.workers.send_queue.request()

    # what is found by lists of jobs and by other processes

    def _on_job_listed(self, event: SubmittedJobListed) -> None:
        """Accept the job of a submission that was not known to be one."""
        tag, job = event.tag, event.job
        pending = self._history.submission(tag)
        if (
            pending is None
            or pending.service != job.service
            or self._in_hands(tag)
            or self._owner.another_has(pending)
        ):
            return
        self._accepting.add(tag)
        self._events.background(self._accept_listed(pending, job), "Taking in the job of a submission")

    async def _accept_listed(self, pending: PendingSubmission, job: Job) -> None:
        try:
            await self.found(pending, job)
        finally:
            self._accepting.discard(pending.tag)

    def _on_changed_elsewhere(self, _event: SubmissionsChangedElsewhere) -> None:
        """Follow what another process wrote: what it left may be ours, and what it found is known here."""
        waiters = self._context.waiters
        for tag in tuple(waiters):
            pending = self._history.submission(tag)
            if pending is None or pending.state.open or self._in_hands(tag):
                continue
            record = self._app_state.jobs.record(pending.job_id) if pending.job_id else None
            if record is not None:
                waiters.succeed(tag, self._history.job_with_texts(record))
            elif pending.state is not PendingState.ACCEPTED:
                text = f"{describe(pending)} was dealt with in another qdeck."
                waiters.fail(tag, QdeckError(ErrorKind.CONFLICT, text, pending.note))
        self._queue.publish()
        self._context.workers.reconciler.request()
        self._context.workers.send_queue.request()

    def _in_hands(self, tag: str) -> bool:
        return tag in self._context.sending or tag in self._accepting


def _from_before(many: int) -> str:
    return "1 submission from before is" if many == 1 else f"{many} submissions from before are"


def _tagged(page: JobPage, pending: PendingSubmission) -> Job | None:
    """Return the submission's job on the page; `None`: it is not there. Raises `PROTOCOL` where it may be."""
    found = next((job for job in page.jobs if pending.tag in job.tags), None)
    if found is None and page.unreadable:
        raise _cannot_be_told(pending, f"the job list has an entry that cannot be read. {page.unreadable[0]}")
    return found


def _cannot_be_told(pending: PendingSubmission, why: str) -> QdeckError:
    message = f"Whether {describe(pending)} became a job cannot be told: {why.removesuffix('.')}."
    return QdeckError(ErrorKind.PROTOCOL, message)
