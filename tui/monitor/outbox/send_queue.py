"""The queue of submissions: which one is sent next, when, and what the user can do with it until then."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Backoff, RateLimiter
from tui.common.values import Value
from tui.domain.jobs import Job
from tui.domain.submissions import Submission, WaitingSubmission, WaitState
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.context import OutboxContext, describe
from tui.monitor.state.app_state import changes_service
from tui.monitor.state.events import OutboxChanged, Severity
from tui.store.records.models import JobRecord, PendingState, PendingSubmission

CREATIONS = 5
"""Jobs the service takes in a minute from one user (contract 5.15)."""
WITHOUT_WORD = 20.0
"""Seconds until the next try when the service does not say how long to wait."""
LIMITED_BACKOFF = Backoff(first=1.0, longest=60.0)
"""The least between two tries while the service answers 429 to each, whatever time it names."""
FULL_BACKOFF = Backoff(first=15.0, longest=120.0)
"""Between two tries at a full queue of the service; a job that finishes ends the wait at once."""
PENDING_CODE = "3458"
CHECKED_AGAIN = 1.0
KEPT_NOT_CREATED = timedelta(days=1)
"""How long a submission that was not created is shown."""
RATE = f"the service takes {CREATIONS} jobs a minute"
ASKED = "the service asked to wait"
CHECKING = "checking for its job"
CHECKED_FIRST = "another one is being checked"
DOUBTED = "checking it was not sent before"
SEND_AGAIN = "send it again, or let it go"
NO_PROGRAM = "its circuit is not kept on this machine any more: let it go"
FULL = "the service holds as many of your jobs as it may"
DISK_FULL = "the disk takes nothing"
READ_ONLY = "qdeck was started read-only"
ELSEWHERE = "in line in another running qdeck"
SIGNED_OUT = "sign in to go on"
_FULL_WORDS = re.compile(r"limit of \d+ (?:pending|concurrent) jobs", re.IGNORECASE)
_SHOWN_AS = {
    PendingState.PREPARED: WaitState.WAITING,
    PendingState.SENDING: WaitState.SENDING,
    PendingState.UNCONFIRMED: WaitState.UNCONFIRMED,
}


def is_queue_full(error: QdeckError) -> bool:
    """Return whether the service refused because too many jobs are queued or running already.

    Its code is 3458 on the classic service; what the platform sends with the same words is not known.
    """
    if error.kind not in {ErrorKind.CONFLICT, ErrorKind.FORBIDDEN, ErrorKind.INVALID}:
        return False
    return error.code == PENDING_CODE or _FULL_WORDS.search(error.message) is not None


CREATION_LIMIT = RateLimiter(CREATIONS, timedelta(seconds=60))
_COUNTED = {PendingState.SENDING, PendingState.UNCONFIRMED, PendingState.ACCEPTED}
"""States of submissions whose requests count against the limit."""


class Hold(Value, frozen=True):
    """A time before which nothing is sent.

    Attributes:
        until: monotonic seconds.
        due: the same as wall-clock time, to be shown.
        full: it may end sooner: when a job leaves the service's queue.
    """

    until: float
    due: datetime
    why: str
    full: bool = False


class SendQueue:
    """The submissions of the signed-in account that have not become jobs yet.

    Attributes:
        hold: why nothing is sent for now.
        checking: earlier submissions are reconciled first.
        doubts: by own tag of those that may have been sent before: held until the service's word counts that
            there is no such job.
        sends: whether anything is sent at all: not from a read-only qdeck, nor from a command that only
            reads.
    """

    def __init__(self, context: OutboxContext, *, sends: bool) -> None:
        self.hold: Hold | None = None
        self.checking = False
        self.doubts: dict[str, Hold] = {}
        self.sends = sends
        self._context = context
        self._app_state = context.app_state
        self._history = context.app_state.history
        self._clock = context.app_state.clock
        self._owner = context.ownership
        self._refused_in_a_row = 0
        self._published: tuple[WaitingSubmission, ...] = ()

    # what is queued

    def in_line(self) -> tuple[WaitingSubmission, ...]:
        """Return the submissions of which this process can find out what becomes of them, by waiting."""
        if self._app_state.connection.service is None or not self.sends:
            return ()
        open_ones = (one for one in self.waiting() if one.state is not WaitState.NOT_CREATED)
        return tuple(one for one in open_ones if not one.elsewhere)

    def failures(self, tags: Iterable[str]) -> list[str]:
        """Return a sentence for each of these own tags whose submission ended without a job."""
        known = filter(None, map(self._history.submission, tags))
        ended = {PendingState.REFUSED: "was refused", PendingState.UNSENT: "was not sent"}
        return [f"{describe(one)} {ended[one.state]}. {one.note}" for one in known if one.state in ended]

    def of_account(self, service: QuantumService, *states: PendingState) -> list[PendingSubmission]:
        """Return the account's submissions of which a job may still come, the earliest first.

        Args:
            states: only those in one of these; none given: all.
        """
        account = service.label, self._app_state.connection.instance
        return [
            pending
            for pending in self._history.pending_submissions()
            if (pending.service, pending.instance) == account and (not states or pending.state in states)
        ]

    def mine(self, service: QuantumService) -> list[PendingSubmission]:
        """Return the submissions that this process queues, the next one first."""
        return [
            pending
            for pending in self._prepared(service)
            if pending.owner == self._owner.name and pending.tag not in self._context.sending
        ]

    def orphaned(self, service: QuantumService) -> list[PendingSubmission]:
        """Return the queued submissions of processes that ended, the earliest first."""
        return [
            pending
            for pending in self.of_account(service, PendingState.PREPARED)
            if pending.owner != self._owner.name and not self._owner.another_has(pending)
        ]

    def last_place(self, service: QuantumService) -> int:
        """Return the highest place in the account's queue, of any process; 0: nothing is queued."""
        return max((one.place for one in self.of_account(service, PendingState.PREPARED)), default=0)

    def wait(self, service: QuantumService, tag: str) -> float:
        """Return the seconds until the first one, with this tag, may be sent; 0: now."""
        wait = CHECKED_AGAIN if self.checking else 0.0
        now = self._clock.monotonic()
        if tag in self.doubts:
            wait = max(wait, self.doubts[tag].until - now)
        if self.hold is not None:
            wait = max(wait, self.hold.until - now)
            if self.hold.until <= now:
                self.hold = None
        if not service.account.sandbox:
            wall = self._clock.now()
            wait = max(wait, (self._slots(service, wall, 1)[0] - wall).total_seconds())
        return max(0.0, wait)

    def waiting(self) -> tuple[WaitingSubmission, ...]:
        """Return the submissions for the user: those that were sent first, then the queue in its order."""
        service = self._app_state.connection.service
        if service is None:
            every = [one for one in self._history.pending_submissions() if one.state.open]
            return tuple(_shown(pending, SIGNED_OUT) for pending in every)
        recent = self._clock.now() - KEPT_NOT_CREATED
        sent = [
            _shown(pending, CHECKING, elsewhere=self._owner.another_has(pending))
            for pending in self.of_account(service, PendingState.SENDING, PendingState.UNCONFIRMED)
        ]
        unsent = [
            _shown(pending, NO_PROGRAM if pending.note == NO_PROGRAM else SEND_AGAIN)
            for pending in self.of_account(service, PendingState.UNSENT)
            if pending.last_changed > recent
        ]
        return (*sent, *unsent, *self._waiting_in_queue(service))

    def publish(self) -> None:
        """Publish the submissions that wait, when anything is different."""
        waiting = self.waiting()
        if waiting != self._published:
            self._published = waiting
            self._app_state.events.publish(OutboxChanged(waiting))

    # why it waits

    def hold_for(self, seconds: float, why: str, *, full: bool = False) -> None:
        """Send nothing for that long.

        Args:
            full: whether a job that leaves the service's queue ends it.
        """
        self.hold = self._hold(seconds, why, full=full)

    def hold_as_asked(self, seconds: float | None) -> None:
        """Send nothing for as long as the service asked (`None`: not said), longer from one to the next."""
        self._refused_in_a_row += 1
        asked = WITHOUT_WORD if seconds is None else seconds
        self.hold_for(max(asked, LIMITED_BACKOFF.wait(self._refused_in_a_row)), ASKED)

    def hold_full(self) -> None:
        """Send nothing for now: the service said that too many jobs are queued or running."""
        self._refused_in_a_row += 1
        self.hold_for(FULL_BACKOFF.wait(self._refused_in_a_row), FULL, full=True)

    def release(self) -> None:
        """End the hold: its reason is over."""
        self.hold = None

    def doubt(self, tag: str, seconds: float) -> None:
        """Send this one only after the service, that long from now, said that it has no such job."""
        self.doubts.setdefault(tag, self._hold(seconds, DOUBTED))

    def in_doubt(self, tag: str) -> bool:
        """Return whether the service's word that there is no such job does not count yet."""
        return tag in self.doubts and self.doubts[tag].until > self._clock.monotonic()

    def reset(self) -> None:
        """Forget the limits of the account: another one, or none, is signed in."""
        self.hold, self.checking, self._refused_in_a_row = None, False, 0
        self.publish()

    # steps of a submission

    async def requeue(self, pending: PendingSubmission, note: str = "") -> None:
        """Queue a submission again of which no job came, for certain: a new attempt."""
        owner, attempt = self._owner.name, pending.attempt + 1
        await self._context.save(
            replace(pending, state=PendingState.PREPARED, owner=owner, attempt=attempt, note=note)
        )

    async def accept(self, pending: PendingSubmission, submission: Submission, job: Job) -> Job:
        """Take the submission out of the queue: its job exists. The id is written before anyone knows of it.

        A disk that refuses it is reported; then it still says that the job may exist, and the next start
        finds it by its tag.

        Returns:
            The job, with what only the submission says of it.
        """
        whole = replace(
            job,
            name=submission.name,
            shots=job.shots if job.shots is not None else submission.shots,
            session_id=job.session_id or submission.session_id,
            tags=job.tags or submission.tags,
            circuit=submission.qasm,
            source=submission.source,
            observables=submission.observable_labels,
            inputs=submission.inputs,
        )
        tag = pending.tag
        record = replace(
            self._app_state.jobs.as_record(whole),
            own_tag=tag,
            formula_seconds=submission.formula_seconds,
            prediction=submission.predicted,
        )
        self._history.upsert_submission(replace(pending, state=PendingState.ACCEPTED, job_id=job.id))
        await self._app_state.jobs.upsert([record])
        self._context.on_step(PendingState.ACCEPTED)
        self._refused_in_a_row = 0
        self._context.workers.jobs.request()
        known: JobRecord = self._app_state.jobs.record(job.id) or record
        self._context.queued_here.discard(tag)
        self.doubts.pop(tag, None)
        accepted = self._history.job_with_texts(known)
        self._context.waiters.succeed(tag, accepted)
        return accepted

    @changes_service
    async def withdraw(self, tag: str) -> None:
        """Take a submission out of the queue; let go of one that is unconfirmed or was not created.

        Raises:
            QdeckError: `NOT_FOUND`, or `CONFLICT` when it is too late.
        """
        if self.changeable(tag).owner == self._owner.name:
            await self._withdraw(tag)
            return
        async with self._owner.takeover():
            await self._app_state.sync()
            await self._withdraw(tag)

    async def _withdraw(self, tag: str) -> None:
        pending = self.changeable(tag)
        named = describe(pending)
        if pending.state is PendingState.SENDING or tag in self._context.sending:
            advice = "Cancel the job once it is there."
            raise QdeckError(ErrorKind.CONFLICT, f"{named} is being sent.", advice)
        if not await self._context.save(replace(pending, state=PendingState.WITHDRAWN)):
            self._app_state.events.notice(
                f"{named} is withdrawn, but that cannot be written down: "
                "should qdeck be killed before it is, the next start takes it up again.",
                Severity.WARNING,
            )
        waited = pending.state is PendingState.PREPARED
        what = "withdrawn: nothing was sent" if waited else "let go of: whether it became a job is not known"
        self._context.waiters.fail(tag, QdeckError(ErrorKind.CONFLICT, f"{named} was {what}."))
        self.publish()
        self._context.workers.send_queue.request()

    @changes_service
    async def move(self, tag: str, places: int) -> None:
        """Move a queued submission: forward when `places` is negative.

        Raises:
            QdeckError: `NOT_FOUND`, or `CONFLICT` when it is too late.
        """
        pending = self.changeable(tag)
        queue = self.mine(self._app_state.connection.need_service())
        at = next((place for place, one in enumerate(queue) if one.tag == tag), None)
        if at is None:
            raise QdeckError(ErrorKind.CONFLICT, f"{describe(pending)} is not in line.")
        queue.insert(max(0, min(at + places, len(queue) - 1)), queue.pop(at))
        for place, one in enumerate(queue):
            if one.place != place:
                self._history.upsert_submission(replace(one, place=place))
        await self._app_state.save()
        self.publish()

    def changeable(self, tag: str) -> PendingSubmission:
        """Return the submission, which the user may change here.

        Raises:
            QdeckError: `NOT_FOUND`: it waits no more; `CONFLICT`: another process has it.
        """
        pending = self._history.submission(tag)
        if pending is None or not (pending.state.open or pending.state is PendingState.UNSENT):
            raise QdeckError(ErrorKind.NOT_FOUND, "This submission does not wait any more.")
        if self._owner.another_has(pending):
            raise QdeckError(
                ErrorKind.CONFLICT, f"Another running qdeck has {describe(pending)} in its hands."
            )
        return pending

    def _prepared(self, service: QuantumService) -> list[PendingSubmission]:
        queue = self.of_account(service, PendingState.PREPARED)
        return sorted(queue, key=lambda pending: (pending.place, pending.created, pending.tag))

    def _slots(self, service: QuantumService, now: datetime, count: int) -> list[datetime]:
        """Return when the next submissions may be sent; requests of all processes on this history count."""
        sent = (
            pending.sent
            for pending in self._history.submissions()
            if pending.sent is not None and pending.service == service.label and pending.state in _COUNTED
        )
        return CREATION_LIMIT.slots(sent, now, count)

    def _hold(self, seconds: float, why: str, *, full: bool = False) -> Hold:
        due = self._clock.now() + timedelta(seconds=seconds)
        return Hold(self._clock.monotonic() + seconds, due, why, full)

    def _waiting_in_queue(self, service: QuantumService) -> Iterable[WaitingSubmission]:
        queue, now = self._prepared(service), self._clock.now()
        # Real services have a limit of their own; the sandbox says it when it has one.
        ahead: Hold | None = None
        slots = [now] * len(queue) if service.account.sandbox else self._slots(service, now, len(queue))
        for place, (pending, slot) in enumerate(zip(queue, slots, strict=True), 1):
            due, why = (slot, RATE) if slot > now else (None, "")
            if self.checking:
                due, why = None, CHECKED_FIRST
            doubt = self.doubts.get(pending.tag)
            if doubt is not None:
                due, why = doubt.due if doubt.due > now else None, doubt.why
            if self.hold is not None and (due is None or due < self.hold.due):
                due, why = self.hold.due, self.hold.why
            if not self.sends:
                due, why = None, READ_ONLY
            elsewhere = self._owner.another_has(pending)
            if ahead is not None and not why:
                due, why = ahead.due if ahead.due > now else None, CHECKED_FIRST
            ahead = ahead if doubt is None or elsewhere else doubt
            yield _shown(pending, ELSEWHERE if elsewhere else why, due=due, place=place, elsewhere=elsewhere)


def _shown(
    pending: PendingSubmission,
    why: str,
    *,
    due: datetime | None = None,
    place: int = 0,
    elsewhere: bool = False,
) -> WaitingSubmission:
    state = _SHOWN_AS.get(pending.state, WaitState.NOT_CREATED)
    return WaitingSubmission(
        pending.tag, pending.submission, state, pending.created, place, due, why, elsewhere
    )
