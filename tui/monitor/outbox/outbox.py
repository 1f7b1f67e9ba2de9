"""The outbox: submissions go out one after the other, each at most once, whatever breaks on the way.

    prepared -> sending -> accepted | refused | unconfirmed -> accepted | unsent

That it is being sent is durable before the request goes out, and nothing is sent whose sending cannot be
written down. Every later step is written before anyone is told of it; where the disk refuses then, the user
is told, the step holds in memory and is owed to the disk, and what the disk still says (sending) lets the
next start ask for the job instead of sending it.

A submission is in line (prepared) until the service may take it; a request that the service refused because
of its limits puts it back there. When the request ends so that the job may exist, the service's job list is
asked for the submission's own tag; only after it has said twice, long enough after the request, that there is
no such job, it counts as not sent. It is sent again only when the user says so.

Only what this very process put in line, and never tried, is sent on its own word. For all else the service is
asked for the job right before: the history may have lost its last lines, or be an old copy put back.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.hearsay import Hearsay
from tui.monitor.outbox.left_behind import LeftBehind
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.outbox.queue_commands import QueueCommands
from tui.monitor.outbox.reconciler import LOOK_AT_OTHERS, Settling
from tui.monitor.outbox.send_queue import NO_PROGRAM, Line, called, queue_is_full
from tui.monitor.outbox.tags import check_tags
from tui.monitor.outbox.waiters import Waiters
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.store.records.models import JobRecord, PendingState, PendingSubmission

PATIENCE = 60.0
"""Seconds a caller waits for an unconfirmed submission to be settled; the settling goes on after it."""
DISK_AGAIN = 5.0


def _nothing(step: PendingState) -> None:
    """The default of `Outbox.reached`."""


class Outbox:
    """Submits, and settles what is unconfirmed. One for the life of the services.

    Attributes:
        reached: called after each step of a submission is durable, before the next one is taken.
        line: what has not become a job yet.
        commands: what the user does with it.
        settling: looks for what may exist.
    """

    def __init__(
        self,
        app_state: AppState,
        clock: Clock,
        chance: random.Random,
        workers: Workers,
        lock: Path,
    ) -> None:
        self.reached: Callable[[PendingState], None] = _nothing
        self._app_state = app_state
        self._clock = clock
        self._chance = chance
        self._workers = workers
        self._owner = Ownership(clock, lock)
        self._outcomes = Waiters()
        self._fresh: set[str] = set()
        """Own tags of those that this process put in line."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.line = Line(app_state, clock, self._owner)
        self.settling = Settling(
            app_state,
            clock,
            self.line,
            self._owner,
            accept=self._accept,
            fail=self._outcomes.fail,
            workers=workers,
        )
        self.commands = QueueCommands(
            app_state, self.line, self._owner, self.settling, self._outcomes.fail, workers
        )
        self._left_behind = LeftBehind(app_state, clock, self.line, self._owner)
        self._hearsay = Hearsay(app_state, self.line, self._owner, self.settling, self._outcomes, workers)

    async def submit(self, submission: Submission) -> Job:
        """Put the submission in line and wait for the job. Cancelling the caller does not take it back.

        Raises:
            QdeckError: `INVALID` (too many or too long tags), `STORAGE` (it cannot be written down: nothing
                was sent), the service's refusal, `CONFLICT` (withdrawn), `EXPIRED` (signed out before it was
                its turn: it stays in line), `UNCONFIRMED` when it is still not known whether the job exists.
        """
        service = self._app_state.need_service()
        check_tags(submission.tags, room_for_own=True)
        tag = f"qdeck-{self._chance.getrandbits(48):012x}"
        outcome = self._outcomes.expect(tag)
        self._start(tag, self._prepare(service, tag, submission))
        return await asyncio.shield(outcome)

    async def step(self) -> float:
        """Send the first in line when it may go: a worker's step.

        Raises:
            QdeckError: the history cannot be read, or the service refused the credentials.
        """
        service = self._app_state.need_service()
        if not self.line.sends:
            return math.inf
        await self._left_behind.adopt(service)
        line = self.line.mine(service)
        if not line:
            # When their qdeck ends, what others have in line becomes ours to send.
            return LOOK_AT_OTHERS if any(one.elsewhere for one in self.line.waiting()) else math.inf
        first = line[0]
        self.line.checking = self.settling.goes_first(service)
        wait = self.line.wait(service, first.tag)
        if wait > 0:
            self.line.publish()
            return wait
        never_tried = first.tag in self._fresh and not first.attempt
        if never_tried or not await self._exists(service, first):
            await asyncio.shield(self._start(first.tag, self._send(service, first)))
        return 0.0

    def room(self) -> None:
        """A job left the queue: a submission that waits for that may go."""
        if self.line.hold is not None and self.line.hold.full:
            self.line.release()
            self._workers.send_queue.request()

    def left(self) -> None:
        """Signed out: callers are told; what is in line stays there for the next sign-in."""
        for intent in self._app_state.history.submissions():
            if intent.state is PendingState.PREPARED:
                self._outcomes.fail(
                    intent.tag,
                    QdeckError(
                        ErrorKind.EXPIRED,
                        f"{called(intent)} is still in line.",
                        "It goes out when you sign in to the same account again.",
                    ),
                )
        self.line.forget()
        self.settling.forget()

    async def aclose(self, seconds: float) -> None:
        """Give requests under way that long to end; what is cut off then is settled at the next start."""
        if self._tasks:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for intent in self._app_state.history.submissions():
            if intent.state is PendingState.PREPARED and intent.owner == self._owner.name:
                self._app_state.history.upsert_submission(replace(intent, owner=""))
        await self._app_state.save()
        self._owner.leave()
        self.left()
        for tag in self._outcomes.tags():
            self._outcomes.fail(
                tag,
                QdeckError(
                    ErrorKind.UNCONFIRMED,
                    "qdeck ended before the service had said whether the job exists.",
                    "The next start finds out.",
                ),
            )

    # preparing and sending

    async def _prepare(self, service: QuantumService, tag: str, submission: Submission) -> None:
        history = self._app_state.history
        instance = self._app_state.instance
        self.line.sending.add(tag)
        try:
            await self._owner.appear()
            history.upsert_submission(
                PendingSubmission(
                    tag=tag,
                    state=PendingState.PREPARED,
                    service=service.label,
                    instance=instance,
                    created=self._clock.now(),
                    submission=submission,
                    owner=self._owner.name,
                    place=self.line.last_place(service) + 1,
                )
            )
            await history.flush()
        except Exception as error:
            history.remove_submission(tag)
            if not isinstance(error, QdeckError):
                raise
            self._outcomes.fail(
                tag,
                QdeckError(ErrorKind.STORAGE, f"Nothing was submitted: {error.message}", error.advice),
            )
            return
        finally:
            self.line.sending.discard(tag)
        self._fresh.add(tag)
        self.reached(PendingState.PREPARED)
        self.line.publish()
        self._workers.send_queue.request()

    async def _exists(self, service: QuantumService, waiting: PendingSubmission) -> bool:
        """Ask for the job of a submission that is about to go out, and take it in when it is there.

        Raises:
            QdeckError: the service did not answer: it stays in line.
        """
        try:
            job = await self.settling.find(service, waiting)
        except QdeckError:
            self.line.doubt(waiting.tag, 0.0)
            self.line.publish()
            raise
        self.line.doubts.pop(waiting.tag, None)
        if job is not None:
            await self.settling.found(waiting, job)
        return job is not None

    async def _claim(self, waiting: PendingSubmission) -> PendingSubmission | None:
        """Write down that it is being sent, alone among all processes; `None`: it is not to be sent now."""
        history, tag = self._app_state.history, waiting.tag
        try:
            async with self._owner.taking_over():
                await self._app_state.sync()
                # The user may have withdrawn it, another qdeck may have taken it over.
                if (ours := self._ours(tag, PendingState.PREPARED)) is not None:
                    now = self._clock.now()
                    history.upsert_submission(replace(ours, state=PendingState.SENDING, sent=now, note=""))
                    await history.flush()
        except QdeckError as error:
            self._app_state.storage_refused(error)
            self.line.hold_for(DISK_AGAIN, "the disk takes nothing")
            if (ours := self._ours(tag, PendingState.SENDING)) is not None:
                await self.line.take_back(ours, error.message)
            return None
        return self._ours(tag, PendingState.SENDING)

    def _ours(self, tag: str, state: PendingState) -> PendingSubmission | None:
        intent = self._app_state.history.submission(tag)
        return intent if intent and (intent.state, intent.owner) == (state, self._owner.name) else None

    async def _send(self, service: QuantumService, waiting: PendingSubmission) -> None:
        """The first in line goes out."""
        history, tag = self._app_state.history, waiting.tag
        self.line.sending.add(tag)
        try:
            submission = history.submission_with_texts(waiting)
            if not submission.qasm:
                await self._without_program(waiting)
                return
            intent = await self._claim(waiting)
            if intent is None:
                return
            self.reached(PendingState.SENDING)
            self.line.publish()
            try:
                job = await service.submit(replace(submission, tags=(*submission.tags, tag)))
            except QdeckError as error:
                await self._not_accepted(intent, error)
            except asyncio.CancelledError:
                history.upsert_submission(replace(intent, state=PendingState.UNCONFIRMED))
                raise
            except Exception as error:
                self._outcomes.fail(tag, error)
                raise
            else:
                await self._accept(intent, submission, job)
        finally:
            self.line.sending.discard(tag)
            self.line.publish()

    async def _without_program(self, waiting: PendingSubmission) -> None:
        """Its circuit is not on this machine any more: nothing is sent."""
        if self._ours(waiting.tag, PendingState.PREPARED) is None:
            return
        self._app_state.history.upsert_submission(
            replace(waiting, state=PendingState.UNSENT, note=NO_PROGRAM)
        )
        await self._app_state.save()
        error = QdeckError(
            ErrorKind.STORAGE,
            f"{called(waiting)} was not sent: its circuit is not kept on this machine any more.",
            "Submit it from its source.",
        )
        if not self._outcomes.fail(waiting.tag, error):
            self._app_state.events.notice(str(error), Severity.ERROR)

    async def _not_accepted(self, intent: PendingSubmission, error: QdeckError) -> None:
        if error.kind is ErrorKind.UNCONFIRMED:
            await self._unconfirmed(intent, error)
        elif queue_is_full(error):
            self.line.hold_full()
            await self.line.take_back(intent, error.message)
        elif error.kind is ErrorKind.RATE_LIMITED:
            self.line.hold_as_asked(error.retry_after)
            await self.line.take_back(intent, error.message)
        elif intent.tag not in self._outcomes and (
            error.worth_retrying or error.kind in {ErrorKind.EXPIRED, ErrorKind.WRONG_KEY}
        ):
            # Nobody waits for an answer: it was in line since before, and nothing is wrong with it.
            await self.line.take_back(intent, error.message)
            raise error
        else:
            self._app_state.history.upsert_submission(
                replace(intent, state=PendingState.REFUSED, note=error.message)
            )
            await self._app_state.save()
            self.reached(PendingState.REFUSED)
            if not self._outcomes.fail(intent.tag, error):
                self._app_state.events.notice(f"{called(intent)} was refused. {error}", Severity.ERROR)

    async def _accept(self, intent: PendingSubmission, submission: Submission, job: Job) -> Job:
        """The job exists: its id is written before anyone is told.

        A disk that refuses it is told of; then it still says that the job may exist, and the next start finds
        it by its tag.
        """
        told = replace(
            job,
            name=submission.name,
            shots=job.shots if job.shots is not None else submission.shots,
            session_id=job.session_id or submission.session_id,
            tags=job.tags or submission.tags,
            circuit=submission.qasm,
            source=submission.source,
            observables=submission.observable_labels,
        )
        record = replace(self._app_state.take(told), own_tag=intent.tag)
        self._app_state.history.upsert_submission(replace(intent, state=PendingState.ACCEPTED, job_id=job.id))
        await self._app_state.put([record])
        self.reached(PendingState.ACCEPTED)
        self.line.accepted()
        self._workers.jobs.request()
        known: JobRecord = self._app_state.record(job.id) or record
        whole = self._app_state.history.job_with_texts(known)
        self._fresh.discard(intent.tag)
        self.line.doubts.pop(intent.tag, None)
        self._outcomes.succeed(intent.tag, whole)
        return whole

    async def _unconfirmed(self, intent: PendingSubmission, error: QdeckError) -> None:
        self._app_state.history.upsert_submission(
            replace(intent, state=PendingState.UNCONFIRMED, note=error.message)
        )
        await self._app_state.save()
        self.reached(PendingState.UNCONFIRMED)
        self._app_state.events.notice(
            f"{called(intent)}: unconfirmed, checking whether the job was created. {error.message}",
            Severity.WARNING,
        )
        self.settling.told.add(intent.tag)
        self._app_state.events.background(
            self._lose_patience(intent), "Waiting for an unconfirmed submission"
        )
        self._workers.reconciler.request()

    async def _lose_patience(self, intent: PendingSubmission) -> None:
        """Tell the caller that it is not known yet; the settling goes on."""
        outcome = self._outcomes.awaited(intent.tag)
        if outcome is None:
            return
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE))
        either: set[asyncio.Future[Any]] = {outcome, patience}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
        self._outcomes.fail(
            intent.tag,
            QdeckError(
                ErrorKind.UNCONFIRMED,
                f"{called(intent)} was sent, but the service has not said whether the job exists.",
                "qdeck goes on checking and will say what it finds. Do not submit it again before that.",
            ),
        )

    def _start(self, tag: str, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                # Whoever waits for the job must not wait for ever.
                self._outcomes.fail(tag, error)

        task.add_done_callback(ended)
        return task
