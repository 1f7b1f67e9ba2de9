"""A user who does what qdeck says: submits, waits while it is checked, asks again for what was not sent."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.sandbox import FLIP, POLICY
from tests.monitor.fake_compiler import FakeCompiler, InProcessAnalyzer
from tests.store.samples import make_folders
from tests.support.sandbox import live_account
from tui.common.errors import QdeckError
from tui.common.timing import Clock
from tui.compiler.client import Compiler
from tui.domain.accounts import Account, Channel
from tui.domain.jobs import Primitive
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions, Timeouts
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices
from tui.sandbox.lifecycle.info import RunningSandbox, SandboxInfo
from tui.store.records.models import PendingSubmission

TIMEOUTS = Timeouts(connect=5.0, read=0.6, whole=5.0)
_PACE = 50.0


class QuickClock:
    """Real time that runs 50 times as fast, so that what waits for a minute is over in a second."""

    def __init__(self) -> None:
        self._began, self._now = time.monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        """The wall-clock time."""
        return self._now + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (time.monotonic() - self._began) * _PACE

    async def sleep(self, seconds: float) -> None:
        """Wait that long, by this clock."""
        await asyncio.sleep(seconds / _PACE)


class ScriptedUser:
    """The app's services on a home folder and a face of a running sandbox, and what a user does with them."""

    def __init__(self, home: Path, info: SandboxInfo, channel: Channel, chance: random.Random) -> None:
        compiler: Compiler = FakeCompiler()
        self._account = live_account(info, channel)
        self.submits = 0
        self.clock = QuickClock()
        self.services = AppServices(
            Dependencies(
                folders=make_folders(home),
                environ={"HOME": str(home), "QDECK_HOME": str(home)},
                clock=self.clock,
                compiler=compiler,
                analyzer=InProcessAnalyzer(),
                make_service=self._make,
                launch_sandbox=self._no_sandbox,
                chance=chance,
            )
        )

        self._history = self.services.outbox.context.app_state.history

    def submission(self, name: str) -> Submission:
        """Return the submission of a small program under that name."""
        return Submission(Primitive.SAMPLER, "ibm_peekskill", FLIP, 10, tags=("run",), name=name)

    async def enter(self) -> None:
        """Open the history and sign in."""
        await self.services.start()
        await self.services.account.sign_in(self._account)

    async def submit_until_accepted(self, name: str) -> None:
        """Go on until the history says that the job of that name exists."""
        async with asyncio.timeout(60):
            while True:
                await self._reconciled()
                if any(pending.state.value == "accepted" for pending in self._intents(name)):
                    return
                self.submits += 1
                try:
                    await self.services.outbox.submit(self.submission(name))
                except QdeckError:
                    # Shown to the user; the intent's state says whether asking again is safe.
                    continue

    async def _reconciled(self) -> None:
        while any(one.state.open for one in self._history.submissions()):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.02)

    def _intents(self, name: str) -> list[PendingSubmission]:
        return [one for one in self._history.submissions() if one.submission.name == name]

    def _make(self, account: Account, clock: Clock) -> QuantumService:
        return make_service(account, clock, HttpOptions(policy=POLICY, timeouts=TIMEOUTS))

    async def _no_sandbox(self) -> RunningSandbox:
        raise RuntimeError("There is no sandbox to start here.")
