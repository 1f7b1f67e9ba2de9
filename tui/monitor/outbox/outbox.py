"""The outbox: submissions are sent one after the other, each at most once, whatever breaks on the way.

    prepared -> sending -> accepted | refused | unconfirmed -> accepted | unsent

That it is being sent is durable before the request goes out, and nothing is sent whose sending cannot be
written down. Every later step is written before anyone knows of it; where the disk refuses then, the user
is notified, the step holds in memory and is written later, and what the disk still says (sending) lets the
next start ask for the job instead of sending it.

A submission is queued (prepared) until the service may take it; a request that the service refused because
of its limits puts it back there. When the request ends so that the job may exist, the service's job list is
asked for the submission's own tag; only after it has said twice, long enough after the request, that there is
no such job, it counts as not sent. It is sent again only when the user says so, or `qdeck run`.

Only what this very process queued, and never tried, is sent on its own word. For all else the service is
asked for the job right before: the history may have lost its last lines, or be an old copy put back.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import Submission, check_tags
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.context import OutboxContext, describe, is_whole
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.outbox.reconciler import OTHERS_EVERY, Reconciler
from tui.monitor.outbox.send_queue import DISK_FULL, NO_PROGRAM, SendQueue, is_queue_full
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState, changes_service
from tui.monitor.state.events import Severity
from tui.store.records.models import PendingState, PendingSubmission

PATIENCE = 60.0
"""Seconds a caller waits for an unconfirmed submission; the reconciliation goes on after it."""
DISK_AGAIN = 5.0
"""Seconds until the next try after the disk refused."""
_NO_CIRCUIT = "its circuit is not kept on this machine any more"
_FROM_SOURCE = "Submit it from its source."


class Outbox:
    """Submits jobs. One for the life of the app.

    Args:
        chance: source of the own tags.
        lock: the file that is locked while submissions change hands between processes.
        sends: whether anything is sent from here.

    Attributes:
        context: what the parts of the outbox share.
        queue: the submissions that have not become jobs yet.
        reconciler: finds out which of them are jobs after all.
        prepare: makes of a submission what is sent, before it is queued; `None`: it is sent as it is.
    """

    def __init__(
        self, app_state: AppState, chance: random.Random, workers: Workers, lock: Path, *, sends: bool = True
    ) -> None:
        self.context = OutboxContext(app_state, workers, Ownership(app_state.clock, lock))
        self.queue = SendQueue(self.context, sends=sends)
        self.reconciler = Reconciler(self.context, self.queue)
        self.prepare: Callable[[Submission], Awaitable[Submission]] | None = None
        self._app_state = app_state
        self._history = app_state.history
        self._events = app_state.events
        self._chance = chance
        self._workers = workers
        self._owner = self.context.ownership
        self._waiters = self.context.waiters
        self._tasks: set[asyncio.Task[None]] = set()

    @changes_service
    async def submit(self, submission: Submission) -> Job:
        """Queue the submission and wait for the job. Cancelling the caller does not take it back.

        Raises:
            QdeckError: what preparing says of the circuit, `INVALID` (too many or too long tags), `STORAGE`
                (it cannot be written down: nothing was sent), the service's refusal, `CONFLICT` (withdrawn),
                `EXPIRED` (signed out before it was its turn: it stays queued), `UNCONFIRMED` when it is still
                not known whether the job exists.
        """
        service = self._app_state.connection.need_service()
        check_tags(submission.tags, room_for_own=True)
        if self.prepare is not None:
            submission = await self.prepare(submission)
        tag = f"qdeck-{self._chance.getrandbits(48):012x}"
        outcome = self._waiters.add(tag)
        self._start(tag, self._prepare(service, tag, submission))
        return await asyncio.shield(outcome)

    @changes_service
    async def send_again(self, tag: str) -> None:
        """Queue a submission again that was not created; its job is searched now, and right before sending.

        Raises:
            QdeckError: `NOT_FOUND`, `CONFLICT` when it is too late, or the service did not answer.
        """
        service = self._app_state.connection.need_service()
        pending = self._unsent(tag)
        if not is_whole(pending, self._history.submission_with_texts(pending)):
            text = f"{describe(pending)} cannot be sent: {_NO_CIRCUIT}."
            raise QdeckError(ErrorKind.CONFLICT, text, _FROM_SOURCE)
        job = await self.reconciler.find(service, pending)
        if job is not None:
            await self.reconciler.found(pending, job)
        else:
            await self._owner.register()
            async with self._owner.takeover():
                await self._app_state.sync()
                await self.queue.requeue(self._unsent(tag))
        self.queue.publish()
        self._workers.send_queue.request()

    async def submit_again(self, tag: str) -> Job:
        """Queue a submission again that was not created, and wait for the job as `submit` does.

        Raises:
            QdeckError: as `send_again` and `submit`.
        """
        outcome = self._waiters.add(tag)
        try:
            await self.send_again(tag)
        except BaseException as error:
            self._waiters.fail(tag, error)
            raise
        return await asyncio.shield(outcome)

    async def step(self) -> float:
        """Send the first one when it may go: a worker's step.

        Returns:
            Seconds until the next step; `math.inf`: until the worker is woken.

        Raises:
            QdeckError: the service did not answer, or refused the credentials.
        """
        service = self._app_state.connection.need_service()
        if not self.queue.sends:
            return math.inf
        try:
            await self.reconciler.adopt(service)
        except QdeckError as error:
            self._disk_refused(error)
        queue = self.queue.mine(service)
        if not queue:
            if self.queue.orphaned(service):
                return DISK_AGAIN
            # When their process ends, what others have queued becomes ours to send.
            return OTHERS_EVERY if any(one.elsewhere for one in self.queue.waiting()) else math.inf
        first = queue[0]
        self.queue.checking = self.reconciler.goes_first(service)
        wait = self.queue.wait(service, first.tag)
        if wait > 0:
            self.queue.publish()
            return wait
        never_tried = first.tag in self.context.queued_here and not first.attempt
        if never_tried or not await self._exists(service, first):
            await asyncio.shield(self._start(first.tag, self._send(service, first)))
        return 0.0

    def job_left_queue(self) -> None:
        """Send what waits for a job to leave the service's queue: one did."""
        if self.queue.hold is not None and self.queue.hold.full:
            self.queue.release()
            self._workers.send_queue.request()

    def signed_out(self) -> None:
        """End the wait of all callers; what is queued stays there for the next sign-in."""
        for pending in self._history.submissions():
            if pending.state is PendingState.PREPARED:
                advice = "It goes out when you sign in to the same account again."
                error = QdeckError(ErrorKind.EXPIRED, f"{describe(pending)} is still in line.", advice)
                self._waiters.fail(pending.tag, error)
        self.queue.reset()
        self.reconciler.reset()

    async def aclose(self, seconds: float) -> None:
        """Give requests under way that long to end; what is cut off then is reconciled at the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        in_doubt = set()
        for pending in self._history.submissions():
            if pending.state is not PendingState.PREPARED or pending.owner != self._owner.name:
                continue
            # What may have been sent before by one that was killed stays in doubt for the next one, too.
            if self.queue.in_doubt(pending.tag):
                in_doubt.add(pending.tag)
            else:
                self._history.upsert_submission(replace(pending, owner=""))
        await self._app_state.save()
        self._owner.leave(in_doubt)
        self.signed_out()
        for tag in tuple(self._waiters):
            text = "qdeck ended before the service had said whether the job exists."
            self._waiters.fail(tag, QdeckError(ErrorKind.UNCONFIRMED, text, "The next start finds out."))

    # preparing and sending

    async def _prepare(self, service: QuantumService, tag: str, submission: Submission) -> None:
        instance = self._app_state.connection.instance
        self.context.sending.add(tag)
        try:
            await self._owner.register()
            self._history.upsert_submission(
                PendingSubmission(
                    tag=tag,
                    state=PendingState.PREPARED,
                    service=service.label,
                    instance=instance,
                    created=self._app_state.clock.now(),
                    submission=submission,
                    owner=self._owner.name,
                    place=self.queue.last_place(service) + 1,
                )
            )
            await self._history.flush()
        except Exception as error:
            self._history.remove_submission(tag)
            if not isinstance(error, QdeckError):
                raise
            text = f"Nothing was submitted: {error.message}"
            self._waiters.fail(tag, QdeckError(ErrorKind.STORAGE, text, error.advice))
            return
        finally:
            self.context.sending.discard(tag)
        self.context.queued_here.add(tag)
        self.context.on_step(PendingState.PREPARED)
        self.queue.publish()
        self._workers.send_queue.request()

    async def _exists(self, service: QuantumService, waiting: PendingSubmission) -> bool:
        """Ask for the job of a submission that is about to go out, and accept it when it is there.

        Raises:
            QdeckError: the service did not answer: it stays queued.
        """
        try:
            job = await self.reconciler.find(service, waiting)
        except QdeckError:
            self.queue.doubt(waiting.tag, 0.0)
            self.queue.publish()
            raise
        self.queue.doubts.pop(waiting.tag, None)
        if job is not None:
            await self.reconciler.found(waiting, job)
        return job is not None

    async def _claim(self, waiting: PendingSubmission) -> PendingSubmission | None:
        """Write down that it is being sent, alone among all processes; `None`: it is not to be sent now."""
        tag = waiting.tag
        try:
            async with self._owner.takeover():
                await self._app_state.sync()
                # The user may have withdrawn it, another process may have taken it over.
                if (ours := self._ours(tag, PendingState.PREPARED)) is not None:
                    now = self._app_state.clock.now()
                    self._history.upsert_submission(
                        replace(ours, state=PendingState.SENDING, sent=now, note="")
                    )
                    await self._history.flush()
                    self._owner.note_request(tag)
        except QdeckError as error:
            self._disk_refused(error)
            if (ours := self._ours(tag, PendingState.SENDING)) is not None:
                await self.queue.requeue(ours, error.message)
            return None
        return self._ours(tag, PendingState.SENDING)

    def _disk_refused(self, error: QdeckError) -> None:
        self._app_state.storage_refused(error)
        if self.queue.hold is None:
            self.queue.hold_for(DISK_AGAIN, DISK_FULL)

    def _ours(self, tag: str, state: PendingState) -> PendingSubmission | None:
        pending = self._history.submission(tag)
        return pending if pending and (pending.state, pending.owner) == (state, self._owner.name) else None

    async def _send(self, service: QuantumService, waiting: PendingSubmission) -> None:
        """Send the first submission of the queue."""
        tag = waiting.tag
        self.context.sending.add(tag)
        try:
            submission = self._history.submission_with_texts(waiting)
            if not is_whole(waiting, submission):
                await self._without_program(waiting)
                return
            pending = await self._claim(waiting)
            if pending is None:
                return
            self.context.on_step(PendingState.SENDING)
            self.queue.publish()
            try:
                job = await service.submit(replace(submission, tags=(*submission.tags, tag)))
            except QdeckError as error:
                if error.kind is not ErrorKind.UNCONFIRMED:
                    self._owner.forget_request(tag)
                await self._not_accepted(pending, error)
            except asyncio.CancelledError:
                self._history.upsert_submission(replace(pending, state=PendingState.UNCONFIRMED))
                raise
            except Exception as error:
                self._waiters.fail(tag, error)
                raise
            else:
                self._owner.forget_request(tag)
                await self.queue.accept(pending, submission, job)
        finally:
            self.context.sending.discard(tag)
            self.queue.publish()

    async def _without_program(self, waiting: PendingSubmission) -> None:
        """Send nothing: the circuit is not on this machine any more."""
        if self._ours(waiting.tag, PendingState.PREPARED) is None:
            return
        await self.context.save(replace(waiting, state=PendingState.UNSENT, note=NO_PROGRAM))
        text = f"{describe(waiting)} was not sent: {_NO_CIRCUIT}."
        error = QdeckError(ErrorKind.STORAGE, text, _FROM_SOURCE)
        self.context.fail(waiting.tag, error, str(error), Severity.ERROR)

    async def _not_accepted(self, pending: PendingSubmission, error: QdeckError) -> None:
        if error.kind is ErrorKind.UNCONFIRMED:
            await self._unconfirmed(pending, error)
        elif is_queue_full(error):
            self.queue.hold_full()
            await self.queue.requeue(pending, error.message)
        elif error.kind is ErrorKind.RATE_LIMITED:
            self.queue.hold_as_asked(error.retry_after)
            await self.queue.requeue(pending, error.message)
        elif pending.tag not in self._waiters and (
            error.worth_retrying or error.kind in {ErrorKind.EXPIRED, ErrorKind.WRONG_KEY}
        ):
            # Nobody waits for an answer: it was queued since before, and nothing is wrong with it.
            await self.queue.requeue(pending, error.message)
            raise error
        else:
            await self.context.save(replace(pending, state=PendingState.REFUSED, note=error.message))
            self.context.on_step(PendingState.REFUSED)
            notice = f"{describe(pending)} was refused. {error}"
            self.context.fail(pending.tag, error, notice, Severity.ERROR)

    async def _unconfirmed(self, pending: PendingSubmission, error: QdeckError) -> None:
        await self.context.save(replace(pending, state=PendingState.UNCONFIRMED, note=error.message))
        self.context.on_step(PendingState.UNCONFIRMED)
        self._events.notice(
            f"{describe(pending)}: unconfirmed, checking whether the job was created. {error.message}",
            Severity.WARNING,
        )
        self.reconciler.notified.add(pending.tag)
        self._events.background(self._lose_patience(pending), "Waiting for an unconfirmed submission")
        self._workers.reconciler.request()

    async def _lose_patience(self, pending: PendingSubmission) -> None:
        """End the caller's wait when it is still not known; the reconciliation goes on."""
        outcome = self._waiters.get(pending.tag)
        if outcome is None:
            return
        patience = asyncio.ensure_future(self._app_state.clock.sleep(PATIENCE))
        either: set[asyncio.Future[Any]] = {outcome, patience}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
        if self._waiters.get(pending.tag) is not outcome:
            # It is known; somebody may wait for the next attempt by now.
            return
        text = f"{describe(pending)} was sent, but the service has not said whether the job exists."
        advice = "qdeck goes on checking and will say what it finds. Do not submit it again before that."
        self._waiters.fail(pending.tag, QdeckError(ErrorKind.UNCONFIRMED, text, advice))

    def _unsent(self, tag: str) -> PendingSubmission:
        pending = self.queue.changeable(tag)
        if pending.state is not PendingState.UNSENT:
            raise QdeckError(ErrorKind.CONFLICT, f"{describe(pending)} cannot be sent again.")
        return pending

    def _start(self, tag: str, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                # Whoever waits for the job must not wait for ever.
                self._waiters.fail(tag, error)

        task.add_done_callback(ended)
        return task
