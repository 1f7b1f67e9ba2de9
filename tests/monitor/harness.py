"""The app's services on a quantum service in memory."""

from __future__ import annotations

import random
from pathlib import Path

from tests.monitor.fake_compiler import InProcessAnalyzer, PreparingCompiler
from tests.monitor.fakes import ACCOUNT, FakeHost, FakeService
from tests.store.samples import make_folders
from tests.support.clock import FakeClock
from tui.compiler.client import Compiler
from tui.domain.accounts import Account
from tui.domain.jobs import JobStatus
from tui.domain.primitives import JobProgram
from tui.domain.submissions import Submission
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices, Options
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Event
from tui.sandbox.lifecycle.info import RunningSandbox


class MonitorHarness:
    """The app's services on a fake host, with the events they published; host and history outlive them."""

    def __init__(
        self,
        root: Path,
        host: FakeHost | None = None,
        seed: int = 1,
        idle: int = 0,
        *,
        read_only: bool = False,
        sends: bool = True,
        program: JobProgram = JobProgram.LEGACY,
    ) -> None:
        self.clock = host.clock if host else FakeClock()
        self.host = host or FakeHost(self.clock)
        self.events: list[Event] = []
        self.made_services: list[FakeService] = []
        self.compiler = PreparingCompiler()
        compiler: Compiler = self.compiler
        self.folders = make_folders(root)
        dependencies = Dependencies(
            folders=self.folders,
            environ={"HOME": str(root), "QDECK_HOME": str(root)},
            clock=self.clock,
            compiler=compiler,
            analyzer=InProcessAnalyzer(),
            make_service=self._make,
            launch_sandbox=self._no_sandbox,
            chance=random.Random(seed),
        )
        self.services = AppServices(
            dependencies,
            Options(session_idle_minutes=idle, read_only=read_only, sends=sends, program=program),
        )
        self.services.events.subscribe(self.events.append)

    def _make(self, account: Account, clock: object) -> FakeService:
        self.made_services.append(FakeService(account, self.host))
        return self.made_services[-1]

    async def _no_sandbox(self) -> RunningSandbox:
        raise RuntimeError("There is no sandbox here.")

    async def enter(self, account: Account = ACCOUNT) -> MonitorHarness:
        """Start and sign in."""
        await self.services.start()
        await self.services.account.sign_in(account)
        await self.clock.settle()
        return self

    async def finish(self, submission: Submission) -> str:
        """Submit a job, let it be done and its end be seen; return its id."""
        job = await self.services.outbox.submit(submission)
        self.host.turn(job.id, JobStatus.DONE)
        await self.services.polling.refresh()
        return job.id

    @property
    def app_state(self) -> AppState:
        """What all parts of the services share."""
        return self.services.outbox.context.app_state

    async def kill(self) -> None:
        """Stop the services where they are; let go of their lock, as the kernel does."""
        await self.services.outbox.context.workers.scheduler.stop()
        self.services.outbox.context.ownership.leave()

    def published(self, kind: type[Event]) -> list[Event]:
        """Return the events of one type, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def keeps_result(self, job_id: str) -> bool:
        """Return whether the job's result is in the history."""
        record = self.app_state.jobs.record(job_id)
        return record is not None and record.result_kept

    def status(self, job_id: str) -> JobStatus | None:
        """Return the job's status as the services show it; `None`: it is not known."""
        job = self.services.jobs.get(job_id)
        return job.status if job else None
