"""Settling: what became of submissions whose request ended so that the job may exist."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobQuery
from tui.domain.submissions import Submission
from tui.history.records import Intent, IntentState
from tui.ibm.service import QuantumService
from tui.monitor.board import Board
from tui.monitor.events import Severity
from tui.monitor.line import Line, called
from tui.monitor.owner import Owner

ABSENCES = 2
"""How often the service must say that there is no such job."""
BETWEEN_LOOKS = 4.0
"""Seconds between two of them."""
SETTLED_FIRST = 16.0
"""Seconds that new submissions wait for earlier ones to be settled, when the service is silent."""
LOOK_AT_OTHERS = 30.0
_RECENT = 50

Accept = Callable[[Intent, Submission, Job], Awaitable[Job]]
Fail = Callable[[str, QdeckError], bool]
"""Told the tag and why no job came of it; answers whether someone waited for that."""


@dataclass(slots=True)
class _Unsettled:
    """What was found out so far about an open intent."""

    absences: int = 0
    last_look: float = -math.inf


class Settling:
    """Asks the service's job list for submissions by their own tags.

    Attributes:
        told: tags of those whose user was told here that they are being checked.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        line: Line,
        owner: Owner,
        *,
        accept: Accept,
        fail: Fail,
        wake: Callable[[str], None],
    ) -> None:
        self.told: set[str] = set()
        self._board = board
        self._clock = clock
        self._line = line
        self._owner = owner
        self._accept = accept
        self._fail = fail
        self._wake = wake
        self._looks: dict[str, _Unsettled] = {}
        self._checking_since: float | None = None

    async def step(self) -> float:
        """Look for the intents of the signed-in account that may be jobs: a worker's step.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._board.need_service()
        waits = math.inf
        for intent in self._may_exist(service):
            if self._owner.another_has(intent):
                # It becomes ours to settle when that one dies or takes too long.
                waits = min(waits, LOOK_AT_OTHERS)
                continue
            look = self._looks.setdefault(intent.tag, _Unsettled())
            due = look.last_look + BETWEEN_LOOKS - self._clock.monotonic()
            if due > 0:
                waits = min(waits, due)
                continue
            job = await self.find(service, intent.tag)
            look.last_look = self._clock.monotonic()
            if job is not None:
                await self.found(intent, job)
                continue
            look.absences += 1
            if look.absences >= ABSENCES:
                await self._never_sent(intent)
            else:
                waits = min(waits, BETWEEN_LOOKS)
        return waits

    def goes_first(self, service: QuantumService) -> bool:
        """Whether earlier submissions are settled before new ones go out: their jobs may be there already."""
        # One that was told to this process's user holds nobody up.
        early = [
            intent
            for intent in self._may_exist(service)
            if intent.tag not in self.told and not self._owner.another_has(intent)
        ]
        if not early:
            self._checking_since = None
            return False
        now = self._clock.monotonic()
        if self._checking_since is None:
            self._checking_since = now
            self._wake("outbox")
        return now - self._checking_since < SETTLED_FIRST

    def forget(self, tag: str = "") -> None:
        """Look no more for this one; without a tag: begin anew with all."""
        if tag:
            self._looks.pop(tag, None)
        else:
            self._looks.clear()
            self._checking_since = None

    async def find(self, service: QuantumService, tag: str) -> Job | None:
        """The job with this own tag, `None` when the service lists none. Raises `QdeckError`."""
        listed = (await service.jobs(JobQuery(limit=5, tags=(tag,)))).jobs
        found = next((job for job in listed if tag in job.tags), None)
        if found is None and listed:
            # The filter was not honoured; the job, if there is one, is among the newest.
            listed = (await service.jobs(JobQuery(limit=_RECENT))).jobs
            found = next((job for job in listed if tag in job.tags), None)
        return found

    async def found(self, intent: Intent, job: Job) -> None:
        """The job is there after all."""
        self._looks.pop(intent.tag, None)
        accepted = await self._accept(intent, self._board.history.submission_with_texts(intent), job)
        self._board.notice(f"{called(intent)} did reach the service: job {accepted.id}.")
        self._line.publish()
        self._wake("line")

    async def _never_sent(self, intent: Intent) -> None:
        self._looks.pop(intent.tag, None)
        error = QdeckError(
            ErrorKind.NETWORK,
            f"{called(intent)} was not created: the service said twice that it has no such job.",
            "It was not repeated. Submit it again.",
        )
        self._board.history.put_intent(replace(intent, state=IntentState.UNSENT, note=error.message))
        await self._board.save()
        if not self._fail(intent.tag, error):
            self._board.notice(str(error), Severity.WARNING)
        self._line.publish()
        self._wake("line")

    def _may_exist(self, service: QuantumService) -> list[Intent]:
        """The account's intents that may be jobs, but those this process is sending right now."""
        return [
            intent
            for intent in self._line.of_account(service)
            if intent.state.may_exist and intent.tag not in self._line.sending
        ]
