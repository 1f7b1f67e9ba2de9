"""The app's services on fakes of the lowest seams: a service and a compiler that record what is asked.

Until a test signs in anew, jobs, sessions, usage and token are not polled: tests change what is held and
publish what polling would.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.monitor.fake_compiler import InProcessAnalyzer
from tests.monitor.fakes import FakeHost
from tests.support.app_compiler import IDEAL_BELL, NOISY_BELL, RecordingCompiler
from tests.support.circuits import (
    BELL,
    BELL_DIAGRAM,
    BELL_ISA_DIAGRAM,
    BELL_STATS,
    BELL_TIMELINE,
    bell_candidate,
)
from tests.support.clock import FakeClock
from tests.support.fixed_values import BELL_RESULT, NOW, VALUES_RESULT, account, ago, backends, identity, jobs
from tests.support.recording_service import DRY_RUN, USAGE, RecordingService
from tui.common.errors import QdeckError
from tui.common.timing import Clock
from tui.compiler.simulations import Values
from tui.config.settings import Folders
from tui.domain.accounts import (
    Account,
    AccountDetails,
    Channel,
    Identity,
    Instance,
    Keep,
    Plan,
    Share,
    Spending,
)
from tui.domain.circuits import Candidate, CheckReport, Transpilation
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.jobs import Job, JobStatus, Primitive
from tui.domain.primitives import JobProgram
from tui.domain.results import JobResult
from tui.domain.search import Unavailable
from tui.domain.sessions import Session
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import ForetoldValues
from tui.domain.submissions import Submission
from tui.domain.views.timeline import CircuitTimeline
from tui.ibm.credentials.account_file import own_entries
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices, Options
from tui.monitor.state.events import JobsChanged
from tui.monitor.state.sorted_jobs import SortedJobs
from tui.sandbox.lifecycle.info import RunningSandbox, SandboxInfo
from tui.store.records.models import Interval, JobRecord, PendingState, PendingSubmission, Transpiled
from tui.store.records.tables import JOBS, SESSIONS


class AppServicesHarness(AppServices):
    """The real parts, signed in from the start. Everything they hold may be changed by the test.

    Attributes:
        trouble: the error that a request raises, by its name.
        asked: the requests that came to service and compiler, with their arguments.
        clock: the services' clock; it stands still until a test moves it.
        gate: when set, sign-ins, transpiling, submitting and lists of older jobs wait for it.
        searched_levels: levels of the candidates that a search tells, best first.
        found_by_search: what a search brings; `None`: the same as transpiling once.
        search_gate: when set, a search that has told its candidates waits for it.
        stopped: how many of those waits were cancelled.
        errors: the median error of the two-qubit gates that a backend's details name.
        older_jobs: jobs that the service alone knows.
        the_tags: tags of the service's other jobs.
        large_results: jobs whose results are larger than what is fetched by itself.
        the_circuits: circuits that the service gives of jobs, one a PUB.
        dry_run_seconds: QPU seconds that the service tells of each dry run.
        recording: the compiler.
        queue_positions: places that the metrics of queued jobs tell.
        device_data: configuration and properties of backends; empty bodies for others.
    """

    def __init__(
        self,
        *,
        signed_in: bool = True,
        read_only: bool = False,
        program: JobProgram = JobProgram.LEGACY,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="qdeck-test-")
        root = Path(self._folder.name)
        self.clock = FakeClock(NOW)
        self.host = FakeHost(self.clock)
        self._service = RecordingService(self, account())
        self.recording = RecordingCompiler(self)
        dependencies = Dependencies(
            folders=Folders(root / "config", root / "data", root / "state"),
            environ={**os.environ, "HOME": str(root)},
            clock=self.clock,
            compiler=self.recording,
            analyzer=InProcessAnalyzer(),
            make_service=self._make_service,
            launch_sandbox=self._launch_sandbox,
            chance=random.Random(1),
        )
        super().__init__(dependencies, Options(read_only=read_only, program=program))
        self.older_jobs: tuple[Job, ...] = ()
        self.the_tags: tuple[str, ...] = ()
        self.errors: dict[str, float] = {}
        self.the_instances = (
            Instance(identity().instance, "lab-instance", "open"),
            Instance("crn:v1:bluemix:public:quantum-computing:eu-de:a/1:3::", "paid-instance", "flex"),
        )
        self.the_details = AccountDetails(
            instance_limit_seconds=600,
            plans=(Plan("Open", 600, 600, 28800, 60, NOW + timedelta(days=17)),),
            spending=Spending(4, 12, 15, 30),
            by_backend=(Share("ibm_fez", 3, 9), Share("ibm_cusco", 1, 3)),
            by_instance=(Share(identity().instance, 4, 12),),
        )
        self.results: dict[str, JobResult] = {
            "d3k" + "4".zfill(17): BELL_RESULT,
            "d3k" + "2".zfill(17): VALUES_RESULT,
        }
        timing = b'{"data":[{"results":{},"metadata":{"scheduler_timing":{"circuit_duration":14368}}}]}'
        self.results[DRY_RUN] = JobResult((), raw=timing)
        self.dry_run_seconds: float | None = 3.7
        self.large_results: set[str] = set()
        self.the_circuits: dict[str, tuple[str, ...]] = {}
        self.the_params = ""
        """What every job was given, as the service tells."""
        self.queue_positions: dict[str, int] = {}
        self.device_data: dict[str, BackendData] = {}
        self.the_logs = "job started\njob finished"
        self.report = CheckReport((), BELL_STATS, measures=True)
        self.diagram = BELL_DIAGRAM
        self.candidate: Candidate = bell_candidate()
        self.searched_levels: tuple[int, ...] = (3,)
        self.found_by_search: Candidate | None = None
        self.search_gate: asyncio.Event | None = None
        self.unavailable: tuple[Unavailable, ...] = ()
        self.timeline: CircuitTimeline | QdeckError = BELL_TIMELINE
        self.isa_diagram = BELL_ISA_DIAGRAM
        self.past_data: dict[str, BackendData] = {}
        self.ideal: Distribution | QdeckError = IDEAL_BELL
        self.noisy: Distribution | QdeckError = NOISY_BELL
        self.ideal_values: Callable[[str, Values], float] = lambda observable, values: 1.0
        self.trouble: dict[str, Exception] = {}
        self.asked: list[tuple[object, ...]] = []
        self.gate: asyncio.Event | None = None
        self.stopped = 0
        self.listed_backends = backends()
        if signed_in:
            self.connection.open(self._service, identity())
            self.connection.usage = USAGE
            self.polling.backfill.begin(self._service)
            # The pictures say nothing of older jobs: none are asked for before `cover`.
            self.polling.backfill._not_before = math.inf
            self.the_backends, self.the_jobs = backends(), jobs()

    @property
    def the_identity(self) -> Identity | None:
        """Account and instance signed in to."""
        return self.connection.identity

    @the_identity.setter
    def the_identity(self, who: Identity | None) -> None:
        self.connection.identity, self.connection.service = who, self._service if who else None

    @property
    def the_backends(self) -> tuple[Backend, ...]:
        """The backends as last listed."""
        return self._app_state.backends

    @the_backends.setter
    def the_backends(self, listed: tuple[Backend, ...]) -> None:
        self._app_state.backends = self.listed_backends = listed

    @property
    def the_sessions(self) -> tuple[Session, ...]:
        """All sessions."""
        return self._app_state.sessions()

    @the_sessions.setter
    def the_sessions(self, sessions: tuple[Session, ...]) -> None:
        cache = self._history._cache
        for key in tuple(cache.values[SESSIONS]):
            cache._drop(SESSIONS, key)
        for session in sessions:
            cache.store(SESSIONS, session)

    @property
    def the_jobs(self) -> tuple[Job, ...]:
        """All jobs, with their program texts, newest first."""
        held = [self.jobs.get(job.id) for job in self.jobs.all()]
        return tuple(job for job in held if job is not None)

    @the_jobs.setter
    def the_jobs(self, held: tuple[Job, ...]) -> None:
        self._hold(held, self.jobs.unread())

    @property
    def the_unseen(self) -> frozenset[str]:
        """The ids of the jobs that finished and were not opened since."""
        return self.jobs.unread()

    @the_unseen.setter
    def the_unseen(self, unread: frozenset[str]) -> None:
        self._hold(self.the_jobs, unread)

    def _hold(self, held: tuple[Job, ...], unread: frozenset[str]) -> None:
        """Put jobs into history and state as they are, in place of all others."""
        cache, state = self._history._cache, self._app_state.jobs
        for key in tuple(cache.values[JOBS]):
            cache._drop(JOBS, key)
        records = [
            self._history._texts.without_texts(
                JobRecord(job, announced=job.id in unread, finalized=job.status.final)
            )
            for job in held
        ]
        for record in records:
            cache.store(JOBS, record)
        state._here = state._everything = SortedJobs(record.job for record in records)
        # In the order the test gave them, as long as nothing changes.
        state._here._listed = tuple(record.job for record in records)
        state._unread.reset(records)

    def cover(self, since: datetime) -> None:
        """Let all jobs of the account that were created since then be known, and ask for older ones."""
        self.polling.backfill._not_before = -math.inf
        interval = Interval(since, NOW)
        self._history.add_interval(self.connection.label, self.connection.instance, interval)

    def queue(self, name: str, state: PendingState, place: int = 0, *, owner: str = "") -> None:
        """Add a submission that is no job yet, with the own tag `qdeck-<name>`.

        Args:
            owner: process that has it; empty: this one.
        """
        self._history.upsert_submission(
            PendingSubmission(
                f"qdeck-{name}",
                state,
                self._service.label,
                identity().instance,
                NOW,
                Submission(Primitive.SAMPLER, "ibm_cusco", BELL, name=name),
                owner=owner or self.outbox.context.ownership.name,
                place=place,
            )
        )

    def queued(self, tag: str) -> tuple[PendingState, int]:
        """Return the state of the submission with this own tag, and the place in the queue that is shown."""
        found = self._history.submission(tag)
        assert found is not None
        shown = (one.place for one in self.outbox.queue.waiting() if one.tag == tag)
        return found.state, next(shown, 0)

    def own_jobs(self, count: int) -> None:
        """Keep jobs of an executor that were charged half more than the formula says; no table shows them."""
        job = Job("own", self._service.label, "ibm_peekskill", "executor", JobStatus.DONE, ago(days=1))
        for number in range(count):
            one = replace(job, id=f"own-{number}", instance=identity().instance, qpu_seconds=6.0)
            self._history._cache.store(JOBS, JobRecord(one, finalized=True, formula_seconds=4.0))

    def transpiled_here(self, job_id: str, transpilation: Transpilation) -> None:
        """Keep how a job's circuit was transpiled, as its submission from here would."""
        record = self._app_state.jobs.record(job_id)
        assert record is not None
        self._history._upsert_transpiled(Transpiled(record.circuit_hash, transpilation, record.source_hash))

    def change(self, *changed: Job) -> None:
        """Replace the jobs with these ids, or add them, and publish them."""
        before, by_id = self.the_jobs, {job.id: job for job in changed}
        known = {job.id for job in before}
        new = (job for job in changed if job.id not in known)
        self.the_jobs = (*new, *(by_id.get(job.id, job) for job in before))
        self.events.publish(JobsChanged(changed))

    def update(self, *changed: Job) -> None:
        """Replace or add jobs, sorted by creation, and publish them: quick with 100,000 of them."""
        records = [self._history._texts.without_texts(JobRecord(job)) for job in changed]
        for record in records:
            self._history._cache.store(JOBS, record)
        self._app_state.jobs._show(records)
        self.events.publish(JobsChanged(tuple(record.job for record in records)))

    def names_asked(self) -> list[object]:
        """Return the names of the requests that came."""
        return [asked[0] for asked in self.asked]

    def sign_ins(self) -> list[Account]:
        """Return the accounts that were signed in with, in order, whether or not the service took them."""
        return [asked[1] for asked in self.asked if asked[0] == "sign_in" and isinstance(asked[1], Account)]

    def kept_accounts(self) -> dict[str, Keep]:
        """Return where the accounts are kept that were kept, by name."""
        entries, _ = own_entries(self._folders)
        return {entry.name: Keep.KEYRING if entry.keyring else Keep.FILE for entry in entries}

    def record(self, name: str, *arguments: object) -> None:
        """Note a request; raise the error that was set for it."""
        self.asked.append((name, *arguments))
        if name in self.trouble:
            raise self.trouble[name]

    @staticmethod
    def simulated(answer: Distribution | QdeckError) -> Distribution:
        """Return what a simulation finds, or raise what it refuses by."""
        if isinstance(answer, QdeckError):
            raise answer
        return answer

    def foretold_values(
        self, observables: tuple[str, ...], sets: Sequence[Values], *, noisy: bool
    ) -> ForetoldValues:
        """Return what a simulation of values finds: with noise less of them, and less when they are read."""
        exact = tuple(self.ideal_values(one, values) for one in observables for values in sets)
        if not noisy:
            return ForetoldValues(exact, qubits=2, method="state vector")
        less = tuple(0.96 * value for value in exact)
        return ForetoldValues(
            less, tuple(0.9 * value for value in less), (), 2, "density matrix", waiting=True
        )

    async def wait(self) -> None:
        """Wait for the gate, when there is one."""
        if self.gate is None:
            return
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise

    async def start(self) -> None:
        self.record("start")
        await asyncio.to_thread(self._folders.create)
        await self._history.open()
        if self.connection.service is not None:
            self._workers.reconciler.start(self.outbox.reconciler.step)
            self._workers.send_queue.start(self.outbox.step)
            self._workers.backfill.start(self.polling.backfill.step)
            self._workers.backends.start(self.backends.step)

    async def aclose(self) -> None:
        self.record("aclose")
        await super().aclose()

    def _make_service(self, account: Account, _clock: Clock) -> RecordingService:
        return RecordingService(self, account)

    async def _launch_sandbox(self) -> RunningSandbox:
        self.record("launch_sandbox")
        return FakeSandbox()


class FakeSandbox:
    """A sandbox that runs, by its word."""

    running = True
    info = SandboxInfo(
        url="http://127.0.0.1:8765",
        api_key="not-a-real-key",
        crn=identity().instance,
        api_token="not-a-real-token",
        instance=identity(channel=Channel.CLASSIC).instance,
        auth="http://127.0.0.1:8765/auth",
        runtime="http://127.0.0.1:8765/runtime",
        transpiler="http://127.0.0.1:8765/transpiler",
    )

    async def stop(self) -> None:
        self.running = False
