"""What the user does with submissions that have not become a job yet: withdraw, move, send again."""

from __future__ import annotations

from dataclasses import replace

from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.outbox.ownership import Ownership
from tui.monitor.outbox.reconciler import Fail, Settling
from tui.monitor.outbox.send_queue import Line, called
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.store.records.models import PendingState, PendingSubmission


class QueueCommands:
    """Commands on the line. All raise `QdeckError`: `NOT_FOUND`, or `CONFLICT` when it is too late."""

    def __init__(
        self,
        app_state: AppState,
        line: Line,
        owner: Ownership,
        settling: Settling,
        fail: Fail,
        workers: Workers,
    ) -> None:
        self._app_state = app_state
        self._line = line
        self._owner = owner
        self._settling = settling
        self._fail = fail
        self._workers = workers

    async def withdraw(self, tag: str) -> None:
        """Take a submission out of the line; let go of one that is unconfirmed or was not created."""
        if self._changeable(tag).owner == self._owner.name:
            await self._withdraw(tag)
            return
        async with self._owner.taking_over():
            await self._app_state.sync()
            await self._withdraw(tag)

    async def _withdraw(self, tag: str) -> None:
        intent = self._changeable(tag)
        if intent.state is PendingState.SENDING or tag in self._line.sending:
            raise QdeckError(
                ErrorKind.CONFLICT, f"{called(intent)} is being sent.", "Cancel the job once it is there."
            )
        waited = intent.state is PendingState.PREPARED
        self._app_state.history.upsert_submission(replace(intent, state=PendingState.WITHDRAWN))
        if not await self._app_state.save():
            self._app_state.events.notice(
                f"{called(intent)} is withdrawn, but that cannot be written down: "
                "should qdeck be killed before it is, the next start takes it up again.",
                Severity.WARNING,
            )
        self._settling.forget(tag)
        what = "withdrawn: nothing was sent" if waited else "let go of: whether it became a job is not known"
        self._fail(tag, QdeckError(ErrorKind.CONFLICT, f"{called(intent)} was {what}."))
        self._line.publish()
        self._workers.send_queue.request()

    async def move(self, tag: str, places: int) -> None:
        """Move a submission in line: forward when `places` is negative."""
        intent = self._changeable(tag)
        line = self._line.mine(self._app_state.need_service())
        at = next((place for place, one in enumerate(line) if one.tag == tag), None)
        if at is None:
            raise QdeckError(ErrorKind.CONFLICT, f"{called(intent)} is not in line.")
        line.insert(max(0, min(at + places, len(line) - 1)), line.pop(at))
        for place, one in enumerate(line):
            if one.place != place:
                self._app_state.history.upsert_submission(replace(one, place=place))
        await self._app_state.save()
        self._line.publish()

    async def send_again(self, tag: str) -> None:
        """Put a submission that was not created in line again; its job is looked for before, and right
        before it is sent."""
        service = self._app_state.need_service()
        intent = self._unsent(tag)
        if not self._app_state.history.submission_with_texts(intent).qasm:
            raise QdeckError(
                ErrorKind.CONFLICT,
                f"{called(intent)} cannot be sent: its circuit is not kept on this machine any more.",
                "Submit it from its source.",
            )
        job = await self._settling.find(service, intent)
        if job is not None:
            await self._settling.found(intent, job)
        else:
            await self._owner.appear()
            async with self._owner.taking_over():
                await self._app_state.sync()
                await self._line.take_back(self._unsent(tag))
        self._line.publish()
        self._workers.send_queue.request()

    def _unsent(self, tag: str) -> PendingSubmission:
        intent = self._changeable(tag)
        if intent.state is not PendingState.UNSENT:
            raise QdeckError(ErrorKind.CONFLICT, f"{called(intent)} cannot be sent again.")
        return intent

    def _changeable(self, tag: str) -> PendingSubmission:
        intent = self._app_state.history.submission(tag)
        if intent is None or not (intent.state.open or intent.state is PendingState.UNSENT):
            raise QdeckError(ErrorKind.NOT_FOUND, "This submission does not wait any more.")
        if self._owner.another_has(intent):
            raise QdeckError(ErrorKind.CONFLICT, f"Another running qdeck has {called(intent)} in its hands.")
        return intent
