"""What the user does with submissions that have not become a job yet: withdraw, move, send again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui.domain.errors import ErrorKind, QdeckError
from tui.history.records import Intent, IntentState
from tui.monitor.board import Board
from tui.monitor.line import Line, called
from tui.monitor.owner import Owner
from tui.monitor.settling import Fail, Settling


class LineCommands:
    """Commands on the line. All raise `QdeckError`: `NOT_FOUND`, or `CONFLICT` when it is too late."""

    def __init__(
        self,
        board: Board,
        line: Line,
        owner: Owner,
        settling: Settling,
        fail: Fail,
        wake: Callable[[str], None],
    ) -> None:
        self._board = board
        self._line = line
        self._owner = owner
        self._settling = settling
        self._fail = fail
        self._wake = wake

    async def withdraw(self, tag: str) -> None:
        """Take a submission out of the line; let go of one that is unconfirmed or was not created."""
        intent = self._changeable(tag)
        if intent.state is IntentState.SENDING or tag in self._line.sending:
            raise QdeckError(
                ErrorKind.CONFLICT, f"{called(intent)} is being sent.", "Cancel the job once it is there."
            )
        waited = intent.state is IntentState.PREPARED
        self._board.history.put_intent(replace(intent, state=IntentState.WITHDRAWN))
        await self._board.save()
        self._settling.forget(tag)
        what = "withdrawn: nothing was sent" if waited else "let go of: whether it became a job is not known"
        self._fail(tag, QdeckError(ErrorKind.CONFLICT, f"{called(intent)} was {what}."))
        self._line.publish()
        self._wake("line")

    async def move(self, tag: str, places: int) -> None:
        """Move a submission in line: forward when `places` is negative."""
        intent = self._changeable(tag)
        line = self._line.mine(self._board.need_service())
        at = next((place for place, one in enumerate(line) if one.tag == tag), None)
        if at is None:
            raise QdeckError(ErrorKind.CONFLICT, f"{called(intent)} is not in line.")
        line.insert(max(0, min(at + places, len(line) - 1)), line.pop(at))
        for place, one in enumerate(line):
            if one.place != place:
                self._board.history.put_intent(replace(one, place=place))
        await self._board.save()
        self._line.publish()

    async def send_again(self, tag: str) -> None:
        """Put a submission that was not created in line again; its job is looked for once more before."""
        service = self._board.need_service()
        async with self._owner.taking_over():
            await self._board.sync()
            intent = self._changeable(tag)
            if intent.state is not IntentState.UNSENT:
                raise QdeckError(ErrorKind.CONFLICT, f"{called(intent)} cannot be sent again.")
            job = await self._settling.find(service, tag)
            if job is None:
                await self._line.take_back(intent)
        if job is not None:
            await self._settling.found(intent, job)
        self._line.publish()
        self._wake("line")

    def _changeable(self, tag: str) -> Intent:
        intent = self._board.history.intent(tag)
        if intent is None or not (intent.state.open or intent.state is IntentState.UNSENT):
            raise QdeckError(ErrorKind.NOT_FOUND, "This submission does not wait any more.")
        if self._owner.another_has(intent):
            raise QdeckError(ErrorKind.CONFLICT, f"Another running qdeck has {called(intent)} in its hands.")
        return intent
