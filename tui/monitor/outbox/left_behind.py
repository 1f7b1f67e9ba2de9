"""What qdecks that ended left in line: taken over by one that runs, and never sent on trust."""

from __future__ import annotations

from dataclasses import replace

from tui.common.clock import Clock
from tui.ibm.api.service import QuantumService
from tui.monitor.outbox.ownership import STALE, Ownership
from tui.monitor.outbox.reconciler import SURE_AFTER
from tui.monitor.outbox.send_queue import Line
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity
from tui.store.records.models import PendingState, PendingSubmission


class LeftBehind:
    """Takes over. All that is taken over is in doubt (`Line.doubts`) until the service was asked for it.

    The file may say less than what was done: its last lines lost in a power cut, or an old copy of it put
    back. So what it says was not sent may be a job.
    """

    def __init__(self, app_state: AppState, clock: Clock, line: Line, owner: Ownership) -> None:
        self._app_state = app_state
        self._clock = clock
        self._line = line
        self._owner = owner

    async def adopt(self, service: QuantumService) -> None:
        """Take what a qdeck that ended left in line.

        Raises:
            QdeckError: `STORAGE`: nothing can be written down, so nothing is taken.
        """
        if not self._line.left_behind(service):
            return
        await self._owner.appear()
        async with self._owner.taking_over():
            await self._app_state.sync()
            left = self._line.left_behind(service)
            since = self._clock.now() - STALE
            stale = [intent for intent in left if (intent.changed or intent.created) < since]
            for intent in left:
                state = PendingState.UNSENT if intent in stale else intent.state
                # One whose qdeck ended in order was not being sent then; a request of a killed one may still
                # be on its way.
                self._line.doubt(intent.tag, SURE_AFTER if intent.owner else 0.0)
                self._app_state.history.upsert_submission(
                    replace(intent, owner=self._owner.name, state=state)
                )
            await self._app_state.history.flush()
        self._tell(left, stale)

    def _tell(self, left: list[PendingSubmission], stale: list[PendingSubmission]) -> None:
        if len(left) > len(stale):
            self._app_state.events.notice(
                f"{_from_before(len(left) - len(stale))} still in line, and will be sent."
            )
        if stale:
            self._app_state.events.notice(
                f"{_from_before(len(stale))} over a day old: not sent unless you say so (F2, w).",
                Severity.WARNING,
            )
        if left:
            self._line.publish()


def _from_before(many: int) -> str:
    return "1 submission from before is" if many == 1 else f"{many} submissions from before are"
