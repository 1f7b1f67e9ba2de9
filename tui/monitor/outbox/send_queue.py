"""The line of submissions: when the next one may go out, and why it waits until then."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.submissions import WaitingSubmission, WaitState
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import OutboxChanged
from tui.store.records.models import PendingState, PendingSubmission

CREATIONS = 5
"""Jobs the service takes in a minute from one user (contract 5.15)."""
PER = timedelta(seconds=60)
WITHOUT_WORD = 20.0
"""Seconds until the next try when the service does not say how long to wait."""
PENDING_FIRST, PENDING_LONGEST = 15.0, 120.0
"""Seconds until the next try at a full queue, doubling; a job that finishes ends the wait at once."""
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
READ_ONLY = "qdeck was started read-only"
_FULL_WORDS = re.compile(r"limit of \d+ (?:pending|concurrent) jobs", re.IGNORECASE)
_COUNTED = {PendingState.SENDING, PendingState.UNCONFIRMED, PendingState.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing goes out before this.

    Attributes:
        until: by the clock that never goes back, in seconds.
        due: the same as wall-clock time, to be shown.
        full: it may end sooner: when a job leaves the queue.
    """

    until: float
    due: datetime
    why: str
    full: bool = False


def queue_is_full(error: QdeckError) -> bool:
    """Whether the service refused because too many jobs are queued or running already.

    Its code is 3458 on the classic service; what the platform sends with the same words is not known.
    """
    if error.kind not in {ErrorKind.CONFLICT, ErrorKind.FORBIDDEN, ErrorKind.INVALID}:
        return False
    return error.code == PENDING_CODE or _FULL_WORDS.search(error.message) is not None


def slots(sent: Iterable[datetime], now: datetime, waiting: int) -> list[datetime]:
    """When each of `waiting` submissions may go out so that no minute sees more than `CREATIONS`.

    Times in the future, which a clock that was set back leaves behind, do not count.
    """
    used = sorted(at for at in sent if timedelta(0) <= now - at < PER)
    free: list[datetime] = []
    for _ in range(waiting):
        at = now if len(used) < CREATIONS else max(now, used[-CREATIONS] + PER)
        used.append(at)
        free.append(at)
    return free


def times_sent(intents: Iterable[PendingSubmission], service: str) -> list[datetime]:
    """When requests that count went out to the service, by whichever qdeck on this history."""
    return [
        intent.sent
        for intent in intents
        if intent.sent is not None and intent.service == service and intent.state in _COUNTED
    ]


def shown(
    intent: PendingSubmission,
    *,
    place: int = 0,
    due: datetime | None = None,
    why: str = "",
    elsewhere: bool = False,
) -> WaitingSubmission:
    """An intent as the user sees it."""
    states = {
        PendingState.PREPARED: WaitState.WAITING,
        PendingState.SENDING: WaitState.SENDING,
        PendingState.UNCONFIRMED: WaitState.UNCONFIRMED,
    }
    return WaitingSubmission(
        tag=intent.tag,
        submission=intent.submission,
        state=states.get(intent.state, WaitState.NOT_CREATED),
        created=intent.created,
        place=place,
        due=due,
        why=why,
        elsewhere=elsewhere,
    )


class Line:
    """What has not become a job yet, of the signed-in account.

    Attributes:
        hold: why nothing goes out for now.
        checking: earlier submissions are settled first.
        doubts: own tags of those in line that may have been sent before; each is held until the service's
            word counts that there is no such job.
        sending: own tags of those this process has in its hands right now.
        sends: whether anything goes out at all: not from a read-only qdeck, nor from a command that only
            looks.
    """

    def __init__(self, app_state: AppState, clock: Clock, owner: Ownership) -> None:
        self.hold: Hold | None = None
        self.checking = False
        self.doubts: dict[str, Hold] = {}
        self.sends = True
        self.sending: set[str] = set()
        self._app_state = app_state
        self._clock = clock
        self._owner = owner
        self._full_pause = PENDING_FIRST
        self._shown: tuple[WaitingSubmission, ...] = ()

    def of_account(self, service: QuantumService) -> list[PendingSubmission]:
        """The account's intents of which a job may still come, the earliest first."""
        return [
            intent
            for intent in self._app_state.history.pending_submissions()
            if (intent.service, intent.instance) == (service.label, self._app_state.instance)
        ]

    def mine(self, service: QuantumService) -> list[PendingSubmission]:
        """What this qdeck has in line, the next one first."""
        own = self._owner.name
        return _in_order(
            intent
            for intent in self.of_account(service)
            if intent.state is PendingState.PREPARED
            and intent.owner == own
            and intent.tag not in self.sending
        )

    def last_place(self, service: QuantumService) -> int:
        """The highest place in the account's line, whoever has it; 0 when nothing is in line."""
        waiting = (one for one in self.of_account(service) if one.state is PendingState.PREPARED)
        return max((one.place for one in waiting), default=0)

    def left_behind(self, service: QuantumService) -> list[PendingSubmission]:
        """What a qdeck that has ended left in line."""
        return [
            intent
            for intent in self.of_account(service)
            if intent.state is PendingState.PREPARED
            and intent.owner != self._owner.name
            and not self._owner.another_has(intent)
        ]

    def wait(self, service: QuantumService, tag: str) -> float:
        """Seconds until the first in line, with this tag, may go; 0: now."""
        wait = CHECKED_AGAIN if self.checking else 0.0
        if tag in self.doubts:
            wait = max(wait, self.doubts[tag].until - self._clock.monotonic())
        if self.hold is not None:
            wait = max(wait, self.hold.until - self._clock.monotonic())
            if self.hold.until <= self._clock.monotonic():
                self.hold = None
        if not service.account.sandbox:
            now = self._clock.now()
            first = slots(times_sent(self._app_state.history.submissions(), service.label), now, 1)[0]
            wait = max(wait, (first - now).total_seconds())
        return max(0.0, wait)

    async def take_back(self, intent: PendingSubmission, note: str = "") -> None:
        """Put a submission in line again of which no job came, for certain: a new attempt."""
        self._app_state.history.upsert_submission(
            replace(
                intent,
                state=PendingState.PREPARED,
                attempt=intent.attempt + 1,
                owner=self._owner.name,
                note=note,
            )
        )
        await self._app_state.save()

    def release(self) -> None:
        """What it waited for has come."""
        self.hold = None

    def hold_for(self, seconds: float, why: str, *, full: bool = False) -> None:
        """Let nothing out for that long."""
        self.hold = self._held(seconds, why, full=full)

    def doubt(self, tag: str, seconds: float) -> None:
        """This one may have been sent before; after that long the service's word counts that it was not."""
        self.doubts.setdefault(tag, self._held(seconds, DOUBTED))

    def hold_as_asked(self, seconds: float | None) -> None:
        """The service said that it takes no more for now."""
        self.hold_for(max(1.0, WITHOUT_WORD if seconds is None else seconds), ASKED)

    def hold_full(self) -> None:
        """The service said that too many jobs are queued or running."""
        self.hold_for(self._full_pause, FULL, full=True)
        self._full_pause = min(PENDING_LONGEST, self._full_pause * 2)

    def accepted(self) -> None:
        """A job was created: a queue that was full is not."""
        self._full_pause = PENDING_FIRST

    def forget(self) -> None:
        """Another account, or none: its limits are not known."""
        self.hold, self.checking, self._full_pause = None, False, PENDING_FIRST
        self.publish()

    def waiting(self) -> tuple[WaitingSubmission, ...]:
        """What has not become a job yet: those sent first, then the line in its order."""
        service = self._app_state.service
        if service is None:
            every = [one for one in self._app_state.history.pending_submissions() if one.state.open]
            return tuple(shown(intent, why="sign in to go on") for intent in every)
        account = self.of_account(service)
        recent = self._clock.now() - KEPT_NOT_CREATED
        sent = [
            shown(intent, why=CHECKING, elsewhere=self._owner.another_has(intent))
            for intent in account
            if intent.state.may_exist
        ]
        unsent = [
            shown(intent, why=NO_PROGRAM if intent.note == NO_PROGRAM else SEND_AGAIN)
            for intent in account
            if intent.state is PendingState.UNSENT and (intent.changed or intent.created) > recent
        ]
        line = _in_order(intent for intent in account if intent.state is PendingState.PREPARED)
        return (*sent, *unsent, *self._in_line(service, line))

    def publish(self) -> None:
        """Tell the listeners, when anything is different."""
        waiting = self.waiting()
        if waiting != self._shown:
            self._shown = waiting
            self._app_state.events.publish(OutboxChanged(waiting))

    def _held(self, seconds: float, why: str, *, full: bool = False) -> Hold:
        due = self._clock.now() + timedelta(seconds=seconds)
        return Hold(self._clock.monotonic() + seconds, due, why, full)

    def _in_line(self, service: QuantumService, line: list[PendingSubmission]) -> Iterable[WaitingSubmission]:
        now = self._clock.now()
        # Real services have a limit of their own; the sandbox says it when it has one.
        limited = not service.account.sandbox
        sent = times_sent(self._app_state.history.submissions(), service.label) if limited else []
        for place, (intent, slot) in enumerate(zip(line, slots(sent, now, len(line)), strict=True), 1):
            due = slot if limited and slot > now else None
            why = RATE if due is not None else ""
            if self.checking:
                due, why = None, CHECKED_FIRST
            doubt = self.doubts.get(intent.tag)
            if doubt is not None:
                due, why = doubt.due if doubt.due > now else None, doubt.why
            if self.hold is not None and (due is None or due < self.hold.due):
                due, why = self.hold.due, self.hold.why
            if not self.sends:
                due, why = None, READ_ONLY
            elsewhere = self._owner.another_has(intent)
            yield shown(
                intent,
                place=place,
                due=due,
                why="in line in another running qdeck" if elsewhere else why,
                elsewhere=elsewhere,
            )


def _in_order(intents: Iterable[PendingSubmission]) -> list[PendingSubmission]:
    return sorted(intents, key=lambda intent: (intent.place, intent.created, intent.tag))


def called(intent: PendingSubmission) -> str:
    """How a submission is named to the user."""
    name = intent.submission.name or intent.submission.primitive.value
    return f"The submission “{name}” of {intent.created:%Y-%m-%d %H:%M:%S} UTC"
