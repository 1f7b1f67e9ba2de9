"""The outbox: a submission happens at most once, whatever breaks on the way.

The intent, with a tag of its own, is durable before the request goes out. When the request ends so that
the job may exist, the service's job list is asked for the tag; only after it has said twice, some seconds
apart, that there is no such job, the submission counts as not sent. It is never repeated by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobQuery
from tui.domain.submissions import MAX_TAG_LENGTH, MAX_TAGS, Submission
from tui.history.records import Intent, IntentState, Record
from tui.ibm.service import QuantumService
from tui.monitor.board import OWN_TAG, Board
from tui.monitor.events import Severity

ABSENCES = 2
"""How often the service must say that there is no such job."""
BETWEEN_LOOKS = 4.0
"""Seconds between two of them."""
PATIENCE = 60.0
"""Seconds a caller waits for an unconfirmed submission to be settled; the settling goes on after it."""
SENDING_AT_MOST = timedelta(minutes=5)
"""After this an intent of another living process counts as left behind."""
LOOK_AT_OTHERS = 30.0
_RECENT = 50


@dataclass(slots=True)
class _Unsettled:
    """What was found out so far about an open intent."""

    absences: int = 0
    last_look: float = -math.inf


class Outbox:
    """Submits, and settles what is unconfirmed. One for the life of the deck."""

    def __init__(
        self, board: Board, clock: Clock, chance: random.Random, wake: Callable[[str], None]
    ) -> None:
        self._board = board
        self._clock = clock
        self._chance = chance
        self._wake = wake
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._sending: set[str] = set()
        self._looks: dict[str, _Unsettled] = {}
        self._outcomes: dict[str, asyncio.Future[Job]] = {}
        self._tasks: set[asyncio.Task[Job]] = set()

    async def submit(self, submission: Submission) -> Job:
        """Create the job, at most once. Cancelling the caller does not break the request off.

        Raises:
            QdeckError: `INVALID` (too many or too long tags), `STORAGE` (the intent cannot be written:
                nothing was sent), the service's refusal, `UNCONFIRMED` when it is still not known
                whether the job exists.
        """
        service = self._board.need_service()
        check_tags(submission.tags, room_for_own=True)
        task = asyncio.ensure_future(self._send(service, submission))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def settle(self) -> float:
        """Look for the open intents of the signed-in account: a worker's step.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._board.need_service()
        # One that another qdeck is sending becomes ours to settle when that one dies or takes too long.
        others = any(self._sent_by_another(intent) for intent in self._here(service))
        waits = LOOK_AT_OTHERS if others else math.inf
        for intent in self._open(service):
            look = self._looks.setdefault(intent.tag, _Unsettled())
            due = look.last_look + BETWEEN_LOOKS - self._clock.monotonic()
            if due > 0:
                waits = min(waits, due)
                continue
            job = await self._find(service, intent.tag)
            look.last_look = self._clock.monotonic()
            if job is not None:
                await self._found(intent, job)
                continue
            look.absences += 1
            if look.absences >= ABSENCES:
                await self._never_sent(intent)
            else:
                waits = min(waits, BETWEEN_LOOKS)
        return waits

    def unsettled(self, service: QuantumService) -> bool:
        """Whether the account has submissions of which it is not known whether they arrived."""
        return bool(self._open(service))

    async def aclose(self, seconds: float) -> None:
        """Give requests under way that long to end; what is cut off then is settled at the next start."""
        if self._tasks:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _open(self, service: QuantumService) -> list[Intent]:
        return [intent for intent in self._here(service) if not self._sent_by_another(intent)]

    def _here(self, service: QuantumService) -> list[Intent]:
        """The account's open intents, but those this process is sending right now."""
        instance = self._board.identity.instance if self._board.identity else ""
        return [
            intent
            for intent in self._board.history.intents()
            if intent.state.open
            and intent.tag not in self._sending
            and (intent.service, intent.instance) == (service.label, instance)
        ]

    def _sent_by_another(self, intent: Intent) -> bool:
        """Whether another living qdeck on this machine has the request in its hands."""
        host, _, pid = intent.owner.rpartition(":")
        if intent.owner == self._owner or intent.state is not IntentState.SENDING or not pid.isdigit():
            return False
        if host != socket.gethostname() or self._clock.now() - intent.created > SENDING_AT_MOST:
            return False
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True

    def _done(self, task: asyncio.Task[Job]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # The caller may have gone; its error was for it, and the intent's state tells the rest.
            task.exception()

    async def _send(self, service: QuantumService, submission: Submission) -> Job:
        await self._wait_for_open_ones(service)
        identity = self._board.identity
        tag = f"qdeck-{self._chance.getrandbits(48):012x}"
        intent = Intent(
            tag=tag,
            state=IntentState.SENDING,
            service=service.label,
            instance=identity.instance if identity else "",
            created=self._clock.now(),
            submission=submission,
            owner=self._owner,
        )
        history = self._board.history
        self._sending.add(tag)
        try:
            history.put_intent(intent)
            try:
                await history.flush()
            except QdeckError as error:
                history.drop_intent(tag)
                raise QdeckError(
                    ErrorKind.STORAGE, f"Nothing was submitted: {error.message}", error.advice
                ) from error
            try:
                job = await service.submit(replace(submission, tags=(*submission.tags, tag)))
            except QdeckError as error:
                if error.kind is not ErrorKind.UNCONFIRMED:
                    history.put_intent(replace(intent, state=IntentState.REFUSED, note=error.message))
                    await self._board.save()
                    raise
                unconfirmed = error
            else:
                return await self._accept(intent, submission, job)
        finally:
            self._sending.discard(tag)
        return await self._unconfirmed(intent, unconfirmed)

    async def _wait_for_open_ones(self, service: QuantumService) -> None:
        """Let earlier submissions be settled first: what seems missing may be there already."""
        waited = 0.0
        while self.unsettled(service) and waited < 4 * BETWEEN_LOOKS and not self._tasks_settling():
            self._wake("outbox")
            await self._clock.sleep(BETWEEN_LOOKS / 4)
            waited += BETWEEN_LOOKS / 4

    def _tasks_settling(self) -> bool:
        # One that this process is waiting for already was told to its caller; it holds nobody up.
        return bool(self._outcomes)

    async def _accept(self, intent: Intent, submission: Submission, job: Job) -> Job:
        """The job exists: its id is durable before anyone is told."""
        told = replace(
            job,
            name=submission.name,
            shots=job.shots if job.shots is not None else submission.shots,
            session_id=job.session_id or submission.session_id,
            tags=job.tags or submission.tags,
            circuit=submission.qasm,
            source=submission.source,
        )
        record = replace(self._board.take(told), own_tag=intent.tag)
        self._board.history.put_intent(replace(intent, state=IntentState.ACCEPTED, job_id=job.id))
        await self._board.put([record])
        self._wake("jobs")
        known: Record = self._board.record(job.id) or record
        return self._board.history.job_with_texts(known)

    async def _unconfirmed(self, intent: Intent, error: QdeckError) -> Job:
        self._board.history.put_intent(replace(intent, state=IntentState.UNCONFIRMED, note=error.message))
        await self._board.save()
        self._board.notice(
            f"{_called(intent)}: unconfirmed, checking whether the job was created. {error.message}",
            Severity.WARNING,
        )
        outcome: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._outcomes[intent.tag] = outcome
        self._wake("outbox")
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE))
        try:
            either: set[asyncio.Future[Any]] = {outcome, patience}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if outcome.done():
                return outcome.result()
        finally:
            patience.cancel()
            self._outcomes.pop(intent.tag, None)
        raise QdeckError(
            ErrorKind.UNCONFIRMED,
            f"{_called(intent)} was sent, but the service has not said whether the job exists.",
            "qdeck goes on checking and will say what it finds. Do not submit it again before that.",
        ) from error

    async def _find(self, service: QuantumService, tag: str) -> Job | None:
        listed = (await service.jobs(JobQuery(limit=5, tags=(tag,)))).jobs
        found = next((job for job in listed if tag in job.tags), None)
        if found is None and listed:
            # The filter was not honoured; the job, if there is one, is among the newest.
            listed = (await service.jobs(JobQuery(limit=_RECENT))).jobs
            found = next((job for job in listed if tag in job.tags), None)
        return found

    async def _found(self, intent: Intent, job: Job) -> None:
        self._looks.pop(intent.tag, None)
        submission = self._board.history.submission_with_texts(intent)
        accepted = await self._accept(intent, submission, job)
        outcome = self._outcomes.get(intent.tag)
        if outcome is not None and not outcome.done():
            outcome.set_result(accepted)
        self._board.notice(f"{_called(intent)} did reach the service: job {accepted.id}.")

    async def _never_sent(self, intent: Intent) -> None:
        self._looks.pop(intent.tag, None)
        error = QdeckError(
            ErrorKind.NETWORK,
            f"{_called(intent)} was not created: the service said twice that it has no such job.",
            "It was not repeated. Submit it again.",
        )
        self._board.history.put_intent(replace(intent, state=IntentState.UNSENT, note=error.message))
        await self._board.save()
        outcome = self._outcomes.get(intent.tag)
        if outcome is not None and not outcome.done():
            outcome.set_exception(error)
        else:
            self._board.notice(str(error), Severity.WARNING)


def check_tags(tags: tuple[str, ...], *, room_for_own: bool) -> None:
    """Refuse tags the service would refuse.

    Raises:
        QdeckError: `INVALID`.
    """
    most = MAX_TAGS - 1 if room_for_own else MAX_TAGS
    if len(tags) > most:
        why = " (the service takes 8; qdeck needs one to find the job by)" if room_for_own else ""
        raise QdeckError(ErrorKind.INVALID, f"{len(tags)} tags are too many: at most {most}{why}.")
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH:
            raise QdeckError(
                ErrorKind.INVALID, f"The tag {tag[:20]}… is longer than {MAX_TAG_LENGTH} characters."
            )
        if OWN_TAG.fullmatch(tag):
            raise QdeckError(ErrorKind.INVALID, f"Tags like {tag} are kept for qdeck's own use.")


def _called(intent: Intent) -> str:
    name = intent.submission.name or intent.submission.primitive.value
    return f"The submission “{name}” of {intent.created:%Y-%m-%d %H:%M:%S} UTC"
