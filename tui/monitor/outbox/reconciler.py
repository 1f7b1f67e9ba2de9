"""Settling: what became of submissions whose request ended so that the job may exist.

A gateway that gives up (504, or Cloudflare's 524 after 100 s) tells nothing of the service behind it, which
may go on and create the job some seconds later. So the service's word that there is no such job counts only
from `SURE_AFTER` seconds after the request's end on, and only when it said the same before.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobQuery
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.ownership import REQUEST_AT_MOST, Ownership
from tui.monitor.outbox.send_queue import Line, called
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.store.records.models import PendingState, PendingSubmission

ABSENCES = 2
"""How often the service must say that there is no such job."""
SURE_AFTER = 45.0
"""Seconds after the end of a request from which on the last of them counts; less than callers wait."""
BETWEEN_LOOKS = 4.0
"""Seconds between the first two looks; doubling."""
LOOK_AT_OTHERS = 30.0
_FEW, _PAGE = 5, 200
_SKEW = timedelta(minutes=10)
"""The service's clock may be that far behind this machine's."""

Accept = Callable[[PendingSubmission, Submission, Job], Awaitable[Job]]
Fail = Callable[[str, QdeckError], bool]
"""Told the tag and why no job came of it; answers whether someone waited for that."""


@dataclass(slots=True)
class _Unsettled:
    """What was found out so far about an open intent; times by the clock that never goes back.

    Attributes:
        sure: from when on an absence proves that there is no such job.
    """

    sure: float
    absences: int = 0
    last_look: float = -math.inf

    @property
    def due(self) -> float:
        """When to look next."""
        if not self.absences:
            return -math.inf
        spread = BETWEEN_LOOKS * 2.0 ** (self.absences - 1)
        return min(self.last_look + spread, max(self.sure, self.last_look + BETWEEN_LOOKS))


class Settling:
    """Asks the service's job list for submissions by their own tags.

    Attributes:
        told: tags of those whose user was told here that they are being checked.
    """

    def __init__(
        self,
        app_state: AppState,
        clock: Clock,
        line: Line,
        owner: Ownership,
        *,
        accept: Accept,
        fail: Fail,
        workers: Workers,
    ) -> None:
        self.told: set[str] = set()
        self._app_state = app_state
        self._clock = clock
        self._line = line
        self._owner = owner
        self._accept = accept
        self._fail = fail
        self._workers = workers
        self._looks: dict[str, _Unsettled] = {}
        self._goes_first = False

    async def step(self) -> float:
        """Look for the intents of the signed-in account that may be jobs: a worker's step.

        Raises:
            QdeckError: the service did not answer.
        """
        service = self._app_state.need_service()
        waits = math.inf
        unreconciled: list[PendingSubmission] = []
        for intent in self._may_exist(service):
            if self._owner.another_has(intent):
                # It becomes ours to settle when that one dies or takes too long.
                waits = min(waits, LOOK_AT_OTHERS)
            else:
                unreconciled.append(await self._left_behind(intent))
        for intent in unreconciled:
            look = self._looks.get(intent.tag)
            if look is None:
                look = self._looks[intent.tag] = _Unsettled(self._sure(intent))
            if look.due <= self._clock.monotonic():
                job = await self.find(service, intent)
                now = self._app_state.history.submission(intent.tag)
                if now is None or not now.state.may_exist:
                    # The user let go of it meanwhile, or another one has found it.
                    continue
                look.last_look = self._clock.monotonic()
                if job is not None:
                    await self.found(intent, job)
                    continue
                look.absences += 1
                if look.absences >= ABSENCES and look.last_look >= look.sure:
                    await self._never_sent(intent)
                    continue
            waits = min(waits, look.due - self._clock.monotonic())
        return waits

    def goes_first(self, service: QuantumService) -> bool:
        """Whether earlier submissions are settled before new ones go out: their jobs may be there already.

        However long that takes: the user may let go of them.
        """
        # One that was told to this process's user holds nobody up.
        early = any(
            intent.tag not in self.told and not self._owner.another_has(intent)
            for intent in self._may_exist(service)
        )
        if early and not self._goes_first:
            self._workers.reconciler.request()
        self._goes_first = early
        return early

    def forget(self, tag: str = "") -> None:
        """Look no more for this one; without a tag: begin anew with all."""
        if tag:
            self._looks.pop(tag, None)
        else:
            self._looks.clear()
            self._goes_first = False

    async def find(self, service: QuantumService, intent: PendingSubmission) -> Job | None:
        """The job of this submission, `None` when the service lists none.

        Where the service does not honour the filter by tags, its list is read back to before the submission.

        Raises:
            QdeckError: the service did not answer; `PROTOCOL`: its list does not go back that far.
        """
        tag = intent.tag
        listed = (await service.jobs(JobQuery(limit=_FEW, tags=(tag,)))).jobs
        found = next((job for job in listed if tag in job.tags), None)
        seen: set[str] = set()
        while found is None and listed:
            listed = (await service.jobs(JobQuery(limit=_PAGE, offset=len(seen)))).jobs
            found = next((job for job in listed if tag in job.tags), None)
            if len(listed) < _PAGE or min(job.created for job in listed) < intent.created - _SKEW:
                break
            before = len(seen)
            seen.update(job.id for job in listed)
            if len(seen) == before:
                raise QdeckError(
                    ErrorKind.PROTOCOL,
                    f"Whether {called(intent)} became a job cannot be told: the job list ends too early.",
                )
        return found

    async def found(self, intent: PendingSubmission, job: Job) -> None:
        """The job is there after all."""
        self._looks.pop(intent.tag, None)
        accepted = await self._accept(intent, self._app_state.history.submission_with_texts(intent), job)
        self._app_state.events.notice(f"{called(intent)} did reach the service: job {accepted.id}.")
        self._line.publish()
        self._workers.send_queue.request()

    async def _left_behind(self, intent: PendingSubmission) -> PendingSubmission:
        """What a qdeck was sending when it ended is unconfirmed from now on: the user may let go of it."""
        if intent.state is not PendingState.SENDING:
            return intent
        note = "qdeck ended while it was being sent"
        self._app_state.history.upsert_submission(replace(intent, state=PendingState.UNCONFIRMED, note=note))
        await self._app_state.save()
        self._line.publish()
        return self._app_state.history.submission(intent.tag) or intent

    def _sure(self, intent: PendingSubmission) -> float:
        """When the request has ended for long enough, by the clock that never goes back."""
        ended = intent.changed or intent.created
        if intent.sent is not None:
            ended = min(ended, intent.sent + REQUEST_AT_MOST)
        left = SURE_AFTER - (self._clock.now() - ended).total_seconds()
        # A wall clock that was set must not make it longer, nor shorter than nothing.
        return self._clock.monotonic() + min(max(0.0, left), SURE_AFTER)

    async def _never_sent(self, intent: PendingSubmission) -> None:
        self._looks.pop(intent.tag, None)
        error = QdeckError(
            ErrorKind.NETWORK,
            f"{called(intent)} was not created: the service said twice that it has no such job.",
            "It was not repeated. Submit it again.",
        )
        self._app_state.history.upsert_submission(
            replace(intent, state=PendingState.UNSENT, note=error.message)
        )
        await self._app_state.save()
        if not self._fail(intent.tag, error):
            self._app_state.events.notice(str(error), Severity.WARNING)
        self._line.publish()
        self._workers.send_queue.request()

    def _may_exist(self, service: QuantumService) -> list[PendingSubmission]:
        """The account's intents that may be jobs, but those this process is sending right now."""
        return [
            intent
            for intent in self._line.of_account(service)
            if intent.state.may_exist and intent.tag not in self._line.sending
        ]
